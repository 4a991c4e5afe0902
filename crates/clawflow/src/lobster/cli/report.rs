//! What a run tells its caller: one JSON document for programs, text for people.

use super::help::print;
use super::outcome::Outcome;
use super::trouble::{Kind, Trouble};
use crate::lobster::value::{Object, Value, pretty};
use std::io::Write;
use std::process::ExitCode;

/// The document for programs.
pub(super) fn tool(end: &Result<Outcome, Trouble>) -> ExitCode {
    let mut fields = Object::default();
    fields.set("protocolVersion", 1.0.into());
    fields.set("ok", end.is_ok().into());
    let mut before = None;
    match end {
        Ok(outcome) => {
            if let Outcome::Done { printed: Some(printed), .. } = outcome {
                before = Some(printed.as_str());
            }
            state(&mut fields, outcome);
        }
        Err(trouble) => {
            let error = [("type", trouble.kind.word()), ("message", &*trouble.message)];
            fields.set("error", error.into());
        }
    }
    let text = format!("{}{}\n", before.unwrap_or_default(), json(&fields.into()));
    code(print(&text), end)
}

/// The same for people: what it leaves, or where it stands.
pub(super) fn workflow(end: &Result<Outcome, Trouble>) -> ExitCode {
    let printed = match end {
        Ok(Outcome::Done { items, .. }) if items.is_empty() => ExitCode::SUCCESS,
        Ok(Outcome::Done { items, .. }) => print(&format!("{}\n", json(&items.clone().into()))),
        Ok(outcome) => {
            let mut fields = Object::default();
            state(&mut fields, outcome);
            print(&format!("{}\n", json(&fields.into())))
        }
        Err(trouble) => complain(trouble),
    };
    code(printed, end)
}

/// The same for a pipeline, whose commands may have printed what it leaves.
pub(super) fn pipeline(end: &Result<Outcome, Trouble>) -> ExitCode {
    let printed = match end {
        Ok(Outcome::Done { printed: Some(printed), .. }) => print(printed),
        Ok(Outcome::Done { items, printed: None }) => {
            print(&format!("{}\n", json(&items.clone().into())))
        }
        Ok(Outcome::NeedsApproval(request) | Outcome::NeedsInput(request)) => {
            print(&format!("{}\n", json(&vec![without_names(request.clone())].into())))
        }
        Ok(Outcome::Cancelled) => complain(&Trouble::runtime("the run was cancelled")),
        Err(trouble) => complain(trouble),
    };
    code(printed, end)
}

/// Says what went wrong, to people.
pub(super) fn complain(trouble: &Trouble) -> ExitCode {
    let prefix = if trouble.kind == Kind::Parse { "Parse error: " } else { "Error: " };
    say(&format!("{prefix}{}", trouble.message));
    ExitCode::from(trouble.kind.code())
}

/// Says something to whoever reads stderr. Lost words are no failure.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Nobody goes on with what a person was shown.
fn without_names(mut request: Value) -> Value {
    if let Value::Object(fields) = &mut request {
        fields.take("resumeToken");
        fields.take("approvalId");
    }
    request
}

fn state(fields: &mut Object, outcome: &Outcome) {
    let (mut approval, mut input) = (Value::Null, Value::Null);
    let (status, output) = match outcome {
        Outcome::Done { items, .. } => ("ok", items.clone()),
        Outcome::NeedsApproval(request) => {
            approval = request.clone();
            ("needs_approval", Vec::new())
        }
        Outcome::NeedsInput(request) => {
            input = request.clone();
            ("needs_input", Vec::new())
        }
        Outcome::Cancelled => ("cancelled", Vec::new()),
    };
    fields.set("status", status.into());
    fields.set("output", output.into());
    fields.set("requiresApproval", approval);
    fields.set("requiresInput", input);
}

fn json(value: &Value) -> String {
    pretty(value).unwrap_or_default()
}

/// The exit code of the end, unless it could not even be told.
fn code(printed: ExitCode, end: &Result<Outcome, Trouble>) -> ExitCode {
    match end {
        Ok(_) => printed,
        Err(trouble) => ExitCode::from(trouble.kind.code()),
    }
}
