//! What tokens of models cost, in US dollars for a million of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The price of a model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// US dollars for a million tokens that it reads.
    pub input: f64,
    /// US dollars for a million tokens that it writes.
    pub output: f64,
}

/// The variable in which Lobster's prices are, as a JSON object of models.
pub const PRICES: &str = "LOBSTER_LLM_PRICING_JSON";

/// Prices of models that are known without being told: those of Lobster.
const KNOWN: [(&str, Price); 9] = [
    ("gpt-4o", Price { input: 2.5, output: 10.0 }),
    ("gpt-4o-mini", Price { input: 0.15, output: 0.6 }),
    ("gpt-4-turbo", Price { input: 10.0, output: 30.0 }),
    ("gpt-3.5-turbo", Price { input: 0.5, output: 1.5 }),
    ("claude-opus-4-20250514", Price { input: 15.0, output: 75.0 }),
    ("claude-sonnet-4-5-20250514", Price { input: 3.0, output: 15.0 }),
    ("claude-haiku-3-5", Price { input: 0.8, output: 4.0 }),
    ("gemini-1.5-pro", Price { input: 1.25, output: 5.0 }),
    ("gemini-1.5-flash", Price { input: 0.075, output: 0.3 }),
];

impl Price {
    /// The price of a model that needs no telling.
    #[must_use]
    pub fn known(model: &str) -> Option<Self> {
        KNOWN.iter().find(|(name, _)| *name == model).map(|(_, price)| *price)
    }

    /// What so many tokens cost, in US dollars.
    #[must_use]
    pub fn of(self, tokens: Tokens) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 in any bill")]
        let [input, output] = [tokens.input as f64, tokens.output as f64];
        (input * self.input + output * self.output) / 1e6
    }

    /// Whether both prices are numbers that can be asked for.
    #[must_use]
    pub fn is_sane(self) -> bool {
        [self.input, self.output].iter().all(|rate| rate.is_finite() && *rate >= 0.0)
    }
}

/// The prices of [`PRICES`]: all of them, or none where one is wrong.
#[must_use]
pub fn prices(text: &str) -> Option<BTreeMap<String, Price>> {
    let Ok(Value::Object(all)) = serde_json::from_str::<Value>(text) else {
        return None;
    };
    let one = |(model, rates): (String, Value)| {
        let rate = |name: &str| rates.get(name).filter(|rate| rate.is_number())?.as_f64();
        let price = Price { input: rate("input")?, output: rate("output")? };
        (price.is_sane() && !model.trim().is_empty()).then_some((model, price))
    };
    all.into_iter().map(one).collect()
}

/// Tokens that are paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Read by the model.
    pub input: u64,
    /// Written by it.
    pub output: u64,
}

impl Tokens {
    /// The tokens of a record of use, under any of the names that servers have for them. What is no
    /// number counts as none.
    #[must_use]
    pub fn of_usage(usage: &Value) -> Self {
        let count = |names: [&str; 3]| {
            let found = names.into_iter().find_map(|name| usage.get(name).filter(|v| !v.is_null()));
            found.map_or(0, tokens)
        };
        Self {
            input: count(["inputTokens", "input_tokens", "prompt_tokens"]),
            output: count(["outputTokens", "output_tokens", "completion_tokens"]),
        }
    }

    /// Both together.
    #[must_use]
    pub fn all(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// A count as JavaScript's `Number` reads it, as far as servers write such.
fn tokens(value: &Value) -> u64 {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(set) => Some(f64::from(u8::from(*set))),
        _ => None,
    };
    let number = number.filter(|number| number.is_finite() && *number >= 0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    number.map_or(0, |number| number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_are_found_under_each_of_their_names() {
        for usage in [
            json!({ "inputTokens": 3, "outputTokens": 4 }),
            json!({ "input_tokens": 3.9, "output_tokens": "4" }),
            json!({ "inputTokens": null, "prompt_tokens": 3, "completion_tokens": 4 }),
        ] {
            assert_eq!(Tokens::of_usage(&usage), Tokens { input: 3, output: 4 }, "{usage}");
        }
        for usage in [json!({}), json!([1]), json!({ "inputTokens": -1, "outputTokens": "x" })] {
            assert_eq!(Tokens::of_usage(&usage), Tokens::default(), "{usage}");
        }
    }

    #[test]
    fn a_known_model_has_its_price() {
        let price = Price::known("gpt-4o-mini").unwrap();
        let cost = price.of(Tokens { input: 1_000_000, output: 500_000 });
        assert!((cost - 0.45).abs() < 1e-9, "{cost}");
        assert_eq!(Price::known("gpt-9"), None);
    }

    #[test]
    fn prices_count_all_or_none() {
        let good = prices(r#"{"a": {"input": 1, "output": 0}, "b": {"input": 2.5, "output": 3}}"#)
            .unwrap();
        assert_eq!((good.len(), good["b"].output), (2, 3.0));
        for bad in [
            "",
            "[]",
            "7",
            r#"{"a": {"input": 1}}"#,
            r#"{"a": {"input": -1, "output": 1}}"#,
            r#"{" ": {"input": 1, "output": 1}}"#,
            r#"{"a": {"input": "1", "output": 1}}"#,
        ] {
            assert!(prices(bad).is_none(), "{bad}");
        }
    }
}
