//! `maintenance.sweep`: what a gateway does every minute, once and now, or what it would do.

use super::{Api, ApiError, MaintenanceRequest, MaintenanceResponse};

impl Api {
    pub(super) async fn maintenance(
        &self,
        request: MaintenanceRequest,
    ) -> Result<MaintenanceResponse, ApiError> {
        if self.caller().owner.is_some() {
            let message = "a caller who is bound to an owner cannot look after all records";
            return Err(ApiError::new("forbidden", message));
        }
        self.look_after(&request).await
    }
}
