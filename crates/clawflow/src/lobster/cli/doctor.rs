//! `lobster doctor`: whether a pipeline can run here.

use super::outcome::Outcome;
use super::trouble::{Kind, Trouble};
use super::{report, version};
use crate::lobster::pipeline::try_out;
use crate::lobster::value::{Object, Value};
use std::process::ExitCode;

/// Runs a small pipeline, and tells how that went.
pub(super) fn run(words: &[&str]) -> ExitCode {
    let end = match try_out("exec --json --shell 'echo [1]'") {
        Ok(()) => Ok(Outcome::done(vec![told(words)])),
        Err(message) => Err(Trouble { kind: Kind::Doctor, message }),
    };
    report::tool(end)
}

fn told(words: &[&str]) -> Value {
    let mut fields = Object::default();
    fields.set("toolMode", true.into());
    fields.set("protocolVersion", 1.0.into());
    fields.set("version", version::VERSION.into());
    if !words.is_empty() {
        let notes = words.iter().map(|word| Value::from(*word)).collect::<Vec<_>>();
        fields.set("notes", notes.into());
    }
    fields.into()
}
