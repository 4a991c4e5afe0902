//! `$step.field.path`, `$flow.…`, `$run.attempt` and `${arg}`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::Formatter;
use std::io::{self, Write};

use super::scope::{EvalError, EvalErrorCode, Scope, StepView};

/// The fields of a result, as in Lobster, and `exit`, and what an answer of a server has.
pub(crate) const FIELDS: [&str; 16] = [
    "stdout",
    "json",
    "approved",
    "approvedBy",
    "initiatedBy",
    "response",
    "subject",
    "skipped",
    "error",
    "errorMessage",
    "id",
    "exit",
    "status",
    "headers",
    "usage",
    "session",
];

/// A reference written `$id.field` or `$id.field.path…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The step, or `flow` or `run`.
    pub id: String,
    /// The field and the path below it; at least one.
    pub path: Vec<String>,
    pub(crate) strict: bool,
}

/// What a scan of a text finds at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    Arg(String),
    Step(Reference),
    /// `$$`, read as one dollar sign outside of a shell line of the strict dialect.
    Dollar,
}

/// Ids and argument names may use these characters.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_field_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of the longest prefix of `text` made of `accept`ed bytes.
fn run_of(text: &str, accept: fn(u8) -> bool) -> usize {
    text.bytes().position(|byte| !accept(byte)).unwrap_or(text.len())
}

/// Reads what begins with the `$` at the start of `text`, with its length in bytes.
pub(crate) fn scan(text: &str, strict: bool) -> Option<(Found, usize)> {
    let rest = text.strip_prefix('$')?;
    if rest.starts_with('$') {
        return Some((Found::Dollar, 2));
    }
    if let Some(inner) = rest.strip_prefix('{') {
        let length = run_of(inner, is_name_byte);
        let closed = length > 0 && inner[length..].starts_with('}');
        return closed.then(|| (Found::Arg(inner[..length].to_owned()), length + 3));
    }
    let id_length = run_of(rest, is_name_byte);
    let mut path = Vec::new();
    let mut at = id_length;
    while let Some(field) = rest[at..].strip_prefix('.') {
        let length = run_of(field, is_field_byte);
        if length == 0 {
            break;
        }
        path.push(field[..length].to_owned());
        at += 1 + length;
    }
    if id_length == 0 || path.is_empty() {
        return None;
    }
    let reference = Reference { id: rest[..id_length].to_owned(), path, strict };
    Some((Found::Step(reference), at + 1))
}

impl Reference {
    /// The value, `None` where the path leads nowhere.
    ///
    /// # Errors
    /// `output_too_large` for a result that was cut at its limit, and in the Lobster dialect
    /// `unknown_step` for a step without a result.
    pub fn resolve(&self, scope: &dyn Scope) -> Result<Option<Value>, EvalError> {
        if self.strict && self.id == "flow" {
            let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
            let own = path.len().min(if path[0] == "outputs" { 2 } else { 1 });
            let found = scope.flow(&path[..own]);
            return Ok(found.and_then(|value| descend(&value, &self.path[own..]).cloned()));
        }
        if self.strict && self.id == "run" {
            let attempt = self.path.len() == 1 && self.path[0] == "attempt";
            return Ok(attempt.then(|| Value::from(scope.run_attempt())));
        }
        let Some(view) = scope.step(&self.id) else {
            // A strict file was checked: the step exists and has just not run, as a `finally`
            // step may find.
            if self.strict {
                return Ok(self.default_flag());
            }
            let path = self.path.join(".");
            let message = format!("unknown step reference: {}.{path}", self.id);
            return Err(EvalError::new(EvalErrorCode::UnknownStep, message));
        };
        let found = field(&view, &self.id, &self.path[0])?;
        let found = found.and_then(|value| descend(&value, &self.path[1..]).cloned());
        Ok(found.or_else(|| self.default_flag()))
    }

    /// In the strict dialect flags are always booleans, so that `$x.skipped == false` holds.
    fn default_flag(&self) -> Option<Value> {
        let flag = matches!(self.path[0].as_str(), "approved" | "skipped" | "error");
        (self.strict && self.path.len() == 1 && flag).then_some(Value::Bool(false))
    }

    /// The text that a template shows for this reference.
    pub(crate) fn text(&self, scope: &dyn Scope) -> Result<String, EvalError> {
        let value = self.resolve(scope)?;
        let flag = self.path.len() == 1 && matches!(self.path[0].as_str(), "approved" | "skipped");
        Ok(match value {
            None if flag => "false".to_owned(),
            None => String::new(),
            Some(value) => value_text(&value),
        })
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${}.{}", self.id, self.path.join("."))
    }
}

/// Borrowed where it can be: a path into a large result copies only what it leads to.
fn field<'v>(
    view: &'v StepView<'_>,
    id: &str,
    name: &str,
) -> Result<Option<Cow<'v, Value>>, EvalError> {
    let own = |value: Option<Value>| value.map(Cow::Owned);
    let text = |text: Option<&str>| own(text.map(Value::from));
    let flag = |set: bool| own(set.then_some(Value::Bool(true)));
    if view.truncated && matches!(name, "stdout" | "json") {
        let message = format!("the result of step `{id}` was cut at its limit");
        return Err(EvalError::new(EvalErrorCode::OutputTooLarge, message));
    }
    Ok(match name {
        "stdout" => text(view.stdout.as_deref()),
        "json" => view.json.as_deref().map(Cow::Borrowed),
        "approved" => own(view.approved.map(Value::Bool)),
        "approvedBy" => text(view.approved_by),
        "initiatedBy" => text(view.initiated_by),
        "response" => view.response.map(Cow::Borrowed),
        "subject" => view.subject.map(Cow::Borrowed),
        "skipped" => flag(view.skipped),
        "error" => flag(view.error),
        "errorMessage" => text(view.error_message),
        "exit" => own(view.exit.map(Value::from)),
        "id" => own(Some(Value::from(id))),
        "status" => own(view.status.map(Value::from)),
        "headers" => own(view.headers.map(|all| serde_json::json!(all))),
        "session" => own(view.session.map(Into::into)),
        "usage" => own(view.usage.map(|usage| serde_json::json!(usage))),
        _ => None,
    })
}

/// Follows names into objects and numbers into lists.
fn descend<'v>(mut value: &'v Value, path: &[String]) -> Option<&'v Value> {
    for name in path {
        value = match value {
            Value::Object(map) => map.get(name)?,
            Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

/// The text of a value from a result: text as it is, nothing for null, otherwise JSON.
#[must_use]
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => json_text(other),
    }
}

/// A value as JSON, with numbers as JavaScript writes them.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Numbers);
    // invariant: values have text as names, and memory takes what is written
    value.serialize(&mut serializer).expect("values can be written");
    String::from_utf8(bytes).unwrap_or_default()
}

/// Writes numbers without a needless `.0`, and with an exponent where JavaScript has one.
struct Numbers;

impl Formatter for Numbers {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        writer.write_all(ryu_js::Buffer::new().format(number).as_bytes())
    }
}

/// The text of an argument: lists joined by commas as in Lobster. An object is JSON in the
/// strict dialect and JavaScript's `[object Object]` in the other.
pub(crate) fn arg_text(value: &Value, strict: bool) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(items) => {
            let text =
                |item: &Value| if item.is_null() { String::new() } else { arg_text(item, strict) };
            items.iter().map(text).collect::<Vec<_>>().join(",")
        }
        Value::Object(_) if !strict => "[object Object]".to_owned(),
        other => value_text(other),
    }
}
