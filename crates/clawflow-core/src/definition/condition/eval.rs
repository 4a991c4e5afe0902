//! The value of a condition. Both sides of every operator are evaluated, so that an unknown
//! reference is never hidden by the other side.

use serde_json::Value;

use super::super::limits::CONDITION_READS_MAX;
use super::super::scope::{EvalError, EvalErrorCode, Scope};
use super::super::template::weight;
use super::parse::{Condition, Expr};
use super::token::Operator;

/// `None` is JavaScript's undefined: a path that leads nowhere.
type Maybe = Option<Value>;

impl Condition {
    /// Whether the condition holds.
    ///
    /// # Errors
    /// `output_too_large` for a result that was cut at its limit, and in the Lobster dialect
    /// `unknown_step` for a step without a result, wherever in the condition it stands;
    /// `text_too_large` where its references bring in more than 64 MiB together.
    pub fn eval(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        let mut room = CONDITION_READS_MAX;
        value(&self.expr, scope, &mut room).map(|value| truthy(&value))
    }
}

/// Recursion is bounded by the depth limit of the parser. `room` is what is left of the bytes that
/// references may bring in.
fn value(expr: &Expr, scope: &dyn Scope, room: &mut usize) -> Result<Maybe, EvalError> {
    Ok(match expr {
        Expr::Literal(value) => Some(value.clone()),
        Expr::Reference(reference) => {
            let found = reference.resolve(scope)?;
            let left = room.checked_sub(found.as_ref().map_or(0, weight));
            *room = left.ok_or_else(too_much)?;
            found
        }
        Expr::Not(inner) => boolean(!truthy(&value(inner, scope, room)?)),
        Expr::Or(parts) => boolean(truths(parts, scope, room)?.contains(&true)),
        Expr::And(parts) => boolean(!truths(parts, scope, room)?.contains(&false)),
        Expr::Compare(operator, left, right) => {
            let (left, right) = (value(left, scope, room)?, value(right, scope, room)?);
            boolean(compare(*operator, &left, &right))
        }
    })
}

fn truths(parts: &[Expr], scope: &dyn Scope, room: &mut usize) -> Result<Vec<bool>, EvalError> {
    parts.iter().map(|part| value(part, scope, room).map(|value| truthy(&value))).collect()
}

fn too_much() -> EvalError {
    let message = format!("a condition brings in more than {CONDITION_READS_MAX} bytes");
    EvalError::new(EvalErrorCode::TextTooLarge, message)
}

fn boolean(value: bool) -> Maybe {
    Some(Value::Bool(value))
}

pub(super) fn truthy(value: &Maybe) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(value)) => *value,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| number != 0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}

pub(super) fn compare(operator: Operator, left: &Maybe, right: &Maybe) -> bool {
    let ordered = |holds: fn(&f64, &f64) -> bool| match (number(left), number(right)) {
        (Some(left), Some(right)) => holds(&left, &right),
        _ => false,
    };
    match operator {
        Operator::Equal => same(left, right),
        Operator::NotEqual => !same(left, right),
        Operator::Less => ordered(f64::lt),
        Operator::LessOrEqual => ordered(f64::le),
        Operator::Greater => ordered(f64::gt),
        Operator::GreaterOrEqual => ordered(f64::ge),
    }
}

fn same(left: &Maybe, right: &Maybe) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => equal(left, right),
        (None, None) => true,
        _ => false,
    }
}

/// Deep and strict by type; `1` and `1.0` are the same number. The nesting of JSON results is
/// bounded by the JSON parser.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, l)| right.get(key).is_some_and(|r| equal(l, r)))
        }
        _ => left == right,
    }
}

/// Numbers and texts that are numbers; nothing else has an order.
fn number(value: &Maybe) -> Option<f64> {
    match value {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text_number(text.trim()),
        _ => None,
    }
}

/// JavaScript's `Number(text)`, except that an empty text is not zero.
fn text_number(text: &str) -> Option<f64> {
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return u64::from_str_radix(digits, radix).ok().filter(|_| plain).map(|n| n as f64);
        }
    }
    let allowed = text.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    if allowed { text.parse().ok() } else { None }
}
