//! `task.rerun`: the command of an ended task once more, as a new task.

use super::{Api, ApiError, TaskRerun, TaskRerunRequest};
use clawflow_core::drive::Ctx;
use clawflow_core::flow::SyncMode;
use clawflow_core::task::solo::{self, NewTask};
use clawflow_core::task::{Runtime, Task, TaskCommand};

impl Api {
    pub(super) async fn task_rerun(&self, request: TaskRerunRequest) -> Result<Task, ApiError> {
        let was = self.find_task(&request.task)?;
        let mirrored = match &was.parent_flow_id {
            Some(flow_id) => {
                let flow = self.engine.flow(flow_id)?;
                flow.is_some_and(|flow| flow.sync_mode == SyncMode::TaskMirrored)
            }
            None => false,
        };
        let command = command(&was, mirrored)?;
        self.once::<TaskRerun, _>(&was.owner_key.clone(), &request, |once| {
            let new = NewTask {
                owner_key: was.owner_key.clone(),
                requester_origin: was.requester_origin.clone(),
                notify_policy: Some(was.notify_policy),
                parent_task_id: Some(was.task_id.clone()),
                label: was.label.clone(),
                command,
                budget: was.budget,
                agent: None,
            };
            async move {
                let make = move |ctx: &mut Ctx<'_>| {
                    let mut made = solo::create(new, ctx)?;
                    let task = &made.solo.task;
                    made.unit.outcomes.extend(once.map(|once| once.outcome(ctx.now, task)));
                    Ok(made)
                };
                Ok(self.engine.create_task(self.actor(), make).await?)
            }
        })
        .await
    }
}

/// What is to be run again. A flow that mirrors the task is none of its own: the new one gets
/// another.
fn command(was: &Task, mirrored: bool) -> Result<TaskCommand, ApiError> {
    let refused =
        |message: String, hint: String| Err(ApiError::new("invalid_state", message).hint(hint));
    if was.runtime == Runtime::Subagent {
        let message = "a sub-agent is not run again: its session is over";
        return refused(message.to_owned(), "clawflow agents spawn".to_owned());
    }
    if let Some(flow_id) = was.parent_flow_id.as_ref().filter(|_| !mirrored) {
        let message = format!("the task belongs to the flow {flow_id}");
        return refused(message, format!("clawflow flows retry {flow_id}"));
    }
    let Some(command) = &was.command else {
        let message = "somebody else ran this task, and its command is not known here";
        return refused(message.to_owned(), "run it again where it was started".to_owned());
    };
    if !was.status.is_terminal() {
        let message = format!("the task is {}", was.status);
        return refused(message, format!("clawflow tasks wait {}", was.task_id));
    }
    Ok(TaskCommand { earlier: None, ..command.clone() })
}
