//! The one error of the command line.

use super::escape::escape_lines;
use super::exit::Exit;
use crate::config::ConfigErrors;
use serde_json::{Map, Value, json};
use std::error::Error;

/// A command that failed: what to exit with, what to say, what to do about it.
#[derive(Debug)]
pub(crate) struct CliError {
    /// What the process exits with.
    pub(crate) exit: Exit,
    /// For programs, stable.
    pub(crate) code: String,
    /// Lower case, without a full stop; may have more lines where a file is shown.
    pub(crate) message: String,
    /// What to do about it, each on a line of its own.
    pub(crate) hints: Vec<String>,
    /// More for programs: members that are added to the error's object in JSON.
    pub(crate) details: Vec<(String, Value)>,
    /// What is below it.
    pub(crate) source: Option<Box<dyn Error + Send + Sync>>,
}

impl CliError {
    /// An error with this exit, code and message.
    pub(crate) fn new(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: code.to_owned(),
            message: message.into(),
            hints: Vec::new(),
            details: Vec::new(),
            source: None,
        }
    }

    /// Bad usage that the argument parser cannot see.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Something that nobody expected.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, "internal", message)
    }

    /// An error of the system, with what was tried: `cannot read a.yaml`.
    pub(crate) fn io(tried: impl Into<String>, error: std::io::Error) -> Self {
        Self { source: Some(Box::new(error)), ..Self::new(Exit::Failed, "io", tried) }
    }

    /// Adds a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a member to the error's object in JSON.
    pub(crate) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.push((name.to_owned(), value.into()));
        self
    }

    /// The message with the causes behind it, on one line each.
    pub(crate) fn whole_message(&self) -> String {
        let mut text = self.message.clone();
        let mut below = self.source.as_deref().map(|source| source as &dyn Error);
        while let Some(error) = below {
            text.push_str(": ");
            text.push_str(&error.to_string());
            below = error.source();
        }
        text
    }

    /// As a person reads it on standard error.
    pub(crate) fn render(&self) -> String {
        let mut text = format!("error: {}\n", escape_lines(&self.whole_message()));
        for hint in &self.hints {
            text.push_str(&format!("hint: {}\n", escape_lines(hint)));
        }
        text
    }

    /// As a program reads it on standard output.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), self.code.clone().into());
        error.insert("message".to_owned(), self.whole_message().into());
        if !self.hints.is_empty() {
            error.insert("hint".to_owned(), self.hints.join("\n").into());
        }
        error.extend(self.details.iter().cloned());
        json!({ "ok": false, "error": error })
    }
}

impl From<ConfigErrors> for CliError {
    fn from(errors: ConfigErrors) -> Self {
        let all = errors.to_json();
        Self::new(Exit::Usage, "bad_config", errors.to_string()).detail("errors", all)
    }
}
