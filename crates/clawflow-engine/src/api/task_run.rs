//! `task.run`.

use super::flow_run::check_cwd;
use super::{Api, ApiError, TaskRunRequest};
use clawflow_core::task::solo::NewTask;
use clawflow_core::task::{Task, TaskCommand};

impl Api {
    pub(super) async fn task_run(&self, request: TaskRunRequest) -> Result<Task, ApiError> {
        check_cwd(&request.cwd)?;
        let new = NewTask {
            requester_origin: None,
            notify_policy: None,
            owner_key: request.owner,
            label: request.label,
            command: TaskCommand {
                argv: request.argv,
                cwd: request.cwd,
                env: request.env,
                timeout_ms: request.timeout_ms,
            },
        };
        Ok(self.engine.create_task(new).await?)
    }
}
