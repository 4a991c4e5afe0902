//! Decisions about flows: load, decide, commit, then the effects. One at a time per flow.

use crate::engine::{Engine, Scope, lock};
use crate::error::EngineError;
use crate::runtime::{Attempt, Switch, raised};
use clawflow_core::drive::{self, Ctx, Decision, FlowState, NewFlow};
use clawflow_core::effect::Effect;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::{TaskStatus, solo};
use clawflow_core::unit::Unit;
use clawflow_store::ApplyError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// Conflicts in a row before a decision gives up. One writer holds the store, so that even one is
/// rare.
const CONFLICTS_MAX: u32 = 16;
/// First pause of a decision of the engine when the store fails; doubled up to the longest.
const STORE_PAUSE: Duration = Duration::from_millis(100);
const STORE_PAUSE_MAX: Duration = Duration::from_secs(5);

/// The state of one flow at work; an empty cell is loaded when it is needed. A decision holds the
/// lock across its commit, hence tokio's mutex.
#[derive(Default)]
pub(crate) struct Cell {
    state: Mutex<Option<FlowState>>,
}

/// A cell that is looked at. With the last look it leaves the map, if nothing is kept in it.
struct InUse<'a> {
    engine: &'a Engine,
    flow_id: &'a FlowId,
    cell: Arc<Cell>,
}

impl InUse<'_> {
    async fn lock(&self) -> MutexGuard<'_, Option<FlowState>> {
        self.cell.state.lock().await
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        let mut cells = lock(&self.engine.inner.cells);
        // Let go of under the map's lock: of two looks that end together one sees that it is last.
        self.cell = Arc::default();
        let idle = |cell: &Arc<Cell>| {
            Arc::strong_count(cell) == 1 && cell.state.try_lock().is_ok_and(|s| s.is_none())
        };
        if cells.get(self.flow_id).is_some_and(idle) {
            cells.remove(self.flow_id);
        }
    }
}

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

/// A command: looks at the state and decides. It may be asked again after a conflict.
pub(crate) trait Command:
    Fn(&FlowState, &mut Ctx) -> Result<Decision, Refusal> + Send + Sync + 'static
{
}
impl<F> Command for F where
    F: Fn(&FlowState, &mut Ctx) -> Result<Decision, Refusal> + Send + Sync + 'static
{
}

impl Engine {
    /// Decides a command about a flow, and returns the flow once that is durable. The decision is
    /// carried through even if the caller goes away.
    pub(crate) async fn decide(
        &self,
        flow_id: &FlowId,
        command: impl Command,
    ) -> Result<Flow, EngineError> {
        let (engine, flow_id) = (self.clone(), flow_id.clone());
        carried_through(async move { engine.decide_here(&flow_id, &command, None).await }).await
    }

    /// As [`Engine::decide`], for what the engine itself has seen: it must not be lost because the
    /// disk is full for a while, so it is tried until the store takes it.
    pub(crate) async fn decide_surely(
        &self,
        flow_id: &FlowId,
        command: impl Command,
    ) -> Result<Flow, EngineError> {
        let mut backoff = self.backoff();
        loop {
            match self.decide_here(flow_id, &command, None).await {
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

    /// The flow's cell, in the map for as long as somebody looks at it.
    fn in_use<'a>(&'a self, flow_id: &'a FlowId) -> InUse<'a> {
        let cell = lock(&self.inner.cells).entry(flow_id.clone()).or_default().clone();
        InUse { engine: self, flow_id, cell }
    }

    /// Decides with `slots` taken before, or with whatever is free.
    async fn decide_here(
        &self,
        flow_id: &FlowId,
        command: &impl Command,
        slots: Option<usize>,
    ) -> Result<Flow, EngineError> {
        let in_use = self.in_use(flow_id);
        let mut state = in_use.lock().await;
        let result = self.decide_in(&mut state, flow_id, command, slots).await;
        if result.is_err() || state.as_ref().is_some_and(|s| s.tasks.is_empty()) {
            // What only waits costs no memory.
            *state = None;
        }
        result
    }

    async fn decide_in(
        &self,
        state: &mut Option<FlowState>,
        flow_id: &FlowId,
        command: &impl Command,
        slots: Option<usize>,
    ) -> Result<Flow, EngineError> {
        for _ in 0..CONFLICTS_MAX {
            let was = match state.take() {
                Some(was) => was,
                None => self.load(flow_id)?,
            };
            let mut reserved = self.reserve(slots.is_none() && self.drives(flow_id));
            let free = slots.unwrap_or(reserved.count());
            let decided = self.with_ctx(free, |ctx| command(&was, ctx));
            let mut decision = match decided {
                Ok(decision) => decision,
                Err(refusal) => {
                    let flow = Some(Box::new(was.flow));
                    return Err(EngineError::Refused { refusal, flow });
                }
            };
            reserved.keep(starts(&decision.effects));
            match self.commit(std::mem::take(&mut decision.unit)).await {
                Ok(()) => {
                    reserved.spent();
                    let flow = decision.state.flow.clone();
                    if is_let_go(&was, &decision.state) {
                        decision.effects.extend(queued(&decision.state));
                    }
                    self.carry_out(&decision.state, decision.effects);
                    *state = Some(decision.state);
                    return Ok(flow);
                }
                Err(ApplyError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::refused(Code::PersistFailed, "the flow changes too fast"))
    }

    async fn commit(&self, unit: Unit) -> Result<(), ApplyError> {
        if unit.is_empty() {
            return Ok(());
        }
        match self.inner.store.submit(unit).await {
            Ok(applied) => applied.map(|_| ()),
            // The writer is gone; what it had not answered is whole or not at all.
            Err(_) => Err(ApplyError::Store(clawflow_store::StoreError::Unavailable {
                doing: "committing".to_owned(),
                why: "the writer has stopped".to_owned(),
            })),
        }
    }

    /// Makes a flow. That is carried through even if the caller goes away.
    pub(crate) async fn create(&self, new: NewFlow) -> Result<Flow, EngineError> {
        let engine = self.clone();
        carried_through(async move { engine.create_here(new).await }).await
    }

    async fn create_here(&self, new: NewFlow) -> Result<Flow, EngineError> {
        let mut reserved = self.reserve(self.inner.scope != Scope::Nothing);
        let mut decision = self.with_ctx(reserved.count(), |ctx| drive::create(new, ctx))?;
        reserved.keep(starts(&decision.effects));
        let flow = decision.state.flow.clone();
        let flow_id = flow.flow_id.clone();
        self.drive_also(&flow_id);
        // Nobody can know the id yet, but an effect may report back at once: the cell is locked
        // until the state is in it.
        let in_use = self.in_use(&flow_id);
        let mut state = in_use.lock().await;
        if let Err(error) = self.commit(std::mem::take(&mut decision.unit)).await {
            self.drive_no_more(&flow_id);
            return Err(error.into());
        }
        reserved.spent();
        self.carry_out(&decision.state, decision.effects);
        if !decision.state.tasks.is_empty() {
            *state = Some(decision.state);
        }
        Ok(flow)
    }

    /// Gives a queued task the slot that its caller took for it. While the store fails the task
    /// keeps its turn, and the slot: nothing else could start either.
    pub(crate) async fn claim(
        &self,
        task_id: &TaskId,
        flow_id: Option<&FlowId>,
    ) -> Result<(), EngineError> {
        let mut backoff = self.backoff();
        loop {
            let claimed = match flow_id {
                None => self.decide_task_here(task_id, solo::claim).await.map(|_| ()),
                Some(flow_id) => {
                    let id = task_id.clone();
                    let claim =
                        move |state: &FlowState, ctx: &mut Ctx<'_>| drive::claim(state, ctx, &id);
                    self.decide_here(flow_id, &claim, Some(1)).await.map(|_| ())
                }
            };
            match claimed {
                Err(error) if error.may_pass() => {
                    backoff.pause(task_id.as_str(), &error).await?;
                }
                claimed => return claimed,
            }
        }
    }

    /// The flow with all that steers it, from the store.
    pub(crate) fn load(&self, flow_id: &FlowId) -> Result<FlowState, EngineError> {
        let Some(bundle) = self.inner.store.load(flow_id)? else {
            return Err(EngineError::refused(Code::NotFound, format!("flow not found: {flow_id}")));
        };
        let (Some(spec), Some(source)) = (bundle.spec, bundle.source) else {
            let message = format!("{flow_id} is not driven by the engine");
            return Err(EngineError::refused(Code::InvalidState, message));
        };
        let definition = self
            .definition(&spec.definition_hash, &spec.file, &source)
            .map_err(|why| EngineError::Broken(format!("the file of {flow_id}: {why}")))?;
        Ok(FlowState {
            flow: bundle.flow,
            spec: Arc::new(spec),
            definition,
            steps: bundle.steps,
            tasks: bundle.tasks.into_iter().map(|t| (t.task_id.clone(), t)).collect(),
            waits: bundle.waits.into_iter().map(|w| (w.wait_id.clone(), w)).collect(),
            last_event: bundle.last_event,
        })
    }

    /// Carries out what a durable decision has left to do.
    fn carry_out(&self, state: &FlowState, effects: Vec<Effect>) {
        let flow_id = &state.flow.flow_id;
        for effect in effects {
            match effect {
                Effect::Start(task_id) => self.start_attempt(state, &task_id),
                Effect::Stop(task_id) => {
                    let fence = state.tasks.get(&task_id).map_or(0, |task| task.fence);
                    self.stop_attempt(Attempt::of_flow(flow_id, task_id, fence));
                }
                Effect::Queued(task_id) => self.enqueue(task_id, Some(flow_id.clone())),
                Effect::Timer => self.inner.timer_hint.notify_one(),
                Effect::Ended(flow_id) => {
                    self.drive_no_more(&flow_id);
                    tracing::info!(%flow_id, "flow ended");
                }
            }
        }
        self.changed(&flow_id.0, state.flow.is_terminal());
    }

    /// Starts the process of an attempt that is on record.
    fn start_attempt(&self, state: &FlowState, task_id: &TaskId) {
        if let Some(stop) = self.enter(task_id) {
            self.start_watched(state, task_id, stop);
        }
    }

    /// As [`Engine::start_attempt`], by who answers for the attempt.
    pub(crate) fn start_watched(&self, state: &FlowState, task_id: &TaskId, stop: Switch) {
        let Some(task) = state.tasks.get(task_id) else {
            self.inner.running.leave(task_id);
            return self.release(1);
        };
        let attempt = Attempt::of_flow(&state.flow.flow_id, task_id.clone(), task.fence);
        match drive::launch(state, task_id) {
            Some(Ok(launch)) => {
                let env = self.step_env(state, task, &launch.idempotency_key);
                self.execute(attempt, launch.command, env, launch.stdin, stop);
            }
            Some(Err(error)) => self.report_unstartable(attempt, error.to_string()),
            None => self.report_unstartable(attempt, "not the newest attempt".to_owned()),
        }
    }
}

/// Whether a cancel came while the flow was paused: its queued `finally` tasks may start now, and
/// left the line when they were refused. (An `unpause` queues its tasks itself.)
fn is_let_go(was: &FlowState, now: &FlowState) -> bool {
    let was_held = was.flow.paused_at.is_some() && was.flow.cancel_requested_at.is_none();
    was_held && now.flow.cancel_requested_at.is_some()
}

/// Queues all that waits for a slot.
fn queued(state: &FlowState) -> impl Iterator<Item = Effect> {
    let queued = state.tasks.values().filter(|task| task.status == TaskStatus::Queued);
    queued.map(|task| Effect::Queued(task.task_id.clone()))
}

fn starts(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Start(_))).count()
}
