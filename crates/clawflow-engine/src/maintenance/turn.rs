//! One turn of maintenance, and the loop of a gateway.

use crate::api::{
    Api, ApiError, MaintenanceAction, MaintenanceRequest, MaintenanceResponse, StoreCheck,
    StoreState, blocking,
};
use crate::engine::lock;
use crate::retention::{Retention, Swept};
use crate::runtime::raised;
use clawflow_store::upkeep::StoreSize;
use std::time::Duration;

/// Pause between two turns.
const EVERY: Duration = Duration::from_secs(60);
/// Pause before the first one: a gateway that starts has other things to do.
const FIRST: Duration = Duration::from_secs(5);
/// Actions that an answer names; the others are done too, and counted.
pub(super) const ACTIONS_MAX: usize = 1000;
/// Share of the file, one in so many, that must be free before a vacuum is advised.
const FREE_SHARE: u64 = 4;
/// Free bytes below which nobody needs one.
const FREE_MIN: u64 = 16 << 20;

/// Looks after the ledger now and then, until the engine stops. Never twice at the same time: a
/// turn that takes longer than the pause only delays the next one.
pub async fn keep_looking_after(api: Api) {
    let mut stopping = api.engine().stopping();
    let mut pause = FIRST;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = raised(&mut stopping) => return,
        }
        pause = EVERY;
        let request = MaintenanceRequest { apply: true, ..Default::default() };
        let done = tokio::select! {
            done = api.look_after(&request) => done,
            () = raised(&mut stopping) => return,
        };
        match done {
            Ok(done) => told(&done),
            Err(error) => tracing::warn!(%error, "the ledger is looked after later"),
        }
    }
}

fn told(done: &MaintenanceResponse) {
    for action in &done.actions {
        let MaintenanceAction { kind, id, text, .. } = action;
        tracing::info!(kind, id, text, "the ledger was looked after");
    }
    let Swept { flows, tasks } = done.pruned;
    if flows + tasks > 0 {
        tracing::info!(flows, tasks, "old records are deleted");
    }
}

impl Api {
    /// Says how long what has ended is kept, where a request does not.
    pub fn keep_for(&self, retention: Retention) {
        *lock(&self.engine.inner.retention) = retention;
    }

    /// Looks after the ledger once, or only says what would be done. Waits for a turn that is
    /// under way.
    ///
    /// # Errors
    /// Those of the store; some may be done already.
    pub async fn look_after(
        &self,
        request: &MaintenanceRequest,
    ) -> Result<MaintenanceResponse, ApiError> {
        let _turn = self.engine.inner.sweeping.lock().await;
        let apply = request.apply;
        let mut actions = self.reconcile(apply).await?;
        actions.extend(self.back_in_line(apply).await?);
        actions.extend(self.finalise_cancels(apply).await?);
        actions.extend(self.end_orphans(apply).await?);
        let actions_total = actions.len() as u64;
        actions.truncate(ACTIONS_MAX);
        let configured = lock(&self.engine.inner.retention).clone();
        let retention = request.retention.as_ref().unwrap_or(&configured);
        let pruned = self.prune(retention, apply).await?;
        let (checked, vacuum) = (request.check, request.vacuum && apply);
        let store = self.engine.store().clone();
        let looked = blocking(move || {
            let before = store.upkeep().size()?;
            if vacuum {
                store.upkeep().vacuum()?;
            } else if apply {
                store.upkeep().checkpoint()?;
            }
            let problems = match checked {
                None => None,
                Some(StoreCheck::Quick) => Some(store.upkeep().quick_check()?),
                Some(StoreCheck::Full) => Some(store.check()?),
            };
            Ok((state(before, store.upkeep().size()?), problems))
        });
        let (store, problems) = looked.await?;
        Ok(MaintenanceResponse { pruned, actions, actions_total, store, problems })
    }
}

fn state(before: StoreSize, now: StoreSize) -> StoreState {
    StoreState {
        bytes_before: before.file,
        bytes: now.file,
        free_bytes: now.free,
        log_bytes: now.log,
        vacuum_advised: now.free >= FREE_MIN && now.free * FREE_SHARE >= now.file,
    }
}
