//! Steps.

use serde_json::{Value, json};

use super::super::keys;
use super::super::limits::{ATTEMPTS_MAX, ITEMS_MAX};
use super::object::{Make, at, with};
use super::values::{
    condition, failures, label, name, one_of, pause_ms, steps, text, timeout_ms, whole,
};

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Forward,
    Loop,
    Branch,
    Finally,
}

/// Keys of which a step has one at most: what it does.
const ACTIONS: [&str; 14] = [
    "run", "command", "argv", "pipeline", "sleep", "input", "wait_for", "http", "llm", "acp",
    "flow", "workflow", "parallel", "for_each",
];
/// Keys that mean nothing to a step with steps inside.
const NOT_OF_BLOCK: [&str; 4] = ["retry", "idempotent", "on_lost", "approval"];

/// A step.
pub(super) fn step(make: Make, place: Place) -> Value {
    let mut refused: Vec<&str> = keys::STEP_LATER.to_vec();
    match place {
        Place::Forward => {}
        Place::Finally => refused.extend(keys::NOT_IN_FINALLY),
        Place::Loop | Place::Branch => {
            refused.extend(keys::NOT_INSIDE);
            if !make.strict {
                refused.extend(keys::NOT_INSIDE_LOBSTER);
            }
        }
    }
    let step = make.object(&keys::STEP, &refused, |make, word| match word {
        "on_error" => {
            Some(("What a failure means once the attempts are used up.", on_error(make, place)))
        }
        _ => what_it_does(make, word).or_else(|| how(word)),
    });
    let step = with(step, json!({ "required": ["id"] }));
    let step = make.not_both(step, &both(make));
    let mut work: Vec<&str> = ACTIONS.into_iter().chain(["approval"]).collect();
    if make.strict {
        work.extend(["stdin", "needs"]);
    }
    let step = make.some_of(step, &work);
    let step = make.beside(step, &["for_each"], "steps");
    let step = match make.strict {
        true => make.beside(step, &["workflow_args"], "workflow"),
        false => step,
    };
    make.beside(step, &keys::OF_LOOP, "for_each")
}

/// Keys that no step has both of.
fn both(make: Make) -> Vec<(&'static str, &'static str)> {
    let mut pairs = vec![("timeout", "timeout_ms"), ("pause", "pause_ms")];
    for (at, one) in ACTIONS.iter().enumerate() {
        let others = ACTIONS[at + 1..].iter().map(|other| (*one, *other));
        // In Lobster `run` wins.
        pairs.extend(others.filter(|pair| make.strict || *pair != ("run", "command")));
    }
    pairs.extend([("http", "stdin"), ("llm", "stdin"), ("acp", "stdin")]);
    for action in ["input", "wait_for"] {
        pairs.extend(keys::OF_PROCESS.map(|key| (action, key)));
    }
    if make.strict {
        for action in ["flow", "workflow"] {
            pairs.extend(keys::NOT_OF_CHILD.map(|key| (action, key)));
        }
    }
    pairs.extend(NOT_OF_BLOCK.into_iter().chain(["stdin"]).map(|key| ("parallel", key)));
    let waits = |action: &&str| !keys::STARTS.contains(action);
    pairs.extend(ACTIONS.into_iter().filter(waits).map(|one| (one, "queue")));
    pairs.extend(ACTIONS.into_iter().filter(waits).map(|one| (one, "budget")));
    let of_loop: &[&str] = match make.strict {
        true => &["stdin", "retry", "idempotent", "on_lost", "approval"],
        false => &["approval", "retry"],
    };
    pairs.extend(of_loop.iter().map(|key| ("for_each", *key)));
    pairs
}

fn what_it_does(make: Make, word: &str) -> Option<(&'static str, Value)> {
    let list = match make.strict {
        true => json!({ "type": ["string", "array"] }),
        false => text(),
    };
    Some(match word {
        "id" if make.strict => ("What references and people call the step.", name()),
        "id" => ("What references and people call the step.", label()),
        "run" | "command" => (
            "A line for a shell. What a reference brings in is read by the shell: prefer `stdin`, \
             `env`, `$LOBSTER_ARG_NAME`, or `argv`.",
            text(),
        ),
        "argv" => (
            "A program and its arguments, without a shell.",
            json!({
                "type": "array",
                "minItems": 1,
                "items": { "type": ["string", "number", "boolean"] },
            }),
        ),
        "pipeline" => (
            "A pipeline in Lobster's language; `stdin` are its items, `$id.json` is what came out.",
            text(),
        ),
        "sleep" => (
            "Waits: a duration, or `{ until: \"2026-12-24T18:00:00Z\" }`.",
            json!({ "anyOf": [at("duration"), {
                "type": "object",
                "required": ["until"],
                "additionalProperties": !make.strict,
                "properties": { "until": text() },
            }] }),
        ),
        "input" => ("Asks for an answer that a JSON Schema describes.", at("input")),
        "wait_for" => ("Waits for an event.", at("waitFor")),
        "http" => ("Asks a server; `$id.json` is the body of its answer.", at("http")),
        "acp" => (
            "Has a coding agent do something; `$id.stdout` and `$id.json` are its answer.",
            at("acp"),
        ),
        "llm" => ("Asks a model; `$id.stdout` and `$id.json` are its answer.", at("llm")),
        "flow" => ("Runs another workflow file as a flow of its own.", at("childFlow")),
        "workflow" => ("The same: the path of the file, relative to this one's folder.", text()),
        "workflow_args" => ("The arguments of `workflow`.", json!({ "type": "object" })),
        "parallel" => ("Runs branches side by side.", at("parallel")),
        "for_each" => ("Runs `steps` for each item of a list: a reference to one.", list),
        "approval" => (
            "Asks a person before the flow goes on, after what else the step does: `true`, the \
             question, or a mapping.",
            at("approval"),
        ),
        "compensate" => {
            ("Undoes the step when it succeeded and the flow does not.", at("compensate"))
        }
        "steps" => ("What is done for each item, one after another.", steps("innerStep")),
        "item_var" => ("What the item is called: `$item.json`.", name()),
        "index_var" => ("What its number is called: `$index.json`, from 0.", name()),
        "batch_size" => ("Items between two pauses.", whole(1, ITEMS_MAX)),
        "pause" => ("A pause after so many items.", at("duration")),
        "pause_ms" => ("The same in milliseconds.", pause_ms()),
        "concurrency" => ("Items at work at the same time.", whole(1, ITEMS_MAX)),
        _ => return None,
    })
}

fn how(word: &str) -> Option<(&'static str, Value)> {
    Some(match word {
        "env" => ("Variables of this step, over those of the flow.", at("env")),
        "cwd" => ("The folder of this step.", text()),
        "stdin" => {
            ("What the step reads: a text, or a list or mapping that becomes JSON.", json!({}))
        }
        "when" | "condition" => ("The step is skipped unless this holds.", condition()),
        "needs" => (
            "The steps that must have ended, however they ended. Without the key: the one before.",
            json!({ "type": "array", "items": label() }),
        ),
        "retry" => ("Further attempts.", at("retry")),
        "timeout" => ("The longest time of one attempt.", at("duration")),
        "timeout_ms" => ("The same in milliseconds.", timeout_ms()),
        "idempotent" => (
            "Whether it may run twice without harm; then a lost attempt is tried again.",
            json!({ "type": "boolean" }),
        ),
        "on_lost" => (
            "What to do when nobody knows whether an attempt ran.",
            one_of(&["ask", "retry", "fail"]),
        ),
        "output" => ("The name under which the flow keeps the result.", name()),
        "queue" => ("The queue in which its attempts wait to start.", at("queue")),
        "budget" => ("What one attempt may use; then it is stopped and fails.", at("budget")),
        _ => return None,
    })
}

fn on_error(make: Make, place: Place) -> Value {
    let inside = matches!(place, Place::Loop | Place::Branch);
    let fallback = json!({
        "type": "object",
        "required": ["fallback"],
        "additionalProperties": !make.strict,
        "properties": { "fallback": label() },
    });
    match (inside, make.strict) {
        (true, true) => one_of(&["stop", "continue"]),
        (true, false) => one_of(&["stop", "continue", "skip_rest"]),
        (false, _) => json!({ "anyOf": [one_of(&["stop", "continue", "skip_rest"]), fallback] }),
    }
}

/// What undoes a step.
pub(super) fn compensate(make: Make) -> Value {
    let undo = make.object(&keys::COMPENSATE, &[], |make, word| {
        what_it_does(make, word).or_else(|| how(word))
    });
    let mut pairs = vec![("timeout", "timeout_ms"), ("run", "argv"), ("command", "argv")];
    pairs.extend(["run", "command", "argv", "stdin"].map(|key| ("http", key)));
    pairs.extend(make.strict.then_some(("run", "command")));
    make.some_of(make.not_both(undo, &pairs), &["run", "command", "argv", "http"])
}

/// Further attempts.
pub(super) fn retry(make: Make) -> Value {
    let retry = make.object(&keys::RETRY, &[], |_, key| {
        Some(match key {
            "max" => ("Attempts in all; 1 means none after the first.", whole(1, ATTEMPTS_MAX)),
            "backoff" => (
                "Whether the time between attempts stays or doubles.",
                one_of(&["fixed", "exponential"]),
            ),
            "delay" => ("The time before the second attempt (1s).", at("duration")),
            "delay_ms" => ("The same in milliseconds.", pause_ms()),
            "max_delay" => ("The longest time between attempts (30s).", at("duration")),
            "max_delay_ms" => ("The same in milliseconds.", pause_ms()),
            "jitter" => (
                "Whether each time is moved by up to a tenth either way.",
                json!({ "type": "boolean" }),
            ),
            "retry_on" => (
                "Only these failures are tried again: exit codes, and texts in the error.",
                failures(),
            ),
            "stop_on" => ("These failures are never tried again.", failures()),
            _ => return None,
        })
    });
    make.not_both(retry, &[("delay", "delay_ms"), ("max_delay", "max_delay_ms")])
}
