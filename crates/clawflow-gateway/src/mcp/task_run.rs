//! `task_run`: runs a command or asks an agent, by itself or as a child of a flow.

use super::asker::{Asker, request};
use super::brief;
use super::door::Need;
use super::tool::Done;
use clawflow_core::json::Object;
use clawflow_core::limits::cut;
use clawflow_core::task::Runtime;
use clawflow_engine::api::{ApiError, FlowRunTask, FlowRunTaskRequest, TaskRun, TaskRunRequest};
use serde_json::Value;

/// Characters of the command that stands for a task without a label.
const SHOWN_CHARS: usize = 200;

/// Runs it.
pub(super) async fn run(asker: &Asker, mut args: Object) -> Result<Done, ApiError> {
    let bad = |why: &str| ApiError::new("bad_request", why);
    let flow = match args.shift_remove("flow") {
        None | Some(Value::Null) => None,
        Some(Value::String(flow)) => Some(flow),
        Some(_) => return Err(bad("`flow` is no string")),
    };
    let wait = match args.shift_remove("await") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(wait)) => wait,
        Some(_) => return Err(bad("`await` is neither true nor false")),
    };
    if wait && flow.is_none() {
        return Err(bad("`await` needs the `flow` that is to wait"));
    }
    let place = asker.door.place()?;
    if let Some(cwd) = place.cwd {
        args.entry("cwd").or_insert_with(|| cwd.into());
    }
    if !args.contains_key("cwd") {
        return Err(bad("`cwd` is missing: the directory of the command, absolute"));
    }
    if args.contains_key("acp") {
        args.entry("argv").or_insert_with(|| Value::Array(Vec::new()));
    } else if !args.contains_key("argv") {
        return Err(bad(
            "neither `argv`, a program and its arguments, nor `acp`, an agent, is given",
        ));
    }
    let mut asked = request::<TaskRun>(args)?;
    match (&asked.acp, asked.argv.is_empty()) {
        (None, true) => return Err(bad("`argv` is empty: the program and its arguments")),
        (Some(_), false) => return Err(bad("either `argv` or `acp` is run, not both")),
        _ => {}
    }
    asked.env = place.env.into_iter().chain(asked.env).collect();
    match flow {
        None => {
            let task = asker.call::<TaskRun>(Need::Work, asked).await?;
            Ok(brief::task(&task).into())
        }
        Some(flow) => child(asker, &flow, asked, wait).await,
    }
}

async fn child(
    asker: &Asker,
    flow: &str,
    asked: TaskRunRequest,
    wait: bool,
) -> Result<Done, ApiError> {
    let TaskRunRequest { argv, acp, cwd, env, label, timeout_ms, idempotency_key, .. } = asked;
    let what = || acp.as_ref().map_or_else(|| argv.join(" "), |acp| acp.prompt.clone());
    let shown = label.clone().unwrap_or_else(|| cut(&what(), SHOWN_CHARS));
    let request = FlowRunTaskRequest {
        runtime: if acp.is_some() { Runtime::Acp } else { Runtime::Cli },
        acp,
        cwd: Some(cwd),
        env,
        label,
        timeout_ms,
        idempotency_key,
        wait,
        ..FlowRunTaskRequest::launch(flow, &shown, argv)
    };
    let made = asker.call::<FlowRunTask>(Need::Work, request).await?;
    let Some(task) = made.task.filter(|_| made.created) else {
        let code = made.code.as_deref().unwrap_or("invalid_state");
        let why = made.reason.unwrap_or_else(|| "the flow takes no child now".to_owned());
        let mut error = ApiError::new(code, why);
        error.current = made.flow.map(Box::new);
        return Err(error);
    };
    let mut value = brief::task(&task);
    if let Some(flow) = &made.flow {
        value["flowRevision"] = flow.revision.into();
        value["flowStatus"] = flow.status.as_str().into();
    }
    Ok(value.into())
}
