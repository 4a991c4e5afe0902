//! Whole files, one topic per module.

mod bad_input;
mod child_flows;
mod conditions;
mod decoding;
mod docs;
mod file_schema;
mod graphs;
mod linting;
mod lobster;
mod messages;
mod mirrored;
mod properties;
mod queues;
mod references;
mod values;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Definition, Dialect, Scope, StepView, json_of_stdout};

fn parse(text: &str) -> Result<Definition, String> {
    parse_as("t.flow.yaml", text.as_bytes(), Dialect::Strict)
}

fn parse_lobster(text: &str) -> Result<Definition, String> {
    parse_as("t.lobster", text.as_bytes(), Dialect::Lobster)
}

/// The errors as one text, one after another.
fn parse_as(name: &str, bytes: &[u8], dialect: Dialect) -> Result<Definition, String> {
    let read = Definition::parse(name, bytes, dialect);
    if read.is_ok() {
        file_schema::takes(bytes, dialect).expect("the schema takes what the reader takes");
    }
    read.map_err(|errors| {
        assert!(!errors.is_empty() && errors.len() <= 20);
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    })
}

fn errors(text: &str) -> String {
    parse(text).expect_err("the file should be refused")
}

/// The messages without places, excerpts and hints.
fn messages(text: &str) -> Vec<String> {
    let result = Definition::parse("t", text.as_bytes(), Dialect::Strict);
    let errors = result.expect_err("the file should be refused");
    errors.into_iter().map(|error| error.message).collect()
}

/// A run with the results that a test gives it.
#[derive(Default)]
struct Run {
    steps: BTreeMap<String, Outcome>,
    args: BTreeMap<String, Value>,
}

#[derive(Default, Clone)]
struct Outcome {
    stdout: Option<String>,
    approved: Option<bool>,
    skipped: bool,
    truncated: bool,
}

impl Run {
    fn printed(mut self, id: &str, stdout: &str) -> Self {
        let result = Outcome { stdout: Some(stdout.to_owned()), ..Outcome::default() };
        self.steps.insert(id.to_owned(), result);
        self
    }

    fn result(mut self, id: &str, result: Outcome) -> Self {
        self.steps.insert(id.to_owned(), result);
        self
    }

    fn given(mut self, name: &str, value: Value) -> Self {
        self.args.insert(name.to_owned(), value);
        self
    }
}

impl Scope for Run {
    fn step(&self, id: &str) -> Option<StepView<'_>> {
        let result = self.steps.get(id)?;
        Some(StepView {
            stdout: result.stdout.as_deref().map(Cow::Borrowed),
            json: result.stdout.as_deref().and_then(json_of_stdout).map(Cow::Owned),
            approved: result.approved,
            skipped: result.skipped,
            truncated: result.truncated,
            exit: result.stdout.as_ref().map(|_| 0),
            ..StepView::default()
        })
    }

    fn arg(&self, name: &str) -> Option<&Value> {
        self.args.get(name)
    }

    fn flow(&self, path: &[&str]) -> Option<Value> {
        match path {
            ["id"] => Some(json!("f-1")),
            ["outputs", "report"] => Some(json!({"total": 3})),
            _ => None,
        }
    }

    fn run_attempt(&self) -> u32 {
        2
    }
}
