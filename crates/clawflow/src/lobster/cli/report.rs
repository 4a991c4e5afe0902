//! What a run tells its caller: one JSON document for programs, text for people.

use super::document::Document;
use super::help::{print, write};
use super::outcome::{Listed, Outcome};
use super::trouble::{Kind, Trouble};
use crate::lobster::value::{Indenter, Value, compact};
use std::io::{self, Write};
use std::process::ExitCode;

/// The document for programs.
pub(super) fn tool(end: Result<Outcome, Trouble>) -> ExitCode {
    let failure = failure(&end);
    let mut fields = Document::default();
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
    let printed = write(|out| {
        out.write_all(before.unwrap_or_default().as_bytes())?;
        fields.tell(out)
    });
    failure.unwrap_or(printed)
}

/// The same for people: what it leaves, or where it stands.
pub(super) fn workflow(end: Result<Outcome, Trouble>) -> ExitCode {
    let failure = failure(&end);
    let printed = match end {
        Ok(Outcome::Done { items, .. }) if items.is_empty() => ExitCode::SUCCESS,
        Ok(Outcome::Done { items, .. }) => write(|out| tell(items.text(), out)),
        Ok(outcome) => {
            let mut fields = Document::default();
            state(&mut fields, outcome);
            write(|out| fields.tell(out))
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
        Ok(Outcome::Done { items, printed: None }) => write(|out| tell(items.text(), out)),
        Ok(Outcome::NeedsApproval(request) | Outcome::NeedsInput(request)) => {
            let asked = Value::List(vec![without_names(request)]);
            write(|out| tell(&compact(&asked).unwrap_or_default(), out))
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
    let _ = writeln!(io::stderr().lock(), "{text}");
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
fn state(fields: &mut Document, outcome: Outcome) -> Option<String> {
    let (mut approval, mut input, mut before) = (Value::Null, Value::Null, None);
    let mut output = Listed::default();
    let status = match outcome {
        Outcome::Done { items, printed } => {
            (output, before) = (items, printed);
            "ok"
        }
        Outcome::NeedsApproval(request) => {
            approval = request;
            "needs_approval"
        }
        Outcome::NeedsInput(request) => {
            input = request;
            "needs_input"
        }
        Outcome::Cancelled => "cancelled",
    };
    fields.set("status", status.into());
    fields.set_list("output", output);
    fields.set("requiresApproval", approval);
    fields.set("requiresInput", input);
    before
}

/// Tells of the list with which a text begins.
fn tell(list: &str, out: &mut impl Write) -> io::Result<()> {
    Indenter::default().write_list(list, out)?;
    out.write_all(b"\n")
}

/// The exit code of a run that failed.
fn failure(end: &Result<Outcome, Trouble>) -> Option<ExitCode> {
    end.as_ref().err().map(|trouble| ExitCode::from(trouble.kind.code()))
}
