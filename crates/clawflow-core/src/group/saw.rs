//! A run of a member has begun, or ended.

use super::draft::{Draft, after};
use super::run::{MemberRun, Outcome};
use super::state::{GroupDecision, GroupState};
use crate::drive::Ctx;
use crate::flow::FlowStatus;
use crate::step::{Step, StepError, StepResult, StepStatus};
use crate::wait::WaitState;
use serde_json::json;

/// Why a member has failed that had not begun in time.
pub(super) const MISSING: &str = "missing";
/// Why one has that began later.
const LATE: &str = "late";
/// Why one has whose run has.
const FAILED: &str = "failed";

/// Takes note of runs of members, each with the position of its member. What is known already
/// changes nothing.
#[must_use]
pub fn saw(state: &GroupState, ctx: &mut Ctx, runs: &[(usize, MemberRun)]) -> GroupDecision {
    let mut draft = Draft::new(state, ctx);
    for (at, run) in runs {
        take(&mut draft, *at, run);
    }
    if draft.state.steps != state.steps {
        draft.settle();
    }
    draft.finish()
}

/// Takes note of one run.
pub(super) fn take(draft: &mut Draft, at: usize, run: &MemberRun) {
    let Some(step) = draft.state.steps.get(at).cloned() else { return };
    if draft.state.flow.status == FlowStatus::Cancelled || !counts(draft, &step, run) {
        return;
    }
    let is_new = !run.is_of(&step);
    let mut next = Step {
        task_id: run.task_id.clone(),
        child_flow_id: run.flow_id.clone(),
        attempt: step.attempt + u32::from(is_new),
        started_at: Some(run.started_at),
        ended_at: run.ended_at,
        result: run
            .exit_code
            .map(|code| StepResult { exit_code: Some(code), ..StepResult::default() }),
        ..Step::clone(&step)
    };
    match is_late(&step, run) {
        Some(deadline) => {
            let how = match &run.outcome {
                Outcome::Running => String::new(),
                Outcome::Succeeded => ", and succeeded".to_owned(),
                Outcome::Failed(why) => format!(", and failed: {why}"),
            };
            let by = after(run.started_at, deadline);
            next.status = StepStatus::Failed;
            next.error = Some(StepError::new(LATE, format!("began {by} after its deadline{how}")));
            next.ended_at = run.ended_at.or(step.ended_at).or(Some(run.started_at));
        }
        None => {
            (next.status, next.error) = match &run.outcome {
                Outcome::Running => (StepStatus::Running, None),
                Outcome::Succeeded => (StepStatus::Succeeded, None),
                Outcome::Failed(why) => {
                    (StepStatus::Failed, Some(StepError::new(FAILED, why.as_str())))
                }
            }
        }
    }
    if next.status.is_terminal() && next.ended_at.is_none() {
        next.ended_at = Some(run.started_at.max(draft.ctx.now));
    }
    let kind = match (next.status, is_new) {
        (StepStatus::Running, _) => "member.started",
        _ => "member.ended",
    };
    next.wait_id.clone_from(&step.wait_id);
    if next == *step {
        return;
    }
    let data = json!({ "status": next.status, "error": next.error, "startedAt": run.started_at,
        "flowId": run.flow_id, "attempt": next.attempt });
    draft.put(at, next.clone(), WaitState::Resolved);
    draft.event(kind, Some(&next), data);
}

/// Whether the run is the one that counts for the member: its newest, and of a group that has ended
/// one that had begun by then.
fn counts(draft: &Draft, step: &Step, run: &MemberRun) -> bool {
    if run.is_of(step) {
        return true;
    }
    let ended = draft.state.flow.ended_at;
    if ended.is_some_and(|ended| run.started_at > ended) {
        return false;
    }
    let in_time = step.due_at.is_none_or(|due| run.started_at <= due);
    let was_late = step.error.as_ref().is_some_and(|error| error.code == LATE);
    // The first one that was in time counts more than one that was late.
    step.started_at.is_none_or(|at| run.started_at >= at) || (was_late && in_time)
}

/// The deadline that the run has missed: none has begun before it.
fn is_late(step: &Step, run: &MemberRun) -> Option<crate::Millis> {
    let deadline = step.due_at.filter(|due| run.started_at > *due)?;
    let missed = step.error.as_ref().is_some_and(|e| e.code == LATE || e.code == MISSING);
    let begun = step.started_at.is_some() && !missed;
    (!begun).then_some(deadline)
}
