//! JavaScript's comparisons, which convert what they compare.

use super::{Value, number_of, text_of};
use std::cmp::Ordering;

/// Texts by their UTF-16 units.
pub(crate) fn compare_text(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// `left == right`. The right side is never a list or an object.
pub(crate) fn loosely_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left == right,
        (left, right) if left.is_nullish() || right.is_nullish() => {
            left.is_nullish() && right.is_nullish()
        }
        (Value::List(_) | Value::Object(_), Value::Text(right)) => text_of(left) == *right,
        _ => number_of(left) == number_of(right),
    }
}

/// How `left` and `right` are ordered; `None` where every one of `<`, `<=`, `>`, `>=` is false.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    let is_text =
        |value: &Value| matches!(value, Value::Text(_) | Value::List(_) | Value::Object(_));
    if is_text(left) && is_text(right) {
        return Some(compare_text(&text_of(left), &text_of(right)));
    }
    number_of(left).partial_cmp(&number_of(right))
}
