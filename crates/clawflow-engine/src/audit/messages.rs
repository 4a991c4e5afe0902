//! Messages to owners.

use super::look::ENDED_MAX;
use crate::api::ApiError;
use crate::clock::now;
use crate::engine::{Engine, Scope};
use clawflow_core::audit::{self, Audit};
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::ids::DeliveryId;
use clawflow_store::query::DeliveryFilter;
use std::collections::BTreeMap;

/// Those that were given up, and those that are owed.
pub(super) fn look(engine: &Engine, audit: &mut Audit) -> Result<(), ApiError> {
    let (store, now) = (engine.store(), now());
    let sends = *engine.scope() == Scope::All;
    let list = |state, oldest_first| {
        let states = vec![state];
        let filter =
            DeliveryFilter { states, oldest_first, limit: ENDED_MAX, ..DeliveryFilter::default() };
        store.list_deliveries(&filter)
    };
    let late = store.due_deliveries(now - audit::limits::GRACE_MS, ENDED_MAX)?;
    let rows = [list(DeliveryState::Failed, false)?, list(DeliveryState::Pending, true)?, late];
    // What is late is pending too.
    let rows: BTreeMap<DeliveryId, Delivery> =
        rows.into_iter().flatten().map(|row| (row.delivery_id.clone(), row)).collect();
    audit.add(rows.values().filter_map(|row| audit::delivery(row, sends, now)));
    Ok(())
}
