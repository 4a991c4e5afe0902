//! Decisions about tasks without a flow.

use crate::api::Actor;
use crate::decide::CONFLICTS_MAX;
use crate::decide::carried_through;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::Decided;
use crate::runtime::{Attempt, Switch};
use clawflow_core::control;
use clawflow_core::drive::{Ctx, Launch};
use clawflow_core::effect::Effect;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::ids::TaskId;
use clawflow_core::task::Task;
use clawflow_core::task::solo::{Solo, SoloDecision};
use std::sync::Arc;

/// A command about a task: looks at it and decides. It may be asked again after a conflict.
pub(crate) trait SoloCommand:
    Fn(&Solo, &mut Ctx) -> Result<SoloDecision, Refusal> + Send + Sync + 'static
{
}
impl<F> SoloCommand for F where
    F: Fn(&Solo, &mut Ctx) -> Result<SoloDecision, Refusal> + Send + Sync + 'static
{
}

/// A new task: of nobody's flow, or with a flow that mirrors it.
enum Made {
    Alone(Box<SoloDecision>),
    InFlow(Box<Decided>),
}

fn no_task() -> EngineError {
    EngineError::Broken("the flow that mirrors a task has none".to_owned())
}

impl Engine {
    /// Records a new task and starts it, or queues it; an agent's gets a flow that mirrors it, in
    /// the same unit. That is carried through even if the caller
    /// goes away.
    pub(crate) async fn create_task(
        &self,
        actor: Actor,
        make: impl FnOnce(&mut Ctx) -> Result<SoloDecision, Refusal> + Send + 'static,
    ) -> Result<Task, EngineError> {
        let engine = self.clone();
        carried_through(async move { engine.create_task_here(&actor, make).await }).await
    }

    pub(crate) async fn create_task_here(
        &self,
        actor: &Actor,
        make: impl FnOnce(&mut Ctx) -> Result<SoloDecision, Refusal>,
    ) -> Result<Task, EngineError> {
        let mut reserved = self.reserve(self.drives_tasks());
        reserved.keep(1);
        let made = self.with_ctx(actor, reserved.count(), |ctx| {
            let made = make(ctx)?;
            let mirrors = control::gets_mirror(&made.solo.task);
            Ok::<_, Refusal>(match mirrors {
                true => Made::InFlow(Box::new(control::mirrored(made, ctx).into())),
                false => Made::Alone(Box::new(made)),
            })
        })?;
        let decision = match made {
            Made::Alone(decision) => *decision,
            Made::InFlow(decided) => {
                let done = self.keep_new(reserved, *decided).await?;
                return done.task.map(Arc::unwrap_or_clone).ok_or_else(no_task);
            }
        };
        let starts = decision.effects.iter().any(|e| matches!(e, Effect::Start(_)));
        reserved.keep(usize::from(starts));
        self.commit_solo(&decision).await?;
        reserved.spent();
        let task = Task::clone(&decision.solo.task);
        self.carry_out_solo(&decision);
        Ok(task)
    }

    /// Decides a command about a task, and returns it once that is durable. The decision is
    /// carried through even if the caller goes away.
    pub(crate) async fn decide_task(
        &self,
        actor: Actor,
        task_id: &TaskId,
        command: impl SoloCommand,
    ) -> Result<Task, EngineError> {
        let (engine, task_id) = (self.clone(), task_id.clone());
        carried_through(async move { engine.decide_task_here(&actor, &task_id, command).await })
            .await
    }

    /// As [`Engine::decide_task`], for what the engine itself has seen: it is tried until the store
    /// takes it.
    pub(crate) async fn decide_task_surely(
        &self,
        task_id: &TaskId,
        command: impl SoloCommand,
    ) -> Result<Task, EngineError> {
        let mut backoff = self.backoff();
        loop {
            match self.decide_task_here(&None, task_id, &command).await {
                Err(error) if error.may_pass() => {
                    self.pump();
                    backoff.pause(task_id.as_str(), &error).await?;
                }
                decided => return decided,
            }
        }
    }

    pub(crate) async fn decide_task_here(
        &self,
        actor: &Actor,
        task_id: &TaskId,
        command: impl Fn(&Solo, &mut Ctx) -> Result<SoloDecision, Refusal>,
    ) -> Result<Task, EngineError> {
        for _ in 0..CONFLICTS_MAX {
            let was = self.load_task(task_id)?;
            let decision = self.with_ctx(actor, 0, |ctx| command(&was, ctx))?;
            match self.commit_solo(&decision).await {
                Ok(()) => {
                    let task = Task::clone(&decision.solo.task);
                    self.carry_out_solo(&decision);
                    return Ok(task);
                }
                Err(EngineError::Refused { refusal, .. })
                    if refusal.code == Code::RevisionConflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(EngineError::refused(Code::PersistFailed, "the task changes too fast"))
    }

    async fn commit_solo(&self, decision: &SoloDecision) -> Result<(), EngineError> {
        Ok(self.commit(decision.unit.clone()).await?)
    }

    pub(crate) fn load_task(&self, task_id: &TaskId) -> Result<Solo, EngineError> {
        let Some(task) = self.inner.store.task(task_id)? else {
            return Err(EngineError::refused(Code::NotFound, format!("task not found: {task_id}")));
        };
        let last_event = self.inner.store.last_event(&task_id.0)?;
        Ok(Solo { task, last_event })
    }

    fn carry_out_solo(&self, decision: &SoloDecision) {
        let task = &decision.solo.task;
        for effect in &decision.effects {
            match effect {
                Effect::Start(id) => {
                    if let Some(stop) = self.enter(id) {
                        self.start_solo_watched(task, stop);
                    }
                }
                Effect::Stop(_) => self.stop_attempt(Attempt::of_task(task)),
                Effect::Queued(_) => self.enqueue(task),
                Effect::Timer
                | Effect::Told(_)
                | Effect::Awaits(_)
                | Effect::Child { .. }
                | Effect::Ended(_) => {}
            }
        }
        self.changed(&task.task_id.0, task.status.is_terminal());
    }

    /// Starts the process of a task that is on record as running.
    pub(crate) fn start_solo_watched(&self, task: &Arc<Task>, stop: Switch) {
        let attempt = Attempt::of_task(task);
        let Some(command) = task.command.clone() else {
            return self.report_unstartable(attempt, "the task has no command".to_owned());
        };
        let idempotency_key = task.task_id.0.clone();
        self.start_command(
            task,
            Launch { command, stdin: None, shown: None, idempotency_key, output_max: None },
            attempt,
            stop,
        );
    }
}
