//! The YAML document as a tree in which every key and value knows its place.

use serde_json::{Map, Number, Value};

use super::source::Span;

/// One value of the document, aliases already expanded.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// Null, a boolean or a number, with the text it was written as.
    Plain(Value, String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn plain(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Plain(value, _) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.plain().is_some_and(Value::is_null)
    }

    /// The value as JSON. Recursion is bounded by the depth limit of the parser.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Plain(value, _) => value.clone(),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Kind::Map(entries) => {
                let pairs = entries.iter().map(|entry| (entry.key.clone(), entry.value.to_value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// What the value is, for "expected a list, found text".
    pub(crate) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Plain(Value::Null, _) => "nothing",
            Kind::Plain(Value::Bool(_), _) => "true or false",
            Kind::Plain(..) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// Reads an unquoted scalar by the core schema of YAML 1.2; anything else is text.
pub(crate) fn plain_scalar(text: &str) -> Kind {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        _ => number(text).map(Value::Number),
    };
    match value {
        Some(value) => Kind::Plain(value, text.to_owned()),
        None => Kind::Text(text.to_owned()),
    }
}

fn number(text: &str) -> Option<Number> {
    let (prefix, radix) = (text.get(..2).unwrap_or(""), text.get(2..).unwrap_or(""));
    let digits_only = !radix.is_empty() && radix.bytes().all(|b| b.is_ascii_alphanumeric());
    match prefix {
        "0x" if digits_only => return i64::from_str_radix(radix, 16).ok().map(Number::from),
        "0o" if digits_only => return i64::from_str_radix(radix, 8).ok().map(Number::from),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let starts = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let allowed = unsigned.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    if !starts || !allowed || !unsigned.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let signed = text.strip_prefix('+').unwrap_or(text);
    if let Ok(whole) = signed.parse::<i64>() {
        return Some(Number::from(whole));
    }
    // `Number` has no infinity: such a number stays text.
    signed.parse::<f64>().ok().and_then(Number::from_f64)
}
