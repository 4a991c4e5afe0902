//! What the end of a child means for its flow.

use super::cancel::stop_children;
use super::draft::{Answered, Draft};
use super::state::is_good;
use super::wake::{resolve, wake};
use crate::error::Refusal;
use crate::flow::{self, FlowStatus, OnChildrenDone, Patch, SyncMode};
use crate::ids::TaskId;
use crate::task::Task;
use crate::wait::{WaitKind, WaitState};
use serde_json::{Value, json};

/// Lets the flow go on after the end of a child: first whoever waits for it, then what is to happen
/// when children end, then the end of a cancel. An ended flow stays as it is.
pub(super) fn child_ended(draft: &mut Draft, id: &TaskId) -> Result<(), Refusal> {
    let Some(task) = draft.ended_task(id) else { return Ok(()) };
    let mirrors = draft.state.flow.sync_mode == SyncMode::TaskMirrored;
    if draft.state.flow.is_terminal() || mirrors {
        return Ok(());
    }
    super::budget::check(draft);
    let answer = Answered { value: outcome(&task), by: None };
    let awaits = |kind, target: Option<&String>| {
        kind == WaitKind::Task && target.is_some_and(|target| *target == task.task_id.0)
    };
    let open = draft.state.waits.values();
    let waits: Vec<_> = open.filter(|w| awaits(w.kind, w.target.as_ref())).cloned().collect();
    for wait in waits {
        resolve(draft, &wait, WaitState::Resolved, Some(&answer))?;
    }
    if !draft.cancelling() {
        children_done(draft, &task)?;
    }
    finalize(draft)
}

/// How a child ended, for whoever waited for it.
pub(super) fn outcome(task: &Task) -> Value {
    let mut data = json!({ "taskId": task.task_id, "status": task.status });
    if let Some(outcome) = task.terminal_outcome {
        data["terminalOutcome"] = json!(outcome);
    }
    let optional = [
        ("runId", &task.run_id),
        ("error", &task.error),
        ("terminalSummary", &task.terminal_summary),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            data[name] = json!(text);
        }
    }
    data
}

/// What the flow was made to do when its children end.
fn children_done(draft: &mut Draft, last: &Task) -> Result<(), Refusal> {
    let policy = draft.state.flow.on_children_done;
    let idle = draft.state.tasks.is_empty();
    match policy {
        Some(OnChildrenDone::FailFast) if !is_good(last) => fail_by(draft, last),
        Some(OnChildrenDone::Resume) if idle && draft.state.flow.status != FlowStatus::Running => {
            let ended =
                json!({ "kind": "children", "outcome": "resolved", "answer": outcome(last) });
            wake(draft, ended)
        }
        Some(OnChildrenDone::Finish | OnChildrenDone::FailFast) if idle => finish_by(draft, last),
        _ => Ok(()),
    }
}

/// The flow fails with this child; the others are stopped.
fn fail_by(draft: &mut Draft, task: &Task) -> Result<(), Refusal> {
    draft.close_waits();
    let error = format!("a child ended badly: {}", blame(task));
    let moved = flow::fail(&draft.state.flow, None, Patch::default(), Some(&error), draft.now())?;
    draft.apply_about(moved, Some(&task.task_id));
    stop_children(draft, "another child ended badly")
}

/// The flow ends as its children did.
fn finish_by(draft: &mut Draft, last: &Task) -> Result<(), Refusal> {
    draft.close_waits();
    let patch = Patch::default();
    let moved = match draft.state.ended.bad_of_all() {
        (0, _) => flow::finish(&draft.state.flow, None, patch, draft.now())?,
        (bad, all) => {
            let mut error = format!("{bad} of {all} children ended badly");
            if !is_good(last) {
                error = format!("{error}, the last of them: {}", blame(last));
            }
            flow::fail(&draft.state.flow, None, patch, Some(&error), draft.now())?
        }
    };
    draft.apply(moved);
    Ok(())
}

fn blame(task: &Task) -> String {
    let name = task.label.as_ref().unwrap_or(&task.task);
    let why = task.error.as_ref().or(task.terminal_summary.as_ref());
    match why {
        Some(why) => format!("{name}: {why}"),
        None => format!("{name}: {}", task.status),
    }
}

/// Ends a flow that is to be cancelled, once no child is active.
pub(super) fn finalize(draft: &mut Draft) -> Result<(), Refusal> {
    let open = &draft.state.flow;
    if !draft.cancelling() || open.is_terminal() || !draft.state.tasks.is_empty() {
        return Ok(());
    }
    let moved = flow::finalize_cancel(open, 0, draft.now())?;
    draft.apply(moved);
    Ok(())
}
