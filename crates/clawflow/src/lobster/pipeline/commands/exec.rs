//! `exec`: runs a program, and what it prints are the items.

use super::process::{Program, run_program};
use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged, collect, drain};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Unread, Value, compact, is_space, read_json, trim};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "exec",
    about: "Run a program",
    flags: &[
        ("json", "boolean", "its output is one JSON value; those of a list are the items"),
        ("shell", "string", "a line for the shell"),
        ("stdin", "string", "how it is given the items: raw, json or jsonl"),
    ],
    required: &["_"],
    effects: &["local_exec"],
    run,
};

fn run(items: Items, args: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let line = args.text("shell");
    if args.words.is_empty() && line.is_none_or(str::is_empty) {
        return Err(Failure::new("exec requires a command"));
    }
    let stdin = match args.text("stdin").filter(|mode| !mode.is_empty()) {
        Some(mode) => Some(encode(&collect(items)?, &mode.to_lowercase())?),
        None => {
            drain(items)?;
            None
        }
    };
    let has_space = args.words.len() == 1 && args.words[0].contains(is_space);
    let first = || args.words.first().map_or("", String::as_str);
    let program = match args.flag("shell").is_some_and(Flag::is_truthy) || has_space {
        true => Program::shell(line.unwrap_or_else(first), &ctx.env),
        false => Program::new(&args.words),
    };
    let output = run_program(&program, stdin, ctx)?;
    if args.is_on("json") { parsed(output) } else { Ok(lines(output)) }
}

fn parsed(output: String) -> Result<Staged, Failure> {
    let failed =
        |error| Failure::new(format!("exec --json could not parse stdout as JSON: {error}"));
    if !trim(&output).starts_with('[') {
        let output = if trim(&output).is_empty() { "null" } else { &output };
        return Ok(Staged::ready(vec![read_json(trim(output)).map_err(failed)?]));
    }
    let list = Unread::list(output).map_err(failed)?;
    Ok(Staged::Items(Items::unread(list, failed)))
}

/// The lines that are not empty.
fn lines(output: String) -> Staged {
    let mut at = 0;
    Staged::lazy(std::iter::from_fn(move || {
        while at < output.len() {
            let rest = &output[at..];
            let end = rest.find('\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            at += end.map_or(rest.len(), |end| end + 1);
            let line = if end.is_some() { line.strip_suffix('\r').unwrap_or(line) } else { line };
            if !line.is_empty() {
                return Some(Ok(line.into()));
            }
        }
        None
    }))
}

fn encode(items: &[Value], mode: &str) -> Result<String, Failure> {
    let json = |item: &Value| compact(item).unwrap_or_default();
    let raw = |item: &Value| item.as_text().map_or_else(|| json(item), str::to_owned);
    Ok(match mode {
        "json" => json(&items.to_vec().into()),
        "jsonl" if items.is_empty() => String::new(),
        "jsonl" => items.iter().map(json).collect::<Vec<_>>().join("\n") + "\n",
        "raw" => items.iter().map(raw).collect::<Vec<_>>().join("\n"),
        mode => {
            let message = format!("exec --stdin must be raw, json, or jsonl (got {mode})");
            return Err(Failure::new(message));
        }
    })
}
