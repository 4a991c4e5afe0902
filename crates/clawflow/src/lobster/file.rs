//! A workflow file as Lobster has it: a value, whose fields may be of any kind.

use super::value::{Object, Value, first_units, read_json, text_of, trim};
use crate::commands::workflow_file;
use clawflow_core::definition::{Definition, Dialect, file_value};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

/// Mistakes that a picture or a plan can do with: it says of them what Lobster says.
const HARMLESS: [&str; 3] = ["unknown_reference", "not_needed", "not_supported"];

/// Reads a file.
///
/// # Errors
/// Why it is no workflow.
pub(super) fn load(path: &Path) -> Result<Value, String> {
    let bytes = workflow_file::read(path).map_err(|error| match error.source {
        Some(why) => format!("{}: {why}", error.message),
        None => error.message,
    })?;
    if let Err(errors) = Definition::parse(&path.display().to_string(), &bytes, Dialect::Lobster)
        && errors.iter().any(|error| !HARMLESS.contains(&error.code))
    {
        return Err(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    // invariant: what was parsed is a value.
    let value = file_value(&bytes).unwrap_or_default();
    read_json(&value.to_string())
}

/// A field of what may be an object.
pub(super) fn field<'v>(of: &'v Value, name: &str) -> &'v Value {
    const NOTHING: &Value = &Value::Undefined;
    of.as_object().and_then(|object| object.get(name)).unwrap_or(NOTHING)
}

/// The steps of a file or of a loop.
pub(super) fn steps(of: &Value) -> &[Value] {
    list(field(of, "steps"))
}

/// The items, if it is a list.
pub(super) fn list(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        _ => &[],
    }
}

/// A field that is text.
pub(super) fn text<'v>(of: &'v Value, name: &str) -> Option<&'v str> {
    field(of, name).as_text()
}

/// A field that is text and not blank.
pub(super) fn some_text<'v>(of: &'v Value, name: &str) -> Option<&'v str> {
    text(of, name).filter(|text| !trim(text).is_empty())
}

/// The id of a step.
pub(super) fn id(step: &Value) -> &str {
    text(step, "id").unwrap_or_default()
}

/// The first of two fields that is not nullish.
pub(super) fn either<'v>(of: &'v Value, one: &str, other: &str) -> &'v Value {
    match field(of, one) {
        value if value.is_nullish() => field(of, other),
        value => value,
    }
}

/// The shell line of a step, blank or not.
pub(super) fn shell(step: &Value) -> Option<&str> {
    text(step, "run").or_else(|| text(step, "command"))
}

/// Whether a step asks for an approval.
pub(super) fn is_gate(step: &Value) -> bool {
    match field(step, "approval") {
        Value::Bool(asks) => *asks,
        Value::Text(prompt) => !trim(prompt).is_empty(),
        other => other.as_object().is_some(),
    }
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Execution<'v> {
    Parallel,
    Workflow(&'v str),
    Pipeline(&'v str),
    Shell(&'v str),
    Nothing,
}

/// What a step does, loops apart.
pub(super) fn execution(step: &Value) -> Execution<'_> {
    if field(step, "parallel").as_object().is_some() {
        return Execution::Parallel;
    }
    let workflow = some_text(step, "workflow").map(Execution::Workflow);
    let pipeline = || some_text(step, "pipeline").map(Execution::Pipeline);
    let shell = || shell(step).filter(|line| !trim(line).is_empty()).map(Execution::Shell);
    workflow.or_else(pipeline).or_else(shell).unwrap_or(Execution::Nothing)
}

/// The arguments of a run: the defaults of the file, and over them what was given.
pub(super) fn arguments(workflow: &Value, given: &Object) -> Object {
    let mut args = Object::default();
    for (name, arg) in field(workflow, "args").as_object().into_iter().flat_map(Object::iter) {
        if let Some(default) = arg.as_object().and_then(|arg| arg.get("default")) {
            args.set(name, default.clone());
        }
    }
    given.iter().for_each(|(name, value)| args.set(name, value.clone()));
    args
}

/// A text with its arguments filled in.
pub(super) fn with_args<'t>(text: &'t str, args: &Object) -> Cow<'t, str> {
    static ARG: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\$\{([A-Za-z0-9_-]+)\}").ok());
    let Some(arg) = &*ARG else { return Cow::Borrowed(text) };
    arg.replace_all(text, |found: &Captures<'_>| match args.get(&found[1]) {
        Some(value) => text_of(value).into_owned(),
        None => found[0].to_owned(),
    })
}

/// At most so many UTF-16 units of a text, with three dots where it goes on.
pub(super) fn cut(text: &str, units: usize) -> Cow<'_, str> {
    match super::value::width(text) <= units {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("{}…", first_units(text, units - 1))),
    }
}
