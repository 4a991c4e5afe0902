//! What a run tells its caller: one JSON document for programs, text for people.

use super::help::print;
use super::outcome::Outcome;
use super::trouble::{Kind, Trouble};
use crate::lobster::value::{Object, Value, pretty};
use std::io::Write;
use std::process::ExitCode;

/// The document for programs.
pub(super) fn tool(end: Result<Outcome, Trouble>) -> ExitCode {
    let failure = failure(&end);
    let mut fields = Object::default();
    fields.set("protocolVersion", 1.0.into());
    fields.set("ok", end.is_ok().into());
    let mut before = None;
    match end {
        Ok(outcome) => before = state(&mut fields, outcome),
        Err(trouble) => {
            let error = [("type", trouble.kind.word()), ("message", &*trouble.message)];
            fields.set("error", error.into());
        }
    }
    let printed = print(&format!("{}{}\n", before.unwrap_or_default(), json(fields)));
    failure.unwrap_or(printed)
}

/// The same for people: what it leaves, or where it stands.
pub(super) fn workflow(end: Result<Outcome, Trouble>) -> ExitCode {
    let failure = failure(&end);
    let printed = match end {
        Ok(Outcome::Done { items, .. }) if items.is_empty() => ExitCode::SUCCESS,
        Ok(Outcome::Done { items, .. }) => print(&format!("{}\n", json(items))),
        Ok(outcome) => {
            let mut fields = Object::default();
            state(&mut fields, outcome);
            print(&format!("{}\n", json(fields)))
        }
        Err(trouble) => complain(&trouble),
    };
    failure.unwrap_or(printed)
}

/// The same for a pipeline, whose commands may have printed what it leaves.
pub(super) fn pipeline(end: Result<Outcome, Trouble>) -> ExitCode {
    let failure = failure(&end);
    let printed = match end {
        Ok(Outcome::Done { printed: Some(printed), .. }) => print(&printed),
        Ok(Outcome::Done { items, printed: None }) => print(&format!("{}\n", json(items))),
        Ok(Outcome::NeedsApproval(request) | Outcome::NeedsInput(request)) => {
            print(&format!("{}\n", json(vec![without_names(request)])))
        }
        Ok(Outcome::Cancelled) => complain(&Trouble::runtime("the run was cancelled")),
        Err(trouble) => complain(&trouble),
    };
    failure.unwrap_or(printed)
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

/// Sets where a run stands; gives what is to be printed before it.
fn state(fields: &mut Object, outcome: Outcome) -> Option<String> {
    let (mut approval, mut input, mut before) = (Value::Null, Value::Null, None);
    let (status, output) = match outcome {
        Outcome::Done { items, printed } => {
            before = printed;
            ("ok", items)
        }
        Outcome::NeedsApproval(request) => {
            approval = request;
            ("needs_approval", Vec::new())
        }
        Outcome::NeedsInput(request) => {
            input = request;
            ("needs_input", Vec::new())
        }
        Outcome::Cancelled => ("cancelled", Vec::new()),
    };
    fields.set("status", status.into());
    fields.set("output", output.into());
    fields.set("requiresApproval", approval);
    fields.set("requiresInput", input);
    before
}

fn json(value: impl Into<Value>) -> String {
    let value = value.into();
    let text = pretty(&value).unwrap_or_default();
    // The process ends after what it tells: taking a hundred thousand items apart would only
    // delay that.
    std::mem::forget(value);
    text
}

/// The exit code of a run that failed.
fn failure(end: &Result<Outcome, Trouble>) -> Option<ExitCode> {
    end.as_ref().err().map(|trouble| ExitCode::from(trouble.kind.code()))
}
