//! What happens on the way, as Lobster says it on stderr: failed attempts that are made again, and
//! costs.

use super::report::say;
use crate::cli::escape_lines;
use clawflow_core::event::{Event, StoredEvent};
use clawflow_engine::api::{FlowEvents, FlowEventsRequest, FlowView};
use clawflow_gateway::Backend;
use serde_json::Value;
use std::collections::BTreeSet;

/// How far what has happened was said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The last event that was.
    pub(super) up_to: u64,
    /// Models without a price that were named.
    models: BTreeSet<String>,
}

impl Said {
    /// Says what has happened since, of which the first part is given.
    pub(super) async fn catch_up(
        &mut self,
        backend: &Backend,
        view: &FlowView,
        mut events: Vec<StoredEvent>,
    ) {
        loop {
            for stored in events {
                if stored.event.number > self.up_to {
                    self.up_to = stored.event.number;
                    for model in self.unpriced(&stored.event) {
                        say(&unpriced(&model));
                    }
                    if let Some(line) = line(&stored.event) {
                        say(&escape_lines(&line));
                    }
                }
            }
            if self.up_to >= view.last_event {
                return;
            }
            let request = FlowEventsRequest {
                flow: Some(view.flow.flow_id.0.clone()),
                after: self.up_to,
                ..FlowEventsRequest::default()
            };
            // Nothing depends on it: it is only said.
            let Ok(page) = backend.call::<FlowEvents>(&request).await else { return };
            if page.events.is_empty() {
                return;
            }
            events = page.events;
        }
    }

    /// The models without a price that this event names first.
    fn unpriced(&mut self, event: &Event) -> Vec<String> {
        let models = event.data["models"].as_array().filter(|_| event.kind == "cost.unpriced");
        let names = models.into_iter().flatten().filter_map(Value::as_str);
        names.filter(|name| self.models.insert((*name).to_owned())).map(str::to_owned).collect()
    }
}

/// What Lobster says of a model without a price.
fn unpriced(model: &str) -> String {
    format!(
        "[WARN] No LLM pricing configured for model {}; recording zero cost. Set \
         LOBSTER_LLM_PRICING_JSON to enable cost_limit enforcement for this model.",
        escape_lines(&Value::from(model).to_string())
    )
}

/// The event in Lobster's words; `None` for those of which it says nothing.
fn line(event: &Event) -> Option<String> {
    let text = |name: &str| event.data.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| event.data.get(name).and_then(Value::as_u64);
    match event.kind.as_str() {
        "step.retrying" => {
            let (failures, max) = (number("failures")?, number("max")?);
            let (step, why) = (event.step_id.as_deref()?, text("message"));
            let delay = number("delayMs")?;
            Some(format!(
                "[RETRY] Step '{step}' failed (attempt {failures}/{max}): {why}. \
                 Retrying in {delay}ms..."
            ))
        }
        // A limit that stops the run is its failure, and told as that.
        "cost.exceeded" if !event.data["stops"].as_bool()? => {
            Some(format!("[WARN] {}", text("message")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(kind: &str, data: &Value) -> Option<String> {
        let event = json!({
            "subject": "flow_1", "number": 1, "ownerKey": "o", "at": 0, "kind": kind,
            "stepId": "a", "data": data,
        });
        line(&serde_json::from_value(event).unwrap())
    }

    #[test]
    fn failures_and_costs_are_said_in_lobsters_words() {
        let retry = json!({ "failures": 1, "max": 3, "delayMs": 50, "message": "no" });
        let expected = "[RETRY] Step 'a' failed (attempt 1/3): no. Retrying in 50ms...";
        assert_eq!(said("step.retrying", &retry).as_deref(), Some(expected));
        // An attempt that was lost is no failure of Lobster's.
        assert_eq!(said("step.retrying", &json!({ "delayMs": 50, "message": "lost" })), None);
        let cost = |stops: bool| json!({ "message": "Cost $1.00", "stops": stops });
        assert_eq!(said("cost.exceeded", &cost(false)).as_deref(), Some("[WARN] Cost $1.00"));
        assert_eq!(said("cost.exceeded", &cost(true)), None);
        assert_eq!(said("step.ended", &json!({ "message": "x" })), None);
    }

    #[test]
    fn a_model_without_a_price_is_named_once() {
        let event = |kind: &str, models: Value| -> Event {
            let event = json!({
                "subject": "flow_1", "number": 1, "ownerKey": "o", "at": 0, "kind": kind,
                "stepId": "a", "data": { "models": models },
            });
            serde_json::from_value(event).unwrap()
        };
        let mut said = Said::default();
        let both = event("cost.unpriced", json!(["a\u{85}", "b", 7]));
        assert_eq!(said.unpriced(&both), ["a\u{85}", "b"]);
        assert_eq!(said.unpriced(&event("cost.unpriced", json!(["b", "c"]))), ["c"]);
        assert!(said.unpriced(&event("step.ended", json!(["d"]))).is_empty());
        let line = unpriced("a\u{85}");
        assert!(line.starts_with("[WARN] No LLM pricing configured for model \"a"), "{line}");
        assert!(!line.contains('\u{85}'), "{line}");
    }
}
