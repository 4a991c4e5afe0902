//! What a flow waits for: what, since when, until when.

use super::time::{ago, moment, until};
use crate::cli::escape;
use clawflow_core::Millis;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::TaskStatus;
use clawflow_core::wait::{OnTimeout, Wait, WaitKind, WaitState};
use clawflow_engine::api::FlowView;

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
    lines.extend(view.steps.iter().filter_map(|step| of_step(view, step, now)));
    let open = |wait: &&Wait| wait.state == WaitState::Open && wait.step_id.is_none();
    lines.extend(view.waits.iter().filter(open).map(|wait| of_wait(wait, "the flow", now)));
    if lines.is_empty() {
        let since = ago(flow.updated_at, now);
        lines.push(format!("its next step to start, since {since}"));
    }
    lines
}

fn of_step(view: &FlowView, step: &Step, now: Millis) -> Option<String> {
    let id = escape(&step.step_id);
    let task = view.tasks.iter().find(|task| Some(&task.task_id) == step.task_id.as_ref());
    match step.status {
        StepStatus::Starting | StepStatus::Running => {
            let task_id = step.task_id.as_ref().map_or("", |id| id.as_str());
            let since = task.map_or(step.started_at, |t| t.started_at.or(Some(t.created_at)));
            let since = ago(since.unwrap_or(view.flow.updated_at), now);
            let what = match task.map(|task| task.status) {
                Some(TaskStatus::Queued) => "a free slot for task",
                _ => "task",
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
        WaitKind::Approval => format!("approval of {id}{prompt}"),
        WaitKind::Input => format!("an answer to {id}{prompt}"),
        WaitKind::InDoubt => format!("a decision about {id}{prompt}"),
        WaitKind::Timer => format!("a timer ({id})"),
        WaitKind::Task => format!("task{target} ({id})"),
        WaitKind::Event => format!("event{target} ({id})"),
        WaitKind::Flow => format!("flow{target} ({id})"),
    };
    let since = match now - wait.created_at {
        ..86_400_000 => ago(wait.created_at, now),
        _ => moment(wait.created_at, now),
    };
    let end = match (wait.due_at, wait.on_timeout) {
        (None, _) => "no deadline".to_owned(),
        (Some(at), None) => format!("until {}", until(at, now)),
        (Some(at), Some(then)) => format!("until {}, then {}", until(at, now), after(then)),
    };
    format!("{what}, since {since}, {end}")
}

fn after(then: OnTimeout) -> &'static str {
    match then {
        OnTimeout::Fail => "it fails",
        OnTimeout::Continue => "it goes on unapproved",
        OnTimeout::Cancel => "the flow is cancelled",
    }
}
