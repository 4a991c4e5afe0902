//! What a flow is started with: the file, the arguments, the directory, the chosen environment.

use super::args::RunArgs;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::flow_args;
use crate::commands::workflow_file;
use clawflow_core::definition::{Definition, DefinitionError, Dialect, Files, beside};
use clawflow_engine::api::FlowRunRequest;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Variables that every step gets from its caller, beside those that begin with `LC_`.
const BASIC_ENV: [&str; 8] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR"];

/// The request that the arguments make. The file is checked here, so that its errors are shown
/// before anything is started or locked.
pub(super) fn request(ctx: &Ctx, args: &RunArgs, path: &Path) -> Result<FlowRunRequest, CliError> {
    let (name, definition) = definition(ctx, path)?;
    let here = current_dir()?;
    let cwd = args.cwd.as_ref().map_or_else(|| here.clone(), |dir| here.join(dir));
    if !cwd.is_dir() {
        return Err(CliError::usage(format!("{} is not a directory", cwd.display())));
    }
    let mut env = chosen_env(ctx, &args.env)?;
    let dir = here.join(path).parent().map(Path::to_path_buf).unwrap_or(here);
    env.insert("CLAWFLOW_FLOW_DIR".to_owned(), text(&std::path::absolute(&dir).unwrap_or(dir))?);
    let given = arguments(args, &definition)?;
    let (absolute, files) = files(&definition, &name, path, &given)?;
    let owner = args.owner.clone().or_else(|| definition.owner.clone());
    Ok(FlowRunRequest {
        idempotency_key: None,
        source: definition.source.clone(),
        file: name,
        path: Some(absolute),
        files,
        args: given,
        cwd: text(&cwd)?,
        env,
        owner: Some(owner.unwrap_or_else(|| ctx.settings.run.owner.clone())),
        key: args.key.clone(),
        auto_approve: args.yes,
    })
}

/// The part of a request that comes from the file at this path alone, with these arguments for the
/// names of its child flows. Steps that name no directory run in the file's.
pub(crate) fn workflow(
    ctx: &Ctx,
    path: &Path,
    given: &Map<String, Value>,
) -> Result<FlowRunRequest, CliError> {
    let (file, definition) = definition(ctx, path)?;
    let (absolute, files) = files(&definition, &file, path, given)?;
    let dir = Path::new(&absolute).parent().map_or_else(
        || "/".to_owned(),
        |dir| {
            // Part of a path that is UTF-8.
            dir.to_string_lossy().into_owned()
        },
    );
    Ok(FlowRunRequest {
        source: definition.source.clone(),
        file,
        env: [("CLAWFLOW_FLOW_DIR".to_owned(), dir.clone())].into(),
        path: Some(absolute),
        files,
        cwd: dir,
        ..FlowRunRequest::default()
    })
}

/// The absolute path of the file, and the files that it names as child flows.
pub(crate) fn files(
    definition: &Definition,
    name: &str,
    path: &Path,
    given: &Map<String, Value>,
) -> Result<(String, Files), CliError> {
    let whole = current_dir()?.join(path);
    let whole = text(&std::path::absolute(&whole).unwrap_or(whole))?;
    let absolute = beside(&whole, &whole);
    let files = workflow_file::named_by(definition, name, &absolute, Some(given)).map_err(bad)?;
    Ok((absolute, files))
}

/// The name of the file and what is in it.
pub(crate) fn definition(ctx: &Ctx, path: &Path) -> Result<(String, Definition), CliError> {
    let (name, bytes) = read(path)?;
    let dialect = Dialect::of_path(Path::new(&name));
    let definition = Definition::parse(&name, &bytes, dialect).map_err(bad)?;
    for warning in &definition.warnings {
        ctx.mode.note(&format!("warning: {warning}"));
    }
    Ok((name, definition))
}

#[expect(clippy::needless_pass_by_value, reason = "it takes what a result has")]
fn bad(errors: Vec<DefinitionError>) -> CliError {
    let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
    CliError::new(Exit::Usage, "bad_file", all.join("\n"))
}

/// The name and the bytes of the file.
fn read(path: &Path) -> Result<(String, Vec<u8>), CliError> {
    let name = match path == Path::new("-") {
        true => "stdin.flow.yaml".to_owned(),
        false => path.display().to_string(),
    };
    Ok((name, workflow_file::read(path)?))
}

pub(super) fn arguments(
    args: &RunArgs,
    definition: &Definition,
) -> Result<Map<String, Value>, CliError> {
    let all = flow_args(&args.args, args.args_json.as_deref())?;
    let strict = definition.dialect == Dialect::Strict;
    if let Some(name) = all.keys().find(|name| strict && !definition.args.contains_key(*name)) {
        let known: Vec<&str> = definition.args.keys().map(String::as_str).collect();
        let hint = match known.as_slice() {
            [] => "the file declares no arguments".to_owned(),
            known => format!("the file declares {}", known.join(", ")),
        };
        return Err(CliError::usage(format!("the flow has no argument {name}")).hint(hint));
    }
    if let Some(name) = definition.missing_args(&all).next() {
        let hint = format!("--arg {name}=VALUE, or a default in the file");
        return Err(CliError::usage(format!("the argument {name} was not given")).hint(hint));
    }
    Ok(all)
}

/// The part of the caller's environment that is stored with the work: what programs need to run
/// at all, what the configuration names, and what the command line names.
pub(crate) fn chosen_env(
    ctx: &Ctx,
    named: &[String],
) -> Result<BTreeMap<String, String>, CliError> {
    let mut env = BTreeMap::new();
    let configured = ctx.settings.run.pass_env.iter();
    let wanted = |name: &str| {
        BASIC_ENV.contains(&name)
            || name.starts_with("LC_")
            || configured.clone().any(|known| known == name)
    };
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        if wanted(name) {
            env.insert(name.to_owned(), value.to_owned());
        }
    }
    for item in named {
        let (name, value) = match item.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (item.as_str(), std::env::var(item).ok()),
        };
        match value {
            Some(value) if !name.is_empty() => env.insert(name.to_owned(), value),
            _ => return Err(CliError::usage(format!("--env {item}: there is no such variable"))),
        };
    }
    Ok(env)
}

pub(super) fn current_dir() -> Result<PathBuf, CliError> {
    std::env::current_dir()
        .map_err(|error| CliError::io("cannot tell the current directory", error))
}

fn text(path: &Path) -> Result<String, CliError> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| CliError::usage(format!("{} is not UTF-8", path.display())))
}
