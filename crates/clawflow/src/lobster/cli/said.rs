//! What happens on the way, as Lobster says it on stderr: failed attempts that are made again, and
//! costs.

use super::report::say;
use crate::cli::escape_lines;
use clawflow_core::event::{Event, StoredEvent};
use clawflow_engine::api::{FlowEvents, FlowEventsRequest, FlowView};
use clawflow_gateway::Backend;
use serde_json::Value;

/// How far what has happened was said.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The last event that was.
    pub(super) up_to: u64,
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
}
