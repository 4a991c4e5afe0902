//! What was used of a budget, and what is left.

use super::time::duration;
use clawflow_core::Millis;
use clawflow_core::budget::{Budget, rounded};
use clawflow_core::task::Usage;
use clawflow_engine::api::FlowView;

/// What the flow has used, of what it may use; `None` if nothing is known and nothing limited.
pub(super) fn line(view: &FlowView, now: Millis) -> Option<String> {
    let flow = &view.flow;
    let age = flow.ended_at.unwrap_or(now) - flow.created_at;
    used(view.used.as_ref(), flow.budget.as_ref(), Some(age))
}

/// `1200 of 5000 tokens, 0.3 USD, 2 of 9 turns (7 left)`. `age`: milliseconds since it began.
pub(crate) fn used(
    used: Option<&Usage>,
    budget: Option<&Budget>,
    age: Option<Millis>,
) -> Option<String> {
    let nothing = Usage::default();
    let (used, limits) = (used.unwrap_or(&nothing), budget.copied().unwrap_or_default());
    let tokens = Some(used.all_tokens()).filter(|all| *all > 0 || used.tokens.is_some());
    let mut parts = vec![
        count(tokens, limits.tokens, "tokens"),
        money(used.cost_usd, limits.cost_usd),
        count(used.turns, limits.turns, "turns"),
        count(used.tool_calls, None, "tool calls"),
    ];
    if let (Some(max), Some(age)) = (limits.wall_ms, age) {
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let left = (max - age).max(0);
        parts.push(Some(format!(
            "{} of {} ({} left)",
            duration(age.min(max)),
            duration(max),
            duration(left)
        )));
    }
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn count(used: Option<u64>, max: Option<u64>, what: &str) -> Option<String> {
    match (used, max) {
        (used, Some(max)) => {
            let used = used.unwrap_or(0);
            Some(format!("{used} of {max} {what} ({} left)", max.saturating_sub(used)))
        }
        (used, None) => used.map(|used| format!("{used} {what}")),
    }
}

fn money(used: Option<f64>, max: Option<f64>) -> Option<String> {
    match (used.map(rounded), max) {
        (used, Some(max)) => {
            let used = used.unwrap_or(0.0);
            let left = rounded((max - used).max(0.0));
            Some(format!("{used} of {max} USD ({left} left)"))
        }
        (used, None) => used.map(|used| format!("{used} USD")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_where_there_is_a_limit() {
        let usage = Usage {
            tokens: Some(12),
            cost_usd: Some(0.1),
            tool_calls: Some(3),
            ..Usage::default()
        };
        let budget =
            Budget { tokens: Some(10), cost_usd: Some(0.3), turns: Some(2), wall_ms: Some(60_000) };
        assert_eq!(used(Some(&usage), None, None).unwrap(), "12 tokens, 0.1 USD, 3 tool calls");
        assert_eq!(
            used(Some(&usage), Some(&budget), Some(45_000)).unwrap(),
            "12 of 10 tokens (0 left), 0.1 of 0.3 USD (0.2 left), 0 of 2 turns (2 left), \
             3 tool calls, 45s of 1m00s (15s left)"
        );
        assert_eq!(used(None, None, Some(1)), None);
    }
}
