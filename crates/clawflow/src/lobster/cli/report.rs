//! What a run tells its caller: one JSON document for programs, text for people.

use super::help::print;
use super::outcome::Outcome;
use super::trouble::{Kind, Trouble};
use crate::lobster::value::{Value, compact, indented};
use std::io::Write;
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
    let printed = print(&(before.unwrap_or_default() + &fields.told()));
    failure.unwrap_or(printed)
}

/// The same for people: what it leaves, or where it stands.
pub(super) fn workflow(end: Result<Outcome, Trouble>) -> ExitCode {
    let failure = failure(&end);
    let printed = match end {
        Ok(Outcome::Done { items, .. }) if items == "[]" => ExitCode::SUCCESS,
        Ok(Outcome::Done { items, .. }) => print(&told(&items)),
        Ok(outcome) => {
            let mut fields = Document::default();
            state(&mut fields, outcome);
            print(&fields.told())
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
        Ok(Outcome::Done { items, printed: None }) => print(&told(&items)),
        Ok(Outcome::NeedsApproval(request) | Outcome::NeedsInput(request)) => {
            let asked = Value::List(vec![without_names(request)]);
            print(&told(&compact(&asked).unwrap_or_default()))
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
fn state(fields: &mut Document, outcome: Outcome) -> Option<String> {
    let (mut approval, mut input, mut before) = (Value::Null, Value::Null, None);
    let mut output = "[]".to_owned();
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
    fields.set_written("output", &output);
    fields.set("requiresApproval", approval);
    fields.set("requiresInput", input);
    before
}

/// An object of which each field is written at once: what a run leaves is written already.
#[derive(Default)]
struct Document(String);

impl Document {
    fn set(&mut self, name: &str, value: Value) {
        if let Some(written) = compact(&value) {
            self.set_written(name, &written);
        }
    }

    /// Sets a field to what `compact` wrote; its name needs no escapes.
    fn set_written(&mut self, name: &str, written: &str) {
        let before = if self.0.is_empty() { "{" } else { "," };
        for part in [before, "\"", name, "\":", written] {
            self.0.push_str(part);
        }
    }

    fn told(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        told(&self.0)
    }
}

/// What is told of something that is written.
fn told(written: &str) -> String {
    let mut text = indented(written);
    text.push('\n');
    text
}

/// The exit code of a run that failed.
fn failure(end: &Result<Outcome, Trouble>) -> Option<ExitCode> {
    end.as_ref().err().map(|trouble| ExitCode::from(trouble.kind.code()))
}
