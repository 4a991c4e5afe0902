//! `lobster graph`.

use super::help::print;
use super::report::say;
use super::target::resolve;
use crate::lobster::file::{arguments, load};
use crate::lobster::graph::{Format, render};
use crate::lobster::value::{Value, read_json};
use std::process::ExitCode;

const HELP: &str = "\
lobster graph — render workflow step graphs

Usage:
  lobster graph --file path/to/workflow.lobster [--format mermaid|dot|ascii] [--args-json '{...}']
  lobster graph path/to/workflow.lobster [--format mermaid|dot|ascii]

Flags:
  --file       Workflow file path (.lobster, .yaml, .yml, .json)
  --format     Output format: mermaid (default), dot, ascii
  --args-json  JSON object used to resolve workflow args for labels
";

/// Says how it is called.
pub(super) fn help() -> ExitCode {
    print(HELP)
}

/// Draws what the words say.
pub(super) fn run(words: &[&str]) -> ExitCode {
    let (mut file, mut format, mut args) = (None, "mermaid", None);
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let place = match name {
            "--file" => &mut file,
            "--args-json" => &mut args,
            "--format" => {
                let value = joined.or_else(|| words.next_if(|next| !next.is_empty()));
                format = value.filter(|format| !format.is_empty()).unwrap_or(format);
                continue;
            }
            _ => {
                file = file.or(Some(word));
                continue;
            }
        };
        let value = joined.or_else(|| words.next_if(|next| !next.is_empty()));
        *place = value.filter(|value| !value.is_empty()).or(*place);
    }
    match picture(file, format, args) {
        Ok(text) => print(&format!("{text}\n")),
        Err((code, message)) => {
            say(&message);
            ExitCode::from(code)
        }
    }
}

fn picture(file: Option<&str>, format: &str, args: Option<&str>) -> Result<String, (u8, String)> {
    let usage = |message: &str| (2, message.to_owned());
    let failed = |why: String| (1, format!("Error: {why}"));
    let file =
        file.ok_or_else(|| usage("graph requires a workflow file path (use --file <path>)"))?;
    let format = Format::of(format)
        .ok_or_else(|| usage("graph --format must be one of: mermaid, dot, ascii"))?;
    let given = match args.map(read_json) {
        None => Value::Undefined,
        Some(Ok(args)) if args.as_object().is_some() => args,
        Some(Ok(_)) => return Err(usage("graph --args-json must be a JSON object")),
        Some(Err(_)) => return Err(usage("graph --args-json must be valid JSON")),
    };
    let workflow = resolve(file).and_then(|path| load(&path)).map_err(failed)?;
    let args = arguments(&workflow, given.as_object().unwrap_or(&Default::default()));
    Ok(render(&workflow, format, &args))
}
