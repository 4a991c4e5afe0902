//! Timers: retries and deadlines, as the store knows them.

use crate::api::Api;
use crate::clock::now;
use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::held::{Decided, Done, Held, Of, OfFile};
use crate::reporter::take_in;
use crate::runtime::raised;
use clawflow_core::Millis;
use clawflow_core::control;
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::error::Code;
use clawflow_core::group;
use clawflow_core::idempotency::KEPT_MS;
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::schedule::limits::{RUNS_KEPT_MAX, RUNS_KEPT_MS};
use clawflow_core::wait::{Wait, WaitKind};
use clawflow_store::StoreError;
use clawflow_store::query::{Due, DueWhat};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Due things that are decided in one round.
const ROUND_MAX: usize = 256;
/// The clock is looked at this often at least: it may be set, and a machine may sleep.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Settled attempts are tidied this often.
const TIDY_EVERY: Duration = Duration::from_secs(10);
/// Settled attempts that wait to be tidied while others run. ext4 does not give out inodes again
/// that were deleted in the last minutes, and looks at each of them for every new file: tidying
/// beside the starting of short steps makes those twice as slow.
const LITTER_MAX: usize = 5000;
/// What is kept for a time only is deleted this often.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);
/// Closed messages about flows that are gone are kept for this long, in milliseconds.
const DELIVERIES_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Pause after a failure of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// First pause before something due is tried again whose decision failed; doubled each time.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// Fires what is due, until the engine stops. Late ones fire at once, each once: a timer is void
/// when its wait is closed, and the law refuses it then.
pub(crate) async fn run(engine: Engine) {
    let mut stopping = engine.stopping();
    let mut tidied = Instant::now();
    let mut forgotten: Option<Instant> = None;
    let mut failed = Failed::default();
    while !*stopping.borrow() {
        let litter = engine.supervisor().litter().len();
        let may_tidy = engine.running() == 0 || litter >= LITTER_MAX;
        if tidied.elapsed() >= TIDY_EVERY && litter > 0 && may_tidy {
            tidied = Instant::now();
            let engine = engine.clone();
            tokio::task::spawn_blocking(move || engine.supervisor().litter().tidy(true));
        }
        if forgotten.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
            forgotten = Some(Instant::now());
            forget(&engine);
        }
        let pause = match round(&engine, &mut failed).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "failed to look at the timers");
                STORE_PAUSE
            }
        };
        engine.start_next();
        let rate = engine.inner.slots.set_alarm();
        let pause = rate.map_or(pause, |at| pause.min(until(at)));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = engine.inner.timer_hint.notified() => {}
            () = raised(&mut stopping) => {}
        }
    }
}

/// Deletes what is kept for a time only and has had it.
fn forget(engine: &Engine) {
    let store = engine.inner.store.clone();
    tokio::task::spawn_blocking(move || {
        let outcomes = store.expire_outcomes(now() - KEPT_MS);
        let deliveries = store.expire_deliveries(now() - DELIVERIES_KEPT_MS);
        let runs = store.schedules().expire_runs(now() - RUNS_KEPT_MS);
        let surplus = store.schedules().trim_runs(RUNS_KEPT_MAX);
        let failed = [outcomes.err(), deliveries.err(), runs.err(), surplus.err()];
        for error in failed.into_iter().flatten() {
            tracing::warn!(%error, "failed to delete what is kept no longer");
        }
    });
}

/// What is due and could not be decided: it is tried again, but neither in a tight loop nor
/// before what has not been tried yet.
#[derive(Default)]
struct Failed {
    tries: HashMap<(FlowId, DueWhat), Try>,
}

struct Try {
    next: Instant,
    pause: Duration,
}

impl Failed {
    /// Forgets what has not failed again for long: it was settled by somebody else.
    fn prune(&mut self) {
        let now = Instant::now();
        self.tries.retain(|_, one| now < one.next + AGAIN_AFTER_MAX);
    }

    fn is_held(&self, due: &Due) -> bool {
        let key = (due.flow_id.clone(), due.what.clone());
        self.tries.get(&key).is_some_and(|one| Instant::now() < one.next)
    }

    fn add(&mut self, due: &Due) {
        let one = self.tries.entry((due.flow_id.clone(), due.what.clone()));
        let one = one
            .and_modify(|one| one.pause = (one.pause * 2).min(AGAIN_AFTER_MAX))
            .or_insert_with(|| Try { next: Instant::now(), pause: AGAIN_AFTER });
        one.next = Instant::now() + one.pause;
    }

    fn remove(&mut self, due: &Due) {
        self.tries.remove(&(due.flow_id.clone(), due.what.clone()));
    }

    /// How long the first of them is held.
    fn pause(&self) -> Option<Duration> {
        let now = Instant::now();
        let held = self.tries.values().filter(|one| one.next > now);
        held.map(|one| one.next - now).min()
    }
}

/// Fires all that is due, and says how long nothing else will be.
async fn round(engine: &Engine, failed: &mut Failed) -> Result<Duration, StoreError> {
    let store = &engine.inner.store;
    let scopes: Vec<Option<FlowId>> = match engine.inner.scope {
        Scope::All => vec![None],
        Scope::Driven | Scope::Nothing => engine.driven().into_iter().map(Some).collect(),
    };
    failed.prune();
    let mut next: Option<i64> = None;
    for only in &scopes {
        // Each turn settles or holds what it fires, so that the next one sees others.
        while !*engine.stopping().borrow() {
            let mut due = store.due(now(), only.as_ref(), ROUND_MAX + failed.tries.len())?;
            due.retain(|due| !failed.is_held(due));
            due.truncate(ROUND_MAX);
            let full = due.len() == ROUND_MAX;
            fire(engine, due, failed).await;
            if !full {
                break;
            }
        }
        let soon = now().saturating_add(i64::try_from(LOOK_EVERY.as_millis()).unwrap_or(i64::MAX));
        let ahead = store.due(soon, only.as_ref(), failed.tries.len() + 1)?;
        let first = ahead.iter().find(|due| !failed.is_held(due)).map(|due| due.at);
        next = [next, first].into_iter().flatten().min();
    }
    let pause = next.map_or(LOOK_EVERY, until);
    let pause = failed.pause().map_or(pause, |held| pause.min(held));
    Ok(pause.clamp(Duration::from_millis(1), LOOK_EVERY))
}

/// How long it is until then.
fn until(at: Millis) -> Duration {
    let wait = Duration::from_millis(u64::try_from(at.saturating_sub(now())).unwrap_or_default());
    wait.clamp(Duration::from_millis(1), LOOK_EVERY)
}

/// Decides all of them at once, so that they share commits.
async fn fire(engine: &Engine, due: Vec<Due>, failed: &mut Failed) {
    let mut decisions = tokio::task::JoinSet::new();
    for due in due {
        let engine = engine.clone();
        decisions.spawn(async move {
            let decided = match due.what.clone() {
                DueWhat::Retry(step_id) => {
                    let fire = move |state: &FlowState, ctx: &mut Ctx<'_>| {
                        drive::retry_due(state, ctx, &step_id)
                    };
                    engine.decide(None, &due.flow_id, OfFile(fire)).await
                }
                DueWhat::Wait(wait_id) => wait_due(&engine, &due.flow_id, wait_id).await,
            };
            (due, decided)
        });
    }
    while let Some(fired) = decisions.join_next().await {
        match fired {
            Ok((due, Ok(_))) => failed.remove(&due),
            Ok((due, Err(error))) => {
                tracing::debug!(flow_id = %due.flow_id, %error, "a timer was not applied");
                failed.add(&due);
            }
            Err(error) => tracing::error!(%error, "a timer's decision broke off"),
        }
    }
}

/// A wait's time has come. Before a member of a group is called missing, reports that lie on disk
/// are taken in: its jobs may have run while nobody was here.
async fn wait_due(engine: &Engine, flow_id: &FlowId, wait_id: WaitId) -> Result<Done, EngineError> {
    let wait = engine.store().wait(&wait_id)?;
    let of_group = |wait: &Wait| wait.kind == WaitKind::Task && wait.step_id.is_some();
    if wait.as_ref().is_some_and(of_group) {
        let api = Api::new(engine.clone());
        if let Err(error) = take_in(&api, &engine.settings().home).await {
            return Err(EngineError::refused(Code::PersistFailed, error.message));
        }
    }
    let fire = Of(move |held: &Held, ctx: &mut Ctx<'_>| match held {
        Held::File(state) => drive::wait_due(state, ctx, &wait_id).map(Decided::from),
        Held::Code(state) => control::wait_due(state, ctx, &wait_id).map(Decided::from),
        Held::Group(state) => group::due(state, ctx, &wait_id).map(Decided::from),
    });
    engine.decide(None, flow_id, fire).await
}
