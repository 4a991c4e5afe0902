//! What the process of a launched child is started with.

use super::state::ControlState;
use crate::drive::Launch;
use crate::ids::TaskId;

/// The command of an open child, the same each time it is asked. `None` for a child that its caller
/// runs, or that is not open.
#[must_use]
pub fn launch(state: &ControlState, task_id: &TaskId) -> Option<Launch> {
    let task = state.tasks.get(task_id).filter(|task| !task.reported)?;
    let run = task.run_id.as_deref().unwrap_or(task.task_id.as_str());
    Some(Launch {
        command: task.command.clone()?,
        stdin: None,
        shown: None,
        idempotency_key: format!("{}/{run}", state.flow.flow_id),
        output_max: None,
    })
}
