//! What a flow has used: counted from the rows of its steps, tasks and waits for child flows, so
//! that it is the same after a restart, and compared with the `cost_limit` of its file. (`budget`
//! compares it with the flow's budget.)
//!
//! As in Lobster each item of a result that has a `usage` is paid for, whoever printed it. What an
//! `llm` step or a pipeline says that it has used is believed; what a pipeline hands on of an
//! answer that was paid for before is not paid for again.

use super::Draft;
use super::pipeline::{Said, Spent};
use super::state::FlowState;
use crate::budget::rounded;
use crate::cost::{PRICES, Price, Tokens, prices};
use crate::definition::{Action, json_of_stdout};
use crate::limits::cut;
use crate::step::{StepResult, StepStatus};
use crate::task::Usage;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// In place of a model whose name was not told, as in Lobster.
const MISSING: &str = "<missing>";
/// So many models without a price are named at most, each with so many characters.
const TOLD_MAX: usize = 8;
const MODEL_CHARS: usize = 100;

/// The message of a flow beyond its limit, if it is one that stops.
pub(super) fn over(state: &FlowState) -> Option<String> {
    let limit = state.definition.cost_limit.filter(|limit| limit.stop)?;
    let cost = cost(state);
    (cost > limit.max_usd).then(|| {
        let (cost, max) = (fixed(cost, 4), fixed(limit.max_usd, 2));
        format!("Cost limit exceeded: ${cost} > ${max} limit")
    })
}

/// US dollars of all that the flow has used.
fn cost(state: &FlowState) -> f64 {
    rounded(used(state).and_then(|used| used.cost_usd).unwrap_or(0.0))
}

/// What the flow has used: its steps, the attempts at work and the child flows. What a retry took
/// over from another flow was paid there.
pub(super) fn used(state: &FlowState) -> Option<Usage> {
    let own = state.steps.iter().filter(|step| step.reused_from.is_none());
    let steps = own.filter_map(|step| step.result.as_ref()?.usage.as_ref());
    let tasks = state.tasks.values().filter_map(|task| task.usage.as_ref());
    let children = state.waits.values().filter_map(|wait| wait.used.as_ref());
    let all = steps.chain(tasks).chain(children).cloned();
    all.fold(None, |sum, one| Usage::sum(sum, Some(one)))
}

/// Adds to the step's record what an attempt has used that leaves no other result.
pub(super) fn keep(draft: &mut Draft, at: usize, used: Option<Usage>) {
    if used.is_some() {
        let result = draft.step_mut(at).result.get_or_insert_default();
        result.usage = Usage::sum(result.usage.take(), used);
    }
}

/// Whether what a step prints of the use of models counts: something limits that.
pub(super) fn counts(state: &FlowState) -> bool {
    state.definition.cost_limit.is_some() || state.flow.budget.is_some() || state.spec.counts_use
}

/// As JavaScript's `toFixed`.
fn fixed(number: f64, digits: i32) -> String {
    let scaled = number * 10_f64.powi(digits);
    let number = if scaled.fract() == 0.5 { scaled.ceil() / 10_f64.powi(digits) } else { number };
    format!("{number:.*}", usize::try_from(digits).unwrap_or_default())
}

/// Adds to a result what its items cost, where the flow has a limit. A child flow has counted its
/// own, and who reported what it used has told it.
pub(super) fn with_items(draft: &mut Draft, at: usize, result: StepResult) -> StepResult {
    let told = draft.told_use == Some(at);
    let other =
        matches!(draft.def(at).action, Action::Llm(_) | Action::Pipeline(_) | Action::Flow(_));
    if !counts(&draft.state) || told || other || result.truncated {
        return result;
    }
    let json = match &result.json {
        Some(json) => Some(Cow::Borrowed(json)),
        None => result.stdout.as_deref().and_then(json_of_stdout).map(Cow::Owned),
    };
    let spent: Vec<Spent> =
        json.iter().flat_map(|json| items(json)).filter_map(Spent::of).collect();
    drop(json);
    let used = price(draft, at, &spent);
    StepResult { usage: Usage::sum(result.usage.clone(), used), ..result }
}

/// What a pipeline has used: the answers that it asked for, and of its items those that are of
/// nobody's asking.
pub(super) fn of_pipeline(draft: &mut Draft, at: usize, said: &Said) -> Option<Usage> {
    let Said { spent, replayed, items: out, .. } = said;
    let mut paid = spent.clone();
    if counts(&draft.state) {
        let mut own = spent.clone();
        let earlier = earlier(draft);
        for item in out.iter().filter_map(Spent::of) {
            let known = item.key.as_ref().is_some_and(|key| replayed.contains(key));
            if let Some(at) = own.iter().position(|spent| spent.is_same(&item)) {
                own.remove(at);
            } else if !known
                && !earlier.iter().any(|spent| item.key.is_some() && spent.is_same(&item))
            {
                paid.push(item);
            }
        }
    }
    price(draft, at, &paid)
}

/// What pipelines before this step have handed on.
fn earlier(draft: &Draft) -> Vec<Spent> {
    let pipelines = (0..draft.state.steps.len()).filter(|at| {
        matches!(draft.def(*at).action, Action::Pipeline(_))
            && draft.step(*at).status == StepStatus::Succeeded
    });
    let results = pipelines.filter_map(|at| draft.step(at).result.as_ref()?.json.as_ref());
    results.flat_map(items).filter_map(Spent::of).collect()
}

fn items(json: &Value) -> &[Value] {
    match json {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// Tokens and cost together; a model without a price costs nothing, and where money is limited
/// that is told.
fn price(draft: &mut Draft, at: usize, spent: &[Spent]) -> Option<Usage> {
    if spent.is_empty() {
        return None;
    }
    let prices = draft.state.spec.env.get(PRICES).and_then(|text| prices(text)).unwrap_or_default();
    let mut cost = 0.0;
    let mut unknown = BTreeSet::new();
    for spent in spent {
        let model = spent.model.as_deref().filter(|model| !model.trim().is_empty());
        let price = model.and_then(|m| prices.get(m).copied().or_else(|| Price::known(m)));
        match price {
            Some(price) => cost += price.of(spent.tokens),
            None => _ = unknown.insert(model.unwrap_or(MISSING)),
        }
    }
    tell_unpriced(draft, at, &unknown);
    Some(Usage {
        tokens: Some(spent.iter().map(|spent| spent.tokens.all()).fold(0, u64::saturating_add)),
        cost_usd: Some(cost),
        ..Usage::default()
    })
}

/// A limit of money does not see what these models are used for: a limit that does not hold is not
/// passed over in silence.
fn tell_unpriced(draft: &mut Draft, at: usize, models: &BTreeSet<&str>) {
    let limited = draft.state.definition.cost_limit.is_some()
        || draft.state.flow.budget.is_some_and(|budget| budget.cost_usd.is_some());
    if models.is_empty() || !limited {
        return;
    }
    let told: Vec<_> = models.iter().take(TOLD_MAX).map(|name| cut(name, MODEL_CHARS)).collect();
    let message = format!("counts as free: no price is known of {}", told.join(", "));
    draft.event("cost.unpriced", Some(at), None, json!({ "models": told, "message": message }));
}

impl Spent {
    /// The use that an item tells of.
    fn of(item: &Value) -> Option<Self> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        let usage = item.get("usage").filter(|usage| usage.is_object() || usage.is_array())?;
        let key = text("cacheKey").filter(|key| !key.is_empty());
        Some(Self { key, model: text("model"), tokens: Tokens::of_usage(usage) })
    }

    /// Whether both tell of the same answer. An item may have lost its key on the way.
    fn is_same(&self, item: &Self) -> bool {
        match (&self.key, &item.key) {
            (Some(one), Some(other)) => one == other,
            _ => self.model == item.model && self.tokens == item.tokens,
        }
    }
}

/// Compares with the limit what the end of this step has added: beyond it the flow is stopped, or
/// that is told.
pub(super) fn check(draft: &mut Draft, at: usize) {
    let used = draft.step(at).result.as_ref().and_then(|result| result.usage.as_ref());
    match used.map(|used| (used.cost_usd, used.tokens)) {
        Some((Some(_), _)) => compare(draft, Some(at)),
        Some((None, Some(1..))) => tell_unpriced(draft, at, &BTreeSet::from([MISSING])),
        _ => {}
    }
}

/// Compares with the limit what the flow has used.
pub(super) fn compare(draft: &mut Draft, at: Option<usize>) {
    let Some(limit) = draft.state.definition.cost_limit else { return };
    let cost = cost(&draft.state);
    if cost <= limit.max_usd || draft.over_budget {
        return;
    }
    let message = over(&draft.state).unwrap_or_else(|| {
        let (cost, max) = (fixed(cost, 4), fixed(limit.max_usd, 2));
        format!("Cost ${cost} exceeds limit ${max}")
    });
    let data = json!({
        "costUsd": cost, "maxUsd": limit.max_usd, "stops": limit.stop, "message": message,
    });
    draft.event("cost.exceeded", at, None, data);
    draft.over_budget |= limit.stop;
    draft.stopping |= limit.stop;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_as_lobster_does() {
        let all =
            [(0.125, 2, "0.13"), (0.0, 2, "0.00"), (1.00005, 4, "1.0001"), (12.5, 2, "12.50")];
        for (number, digits, text) in all {
            assert_eq!(fixed(number, digits), text);
        }
    }

    #[test]
    fn an_item_tells_what_was_used() {
        let item = json!({ "model": "m", "cacheKey": "k", "usage": { "inputTokens": 1 } });
        let spent = Spent::of(&item).unwrap();
        assert_eq!((spent.key.as_deref(), spent.tokens.input), (Some("k"), 1));
        for none in [json!(1), json!({ "usage": 3 }), json!({ "model": "m" }), json!([[]])] {
            assert!(Spent::of(&none).is_none(), "{none}");
        }
    }
}
