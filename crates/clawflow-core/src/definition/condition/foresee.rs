//! What a condition will say, as far as that is known before anything has run.

use serde_json::Value;

use super::super::reference::Reference;
use super::eval::{compare, truthy};
use super::parse::{Condition, Expr};

/// What is known of a value: nothing, or what it is, which may be undefined.
pub(crate) type Known = Option<Option<Value>>;

impl Condition {
    /// Whether the condition will hold, if that is known.
    pub(crate) fn foresee(&self, of: &dyn Fn(&Reference) -> Known) -> Option<bool> {
        value(&self.expr, of).map(|value| truthy(&value))
    }
}

/// Recursion is bounded by the depth limit of the parser.
fn value(expr: &Expr, of: &dyn Fn(&Reference) -> Known) -> Known {
    let boolean = |value: bool| Some(Some(Value::Bool(value)));
    match expr {
        Expr::Literal(value) => Some(Some(value.clone())),
        Expr::Reference(reference) => of(reference),
        Expr::Not(inner) => boolean(!truthy(&value(inner, of)?)),
        Expr::Or(parts) => boolean(decided(parts, of, true)?),
        Expr::And(parts) => boolean(decided(parts, of, false)?),
        Expr::Compare(operator, left, right) => {
            boolean(compare(*operator, &value(left, of)?, &value(right, of)?))
        }
    }
}

/// One part that is `by` decides; without one all of them must be known.
fn decided(parts: &[Expr], of: &dyn Fn(&Reference) -> Known, by: bool) -> Option<bool> {
    let known = parts.iter().map(|part| value(part, of).map(|value| truthy(&value)));
    let known: Vec<Option<bool>> = known.collect();
    match known.contains(&Some(by)) {
        true => Some(by),
        false => known.contains(&None).then_some(()).map_or(Some(!by), |()| None),
    }
}
