//! Compensation: steps that undo what was done, when the flow does not succeed.

use super::Draft;
use crate::definition::Phase;
use crate::step::{PartOf, Step, StepStatus};

/// Writes the rows of what is to be undone, last done first, if it is time for that and they were
/// not written before. Everything forward has ended; they begin one after another, before
/// `finally`, and how they end does not change how the flow ends.
pub(super) fn prepare_undoing(draft: &mut Draft) -> bool {
    let unsuccessful = draft.cancelling() || draft.stopping;
    if !unsuccessful || draft.undoing() < draft.state.steps.len() {
        return false;
    }
    let done = |at: &usize| {
        let step = draft.step(*at);
        step.status == StepStatus::Succeeded && draft.def(*at).compensate.is_some()
    };
    let mut done: Vec<usize> = draft.phase(Phase::Forward).filter(done).collect();
    done.sort_by_key(|at| (draft.step(*at).ended_at, *at));
    for at in done.iter().rev() {
        let position = u32::try_from(draft.state.steps.len()).unwrap_or(u32::MAX);
        let step_id = format!("{}.compensate", draft.step(*at).step_id);
        let step = u32::try_from(*at).unwrap_or(u32::MAX);
        let of = Some(PartOf { step, part: 0, item: None, round: 0, undo: true });
        let flow_id = draft.state.flow.flow_id.clone();
        let row = Step::fresh(flow_id, step_id, position);
        draft.append_step(Step { of, finally: true, ..row });
    }
    !done.is_empty()
}
