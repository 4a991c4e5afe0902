//! What a flow waits for: what, since when, until when.

use super::time::{ago, moment, until};
use crate::cli::escape;
use clawflow_core::Millis;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::wait::{OnResolved, OnTimeout, Wait, WaitKind, WaitState};
use clawflow_engine::api::FlowView;

/// Target of the timer of a flow that waits for its controller, with a deadline only.
const DEADLINE: &str = "deadline";

/// One line per thing that a live flow waits for; at least one.
pub(super) fn lines(view: &FlowView, now: Millis) -> Vec<String> {
    let flow = &view.flow;
    if flow.is_terminal() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if let Some(at) = flow.cancel_requested_at {
        lines.push(format!("its end, cancel requested {} ago", ago(at, now)));
    }
    if let Some(at) = flow.paused_at {
        lines.push(format!("unpause, since {}", ago(at, now)));
    }
    if let Some(at) = flow.in_line_since {
        lines.push(format!("the end of the flow that has its key, since {}", ago(at, now)));
    }
    lines.extend(view.steps.iter().filter_map(|step| of_step(view, step, now)));
    let asks = |wait: &&Wait| wait.state == WaitState::Open && wait.kind == WaitKind::Permission;
    for wait in view.waits.iter().filter(asks) {
        let id = wait.step_id.as_deref().map_or_else(|| "its task".to_owned(), escape);
        lines.push(of_wait(wait, &id, now));
    }
    for wait in view.children.iter().flat_map(|child| &child.asks) {
        let id = wait.step_id.as_deref().map_or_else(|| "the flow".to_owned(), escape);
        let place = format!("{id} in {}", escape(&wait.flow_id.0));
        lines.push(of_wait(wait, &place, now));
    }
    let open = |wait: &&Wait| {
        let told = wait.kind == WaitKind::Permission;
        wait.state == WaitState::Open && wait.step_id.is_none() && !told
    };
    let step = flow.current_step.as_deref().map_or_else(|| "the flow".to_owned(), escape);
    lines.extend(view.waits.iter().filter(open).map(|wait| of_wait(wait, &step, now)));
    if !flow.is_engine() {
        lines.extend(of_children(view, now));
    }
    if lines.is_empty() {
        let since = ago(flow.updated_at, now);
        let what = match &flow.controller_id {
            Some(controller) if !flow.is_engine() => {
                format!("its controller {}", escape(controller))
            }
            _ => "its next step to start".to_owned(),
        };
        lines.push(format!("{what}, since {since}"));
    }
    lines
}

/// The children at work of a flow that code drives, but for those that a wait names.
fn of_children(view: &FlowView, now: Millis) -> Vec<String> {
    let is_named = |task: &Task| {
        let names = |wait: &Wait| wait.target.as_deref() == Some(task.task_id.as_str());
        view.waits.iter().any(|wait| wait.state == WaitState::Open && names(wait))
    };
    let at_work = view.tasks.iter().filter(|task| !task.status.is_terminal());
    let line = |task: &Task| {
        let what = if task.status == TaskStatus::Queued && !task.reported {
            "a free slot for task"
        } else {
            "task"
        };
        let since = ago(task.started_at.unwrap_or(task.created_at), now);
        let name = escape(task.label.as_deref().unwrap_or(&task.task));
        format!("{what} {} ({name}), since {since}", escape(&task.task_id.0))
    };
    at_work.filter(|task| !is_named(task)).map(line).collect()
}

fn of_step(view: &FlowView, step: &Step, now: Millis) -> Option<String> {
    let id = escape(&step.step_id);
    let task = view.tasks.iter().find(|task| Some(&task.task_id) == step.task_id.as_ref());
    match step.status {
        StepStatus::Starting | StepStatus::Running => {
            let task_id = step.task_id.as_ref().map_or("", |id| id.as_str());
            let since = task.map_or(step.started_at, |t| t.started_at.or(Some(t.created_at)));
            let since = ago(since.unwrap_or(view.flow.updated_at), now);
            let queue = task.and_then(|task| task.queue.as_deref());
            let what = match (task.map(|task| task.status), queue) {
                (Some(TaskStatus::Queued), Some(queue)) => {
                    format!("a place in the queue {} for task", escape(queue))
                }
                (Some(TaskStatus::Queued), None) => "a free slot for task".to_owned(),
                _ => "task".to_owned(),
            };
            Some(format!("{what} {} ({id}), since {since}", escape(task_id)))
        }
        StepStatus::Retrying => {
            let due = step.due_at.map_or_else(String::new, |at| format!(", at {}", until(at, now)));
            Some(format!("the next attempt of {id}, after {}{due}", step.attempt))
        }
        StepStatus::Waiting | StepStatus::InDoubt => {
            let wait = view.waits.iter().find(|wait| Some(&wait.wait_id) == step.wait_id.as_ref());
            wait.map(|wait| of_wait(wait, &id, now))
        }
        StepStatus::Pending
        | StepStatus::Succeeded
        | StepStatus::Failed
        | StepStatus::Skipped
        | StepStatus::Cancelled => None,
    }
}

fn of_wait(wait: &Wait, id: &str, now: Millis) -> String {
    let target = wait.target.as_deref().map_or_else(String::new, |t| format!(" {}", escape(t)));
    let prompt = wait.prompt.as_deref().map_or_else(String::new, |p| format!(" \"{}\"", escape(p)));
    let what = match wait.kind {
        // Of a member of a group: what is watched, not a task that is known.
        WaitKind::Task if wait.step_id.is_some() => format!("a run with{target} ({id})"),
        WaitKind::Approval => format!("approval of {id}{prompt}"),
        WaitKind::Permission => format!("a permission for {id}{prompt}"),
        WaitKind::Input => format!("an answer to {id}{prompt}"),
        WaitKind::InDoubt => format!("a decision about {id}{prompt}"),
        WaitKind::Timer if wait.target.as_deref() == Some(DEADLINE) => {
            format!("its controller ({id})")
        }
        WaitKind::Timer if wait.target.as_deref() == Some("budget") => {
            "its time to be used up".to_owned()
        }
        WaitKind::Timer => format!("a timer ({id})"),
        WaitKind::Task => format!("task{target} ({id})"),
        WaitKind::Event => match &wait.event_key {
            Some(key) => format!("event{target} with key {} ({id})", escape(key)),
            None => format!("event{target} ({id})"),
        },
        WaitKind::Flow => format!("flow{target} ({id})"),
        WaitKind::Budget if wait.prompt.is_some() => format!("a higher budget{prompt}"),
        WaitKind::Budget => format!("a higher budget of the flow{target}"),
    };
    let since = match now - wait.created_at {
        ..86_400_000 => ago(wait.created_at, now),
        _ => moment(wait.created_at, now),
    };
    let end = match (wait.due_at, wait.on_timeout) {
        (None, _) => "no deadline".to_owned(),
        (Some(at), None) => format!("until {}", until(at, now)),
        (Some(at), Some(then)) => {
            format!("until {}, then {}", until(at, now), after(then, wait.step_id.is_some()))
        }
    };
    let told = match wait.on_resolved {
        Some(OnResolved::Tell) => "; its controller is told",
        Some(OnResolved::Resume) | None => "",
    };
    format!("{what}, since {since}, {end}{told}")
}

fn after(then: OnTimeout, of_step: bool) -> &'static str {
    match (then, of_step) {
        (OnTimeout::Fail, true) => "it fails",
        (OnTimeout::Fail, false) => "the flow fails",
        (OnTimeout::Continue, true) => "it goes on unapproved",
        (OnTimeout::Continue, false) => "the flow goes on",
        (OnTimeout::Cancel, _) => "the flow is cancelled",
    }
}
