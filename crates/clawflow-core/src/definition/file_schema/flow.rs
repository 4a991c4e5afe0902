//! The file.

use serde_json::{Value, json};

use super::super::keys;
use super::super::limits::STEPS_MAX;
use super::object::{Make, at, with};
use super::values::{label, one_of, steps, text, whole};
use crate::limits::{LABELS_MAX, TEXT_CHARS_MAX};

/// The file as a whole.
pub(super) fn file(make: Make) -> Value {
    let file = make.object(&keys::FLOW, &keys::FLOW_LATER, key);
    with(file, json!({ "required": ["steps"] }))
}

fn key(make: Make, key: &str) -> Option<(&'static str, Value)> {
    Some(match key {
        "name" => ("What the flow is called.", label()),
        "description" => ("What the flow does, for people.", label()),
        "goal" => ("What a run of the flow is to reach, for people.", label()),
        "key" => (
            "What makes two runs the same one; may use arguments. While a run with this key is \
             live, `on_conflict` decides about another one.",
            text(),
        ),
        "on_conflict" => (
            "What becomes of a new run while one of the same owner and key is live: it is refused, \
             it is that one, or it waits for its end.",
            one_of(&["reject", "join", "queue"]),
        ),
        "concurrency" => ("Steps of the flow that run at once.", whole(1, STEPS_MAX as u64)),
        "queue" => ("The queue of every step that names none; `finally` left out.", at("queue")),
        "timeout" => (
            "The longest time of all steps together; then what runs is stopped and the flow fails.",
            at("duration"),
        ),
        "cost_limit" => ("What the models of the flow may cost together.", at("costLimit")),
        "budget" => (
            "What a run of the flow may use, its tasks and child flows included; then nothing \
             starts until somebody raises it.",
            at("budget"),
        ),
        "owner" => ("On whose behalf the flow runs.", label()),
        "notify" => (
            "What the owner is told: its end, every change, or nothing.",
            one_of(&["done_only", "state_changes", "silent"]),
        ),
        "labels" => ("Names and texts of your own.", labels()),
        "args" => (
            "The arguments of the flow, by name. `${NAME}` is its value; a shell line is better \
             off with `$LOBSTER_ARG_NAME`.",
            args(make),
        ),
        "env" => ("Variables for every step.", at("env")),
        "cwd" => ("The folder of every step; may use arguments.", text()),
        "steps" => (
            "The steps. Without `needs` they run one after another, with it they are a graph.",
            steps("step"),
        ),
        "finally" => (
            "Steps for every end of the flow, good or bad, one after another.",
            json!({ "type": "array", "items": at("finallyStep") }),
        ),
        _ => return None,
    })
}

/// `budget`.
pub(super) fn budget(make: Make) -> Value {
    let count = whole(1, crate::budget::COUNT_MAX);
    let budget = make.object(&keys::BUDGET, &[], |_, key| {
        Some(match key {
            "tokens" => ("Tokens of models, read and written.", count.clone()),
            "usd" => ("US dollars.", json!({ "type": "number", "exclusiveMinimum": 0 })),
            "turns" => ("Turns of agents.", count.clone()),
            "time" => (
                "Time: of a flow since it was made, of a step's attempt since it was started.",
                at("duration"),
            ),
            _ => return None,
        })
    });
    with(budget, json!({ "minProperties": 1 }))
}

/// `cost_limit`.
pub(super) fn cost_limit(make: Make) -> Value {
    let dollars = match make.strict {
        true => json!({ "type": "number", "minimum": 0 }),
        false => json!({ "type": ["number", "string"] }),
    };
    let limit = make.object(&keys::COST_LIMIT, &[], |_, key| {
        Some(match key {
            "max_usd" => ("US dollars.", dollars.clone()),
            "action" => (
                "Whether that is told (`warn`), or the flow fails (`stop`).",
                one_of(&["warn", "stop"]),
            ),
            _ => return None,
        })
    });
    with(limit, json!({ "required": ["max_usd"] }))
}

fn labels() -> Value {
    json!({
        "type": "object",
        "maxProperties": LABELS_MAX,
        "propertyNames": { "maxLength": TEXT_CHARS_MAX },
        "additionalProperties": with(label(), json!({ "maxLength": TEXT_CHARS_MAX })),
    })
}

fn args(make: Make) -> Value {
    match make.strict {
        true => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]+$" },
            "additionalProperties": { "anyOf": [at("arg"), { "type": "null" }] },
        }),
        // Anything else is a warning.
        false => json!({
            "type": "object",
            "additionalProperties": { "if": { "type": "object" }, "then": at("arg") },
        }),
    }
}

/// One argument.
pub(super) fn arg(make: Make) -> Value {
    make.object(&keys::ARG, &[], |_, key| {
        Some(match key {
            "default" => {
                ("The value when none is given; without it the argument must be given.", json!({}))
            }
            "description" => ("What it is for.", text()),
            _ => return None,
        })
    })
}
