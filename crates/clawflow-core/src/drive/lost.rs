//! An attempt whose process is gone without a word.

use super::Draft;
use super::advance::advance;
use super::begin::{new_wait, open_wait};
use super::blocks::unwanted;
use super::cost;
use super::ended::{fail_step, on_lost, retry_at};
use super::progress::running;
use super::state::{Ctx, Decision, FlowState};
use crate::definition::{OnLost, Phase};
use crate::error::Refusal;
use crate::ids::TaskId;
use crate::limits::{LOST_ATTEMPTS_MAX, LOST_RETRY_MS, SUMMARY_CHARS_MAX, cut};
use crate::step::{StepError, StepStatus};
use crate::task::TaskMove;
use crate::wait::WaitKind;
use serde_json::{Value, json};

/// Settles an attempt as lost: nothing of it runs any more (the caller has proved it), and nobody
/// knows what it did. `evidence` says what was found and what was killed.
///
/// # Errors
/// `invalid_state` for a task that is not running under this fence.
pub fn lost(
    state: &FlowState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    why: &str,
    evidence: Value,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let task = running(state, task_id, fence)?;
    draft.end_task(task_id, TaskMove::Lose, |row| {
        row.error = Some(cut(why, SUMMARY_CHARS_MAX));
    })?;
    let at = state.steps.iter().position(|s| s.task_id.as_ref() == Some(task_id));
    let data = json!({ "outcome": "lost", "why": why, "evidence": evidence });
    draft.event("task.ended", at, Some(task_id), data);
    if let Some(at) = at {
        cost::keep(&mut draft, at, task.usage.clone());
        lose_step(&mut draft, at, why, task.cancel_requested_at.is_some());
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// What becomes of the step: `on_lost` decides, never a blind second run. What an agent was doing
/// in a session that is there still is gone on with, which is no second run. An attempt that
/// somebody wanted stopped is not tried again.
pub(super) fn lose_step(draft: &mut Draft, at: usize, why: &str, stopped: bool) {
    let error = StepError::new("lost", why);
    draft.step_mut(at).lost_attempts += 1;
    let lost = draft.step(at).lost_attempts;
    if draft.cancelling() && draft.def(at).phase == Phase::Forward {
        return draft.end_step(at, StepStatus::Cancelled, Some(error));
    }
    if let Some(why) = unwanted(draft, at) {
        return draft.end_step(at, StepStatus::Cancelled, Some(why));
    }
    let goes_on = draft.step(at).result.as_ref().is_some_and(|result| result.session.is_some());
    match on_lost(draft, at) {
        then @ (OnLost::Retry | OnLost::Ask)
            if (goes_on || then == OnLost::Retry)
                && lost < LOST_ATTEMPTS_MAX
                && !draft.stopping
                && !stopped =>
        {
            retry_at(draft, at, LOST_RETRY_MS << lost.min(10), error, None);
        }
        OnLost::Retry | OnLost::Fail => fail_step(draft, at, error),
        OnLost::Ask => {
            let mut wait = new_wait(draft, at, WaitKind::InDoubt, None);
            let step = draft.step(at);
            wait.target = step.task_id.as_ref().map(|id| id.0.clone());
            wait.prompt = Some(format!(
                "attempt {} of {} ended without a word ({why}); did it do its work?",
                step.attempt, step.step_id
            ));
            draft.step_mut(at).error = Some(error);
            open_wait(draft, at, wait);
        }
    }
}
