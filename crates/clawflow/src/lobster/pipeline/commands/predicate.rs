//! Conditions of `where`: a path, an operator, a value.

use crate::lobster::value::{Value, is_space, loosely_equal, number_of_text, order, property};
use std::borrow::Cow;

/// A condition.
pub(super) struct Predicate {
    path: Vec<String>,
    operator: Operator,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// In the order in which they are tried.
const OPERATORS: [(&str, Operator); 7] = [
    ("==", Operator::Equal),
    ("=", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Less),
    (">", Operator::More),
];

impl Predicate {
    /// Reads a condition; `None` for what is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let end = text.find(|c| !is_name(c)).filter(|end| *end > 0)?;
        let rest = text[end..].trim_start_matches(is_space);
        let mut found = OPERATORS
            .iter()
            .filter_map(|(sign, operator)| Some((*operator, operand(rest.strip_prefix(sign)?)?)));
        let (operator, value) = found.next()?;
        let path = text[..end].split('.').map(str::to_owned).collect();
        Some(Self { path, operator, value: literal(value) })
    }

    /// Whether it holds for an item.
    pub(super) fn holds(&self, item: &Value) -> bool {
        let mut left = Cow::Borrowed(item);
        for name in &self.path {
            left = match left {
                Cow::Borrowed(value @ (Value::Object(_) | Value::List(_))) => property(value, name),
                // Neither a text nor a length has fields here.
                _ => Cow::Owned(Value::Undefined),
            };
        }
        let order = || order(&left, &self.value);
        match self.operator {
            Operator::Equal => loosely_equal(&left, &self.value),
            Operator::NotEqual => !loosely_equal(&left, &self.value),
            Operator::Less => order().is_some_and(std::cmp::Ordering::is_lt),
            Operator::AtMost => order().is_some_and(std::cmp::Ordering::is_le),
            Operator::More => order().is_some_and(std::cmp::Ordering::is_gt),
            Operator::AtLeast => order().is_some_and(std::cmp::Ordering::is_ge),
        }
    }
}

/// What follows an operator, without the space in front of it; all of it has to be on one line.
fn operand(rest: &str) -> Option<&str> {
    let text = rest.trim_start_matches(is_space);
    let ends_line = |c: char| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    if text.is_empty() {
        // Of nothing but space the last character is the value.
        let last = rest.chars().next_back().filter(|c| !ends_line(*c))?;
        return Some(&rest[rest.len() - last.len_utf8()..]);
    }
    (!text.contains(ends_line)).then_some(text)
}

fn literal(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        text => {
            let number = number_of_text(text);
            let is_number = !number.is_nan() && !text.trim_matches(is_space).is_empty();
            if is_number { Value::Number(number) } else { text.into() }
        }
    }
}
