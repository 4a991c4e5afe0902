//! Budgets: what a flow or a task may use of tokens, money, turns and time.

use crate::error::{Code, Refusal};
use crate::task::Usage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most of anything that is counted: beyond it numbers of JavaScript are not exact.
pub(crate) const COUNT_MAX: u64 = 1 << 53;
/// Longest time of a budget, in milliseconds: ten years.
const WALL_MS_MAX: u64 = 3650 * 24 * 60 * 60 * 1000;

/// What may be used. What is left out is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Budget {
    /// Tokens of models, read and written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Turns of agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Milliseconds: of a flow since it was made, waiting included; of a task since it was started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
}

impl Budget {
    /// Whether it limits nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This one, and where it says nothing the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.or(other.tokens),
            cost_usd: self.cost_usd.or(other.cost_usd),
            turns: self.turns.or(other.turns),
            wall_ms: self.wall_ms.or(other.wall_ms),
        }
    }

    /// What is within both.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        fn least<T: PartialOrd>(one: Option<T>, other: Option<T>) -> Option<T> {
            match (one, other) {
                (Some(one), Some(other)) => Some(if other < one { other } else { one }),
                (one, other) => one.or(other),
            }
        }
        Self {
            tokens: least(self.tokens, other.tokens),
            cost_usd: least(self.cost_usd, other.cost_usd),
            turns: least(self.turns, other.turns),
            wall_ms: least(self.wall_ms, other.wall_ms),
        }
    }

    /// Refuses what is no budget: nothing of something, or more than can be counted.
    ///
    /// # Errors
    /// `invalid`, with what is wrong.
    pub fn check(&self) -> Result<(), Refusal> {
        let invalid = |message: String| Err(Refusal::new(Code::Invalid, message));
        for (what, count) in [("tokens", self.tokens), ("turns", self.turns)] {
            if count.is_some_and(|count| count == 0 || count > COUNT_MAX) {
                return invalid(format!("a budget has from 1 to 2^53 {what}"));
            }
        }
        if self.cost_usd.is_some_and(|cost| !cost.is_finite() || cost <= 0.0) {
            return invalid("a budget of US dollars is a number above zero".to_owned());
        }
        if self.wall_ms.is_some_and(|ms| ms == 0 || ms > WALL_MS_MAX) {
            return invalid("a budget of time is from one millisecond to ten years".to_owned());
        }
        Ok(())
    }

    /// What of it is used up, for people, if anything is: `1200 of 1000 tokens`. `ms` is the time
    /// that has passed. With exactly so much used nothing is left.
    #[must_use]
    pub fn used_up(&self, used: &Usage, ms: i64) -> Option<String> {
        let (turns, tokens) = (used.turns.unwrap_or(0), used.all_tokens());
        if let Some(max) = self.tokens.filter(|max| tokens >= *max) {
            return Some(format!("{tokens} of {max} tokens"));
        }
        let cost = used.cost_usd.map(rounded);
        if let (Some(cost), Some(max)) = (cost, self.cost_usd)
            && cost >= max
        {
            return Some(format!("${cost} of ${max}"));
        }
        if let Some(max) = self.turns.filter(|max| turns >= *max) {
            return Some(format!("{turns} of {max} turns"));
        }
        let ms = u64::try_from(ms).unwrap_or(0);
        let max = self.wall_ms.filter(|max| ms >= *max)?;
        Some(format!("the time of {}", crate::duration::format_ms(max)))
    }
}

/// US dollars to a millionth: sums of small amounts are not to be a hair beside a limit.
#[must_use]
pub fn rounded(cost: f64) -> f64 {
    (cost * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(count: u64) -> Usage {
        Usage { tokens: Some(count), ..Usage::default() }
    }

    #[test]
    fn what_is_used_to_the_last_is_used_up() {
        let budget = Budget { tokens: Some(10), ..Budget::default() };
        assert_eq!(budget.used_up(&tokens(9), 0), None);
        assert_eq!(budget.used_up(&tokens(10), 0).as_deref(), Some("10 of 10 tokens"));
        let budget = Budget { cost_usd: Some(0.3), ..Budget::default() };
        let used = Usage { cost_usd: Some(0.1 + 0.2 - 1e-9), ..Usage::default() };
        assert_eq!(budget.used_up(&used, 0).as_deref(), Some("$0.3 of $0.3"));
        let budget = Budget { turns: Some(2), wall_ms: Some(1500), ..Budget::default() };
        assert_eq!(budget.used_up(&tokens(u64::MAX), -1), None);
        assert_eq!(budget.used_up(&tokens(1), 1500).as_deref(), Some("the time of 1s500ms"));
    }

    #[test]
    fn what_is_within_both_is_the_least_of_each() {
        let one = Budget { tokens: Some(5), cost_usd: Some(2.0), ..Budget::default() };
        let other = Budget { tokens: Some(7), cost_usd: Some(1.5), turns: Some(1), wall_ms: None };
        let both = Budget { tokens: Some(5), ..other };
        assert_eq!((one.tighter(other), other.tighter(one)), (both, both));
        assert_eq!(one.tighter(Budget::default()), one);
    }

    #[test]
    fn nothing_is_no_budget() {
        let bad = [
            Budget { tokens: Some(0), ..Budget::default() },
            Budget { turns: Some(u64::MAX), ..Budget::default() },
            Budget { cost_usd: Some(-0.0), ..Budget::default() },
            Budget { cost_usd: Some(f64::NAN), ..Budget::default() },
            Budget { wall_ms: Some(0), ..Budget::default() },
        ];
        for budget in bad {
            assert_eq!(budget.check().unwrap_err().code, Code::Invalid, "{budget:?}");
        }
        assert!(Budget::default().is_empty() && Budget::default().check().is_ok());
    }
}
