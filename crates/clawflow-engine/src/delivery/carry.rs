//! The loop that carries what is due.

use super::courier::{Courier, CourierError};
use crate::clock::{Ids, jitter, now};
use crate::engine::Engine;
use crate::runtime::raised;
use clawflow_core::delivery::{
    Delivery, DeliveryState, Failed, FailedTry, RouteKind, attempted_failed, attempted_ok,
};
use clawflow_core::ids::DeliveryId;
use clawflow_core::unit::{Change, Unit};
use clawflow_store::{ApplyError, StoreError};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Messages on their way at once.
const AT_ONCE: usize = 32;
/// The same for one route: a receiver that hangs must not hold up the others.
const PER_ROUTE: usize = 4;
/// Due messages of one route that are looked at in one round: as many as may go, behind as many
/// that are on their way.
const ROUND_MAX: usize = 2 * PER_ROUTE;
/// The clock is looked at this often at least: it may be set, and a machine may sleep.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Pause after a failure of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);

type Route = (RouteKind, String);

/// What is on its way now.
#[derive(Default)]
struct UnderWay {
    ids: HashSet<DeliveryId>,
    routes: HashMap<Route, usize>,
}

impl UnderWay {
    /// Whether this message may go now; if so it counts.
    fn enter(&mut self, row: &Delivery) -> bool {
        let on_route = self.routes.entry((row.route, row.route_name.clone())).or_default();
        if self.ids.len() >= AT_ONCE || *on_route >= PER_ROUTE {
            return false;
        }
        let entered = self.ids.insert(row.delivery_id.clone());
        *on_route += usize::from(entered);
        entered
    }

    fn leave(&mut self, row: &Delivery) {
        self.ids.remove(&row.delivery_id);
        let route = (row.route, row.route_name.clone());
        if let Some(on_route) = self.routes.get_mut(&route) {
            *on_route -= 1;
            if *on_route == 0 {
                self.routes.remove(&route);
            }
        }
    }
}

/// Carries what is due, until the engine stops. What is on its way then is broken off: its try was
/// not recorded, so the next engine makes it again.
pub(super) async fn run(engine: Engine, courier: Arc<dyn Courier>) {
    let mut stopping = engine.stopping();
    let mut under_way = UnderWay::default();
    let mut tries = JoinSet::new();
    while !*stopping.borrow() {
        let pause = match due(&engine, &mut under_way) {
            Ok((rows, pause)) => {
                for row in rows {
                    let (engine, courier) = (engine.clone(), courier.clone());
                    tries.spawn(async move {
                        carry(&engine, &*courier, &row).await;
                        row
                    });
                }
                pause
            }
            Err(error) => {
                tracing::warn!(%error, "failed to look at the messages that are owed");
                STORE_PAUSE
            }
        };
        tokio::select! {
            Some(done) = tries.join_next() => match done {
                Ok(row) => under_way.leave(&row),
                // Which one is not known any more: all that are still on their way end first.
                Err(error) => {
                    tracing::error!(%error, "a message was not carried");
                    tries.abort_all();
                    while tries.join_next().await.is_some() {}
                    under_way = UnderWay::default();
                    tokio::time::sleep(STORE_PAUSE).await;
                }
            },
            () = engine.deliveries_owed() => {}
            () = tokio::time::sleep(pause) => {}
            () = raised(&mut stopping) => {}
        }
    }
}

/// What may go now, and when to look again.
fn due(engine: &Engine, under_way: &mut UnderWay) -> Result<(Vec<Delivery>, Duration), StoreError> {
    let now = now();
    let soon = now.saturating_add(i64::try_from(LOOK_EVERY.as_millis()).unwrap_or(i64::MAX));
    let all = engine.inner.store.due_deliveries(soon, ROUND_MAX)?;
    let (due, later): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|row| row.due_at.is_none_or(|at| at <= now));
    // What is due and may not go yet goes when a place is free: the end of a try wakes the loop.
    let rows = due.into_iter().filter(|row| under_way.enter(row)).collect();
    let next = later.iter().filter_map(|row| row.due_at).min();
    let pause = next.map_or(LOOK_EVERY, |at| {
        Duration::from_millis(u64::try_from(at.saturating_sub(now)).unwrap_or_default())
    });
    Ok((rows, pause))
}

/// One try, and what came of it, on record.
async fn carry(engine: &Engine, courier: &dyn Courier, row: &Delivery) {
    let outcome = courier.carry(row).await;
    if let Err(error) = &outcome {
        let (delivery_id, route) = (&row.delivery_id, &row.route_name);
        tracing::warn!(%delivery_id, route, %error, "a message was not taken");
    }
    let mut backoff = engine.backoff();
    loop {
        match record(engine, &row.delivery_id, &outcome).await {
            Ok(()) => return,
            Err(why) => {
                if backoff.pause(row.delivery_id.as_str(), &why).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Records the outcome of a try, if the message is still owed: somebody may have dropped it.
async fn record(
    engine: &Engine,
    id: &DeliveryId,
    outcome: &Result<(), CourierError>,
) -> Result<(), ApplyError> {
    loop {
        let Some(row) = engine.inner.store.delivery(id)? else { return Ok(()) };
        if row.state != DeliveryState::Pending {
            return Ok(());
        }
        let after = match outcome {
            Ok(()) => attempted_ok(&row, now()).map(|row| Failed { row, fallback: None }),
            Err(error) => attempted_failed(&row, &told(error), jitter(), &mut Ids, now()),
        };
        // Refused only what is not pending, and it is.
        let Ok(Failed { row: next, fallback }) = after else { return Ok(()) };
        let mut deliveries = vec![Change { expected: Some(row.version), row: next }];
        deliveries.extend(fallback.map(|row| Change { expected: None, row }));
        match engine.commit(Unit { deliveries, ..Unit::default() }).await {
            Err(ApplyError::Conflict { .. }) => {}
            done => return done,
        }
    }
}

fn told(error: &CourierError) -> FailedTry<'_> {
    let not_before = error
        .retry_after
        .map(|after| now().saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)));
    FailedTry { error: &error.message, may_pass: error.may_pass, not_before }
}
