//! Fields of fields.

use super::Value;
use std::borrow::Cow;

/// A name as a position in a list: digits without a needless zero, as JavaScript has it.
pub(super) fn position(name: &str) -> Option<u32> {
    let digits = name.as_bytes();
    let canonical = matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= 10;
    if !canonical {
        return None;
    }
    name.parse().ok().filter(|position| *position < u32::MAX)
}

/// A property of a value: a field, an item, a length. What is inherited in JavaScript does not
/// exist here.
pub(crate) fn property<'v>(value: &'v Value, name: &str) -> Cow<'v, Value> {
    match value {
        Value::Object(object) => object.get(name).map_or_else(nothing, Cow::Borrowed),
        Value::List(items) if name == "length" => count(items.len()),
        Value::List(items) => {
            let item = position(name).and_then(|at| items.get(at as usize));
            item.map_or_else(nothing, Cow::Borrowed)
        }
        Value::Text(text) if name == "length" => count(super::width(text)),
        Value::Text(text) => {
            let unit = position(name).and_then(|at| text.encode_utf16().nth(at as usize));
            let unit = unit.map(|unit| String::from_utf16_lossy(&[unit]));
            unit.map_or_else(nothing, |unit| Cow::Owned(Value::Text(unit)))
        }
        _ => nothing(),
    }
}

/// Follows a path of names with dots between them; empty names are passed over.
pub(crate) fn at_path<'v>(value: &'v Value, path: &str) -> Cow<'v, Value> {
    let mut current = Cow::Borrowed(value);
    for name in path.split('.').filter(|name| !name.is_empty()) {
        current = match current {
            Cow::Borrowed(value) => property(value, name),
            Cow::Owned(value) => Cow::Owned(property(&value, name).into_owned()),
        };
    }
    current
}

fn nothing<'v>() -> Cow<'v, Value> {
    Cow::Owned(Value::Undefined)
}

#[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
fn count<'v>(length: usize) -> Cow<'v, Value> {
    Cow::Owned(Value::Number(length as f64))
}
