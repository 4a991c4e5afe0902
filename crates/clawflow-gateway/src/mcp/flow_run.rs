//! `flow_run`: starts a flow from a workflow file, or from the text of one.

use super::asker::{Asker, request};
use super::brief;
use super::door::Need;
use super::tool::Done;
use clawflow_core::json::Object;
use clawflow_engine::api::{ApiError, FlowRun, FlowRunRequest};
use serde_json::Value;

/// What a flow is called in messages whose file has no name.
const UNNAMED: &str = "mcp.flow.yaml";

/// Starts it.
pub(super) async fn run(asker: &Asker, mut args: Object) -> Result<Done, ApiError> {
    let bad = |why: &str| ApiError::new("bad_request", why);
    let given = match args.get("args") {
        None | Some(Value::Null) => Object::new(),
        Some(Value::Object(given)) => given.clone(),
        Some(_) => return Err(bad("`args` is no JSON object")),
    };
    let place = asker.door.place()?;
    let file = match (args.shift_remove("path"), args.shift_remove("source")) {
        (Some(Value::String(path)), None) => asker.door.file(&path, &given)?,
        (None, Some(Value::String(source))) => {
            FlowRunRequest { source, file: UNNAMED.to_owned(), ..FlowRunRequest::default() }
        }
        _ => return Err(bad("give `path` or `source`: a string, and one of the two")),
    };
    let cwd = args.get("cwd").is_none().then_some(place.cwd).flatten();
    if let Some(cwd) = cwd.or_else(|| Some(file.cwd.clone()).filter(|cwd| !cwd.is_empty())) {
        args.entry("cwd").or_insert_with(|| cwd.into());
    }
    if !args.contains_key("cwd") {
        return Err(bad("`cwd` is missing: the directory of its commands, absolute"));
    }
    args.insert("source".to_owned(), file.source.clone().into());
    args.insert("file".to_owned(), file.file.clone().into());
    let asked = request::<FlowRun>(args)?;
    let env = place.env.into_iter().chain(file.env).collect();
    let asked = FlowRunRequest { path: file.path, files: file.files, env, ..asked };
    let flow = asker.call::<FlowRun>(Need::Work, asked).await?;
    Ok(Done { value: brief::flow(&flow), flow: Some(flow) })
}
