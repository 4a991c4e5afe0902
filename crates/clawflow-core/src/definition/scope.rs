//! What references are resolved against while a flow runs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::task::Usage;

/// The result of one step, as far as references can see it.
#[derive(Debug, Clone, Default)]
pub struct StepView<'a> {
    /// Standard output, or the text of a synthetic result.
    pub stdout: Option<Cow<'a, str>>,
    /// The value of [`json_of_stdout`], or a result that is a value by itself.
    pub json: Option<Cow<'a, Value>>,
    /// The decision of the step's gate, once there is one.
    pub approved: Option<bool>,
    /// Who decided.
    pub approved_by: Option<&'a str>,
    /// Who asked.
    pub initiated_by: Option<&'a str>,
    /// The answer to an input gate.
    pub response: Option<&'a Value>,
    /// What an input gate showed.
    pub subject: Option<&'a Value>,
    /// The step was skipped.
    pub skipped: bool,
    /// The step failed and the flow went on.
    pub error: bool,
    /// Why it failed.
    pub error_message: Option<&'a str>,
    /// Exit code of the last attempt.
    pub exit: Option<i64>,
    /// The status of a server's answer.
    pub status: Option<u16>,
    /// Its headers, by their names in small letters, with `_` for `-`.
    pub headers: Option<&'a BTreeMap<String, String>>,
    /// The session of an agent, for those who go on with it.
    pub session: Option<&'a str>,
    /// What it cost.
    pub usage: Option<&'a Usage>,
    /// The result was cut at its limit: a reference to it is an error.
    pub truncated: bool,
}

/// The run that a reference is resolved in. A step replaced by its fallback is seen under its own
/// id with the fallback's result.
pub trait Scope {
    /// The result of a step, `None` if it has none yet or does not exist.
    fn step(&self, id: &str) -> Option<StepView<'_>>;
    /// The value of an argument, defaults applied.
    fn arg(&self, name: &str) -> Option<&Value>;
    /// A value of the flow: the path is `["id"]`, `["key"]` or `["outputs", name]`.
    fn flow(&self, path: &[&str]) -> Option<Value>;
    /// The attempt that is being prepared, from 1.
    fn run_attempt(&self) -> u32;
}

/// Why a reference or condition has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvalErrorCode {
    /// The result was cut at its limit.
    OutputTooLarge,
    /// No step of this id has a result.
    UnknownStep,
    /// The text made from the references is longer than a step may be given.
    TextTooLarge,
    /// A variable that the step is run by has a value that it cannot have.
    BadVariable,
}

impl EvalErrorCode {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutputTooLarge => "output_too_large",
            Self::UnknownStep => "unknown_step",
            Self::TextTooLarge => "text_too_large",
            Self::BadVariable => "bad_variable",
        }
    }
}

/// A failure of a template, value or condition at run time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// For programs.
    pub code: EvalErrorCode,
    /// For people.
    pub message: String,
}

impl EvalError {
    pub(crate) fn new(code: EvalErrorCode, message: String) -> Self {
        Self { code, message }
    }
}

/// The `json` of a result: the whole trimmed output, if it is exactly one JSON value.
#[must_use]
pub fn json_of_stdout(stdout: &str) -> Option<Value> {
    serde_json::from_str(stdout.trim()).ok()
}
