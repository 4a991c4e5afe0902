//! What every stage of a run is given.

use super::env::Env;
use super::failure::Failure;
use crate::lobster::value::Value;
use std::io::{self, Write};
use std::path::PathBuf;

/// Where a pipeline runs.
pub(crate) struct Ctx<'a> {
    /// The environment.
    pub(crate) env: Env,
    /// The directory of its programs; that of this process if there is none.
    pub(crate) cwd: Option<PathBuf>,
    /// What a question does.
    pub(crate) asking: Asking,
    /// Answers of models that were paid for: their name, model and use.
    pub(crate) spent: Vec<Value>,
    /// Names of answers that were there already.
    pub(crate) replayed: Vec<String>,
    /// Whether a tool was called elsewhere: nobody knows what doing it again would do.
    pub(crate) dispatched: bool,
    /// What `json` and `table` print to.
    out: &'a mut dyn Write,
    has_output: bool,
}

/// What a question does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// It ends the run until somebody answers.
    Halts,
    /// Nobody could be asked there: it is an error.
    Refused,
}

impl<'a> Ctx<'a> {
    /// A context that prints to `out`.
    pub(crate) fn new(env: Env, out: &'a mut dyn Write) -> Self {
        Self {
            env,
            cwd: None,
            asking: Asking::Halts,
            spent: Vec::new(),
            replayed: Vec::new(),
            dispatched: false,
            out,
            has_output: false,
        }
    }

    /// Prints what a command shows.
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.has_output = true;
        let printed: io::Result<()> = self.out.write_all(text.as_bytes());
        printed.map_err(|error| Failure::new(format!("cannot print: {error}")))
    }

    /// Whether something was printed.
    pub(super) fn has_output(&self) -> bool {
        self.has_output
    }
}
