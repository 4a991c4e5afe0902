//! One line per event, for logs and pipes.

use crate::cli::escape;
use clawflow_core::event::Event;
use clawflow_engine::api::FlowWaitResponse;
use serde_json::Value;
use std::io::Write;

/// Prints the events on standard error.
pub(super) fn print(news: &FlowWaitResponse) {
    for stored in &news.events {
        if let Some(line) = line(&stored.event) {
            say(&escape(&line));
        }
    }
}

/// Prints a line. Lost words are no failure: the flow goes on when nobody reads any more.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The event in words; `None` for those that say nothing new.
fn line(event: &Event) -> Option<String> {
    let step = event.step_id.as_deref().unwrap_or("flow");
    let text = |name: &str| event.data.get(name).and_then(Value::as_str).unwrap_or_default();
    let with = |what: &str, why: &str| match why {
        "" => format!("{step}: {what}"),
        why => format!("{step}: {what} ({why})"),
    };
    Some(match event.kind.as_str() {
        "step.started" => {
            let attempt = event.data.get("attempt").and_then(Value::as_u64).unwrap_or(1);
            let nth = if attempt > 1 { format!("attempt {attempt}") } else { String::new() };
            with("started", &nth)
        }
        "step.queued" => with("waits for a free slot", ""),
        "step.retrying" => with("failed, will be tried again", text("message")),
        "step.ended" => with(text("status"), text("message")),
        "cost.exceeded" => with("costs too much", text("message")),
        "cost.unpriced" => with("warning", text("message")),
        "step.settled" => with("settled", text("by")),
        "wait.opened" => match text("kind") {
            "timer" => with("sleeps", ""),
            "approval" => with("waits for approval", text("prompt")),
            "in_doubt" => with("is in doubt", text("prompt")),
            kind => with("waits", kind),
        },
        "wait.resolved" => with("answered", text("by")),
        "wait.expired" => with("nobody answered in time", ""),
        "flow.cancel_requested" => with("cancel requested", text("reason")),
        "flow.budget_used_up" => with("out of budget", text("usedUp")),
        "flow.budget_set" => with("has another budget", text("by")),
        "flow.budget_released" => with("goes on", ""),
        "task.budget_used_up" => with("out of its budget", text("usedUp")),
        "flow.paused" => with("paused", text("reason")),
        "flow.unpaused" => with("goes on", ""),
        "flow.ended" => with(text("status"), text("error")),
        _ => return None,
    })
}
