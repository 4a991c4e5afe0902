//! `maintenance.sweep`: the sweep of the gateway, once and now, or what it would do.

use super::{Api, ApiError, MaintenanceRequest};
use crate::retention::Swept;

impl Api {
    pub(super) async fn maintenance(&self, request: MaintenanceRequest) -> Result<Swept, ApiError> {
        if self.caller().owner.is_some() {
            let message = "a caller who is bound to an owner cannot sweep all records";
            return Err(ApiError::new("forbidden", message));
        }
        self.sweep(request.retention, request.apply).await
    }
}
