//! `clawflow tasks show`.

use super::verbs::TaskArg;
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::ask;
use crate::show::{Paint, ago, duration, now, used};
use clawflow_core::task::{DeliveryStatus, Exit as TaskExit, Task};
use clawflow_engine::api::{TaskRef, TaskShow};

/// Shows it.
pub(crate) async fn run(ctx: &Ctx, args: TaskArg) -> Result<Exit, CliError> {
    let task = ask::<TaskShow>(ctx, &TaskRef { task: args.task }).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&task)?,
        false => ctx.mode.print(&text(&task, Paint(ctx.mode.color)))?,
    }
    Ok(Exit::Done)
}

fn text(task: &Task, paint: Paint) -> String {
    let now = now();
    let status = paint.status(task.status.as_str());
    let name = paint.bold(&escape(&task.task_id.0));
    let owner = escape(&task.owner_key);
    let mut out = format!("task {name}  {} · {status} · owner {owner}\n", task.runtime);
    let mut line = |name: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            out.push_str(&format!("{name}: {}\n", escape(&text)));
        }
    };
    line("label", task.label.clone());
    line("what", Some(task.task.clone()));
    let step = task.step_id.as_deref().map(|step| format!(", step {step}")).unwrap_or_default();
    let attempt = task.attempt;
    let flow = task.parent_flow_id.as_ref();
    line("flow", flow.map(|flow| format!("{flow}{step}, attempt {attempt}")));
    let took = |at| duration(task.ended_at.unwrap_or(now) - at);
    let began = |at| format!("{} ago, took {}", ago(at, now), took(at));
    line("started", task.started_at.map(began));
    line("cancel requested", task.cancel_requested_at.map(|at| format!("{} ago", ago(at, now))));
    line("pid", task.executor.as_ref().and_then(|executor| executor.pid).map(|p| p.to_string()));
    line("exit", task.exit.as_ref().map(exit));
    line("progress", task.progress_summary.clone());
    line("summary", task.terminal_summary.clone());
    line("outcome", task.terminal_outcome.map(|outcome| outcome.to_string()));
    line("error", task.error.clone());
    line("run", task.run_id.clone());
    line("session", task.child_session_key.clone());
    line("run by", task.reported.then(|| "its caller, who reports about it".to_owned()));
    line("used", used(task.usage.as_ref(), task.budget.as_ref(), None));
    let owes = task.delivery_status != DeliveryStatus::NotApplicable;
    line("message", owes.then(|| task.delivery_status.to_string()));
    out
}

fn exit(exit: &TaskExit) -> String {
    match exit {
        TaskExit::Code(code) => format!("code {code}"),
        TaskExit::Signal(signal) => format!("signal {signal}"),
        TaskExit::StopReason(reason) => reason.clone(),
    }
}
