//! `clawflow run FILE --dry-run`: what would be run, and nothing is.

use super::args::RunArgs;
use super::request::{arguments, definition, files};
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::lobster::pipeline::Pipeline;
use clawflow_core::definition::{Plan, PlannedStep, Runs, plan};
use serde_json::Value;
use std::path::Path;

/// Prints the plan of a file.
pub(super) fn run(ctx: &Ctx, args: &RunArgs, path: &Path) -> Result<Exit, CliError> {
    let (name, definition) = definition(ctx, path)?;
    let given = arguments(args, &definition)?;
    let (path, files) = files(&definition, &name, path, &given)?;
    let all = definition.args_with_defaults(&given.into_iter().collect());
    let mut plan = plan(&definition, all, (&path, &files));
    if let Some(key) = &args.key {
        plan.key = Some(key.clone());
    }
    plan.steps.iter().try_for_each(check_pipelines)?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&plan)?,
        false => ctx.mode.print(&text(&name, &plan))?,
    }
    Ok(Exit::Done)
}

/// A pipeline whose text is known must be one.
fn check_pipelines(step: &PlannedStep) -> Result<(), CliError> {
    if let ("pipeline" | "pipeline, then approval", Some(Value::String(text))) =
        (step.kind, &step.what)
    {
        let bad = |why: String| {
            let message = format!("the pipeline of step {}: {why}", step.id);
            CliError::new(Exit::Usage, "bad_file", message)
        };
        let pipeline = Pipeline::parse(text).map_err(|failure| bad(failure.message))?;
        let unknown = pipeline.commands().find(|(name, exists)| !exists && !name.contains('$'));
        if let Some((name, _)) = unknown {
            let hint = "clawflow lobster run commands.list";
            return Err(bad(format!("there is no command {name}")).hint(hint));
        }
    }
    let below = step.flow.iter().flat_map(|flow| &flow.steps);
    step.steps.iter().chain(below).try_for_each(check_pipelines)
}

fn text(name: &str, plan: &Plan) -> String {
    let mut out = format!("plan of {}: nothing is run\n", escape(name));
    let mut say = |what: &str, text: Option<String>| {
        if let Some(text) = text {
            out.push_str(&format!("{what}: {}\n", escape(&text)));
        }
    };
    say("goal", plan.goal.clone());
    say("key", plan.key.clone());
    say("at most", plan.timeout_ms.map(clawflow_core::duration::format_ms));
    let args = plan.args.iter().map(|(name, value)| format!("{name} = {value}"));
    let args = args.collect::<Vec<_>>().join(", ");
    say("arguments", Some(args).filter(|args| !args.is_empty()));
    for step in &plan.steps {
        let end = if step.finally { "at the end, " } else { "" };
        out.push_str(&lines(step, &format!("{:>3}. ", step.wave), end));
    }
    out
}

/// The lines of a step, the first with its number, the others below its id.
fn lines(step: &PlannedStep, number: &str, more: &str) -> String {
    let indent = " ".repeat(number.len());
    let runs = match step.runs {
        Runs::Yes => String::new(),
        Runs::No => ", skipped: its condition does not hold".to_owned(),
        Runs::Depends => ", if its condition holds".to_owned(),
        Runs::IfNeeded => match &step.fallback_of {
            Some(user) => format!(", if {} fails", escape(user)),
            None => String::new(),
        },
    };
    let mut out = format!("{number}{}  {more}{}{runs}\n", escape(&step.id), step.kind);
    let mut say = |what: &str, text: &str| {
        out.push_str(&format!("{indent}  {what}: {}\n", escape(text)));
    };
    if !step.needs.is_empty() {
        say("after", &step.needs.join(", "));
    }
    step.when.iter().for_each(|when| say("when", when));
    let (runs, sends) = match step.kind.split(',').next().unwrap_or_default() {
        "for_each" => ("items", ""),
        "http" => ("asks", "sends"),
        "llm" => ("asks", "prompt"),
        "flow" => ("file", "args"),
        _ => ("runs", ""),
    };
    step.what.iter().for_each(|what| say(runs, &shown(what)));
    for (name, value) in &step.headers {
        say("header", &format!("{name}: {value}"));
    }
    step.sends.iter().for_each(|what| say(sends, &shown(what)));
    step.stdin.iter().for_each(|stdin| say("stdin", &shown(stdin)));
    step.cwd.iter().for_each(|cwd| say("in", cwd));
    for (name, value) in &step.env {
        say("env", &format!("{name}={value}"));
    }
    step.waits.iter().for_each(|wait| say("waits", wait));
    if !step.limits.is_empty() {
        say("limits", &step.limits.join("; "));
    }
    for (at, part) in step.steps.iter().enumerate() {
        out.push_str(&lines(part, &format!("{indent}  {}) ", at + 1), ""));
    }
    for below in step.flow.iter().flat_map(|flow| &flow.steps) {
        let end = if below.finally { "at the end, " } else { "" };
        out.push_str(&lines(below, &format!("{indent}  {:>3}. ", below.wave), end));
    }
    if let Some(undo) = &step.compensate {
        out.push_str(&lines(undo, &format!("{indent}  undo: "), ""));
    }
    out
}

/// A text as it is; words as a shell would need them; other values as JSON.
fn shown(value: &Value) -> String {
    let word = |word: &Value| {
        let text = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,$".contains(c);
        match !text.is_empty() && text.chars().all(plain) {
            true => text,
            false => format!("'{}'", text.replace('\'', r"'\''")),
        }
    };
    match value {
        Value::String(text) => text.clone(),
        Value::Array(words) if words.iter().all(Value::is_string) => {
            words.iter().map(word).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
