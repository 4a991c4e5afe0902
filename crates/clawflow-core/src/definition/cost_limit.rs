//! `cost_limit`: what the models of a flow may cost together.

use super::decode::{Decoder, Fields, choice, expected};
use super::error::Fault;
use super::keys;
use super::node::{Kind, Node};

/// A limit of cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostLimit {
    /// US dollars; exactly so much is within the limit.
    pub max_usd: f64,
    /// Whether the flow fails beyond it; else that is only told.
    pub stop: bool,
}

/// The limit of a file.
pub(crate) fn decode(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Option<CostLimit> {
    let node = fields.get("cost_limit")?;
    if !matches!(node.kind, Kind::Map(_)) {
        decoder.report.error(expected("a mapping", node, "`cost_limit`"));
        return None;
    }
    let fields = decoder.fields(node, "`cost_limit`", &keys::COST_LIMIT, &[])?;
    let Some(max) = fields.get("max_usd") else {
        decoder.report.error(Fault::new(node.span, "`cost_limit` has no `max_usd`"));
        return None;
    };
    let strict = decoder.strict();
    let max_usd = decoder.report.keep(dollars(max, strict))?;
    let actions = [("warn", false), ("stop", true)];
    let choose = |node: &Node, place: &str| choice(node, place, &actions);
    let stop = decoder.optional(&fields, "action", choose).unwrap_or(false);
    Some(CostLimit { max_usd, stop })
}

/// A number that is not negative. Lobster takes a text that is one.
fn dollars(node: &Node, strict: bool) -> Result<f64, Fault> {
    let number = match &node.kind {
        Kind::Plain(value, _) => value.as_f64(),
        Kind::Text(text) if !strict => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| expected("a number of US dollars", node, "`max_usd` of `cost_limit`"))
}
