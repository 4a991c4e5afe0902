//! A flow: its name, one line about it, and the picture of it.

use super::paint::Paint;
use super::steps::{self, Folded};
use super::time::{ago, duration, moment, now};
use super::waiting;
use crate::cli::{Mode, escape};
use clawflow_core::Millis;
use clawflow_core::flow::{Flow, SyncMode};
use clawflow_core::group::Window;
use clawflow_core::limits::cut;
use clawflow_core::task::Task;
use clawflow_engine::api::FlowView;
use std::fmt::Write;

/// Characters of the controller's JSON that are shown; `--json` has all of it.
const JSON_CHARS: usize = 200;

/// How the flow is called: `key (flow_…)`.
pub(crate) fn flow_name(flow: &Flow) -> String {
    match &flow.key {
        Some(key) => format!("{} ({})", escape(key), escape(&flow.flow_id.0)),
        None => escape(&flow.flow_id.0),
    }
}

/// Where the flow stands after a command: `cancelled weekly (flow_…), revision 4`.
pub(crate) fn flow_line(verb: &str, flow: &Flow) -> String {
    format!("{verb} {}, {}, revision {}\n", flow_name(flow), standing(flow), flow.revision)
}

/// Where the flow stands, in words that a script takes apart: `FLOW REVISION STATUS`.
pub(crate) fn flow_words(flow: &Flow) -> String {
    format!("{} {} {}", escape(&flow.flow_id.0), flow.revision, flow.status)
}

fn standing(flow: &Flow) -> String {
    let mut text = flow.status.to_string();
    if flow.is_terminal() {
        return text;
    }
    if flow.cancel_requested_at.is_some() {
        text.push_str(", cancel requested");
    }
    if flow.paused_at.is_some() {
        text.push_str(", paused");
    }
    if flow.held_at.is_some() {
        text.push_str(", out of budget");
    }
    text
}

/// The picture of a flow: the record, then one line per step.
///
/// `folded`: what to do with the steps inside of loops.
pub(crate) fn flow_view(view: &FlowView, mode: Mode, folded: Folded<'_>) -> String {
    let (now, paint) = (now(), Paint(mode.color));
    let mut out = head(&view.flow, paint, now);
    for line in waiting::lines(view, now) {
        line_of(&mut out, "waiting for", &line);
    }
    if let Some(line) = super::budget::line(view, now) {
        line_of(&mut out, "used", &line);
    }
    code_driven(&mut out, &view.flow, now);
    let outputs: Vec<String> = view.flow.outputs.keys().map(|key| escape(key)).collect();
    if !outputs.is_empty() {
        line_of(&mut out, "outputs", &outputs.join(", "));
    }
    match view.steps.is_empty() {
        false => out.push_str(&steps::rows(view, paint, now, folded)),
        true => view.tasks.iter().for_each(|task| out.push_str(&task_row(task, paint, now))),
    }
    out
}

/// What a controller says of its flow.
fn code_driven(out: &mut String, flow: &Flow, now: Millis) {
    if flow.blocked_task_id.is_some() || flow.blocked_summary.is_some() {
        let summary = flow.blocked_summary.as_deref().map(escape);
        let task = flow.blocked_task_id.as_ref().map(|task| format!("({})", escape(&task.0)));
        let said: Vec<String> = summary.into_iter().chain(task).collect();
        line_of(out, "blocked by", &said.join(" "));
    }
    if flow.is_engine() {
        return;
    }
    if let Some(step) = &flow.current_step {
        line_of(out, "step", &escape(step));
    }
    if let Some(window) = Window::of(flow).filter(|_| flow.sync_mode == SyncMode::GroupMirrored) {
        let end =
            if window.end == Millis::MAX { "ever".to_owned() } else { moment(window.end, now) };
        return line_of(out, "window", &format!("{} to {end}", moment(window.start, now)));
    }
    let json = [("wait", &flow.wait_json), ("state", &flow.state_json)];
    for (name, value) in json {
        if let Some(value) = value.as_ref().filter(|value| !value.is_null()) {
            line_of(out, name, &escape(&cut(&value.to_string(), JSON_CHARS)));
        }
    }
}

fn line_of(out: &mut String, name: &str, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{name}: {text}");
}

fn head(flow: &Flow, paint: Paint, now: Millis) -> String {
    let status = paint.status(flow.status.as_str());
    let rest = format!("revision {} · owner {}", flow.revision, escape(&flow.owner_key));
    let name = paint.bold(&flow_name(flow));
    let mut out = format!("flow {name}  {} · {status} · {rest}\n", flow.sync_mode);
    if flow.key.as_deref() != Some(&flow.goal) {
        line_of(&mut out, "goal", &escape(&flow.goal));
    }
    if let Some(parent) = &flow.parent_flow_id {
        let step = flow.parent_step_id.as_deref();
        let step = step.map_or(String::new(), |step| format!(" (step {})", escape(step)));
        line_of(&mut out, "child of", &format!("{}{step}", escape(&parent.0)));
    }
    if let Some(old) = &flow.retry_of {
        line_of(&mut out, "retry of", &escape(&old.0));
    }
    if let Some(old) = &flow.fork_of {
        line_of(&mut out, "fork of", &escape(&old.0));
    }
    if let Some(at) = flow.ended_at {
        let took = duration(at - flow.created_at);
        line_of(&mut out, "ended", &format!("{} ago, after {took}", ago(at, now)));
    }
    if let Some(error) = &flow.error {
        line_of(&mut out, "error", &escape(error));
    }
    if let Some(reason) = flow.cancel_reason.as_ref().filter(|reason| !reason.is_empty()) {
        line_of(&mut out, "cancel reason", &escape(reason));
    }
    out
}

fn task_row(task: &Task, paint: Paint, now: Millis) -> String {
    let status = paint.status(&format!("{:9}", task.status));
    let from = task.started_at.unwrap_or(task.created_at);
    let took = duration(task.ended_at.unwrap_or(now) - from);
    let name = escape(task.label.as_deref().unwrap_or(&task.task));
    let said = match task.status.is_terminal() {
        true => task.error.as_deref().or(task.terminal_summary.as_deref()),
        false => task.progress_summary.as_deref(),
    };
    let said = said.map_or_else(String::new, |said| format!("  \"{}\"", escape(said)));
    let (id, runtime) = (escape(task.task_id.short()), task.runtime);
    format!("    {id}  {runtime:8}  {status}  {took:>6}  {name}{said}\n")
}
