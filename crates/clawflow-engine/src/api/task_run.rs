//! `task.run`.

use super::flow_run::check_cwd;
use super::{Api, ApiError, TaskRun, TaskRunRequest};
use clawflow_core::drive::Ctx;
use clawflow_core::task::solo::{self, NewTask};
use clawflow_core::task::{Task, TaskCommand};

impl Api {
    pub(super) async fn task_run(&self, request: TaskRunRequest) -> Result<Task, ApiError> {
        check_cwd(&request.cwd)?;
        if let Some(acp) = &request.acp {
            let invalid = |why| ApiError::new("invalid", why).hint("clawflow agents");
            self.engine.check_agent(acp).map_err(invalid)?;
        }
        let asked = Some(request.owner.clone()).filter(|owner| !owner.trim().is_empty());
        let owner_key = self.owner_of_new(asked)?.unwrap_or_default();
        self.once::<TaskRun, _>(&owner_key, &request, |once| {
            let request = request.clone();
            let budget = match &request.acp {
                Some(acp) => self.engine.budget_of(&acp.agent, request.budget),
                None => request.budget,
            };
            let new = NewTask {
                owner_key: owner_key.clone(),
                requester_origin: self.caller().origin.clone(),
                notify_policy: None,
                parent_task_id: None,
                budget,
                agent: None,
                label: request.label,
                command: TaskCommand {
                    argv: request.argv,
                    cwd: request.cwd,
                    env: request.env,
                    timeout_ms: request.timeout_ms,
                    acp: request.acp.map(Box::new),
                    earlier: None,
                },
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
