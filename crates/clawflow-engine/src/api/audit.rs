//! `audit.run`: what is wrong, and what mends it.

use super::flow_list::{PAGE_DEFAULT, PAGE_MAX};
use super::{Api, ApiError, AuditRequest, AuditResponse};
use crate::clock::now;
use clawflow_core::audit::Audit;

impl Api {
    pub(super) async fn audit(&self, request: AuditRequest) -> Result<AuditResponse, ApiError> {
        let audit = crate::audit::look(&self.engine, self.caller().owner.clone()).await?;
        let at = now();
        let (counts, found) = audit.finish(at);
        let (matching, mut findings) = Audit::matching(found, request.severity, &request.code);
        findings.truncate(request.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX));
        Ok(AuditResponse { at, counts, matching, findings })
    }
}
