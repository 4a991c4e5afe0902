//! What a durable decision about a flow has left to do.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::{Held, OfEither};
use crate::runtime::{Attempt, Switch};
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState, Launch};
use clawflow_core::effect::Effect;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::{Runtime, Task, solo};
use std::collections::BTreeMap;

impl Engine {
    /// Carries the effects out.
    pub(crate) fn carry_out(&self, state: &Held, effects: Vec<Effect>) {
        let flow_id = &state.flow().flow_id;
        for effect in effects {
            match effect {
                Effect::Start(task_id) => self.start_attempt(state, &task_id),
                Effect::Stop(task_id) => {
                    let fence = state.tasks().get(&task_id).map_or(0, |task| task.fence);
                    self.stop_attempt(Attempt::of_flow(flow_id, task_id, fence));
                }
                Effect::Queued(task_id) => {
                    self.let_queue(state, &task_id);
                }
                Effect::Awaits(wait_id) => self.give_kept(state, &wait_id),
                Effect::Child { wait_id, again } => self.see_to_child(state, &wait_id, again),
                Effect::Told(task_id) => self.inner.running.told(&task_id).notify_one(),
                Effect::Timer => self.inner.timer_hint.notify_one(),
                Effect::Ended(flow_id) => {
                    self.tell_parent(state);
                    self.drive_no_more(&flow_id);
                    tracing::info!(%flow_id, "flow ended");
                }
            }
        }
        self.changed(&flow_id.0, state.flow().is_terminal());
    }

    /// Puts a queued task in line, once nobody answers for an earlier attempt of it.
    fn let_queue(&self, state: &Held, task_id: &TaskId) {
        let Some(task) = state.tasks().get(task_id) else { return };
        if task.attempt == 1 || !self.inner.running.queue_later(task_id) {
            self.enqueue(task);
        }
    }

    /// Starts the process of an attempt that is on record.
    fn start_attempt(&self, state: &Held, task_id: &TaskId) {
        if let Some(stop) = self.enter(task_id) {
            self.start_watched(state, task_id, stop);
        }
    }

    /// As [`Engine::start_attempt`], by who answers for the attempt.
    pub(crate) fn start_watched(&self, held: &Held, task_id: &TaskId, stop: Switch) {
        let Some(task) = held.tasks().get(task_id) else {
            self.leave(task_id);
            return self.release(1);
        };
        let attempt = Attempt::of_flow(&held.flow().flow_id, task_id.clone(), task.fence);
        match held {
            Held::File(state) => self.start_step(state, task, attempt, stop),
            // A group starts nothing.
            Held::Group(_) => self.report_unstartable(attempt, "a group runs nothing".to_owned()),
            Held::Code(state) => match control::launch(state, task_id) {
                Some(launch) => self.start_command(task, launch, attempt, stop),
                None => self.report_unstartable(attempt, "the task has no command".to_owned()),
            },
        }
    }

    fn start_step(&self, state: &FlowState, task: &Task, attempt: Attempt, stop: Switch) {
        match drive::launch(state, &task.task_id) {
            Some(Ok(launch)) => {
                let env = self.step_env(state, task, &launch.idempotency_key);
                let given = (launch.stdin, launch.output_max);
                self.execute(attempt, launch.command, env, given, stop);
            }
            Some(Err(error)) => self.report_unstartable(attempt, error.to_string()),
            None => self.report_unstartable(attempt, "not the newest attempt".to_owned()),
        }
    }

    /// Starts a command that no workflow file has: a child of a flow of code, or a task of its own.
    pub(crate) fn start_command(
        &self,
        task: &Task,
        launch: Launch,
        attempt: Attempt,
        stop: Switch,
    ) {
        let launch = match task.runtime {
            Runtime::Subagent => match self.as_agent(task, launch) {
                Ok(launch) => launch,
                Err(why) => return self.report_unstartable(attempt, why),
            },
            _ => launch,
        };
        let mut env = BTreeMap::new();
        env.insert("CLAWFLOW_IDEMPOTENCY_KEY".to_owned(), launch.idempotency_key);
        if let Some(flow_id) = &task.parent_flow_id {
            env.insert("CLAWFLOW_FLOW_ID".to_owned(), flow_id.0.clone());
        }
        self.common_env(&mut env, task);
        self.execute(attempt, launch.command, env, (launch.stdin, launch.output_max), stop);
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
                None => self.decide_task_here(&None, task_id, solo::claim).await.map(|_| ()),
                Some(flow_id) => {
                    let (id, same) = (task_id.clone(), task_id.clone());
                    let claim = OfEither(
                        move |state: &FlowState, ctx: &mut Ctx<'_>| drive::claim(state, ctx, &id),
                        move |state: &ControlState, ctx: &mut Ctx<'_>| {
                            control::claim(state, ctx, &same)
                        },
                    );
                    self.decide_here(&None, flow_id, &claim, Some(1)).await.map(|_| ())
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
}
