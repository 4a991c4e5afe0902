//! `budget`: what a flow or an attempt of a step may use.

use super::decode::{Decoder, Fields, duration, expected, integer};
use super::error::Fault;
use super::keys;
use super::node::{Kind, Node};
use crate::budget::{Budget, COUNT_MAX};

/// The budget of the file or of a step.
pub(crate) fn decode(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Option<Budget> {
    let node = fields.get("budget")?;
    let place = format!("`budget` of {}", fields.place);
    if !matches!(node.kind, Kind::Map(_)) {
        decoder.report.error(expected("a mapping", node, &place));
        return None;
    }
    let fields = decoder.fields(node, &place, &keys::BUDGET, &[])?;
    let count = |node: &Node, place: &str| integer(node, place, 1, COUNT_MAX);
    let budget = Budget {
        tokens: decoder.optional(&fields, "tokens", count),
        cost_usd: decoder.optional(&fields, "usd", dollars),
        turns: decoder.optional(&fields, "turns", count),
        wall_ms: decoder.optional(&fields, "time", time),
    };
    if budget.is_empty() && !decoder.report.failed() {
        let fault = Fault::new(node.span, format!("{place} limits nothing"));
        decoder.report.error(fault.hint("give it `tokens`, `usd`, `turns` or `time`"));
    }
    Some(budget)
}

fn dollars(node: &Node, place: &str) -> Result<f64, Fault> {
    let number = match &node.kind {
        Kind::Plain(value, _) => value.as_f64(),
        _ => None,
    };
    let number = number.filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| expected("a number of US dollars above zero", node, place))
}

fn time(node: &Node, place: &str) -> Result<u64, Fault> {
    match duration(node, place)? {
        0 => Err(Fault::new(node.span, format!("{place} must be longer than nothing"))),
        ms => Ok(ms),
    }
}
