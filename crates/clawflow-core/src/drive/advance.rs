//! Turns everything that is ready into a task, a wait or an end.

use super::Draft;
use super::begin::begin;
use super::blocks::run_blocks;
use super::budget;
use super::cancel::withdraw;
use super::child::awaits_child;
use super::finish::finish_flow;
use super::needs::Needs;
use super::undo::prepare_undoing;
use crate::definition::{OnError, Phase};
use crate::error::Refusal;
use crate::flow::FlowStatus;
use crate::ids::TaskId;
use crate::step::{StepError, StepStatus};
use crate::task::TaskStatus;
use crate::wait::WaitState;
use std::collections::BTreeSet;

/// Brings the draft to rest: nothing more can start or end without news from outside. One in line
/// is at rest.
pub(super) fn advance(draft: &mut Draft) -> Result<(), Refusal> {
    if draft.state.flow.in_line_since.is_some() {
        return Ok(());
    }
    budget::check(draft);
    loop {
        let mut moved = wind_down(draft);
        moved |= run_blocks(draft);
        moved |= start_forward(draft);
        moved |= start_finally(draft);
        if !moved {
            break;
        }
    }
    finish_flow(draft)?;
    if !draft.state.flow.is_terminal() {
        derive_status(draft);
    }
    Ok(())
}

/// After a cancel, after a failure that stops the flow and after a `skip_rest`, what has not begun
/// never will. What runs ends by itself or is stopped.
fn wind_down(draft: &mut Draft) -> bool {
    if !(draft.cancelling() || draft.stopping || draft.skipping) {
        return false;
    }
    let mut moved = false;
    for at in draft.phase(Phase::Forward) {
        let Some((status, why)) = given_up(draft, at) else { continue };
        withdraw(draft, at);
        draft.close_wait(at, WaitState::Cancelled, None);
        draft.end_step(at, status, Some(why));
        moved = true;
    }
    moved
}

/// How the step ends if it is to be given up now.
fn given_up(draft: &Draft, at: usize) -> Option<(StepStatus, StepError)> {
    use StepStatus as S;
    let step = draft.step(at);
    let queued = || {
        let task = step.task_id.as_ref().and_then(|id| draft.state.tasks.get(id));
        task.is_some_and(|task| task.status == TaskStatus::Queued)
    };
    let idle = match step.status {
        // A child flow comes to its end, as a process does: by itself or because it is cancelled.
        S::Waiting => !awaits_child(draft, at),
        S::Pending | S::Retrying | S::InDoubt => true,
        S::Starting => queued(),
        S::Running | S::Succeeded | S::Failed | S::Skipped | S::Cancelled => false,
    };
    if !idle {
        return None;
    }
    if draft.cancelling() {
        return Some((S::Cancelled, StepError::new("cancelled", "the flow was cancelled")));
    }
    let is_fresh = match step.status {
        S::Pending => step.attempt == 0,
        S::Starting => step.attempt == 1,
        _ => false,
    };
    if draft.stopping {
        let why = match draft.timed_out() {
            true => StepError::new("timed_out", "the time of the flow was over"),
            false if draft.over_budget => StepError::new("cost_limit", "the flow costs too much"),
            false => StepError::new("stopped", "another step failed"),
        };
        return match step.status {
            // The failure of another step does not settle a doubt.
            S::InDoubt if !draft.timed_out() => None,
            S::InDoubt => Some((S::Failed, why)),
            S::Waiting => Some((S::Cancelled, why)),
            _ if is_fresh => Some((S::Skipped, why)),
            // It had failed before, and its own failure says more.
            _ => Some((S::Failed, step.error.clone().unwrap_or(why))),
        };
    }
    // What has begun goes on to its end, with its retries, its gate and its fallback: only a flow
    // whose begun steps end well succeeds.
    let is_rest = is_fresh && draft.def(at).fallback_of.is_none() && step.of.is_none();
    is_rest.then(|| (S::Skipped, StepError::new("skip_rest", "another step skipped the rest")))
}

/// Begins every forward step whose needs are met, in the order of the file.
fn start_forward(draft: &mut Draft) -> bool {
    if draft.cancelling() || draft.state.flow.holds_starts() || draft.stopping {
        return false;
    }
    let was_skipping = draft.skipping;
    let ready = |at: &usize| draft.step(*at).status == StepStatus::Pending && is_ready(draft, *at);
    let mut ready: BTreeSet<usize> = draft.fixed().filter(ready).collect();
    let mut needs: Option<Needs> = None;
    let mut moved = false;
    while let Some(at) = ready.pop_first() {
        if draft.step(at).status != StepStatus::Pending || draft.is_full(at) {
            continue;
        }
        begin(draft, at);
        moved = true;
        if draft.cancelling() || draft.stopping || draft.skipping != was_skipping {
            break;
        }
        if !draft.step(at).status.is_terminal() {
            continue;
        }
        if let (StepStatus::Failed, OnError::Fallback(fallback)) =
            (draft.step(at).status, draft.def(at).on_error)
        {
            ready.insert(fallback);
            continue;
        }
        let ended = draft.def(at).fallback_of.unwrap_or(at);
        let before = |need: usize| need != ended && is_met(draft, need);
        ready.extend(needs.get_or_insert_with(|| Needs::of(draft, before)).meet(ended));
    }
    moved
}

/// Whether a pending step may begin.
fn is_ready(draft: &Draft, at: usize) -> bool {
    let def = draft.def(at);
    match def.fallback_of {
        Some(user) => draft.step(user).status == StepStatus::Failed,
        None => def.needs.iter().all(|need| is_met(draft, *need)),
    }
}

/// Whether others may go on after this step. A failed step with a fallback is met by its fallback;
/// one whose failure stops the flow never gets here, because then nothing starts.
fn is_met(draft: &Draft, at: usize) -> bool {
    let step = draft.step(at);
    match (step.status, draft.def(at).on_error) {
        (StepStatus::Failed, OnError::Fallback(fallback)) => is_met(draft, fallback),
        (StepStatus::Failed, OnError::Stop) => false,
        (status, _) => status.is_terminal(),
    }
}

/// Begins what undoes steps, and then the next `finally` step, once everything forward has ended,
/// and the one after it where that ends at once.
fn start_finally(draft: &mut Draft) -> bool {
    if !draft.phase(Phase::Forward).all(|at| draft.step(at).status.is_terminal()) {
        return false;
    }
    let mut moved = prepare_undoing(draft);
    for at in draft.phase(Phase::Finally) {
        if draft.step(at).status == StepStatus::Pending && !draft.is_held(at) {
            begin(draft, at);
            moved = true;
        }
        if !draft.step(at).status.is_terminal() {
            break;
        }
    }
    moved
}

/// Status and current step of an open flow, from its steps and tasks (`model.md`, flow record).
fn derive_status(draft: &mut Draft) {
    let is_open = |s: StepStatus| !s.is_terminal() && s != StepStatus::Pending;
    let steps = &draft.state.steps;
    let current = steps.iter().find(|s| is_open(s.status)).map(|s| s.step_id.clone());
    let doubt = steps.iter().find(|s| s.status == StepStatus::InDoubt);
    let begun = steps.iter().any(|s| s.status != StepStatus::Pending || s.attempt > 0);
    let blocked: Option<(Option<TaskId>, String)> = doubt.map(|step| {
        (step.task_id.clone(), format!("the outcome of step {} is in doubt", step.step_id))
    });
    let status = if !draft.state.tasks.is_empty() {
        FlowStatus::Running
    } else if doubt.is_some() {
        FlowStatus::Blocked
    } else if begun {
        FlowStatus::Waiting
    } else {
        FlowStatus::Queued
    };
    let blocked = blocked.filter(|_| status == FlowStatus::Blocked);
    let flow = &mut draft.state.flow;
    flow.status = status;
    flow.current_step = current;
    (flow.blocked_task_id, flow.blocked_summary) =
        blocked.map_or((None, None), |(task, why)| (task, Some(why)));
}
