//! What a flow is made from: a workflow file, or the file that a pipeline stands for.

use super::pipeline;
use super::trouble::Trouble;
use crate::cli::Ctx;
use crate::commands::workflow_file;
use crate::lobster::value::{compact, read_json};
use clawflow_core::definition::{Definition, DefinitionError, Dialect, beside};
use clawflow_core::hash::sha256;
use clawflow_engine::api::{FlowRunRequest, FlowSourceResponse};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is put after the name of a file of another ending: it is Lobster's all the same.
const ENDING: &str = ".lobster";

/// The request for a workflow file.
pub(super) fn of_file(
    ctx: &Ctx,
    path: &Path,
    args: Map<String, Value>,
) -> Result<FlowRunRequest, Trouble> {
    let bytes = workflow_file::read(path)?;
    let shown = text(path)?;
    let name = match Dialect::of_path(path) {
        Dialect::Lobster => shown,
        Dialect::Strict => format!("{shown}{ENDING}"),
    };
    let wrong = |errors: Vec<DefinitionError>| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Trouble::runtime(all.join("\n"))
    };
    let definition = Definition::parse(&name, &bytes, Dialect::Lobster).map_err(wrong)?;
    let whole = text(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))?;
    let whole = beside(&whole, &whole);
    let files = workflow_file::named_by(&definition, &name, &whole, Some(&args)).map_err(wrong)?;
    let mut env = whole_env();
    if let Some(dir) = path.parent() {
        env.insert("CLAWFLOW_FLOW_DIR".to_owned(), text(dir)?);
    }
    Ok(FlowRunRequest {
        source: definition.source.clone(),
        file: name,
        path: Some(whole),
        files,
        args,
        env,
        ..request(ctx)?
    })
}

/// The request for a pipeline.
pub(super) fn of_pipeline(ctx: &Ctx, source: String) -> Result<FlowRunRequest, Trouble> {
    let env = whole_env();
    Ok(FlowRunRequest { source, file: pipeline::FILE.to_owned(), env, ..request(ctx)? })
}

fn request(ctx: &Ctx) -> Result<FlowRunRequest, Trouble> {
    let here = std::env::current_dir()
        .map_err(|error| Trouble::runtime(format!("cannot tell the current directory: {error}")))?;
    Ok(FlowRunRequest {
        cwd: text(&here)?,
        owner: Some(ctx.settings.run.owner.clone()),
        ..FlowRunRequest::default()
    })
}

/// Every variable of the caller, as Lobster's steps have them, but for those that tell clawflow's
/// own programs where they belong.
fn whole_env() -> BTreeMap<String, String> {
    let all = std::env::vars_os();
    let utf8 = all.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let utf8 = utf8.filter_map(|(name, value)| Some((name, value.into_string().ok()?)));
    utf8.filter(|(name, _)| !name.is_empty() && !name.starts_with("CLAWFLOW_")).collect()
}

fn text(path: &Path) -> Result<String, Trouble> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Trouble::runtime(format!("{} is not UTF-8", path.display())))
}

/// Whether the file on disk is another one than the flow was made from; its path if so.
pub(super) fn edited(source: &FlowSourceResponse) -> Option<PathBuf> {
    let named = PathBuf::from(&source.file);
    let path = match named.exists() {
        true => named,
        false => PathBuf::from(source.file.strip_suffix(ENDING).unwrap_or(&source.file)),
    };
    let same = std::fs::read(&path).is_ok_and(|bytes| sha256(bytes) == source.hash);
    (!same).then_some(path)
}

/// The arguments that `--args-json` gives. What is no object has its parts as arguments, as in
/// Lobster.
pub(super) fn arguments(text: Option<&str>) -> Result<Map<String, Value>, Trouble> {
    let Some(text) = text else { return Ok(Map::new()) };
    let numbered = |parts: Vec<Value>| {
        parts.into_iter().enumerate().map(|(at, part)| (at.to_string(), part)).collect()
    };
    // Numbers and the order of names become those of JavaScript.
    let read = read_json(text).map(|value| compact(&value).unwrap_or_default());
    match read.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
        Ok(Value::Object(args)) => Ok(args),
        Ok(Value::Array(parts)) => Ok(numbered(parts)),
        Ok(Value::String(text)) => {
            Ok(numbered(text.chars().map(|c| c.to_string().into()).collect()))
        }
        Ok(_) => Ok(Map::new()),
        Err(_) => Err(Trouble::parse("run --args-json must be valid JSON")),
    }
}
