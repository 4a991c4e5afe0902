//! JavaScript's texts: what a value is as text, and lengths in UTF-16 units.

use super::Value;
use std::borrow::Cow;

/// White space as `\s` and `trim` see it.
pub(crate) fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// `text.trim()`.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `text.length`.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// `text.slice(0, units)`. Half of a character at the cut becomes the replacement character.
pub(crate) fn first_units(text: &str, units: usize) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(&text[..units.min(text.len())]);
    }
    let mut seen = 0;
    for (at, c) in text.char_indices() {
        if seen == units {
            return Cow::Borrowed(&text[..at]);
        }
        seen += c.len_utf16();
        if seen > units {
            return Cow::Owned(format!("{}\u{fffd}", &text[..at]));
        }
    }
    Cow::Borrowed(text)
}

/// `String(number)`.
pub(crate) fn number_text(number: f64) -> String {
    ryu_js::Buffer::new().format(number).to_owned()
}

/// `String(value)`.
pub(crate) fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Undefined => Cow::Borrowed("undefined"),
        Value::Null => Cow::Borrowed("null"),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Number(number) => Cow::Owned(number_text(*number)),
        Value::Text(text) => Cow::Borrowed(text),
        Value::List(items) => Cow::Owned(join(items, ",")),
        Value::Object(_) => Cow::Borrowed("[object Object]"),
    }
}

/// `items.join(between)`: what is nullish is empty.
pub(crate) fn join(items: &[Value], between: &str) -> String {
    let mut joined = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            joined.push_str(between);
        }
        if !item.is_nullish() {
            joined.push_str(&text_of(item));
        }
    }
    joined
}
