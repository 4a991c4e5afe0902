//! The loop that fires what is due.

use super::ended::{settle_found, settle_told};
use super::zones::timetable;
use crate::clock::now;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::runtime::raised;
use clawflow_core::Millis;
use clawflow_core::drive::Ctx;
use clawflow_core::error::Code;
use clawflow_core::ids::{RunId, ScheduleId};
use clawflow_core::schedule::{RunStatus, State, fire, give_up, retry, timeout};
use clawflow_store::StoreError;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Schedules that are decided in one round: they share commits, and others get their turn between.
const ROUND_MAX: usize = 128;
/// The clock is read this often at least: it may be set, and a machine may sleep.
const READ_CLOCK_EVERY: Duration = Duration::from_secs(5);
/// First pause before something that failed is tried again; doubled each time.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// What is due and could not be decided: tried again, but not in a tight loop.
#[derive(Default)]
struct Failed {
    tries: HashMap<String, (Instant, Duration)>,
}

impl Failed {
    fn is_held(&self, id: &str) -> bool {
        self.tries.get(id).is_some_and(|(next, _)| Instant::now() < *next)
    }

    fn add(&mut self, id: String) {
        let (next, pause) = self.tries.entry(id).or_insert((Instant::now(), AGAIN_AFTER / 2));
        *pause = (*pause * 2).min(AGAIN_AFTER_MAX);
        *next = Instant::now() + *pause;
    }

    fn prune(&mut self) {
        let now = Instant::now();
        self.tries.retain(|_, (next, _)| now < *next + AGAIN_AFTER_MAX);
    }

    fn pause(&self) -> Option<Duration> {
        let now = Instant::now();
        self.tries.values().filter(|(next, _)| *next > now).map(|(next, _)| *next - now).min()
    }
}

/// Something that is due.
enum Due {
    Schedule(ScheduleId),
    Run(ScheduleId, RunId, RunStatus),
}

impl Due {
    fn id(&self) -> &str {
        match self {
            Self::Schedule(id) => id.as_str(),
            Self::Run(_, id, _) => id.as_str(),
        }
    }
}

/// Fires what is due, until the engine stops.
pub(crate) async fn run(engine: Engine) {
    let mut stopping = engine.stopping();
    let mut failed = Failed::default();
    let mut found = false;
    while !*stopping.borrow() {
        if !found {
            match settle_found(&engine).await {
                Ok(()) => found = true,
                Err(error) => tracing::warn!(%error, "failed to look at the runs of schedules"),
            }
        }
        let mut again = settle_told(&engine).await || !found;
        let next = match round(&engine, &mut failed).await {
            // Ends are taken note of between two rounds, however much is due.
            Ok(Round::Fired) => continue,
            Ok(Round::Quiet(next)) => next,
            Err(error) => {
                tracing::warn!(%error, "failed to look at the schedules");
                again = true;
                None
            }
        };
        let pause = if again { Some(AGAIN_AFTER) } else { failed.pause() };
        let until = pause.map(|pause| Instant::now() + pause);
        tokio::select! {
            () = due(next, until) => {}
            () = engine.inner.schedule_hint.notified() => {}
            () = raised(&mut stopping) => {}
        }
    }
}

/// Waits for a time by the clock on the wall, or for one by the other clock. A machine that sleeps
/// stops the second; so the first is read every few seconds.
async fn due(at: Option<Millis>, until: Option<Instant>) {
    loop {
        let left = at.map(|at| at.saturating_sub(now()));
        if left.is_some_and(|left| left <= 0) {
            return;
        }
        let left = left.map(|left| Duration::from_millis(left.unsigned_abs()));
        let pause = left.map_or(READ_CLOCK_EVERY, |left| left.min(READ_CLOCK_EVERY));
        match until {
            Some(until) => {
                let rest = until.saturating_duration_since(Instant::now());
                tokio::time::sleep(pause.min(rest)).await;
                if Instant::now() >= until {
                    return;
                }
            }
            None => tokio::time::sleep(pause).await,
        }
    }
}

/// What came of a look at what is due.
enum Round {
    /// Something was decided; there may be more.
    Fired,
    /// Nothing is due now; when something will be.
    Quiet(Option<Millis>),
}

/// Fires what is due, as much of it as one round takes.
async fn round(engine: &Engine, failed: &mut Failed) -> Result<Round, StoreError> {
    failed.prune();
    let store = engine.inner.store.schedules();
    let (at, limit) = (now(), ROUND_MAX + failed.tries.len());
    let runs = store.due_runs(at, limit)?.into_iter();
    let runs = runs.map(|run| Due::Run(run.schedule_id, run.run_id, run.status));
    let schedules = store.due_schedules(at, limit)?.into_iter().map(Due::Schedule);
    let mut due: Vec<Due> = runs.chain(schedules).collect();
    due.retain(|due| !failed.is_held(due.id()));
    due.truncate(ROUND_MAX);
    if !due.is_empty() {
        decide(engine, due, failed).await;
        return Ok(Round::Fired);
    }
    // What is held is due already; its own pause says when it is tried again.
    let next = store.next_schedule_due()?;
    Ok(Round::Quiet(next.filter(|at| failed.tries.is_empty() || *at > now())))
}

/// Decides all of them at once, so that they share commits.
async fn decide(engine: &Engine, due: Vec<Due>, failed: &mut Failed) {
    let mut decisions = JoinSet::new();
    for due in due {
        let engine = engine.clone();
        decisions.spawn(async move {
            let decided = match &due {
                Due::Schedule(id) => fire_one(&engine, id).await,
                Due::Run(id, run_id, status) => {
                    let (run_id, again) = (run_id.clone(), *status == RunStatus::Retrying);
                    let decide = move |state: &State, ctx: &mut Ctx<'_>| match again {
                        true => Ok(retry(state, &run_id, ctx)),
                        false => Ok(timeout(state, &run_id, ctx)),
                    };
                    engine.decide_schedule(None, id, decide).await.map(drop)
                }
            };
            (due, decided)
        });
    }
    while let Some(decided) = decisions.join_next().await {
        match decided {
            Ok((due, Ok(()))) => {
                failed.tries.remove(due.id());
            }
            // It was deleted meanwhile.
            Ok((_, Err(error))) if error.code() == Some(Code::NotFound) => {}
            Ok((due, Err(error))) => {
                tracing::warn!(id = due.id(), %error, "a schedule was not fired, trying again");
                failed.add(due.id().to_owned());
            }
            Err(error) => tracing::error!(%error, "the decision about a schedule broke off"),
        }
    }
}

/// Fires a schedule; one that cannot be read any more is disabled.
async fn fire_one(engine: &Engine, id: &ScheduleId) -> Result<(), EngineError> {
    let command = |state: &State, ctx: &mut Ctx<'_>| match timetable(&state.schedule.spec) {
        Ok(timetable) => Ok(fire(state, &timetable, ctx)),
        Err(refusal) => Ok(give_up(state, &refusal.message, ctx)),
    };
    engine.decide_schedule(None, id, command).await.map(drop)
}
