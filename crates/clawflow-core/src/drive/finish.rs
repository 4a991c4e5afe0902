//! The end of a flow: once nothing forward is open and the unwinding is done.

use super::Draft;
use super::cost::over;
use crate::definition::OnError;
use crate::error::Refusal;
use crate::flow::FlowMove;
use crate::step::StepStatus;

/// Ends the flow if all its steps have ended and no task is active. How it ends follows from the
/// rows alone: a cancel first, then the first failure that stops, else it succeeded.
pub(super) fn finish_flow(draft: &mut Draft) -> Result<(), Refusal> {
    let done = draft.state.steps.iter().all(|step| step.status.is_terminal());
    if !done || !draft.state.tasks.is_empty() || draft.state.flow.is_terminal() {
        return Ok(());
    }
    if draft.cancelling() {
        let reason = draft.state.flow.cancel_reason.clone();
        return draft.end_flow(FlowMove::FinalizeCancel, reason);
    }
    if draft.timed_out() {
        let error = draft.state.flow.error.clone();
        return draft.end_flow(FlowMove::Fail, error);
    }
    let failed = draft.fixed().find(|at| {
        draft.step(*at).status == StepStatus::Failed && draft.def(*at).on_error == OnError::Stop
    });
    let tried = failed.is_none_or(|at| draft.def(at).retry.max > 1);
    if let Some(error) = over(&draft.state).filter(|_| tried) {
        return draft.end_flow(FlowMove::Fail, Some(error));
    }
    match failed {
        None => draft.end_flow(FlowMove::Finish, None),
        Some(at) => {
            let step = draft.step(at);
            let why = step.error.as_ref().map_or("it failed", |e| e.message.as_str());
            let error = format!("step {} failed: {why}", step.step_id);
            draft.end_flow(FlowMove::Fail, Some(error))
        }
    }
}
