//! Decisions about flows: load, decide, commit, then the effects. One at a time per flow.

use crate::api::Actor;
use crate::dispatch::Reserved;
use crate::engine::{Engine, Scope};
use crate::error::EngineError;
use crate::held::{Command, Decided, Done, Held};
use crate::runtime::raised;
use clawflow_core::drive::Ctx;
use clawflow_core::effect::Effect;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::unit::Unit;
use clawflow_store::ApplyError;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::sync::MutexGuard;

/// Conflicts in a row before a decision gives up. One writer holds the store, so that even one is
/// rare.
pub(crate) const CONFLICTS_MAX: u32 = 16;
/// First pause of a decision of the engine when the store fails; doubled up to the longest.
const STORE_PAUSE: Duration = Duration::from_millis(100);
const STORE_PAUSE_MAX: Duration = Duration::from_secs(5);

/// Pauses between the tries of something that the engine itself has seen, while the store fails.
pub(crate) struct Backoff {
    pause: Duration,
    stopping: tokio::sync::watch::Receiver<bool>,
}

impl Backoff {
    /// Pauses before the next try.
    ///
    /// # Errors
    /// The engine stops: the next one finds out again.
    pub(crate) async fn pause(
        &mut self,
        subject: &str,
        why: &impl std::fmt::Display,
    ) -> Result<(), EngineError> {
        tracing::warn!(subject, %why, "that failed, trying again");
        tokio::select! {
            () = tokio::time::sleep(self.pause) => {}
            () = raised(&mut self.stopping) => return Err(EngineError::Stopping),
        }
        self.pause = (self.pause * 2).min(STORE_PAUSE_MAX);
        Ok(())
    }
}

/// Carries work through even if its caller goes away.
pub(crate) async fn carried_through<T: Send + 'static>(
    work: impl Future<Output = Result<T, EngineError>> + Send + 'static,
) -> Result<T, EngineError> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => {
            Err(EngineError::Broken("the decision panicked".to_owned()))
        }
        Err(_) => Err(EngineError::Stopping),
    }
}

impl Engine {
    /// Decides a command about a flow, and returns what it left once that is durable. The decision
    /// is carried through even if the caller goes away.
    pub(crate) async fn decide(
        &self,
        actor: Actor,
        flow_id: &FlowId,
        command: impl Command,
    ) -> Result<Done, EngineError> {
        let (engine, flow_id) = (self.clone(), flow_id.clone());
        carried_through(async move { engine.decide_here(&actor, &flow_id, &command, None).await })
            .await
    }

    /// As [`Engine::decide`], for what the engine itself has seen: it must not be lost because the
    /// disk is full for a while, so it is tried until the store takes it.
    pub(crate) async fn decide_surely(
        &self,
        flow_id: &FlowId,
        command: impl Command,
    ) -> Result<Done, EngineError> {
        let mut backoff = self.backoff();
        loop {
            match self.decide_here(&None, flow_id, &command, None).await {
                Err(error) if error.may_pass() => {
                    // A slot that came free for this decision may serve others meanwhile.
                    self.pump();
                    backoff.pause(flow_id.as_str(), &error).await?;
                }
                decided => return decided,
            }
        }
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff { pause: STORE_PAUSE, stopping: self.stopping() }
    }

    /// Decides with `slots` taken before, or with whatever is free.
    pub(crate) async fn decide_here(
        &self,
        actor: &Actor,
        flow_id: &FlowId,
        command: &impl Command,
        slots: Option<usize>,
    ) -> Result<Done, EngineError> {
        let in_use = self.in_use(flow_id);
        let mut state = in_use.lock().await;
        let result = self.decide_in(&mut state, actor, flow_id, command, slots).await;
        if result.is_err() || state.as_ref().is_some_and(Held::is_idle) {
            // What only waits costs no memory.
            *state = None;
        }
        result
    }

    async fn decide_in(
        &self,
        state: &mut Option<Held>,
        actor: &Actor,
        flow_id: &FlowId,
        command: &impl Command,
        slots: Option<usize>,
    ) -> Result<Done, EngineError> {
        for _ in 0..CONFLICTS_MAX {
            let was = match state.take() {
                Some(was) => was,
                None => self.load(flow_id)?,
            };
            let mut reserved = self.reserve(slots.is_none() && self.drives(flow_id));
            let free = slots.unwrap_or(reserved.count());
            let decided = self.with_ctx(actor, free, |ctx| command.decide(&was, ctx));
            let mut decided = match decided {
                Ok(decided) => decided,
                Err(refusal) => {
                    let flow = Some(Box::new(was.into_flow()));
                    return Err(EngineError::Refused { refusal, flow });
                }
            };
            reserved.keep(starts(&decided.effects));
            let done = Done::of(&decided);
            let unit = std::mem::take(&mut decided.unit);
            let key = once_key(&unit);
            match self.commit(unit).await {
                Ok(()) => {
                    reserved.spent();
                    *state = Some(self.follow(Some(&was), decided));
                    return Ok(done);
                }
                Err(ApplyError::Conflict { .. }) if self.is_used(key.as_ref())? => {
                    return Err(used());
                }
                Err(ApplyError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::refused(Code::PersistFailed, "the flow changes too fast"))
    }

    /// Decides the same about several flows in one unit: it is on disk for all of them or for none.
    /// A flow whose law refuses is left out, and one that was purged meanwhile. `finish` completes
    /// the unit, given which flows it is about and the waits concerned. The ids must be sorted, so
    /// that two of these do not wait for each other.
    pub(crate) async fn decide_all(
        &self,
        actor: &Actor,
        flow_ids: &[FlowId],
        command: &impl Command,
        finish: impl Fn(&mut Unit, &[(FlowId, Vec<WaitId>)]),
    ) -> Result<Vec<(FlowId, Vec<WaitId>)>, EngineError> {
        let cells: Vec<_> = flow_ids.iter().map(|flow_id| self.in_use(flow_id)).collect();
        let mut states = Vec::with_capacity(cells.len());
        for cell in &cells {
            states.push(cell.lock().await);
        }
        for _ in 0..CONFLICTS_MAX {
            let mut made = Vec::new();
            for (at, flow_id) in flow_ids.iter().enumerate() {
                let was = match states[at].take() {
                    Some(was) => was,
                    None => match self.load(flow_id) {
                        Ok(was) => was,
                        Err(error) if error.code() == Some(Code::NotFound) => continue,
                        Err(error) => return Err(error),
                    },
                };
                if let Ok(decided) = self.with_ctx(actor, 0, |ctx| command.decide(&was, ctx)) {
                    made.push((at, was, decided));
                }
            }
            let mut unit = Unit::default();
            let mut about = Vec::with_capacity(made.len());
            for (at, _, decided) in &mut made {
                unit.join(std::mem::take(&mut decided.unit));
                about.push((flow_ids[*at].clone(), decided.waits.clone()));
            }
            finish(&mut unit, &about);
            let key = once_key(&unit);
            match self.commit(unit).await {
                Ok(()) => {
                    for (at, was, decided) in made {
                        let now = self.follow(Some(&was), decided);
                        *states[at] = Some(now).filter(|now| !now.is_idle());
                    }
                    return Ok(about);
                }
                Err(ApplyError::Conflict { .. }) if self.is_used(key.as_ref())? => {
                    return Err(used());
                }
                Err(ApplyError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::refused(Code::PersistFailed, "the flows change too fast"))
    }

    /// The turn to give signals to flows of an owner, or to begin to wait for one: a signal must
    /// not pass by a wait that is just being made. (One process at a time writes a store.)
    pub(crate) async fn signals(&self, owner_key: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        owner_key.hash(&mut hasher);
        let turns = &self.inner.signals;
        let at = usize::try_from(hasher.finish() % turns.len() as u64).unwrap_or_default();
        turns[at].lock().await
    }

    /// Tells and does what follows from a decision that is on disk.
    pub(crate) fn follow(&self, was: Option<&Held>, mut decided: Decided) -> Held {
        let flow = decided.state.flow();
        let ended = flow.is_terminal() && was.is_none_or(|was| !was.flow().is_terminal());
        self.tell_used(was, &decided.state);
        self.tell_hooks(was.map(|was| was.flow().status), flow, ended);
        if let Some(key) = flow.key.as_ref().filter(|_| ended) {
            self.admit_next(flow.owner_key.clone(), key.clone());
        }
        if was.is_some_and(|was| is_let_go(was, &decided.state)) {
            let queued = decided.state.queued().cloned().map(Effect::Queued);
            decided.effects.extend(queued.collect::<Vec<_>>());
        }
        self.carry_out(&decided.state, decided.effects);
        decided.state
    }

    /// Makes a flow. That is carried through even if the caller goes away.
    pub(crate) async fn create(
        &self,
        actor: Actor,
        make: impl FnOnce(&mut Ctx) -> Result<Decided, Refusal> + Send + 'static,
    ) -> Result<Done, EngineError> {
        let engine = self.clone();
        carried_through(async move { engine.create_here(&actor, make).await }).await
    }

    pub(crate) async fn create_here(
        &self,
        actor: &Actor,
        make: impl FnOnce(&mut Ctx) -> Result<Decided, Refusal>,
    ) -> Result<Done, EngineError> {
        let reserved = self.reserve(self.inner.scope != Scope::Nothing);
        let decided = self.with_ctx(actor, reserved.count(), make)?;
        self.keep_new(reserved, decided).await
    }

    /// Commits a new flow, and does what is to be done for it.
    pub(crate) async fn keep_new(
        &self,
        mut reserved: Reserved,
        mut decided: Decided,
    ) -> Result<Done, EngineError> {
        reserved.keep(starts(&decided.effects));
        let done = Done::of(&decided);
        let flow_id = &done.flow.flow_id;
        self.drive_also(flow_id);
        // Nobody can know the id yet, but an effect may report back at once: the cell is locked
        // until the state is in it.
        let in_use = self.in_use(flow_id);
        let mut state = in_use.lock().await;
        if let Err(error) = self.commit(std::mem::take(&mut decided.unit)).await {
            self.drive_no_more(flow_id);
            return Err(error.into());
        }
        reserved.spent();
        *state = Some(self.follow(None, decided)).filter(|state| !state.is_idle());
        drop(state);
        drop(in_use);
        Ok(done)
    }

    /// Makes a flow whose id was known before, in its cell, which the caller has locked.
    pub(crate) async fn create_in(
        &self,
        cell: &mut Option<Held>,
        ours: bool,
        make: impl FnOnce(&mut Ctx) -> Result<Decided, Refusal>,
    ) -> Result<(), EngineError> {
        let mut reserved = self.reserve(ours);
        let mut decided = self.with_ctx(&None, reserved.count(), make)?;
        reserved.keep(starts(&decided.effects));
        let flow_id = decided.state.flow().flow_id.clone();
        self.drive_with_parent(&flow_id, ours);
        if let Err(error) = self.commit(std::mem::take(&mut decided.unit)).await {
            self.drive_no_more(&flow_id);
            return Err(error.into());
        }
        reserved.spent();
        *cell = Some(self.follow(None, decided)).filter(|state| !state.is_idle());
        Ok(())
    }

    /// Whether a command with this idempotency key was carried out before.
    fn is_used(&self, key: Option<&(String, String)>) -> Result<bool, EngineError> {
        let Some((owner_key, key)) = key else { return Ok(false) };
        Ok(self.inner.store.outcome(owner_key, key)?.is_some())
    }
}

/// Owner and idempotency key of the command that made the unit.
pub(crate) fn once_key(unit: &Unit) -> Option<(String, String)> {
    unit.outcomes.first().map(|outcome| (outcome.owner_key.clone(), outcome.key.clone()))
}

/// Another command with the same idempotency key was faster: its answer is on disk.
fn used() -> EngineError {
    EngineError::refused(Code::KeyConflict, "the idempotency key was used meanwhile")
}

/// Whether a cancel came while the flow was paused: its queued `finally` tasks may start now, and
/// left the line when they were refused. (An `unpause` queues its tasks itself.)
fn is_let_go(was: &Held, now: &Held) -> bool {
    let (was, now) = (was.flow(), now.flow());
    let was_held = was.holds_starts() && was.cancel_requested_at.is_none();
    was_held && now.cancel_requested_at.is_some()
}

fn starts(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Start(_))).count()
}
