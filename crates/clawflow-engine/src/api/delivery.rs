//! `delivery.list`, `delivery.redeliver` and `delivery.dismiss`: messages on all routes.

use super::flow_list::{PAGE_DEFAULT, PAGE_MAX};
use super::{Api, ApiError, DeliveryListRequest, DeliveryListResponse, DeliveryRef};
use crate::clock::now;
use crate::decide::CONFLICTS_MAX;
use crate::error::EngineError;
use clawflow_core::Millis;
use clawflow_core::delivery::{Delivery, dismiss, redeliver};
use clawflow_core::error::Refusal;
use clawflow_core::ids::DeliveryId;
use clawflow_core::limits::TEXT_CHARS_MAX;
use clawflow_core::unit::{Change, Unit};
use clawflow_store::ApplyError;
use clawflow_store::query::DeliveryFilter;

/// The law of a change of a delivery at a time: the row as it shall be, or as it was.
type Turn = fn(&Delivery, Millis) -> Result<Delivery, Refusal>;

impl Api {
    pub(super) async fn delivery_list(
        &self,
        request: DeliveryListRequest,
    ) -> Result<DeliveryListResponse, ApiError> {
        let limit = request.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let flow_id = request.flow.map(|token| self.find_flow_id(&token)).transpose()?;
        let task = request.task.map(|token| self.find_task(&token)).transpose()?;
        let filter = DeliveryFilter {
            owner_key: self.scope(request.owner),
            flow_id,
            task_id: task.map(|task| task.task_id),
            states: request.state,
            after: request.after.map(DeliveryId),
            limit: limit + 1,
            ..DeliveryFilter::default()
        };
        let mut deliveries = self.engine.store().list_deliveries(&filter)?;
        let more = deliveries.len() > limit;
        deliveries.truncate(limit);
        let next = deliveries.last().filter(|_| more).map(|row| row.delivery_id.0.clone());
        Ok(DeliveryListResponse { deliveries, next })
    }

    pub(super) async fn delivery_redeliver(
        &self,
        request: DeliveryRef,
    ) -> Result<DeliveryListResponse, ApiError> {
        self.turn(request, redeliver).await
    }

    pub(super) async fn delivery_dismiss(
        &self,
        request: DeliveryRef,
    ) -> Result<DeliveryListResponse, ApiError> {
        self.turn(request, dismiss).await
    }

    /// Turns the one delivery that is named, or all of a task or flow that can be turned.
    async fn turn(
        &self,
        request: DeliveryRef,
        turn: Turn,
    ) -> Result<DeliveryListResponse, ApiError> {
        let mut deliveries = Vec::new();
        if request.delivery.starts_with(DeliveryId::PREFIX) {
            deliveries.push(self.change_delivery(&request.delivery, &request.by, turn).await?);
        } else {
            for row in self.deliveries_of(&request.delivery)? {
                if turn(&row, now()).is_ok_and(|next| next != row) {
                    let id = &row.delivery_id.0;
                    deliveries.push(self.change_delivery(id, &request.by, turn).await?);
                }
            }
        }
        Ok(DeliveryListResponse { deliveries, next: None })
    }

    /// The deliveries about a flow or task (the newest 1000).
    fn deliveries_of(&self, token: &str) -> Result<Vec<Delivery>, ApiError> {
        let mut filter = DeliveryFilter { limit: PAGE_MAX, ..DeliveryFilter::default() };
        match self.find_flow_id(token) {
            Ok(flow_id) => filter.flow_id = Some(flow_id),
            Err(missing) => match self.find_task(token) {
                Ok(task) => filter.task_id = Some(task.task_id),
                Err(_) => return Err(missing),
            },
        }
        Ok(self.engine.store().list_deliveries(&filter)?)
    }

    /// The delivery with this id.
    pub(super) fn find_delivery(&self, id: &str) -> Result<Delivery, ApiError> {
        let found = self.engine.store().delivery(&DeliveryId(id.to_owned()))?;
        found.filter(|row| self.sees(&row.owner_key)).ok_or_else(|| {
            let shown = clawflow_core::limits::cut(id, 80);
            ApiError::new("not_found", format!("delivery not found: {shown}"))
        })
    }

    /// Changes a delivery, or leaves it as it is if there is nothing to do.
    pub(super) async fn change_delivery(
        &self,
        id: &str,
        by: &str,
        turn: Turn,
    ) -> Result<Delivery, ApiError> {
        for _ in 0..CONFLICTS_MAX {
            let row = self.find_delivery(id)?;
            if by.chars().count() > TEXT_CHARS_MAX {
                let message = format!("`by` is longer than {TEXT_CHARS_MAX} characters");
                return Err(ApiError::new("invalid", message));
            }
            let next = turn(&row, now())?;
            if next == row {
                return Ok(row);
            }
            let change = Change { expected: Some(row.version), row: next.clone() };
            let unit = Unit { deliveries: vec![change], ..Unit::default() };
            match self.engine.commit(unit).await {
                Ok(()) => {
                    let (from, to) = (row.state, next.state);
                    tracing::info!(delivery_id = id, %from, %to, by, "delivery changed");
                    return Ok(next);
                }
                Err(ApplyError::Conflict { .. }) => {}
                Err(error) => return Err(EngineError::from(error).into()),
            }
        }
        Err(ApiError::new("persist_failed", "the delivery changes too fast"))
    }
}
