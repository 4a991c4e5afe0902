//! What a step asks, or waits for.

use serde_json::{Value, json};

use super::super::keys;
use super::object::{Make, at, with};
use super::values::{label, one_of, text};
use crate::limits::APPROVERS_MAX;

const TIMEOUT: &str = "How long it stays open; for ever without it.";
const ON_TIMEOUT: &str = "What happens when nobody answers in time.";
const APPROVERS: &str = "Who may answer.";
const INITIATED_BY: &str = "Who asks.";
const REQUIRED: &str = "The only one who may answer.";
const DIFFERENT: &str = "Whether the one who asks may not answer.";

fn on_timeout() -> Value {
    one_of(&["fail", "continue", "cancel"])
}

fn approvers() -> Value {
    json!({ "type": "array", "minItems": 1, "maxItems": APPROVERS_MAX, "items": label() })
}

/// `approval`.
pub(super) fn approval(make: Make) -> Value {
    let object = make.object(&keys::APPROVAL, &[], |_, key| {
        Some(match key {
            "prompt" => ("The question.", text()),
            "items" => (
                "What is decided about: a list, or a reference to one.",
                json!({ "type": ["array", "string"] }),
            ),
            "preview" => ("What to show with the question.", json!({})),
            "timeout" => (TIMEOUT, at("duration")),
            "on_timeout" => (ON_TIMEOUT, on_timeout()),
            "on_deny" => (
                "What a no means: the flow is cancelled, or goes on with `$id.approved` false.",
                one_of(&["cancel", "continue"]),
            ),
            "approvers" => (APPROVERS, approvers()),
            "initiated_by" | "initiatedBy" => (INITIATED_BY, text()),
            "required_approver" | "requiredApprover" => (REQUIRED, text()),
            "require_different_approver" | "requireDifferentApprover" => {
                (DIFFERENT, json!({ "type": "boolean" }))
            }
            _ => return None,
        })
    });
    let object = make.beside(object, &["on_timeout"], "timeout");
    let spellings = [keys::INITIATED_BY, keys::REQUIRED_APPROVER, keys::DIFFERENT_APPROVER];
    let object = make.not_both(object, &spellings.map(|[one, other]| (one, other)));
    json!({ "anyOf": [{ "type": ["boolean", "string"] }, object] })
}

/// `input`.
pub(super) fn input(make: Make) -> Value {
    let input = make.object(&keys::INPUT, &[], |_, key| {
        Some(match key {
            "prompt" => ("The question.", text()),
            "schema" | "responseSchema" => {
                ("What the answer must be like, as a JSON Schema.", json!({ "type": "object" }))
            }
            "defaults" => {
                ("A suggested answer; the answer where `on_timeout` is `continue`.", json!({}))
            }
            "timeout" => (TIMEOUT, at("duration")),
            "on_timeout" => (ON_TIMEOUT, on_timeout()),
            "approvers" => (APPROVERS, approvers()),
            _ => return None,
        })
    });
    let input = with(input, json!({ "required": ["prompt"] }));
    let input = make.some_of(input, &["schema", "responseSchema"]);
    let input = make.not_both(input, &[("schema", "responseSchema")]);
    make.beside(input, &["on_timeout"], "timeout")
}

/// `wait_for`.
pub(super) fn wait_for(make: Make) -> Value {
    let wanted = make.object(&keys::WAIT_FOR, &[], |_, key| {
        Some(match key {
            "event" => (
                "The name of the event; what it carries is `$id.json`.",
                json!({ "type": "string", "pattern": r"\S" }),
            ),
            "key" => ("Its key; any without it.", text()),
            "timeout" => ("How long it is waited for; for ever without it.", at("duration")),
            "on_timeout" => ("What happens when it does not come in time.", on_timeout()),
            _ => return None,
        })
    });
    let wanted = with(wanted, json!({ "required": ["event"] }));
    make.beside(wanted, &["on_timeout"], "timeout")
}
