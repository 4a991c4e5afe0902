//! Prompts for the usual patterns. They are texts for a model: what a user gives is put into them
//! as it is, and nothing of them is ever executed here.

use super::limits::LIST_TTL_MS;
use super::message::Fault;
use clawflow_core::json::Object;
use serde_json::{Value, json};

/// Bytes of one argument.
const ARGUMENT_BYTES: usize = 64 << 10;

struct Prompt {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    /// Name, what it is, and whether it must be given.
    arguments: &'static [(&'static str, &'static str, bool)],
    text: &'static str,
}

static PROMPTS: &[Prompt] = &[
    Prompt {
        name: "fan_out_research",
        title: "Fan-out research",
        about: "Look into several questions at once, then put the answers together.",
        arguments: &[
            ("topic", "What is to be found out.", true),
            ("worker", "The command that looks into one question, given as its argument.", false),
        ],
        text: include_str!("prompts/fan_out_research.md"),
    },
    Prompt {
        name: "implement_and_review",
        title: "Implement and review",
        about: "Change a repository, check it, have a person look at it, then merge.",
        arguments: &[
            ("task", "What is to be changed.", true),
            ("directory", "The repository; the current directory, if absent.", false),
        ],
        text: include_str!("prompts/implement_and_review.md"),
    },
    Prompt {
        name: "wait_for_a_person",
        title: "Wait for a person",
        about: "Prepare something, ask a person, and go on when they have answered.",
        arguments: &[
            ("question", "What the person is asked.", true),
            ("then", "What is done with the answer.", false),
        ],
        text: include_str!("prompts/wait_for_a_person.md"),
    },
    Prompt {
        name: "inbox_triage",
        title: "Inbox triage",
        about: "Go through what flows and tasks have reported, and what waits for somebody.",
        arguments: &[],
        text: include_str!("prompts/inbox_triage.md"),
    },
];

/// `prompts/list`
pub(super) fn list() -> Value {
    let all = PROMPTS.iter().map(|prompt| {
        let arguments = prompt.arguments.iter().map(|(name, about, required)| {
            json!({ "name": name, "description": about, "required": required })
        });
        json!({
            "name": prompt.name,
            "title": prompt.title,
            "description": prompt.about,
            "arguments": arguments.collect::<Vec<_>>(),
        })
    });
    json!({ "prompts": all.collect::<Vec<_>>(), "ttlMs": LIST_TTL_MS })
}

/// `prompts/get`
pub(super) fn get(params: &Object) -> Result<Value, Fault> {
    let name = params.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| Fault::params("`name` is missing or no string"))?;
    let prompt = PROMPTS.iter().find(|prompt| prompt.name == name).ok_or_else(|| {
        let shown = clawflow_core::limits::cut(name, 80);
        Fault::params(format!("there is no prompt {shown}"))
    })?;
    let none = Object::new();
    let given = match params.get("arguments") {
        None | Some(Value::Null) => &none,
        Some(Value::Object(given)) => given,
        Some(_) => return Err(Fault::params("`arguments` is no JSON object")),
    };
    let known = |name: &str| prompt.arguments.iter().any(|(known, ..)| *known == name);
    if let Some(wrong) = given.keys().find(|name| !known(name)) {
        let wrong = clawflow_core::limits::cut(wrong, 80);
        return Err(Fault::params(format!("the prompt has no argument {wrong}")));
    }
    for (name, _, required) in prompt.arguments {
        match given.get(*name) {
            Some(Value::String(text)) if text.len() <= ARGUMENT_BYTES => {}
            Some(Value::String(_)) => {
                let why = format!("the argument {name} has more than {ARGUMENT_BYTES} bytes");
                return Err(Fault::params(why));
            }
            Some(_) => return Err(Fault::params(format!("the argument {name} is no string"))),
            None if *required => {
                return Err(Fault::params(format!("the argument {name} is missing")));
            }
            None => {}
        }
    }
    let content = json!({ "type": "text", "text": filled(prompt.text, given) });
    Ok(json!({
        "description": prompt.about,
        "messages": [{ "role": "user", "content": content }],
    }))
}

/// The text with the arguments in their places, each read once: what an argument says is never
/// looked at for places.
fn filled(text: &str, given: &Object) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        out.push_str(before);
        out.push_str(given.get(name).and_then(Value::as_str).unwrap_or("(not given)"));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_put_in_and_not_looked_at() {
        let get = |params: Value| get(params.as_object().unwrap());
        let topic = "{{worker}} $(touch /tmp/x) `id` }} {{";
        let made = get(json!({ "name": "fan_out_research", "arguments": { "topic": topic } }));
        let made = made.unwrap()["messages"][0]["content"]["text"].clone();
        assert!(made.as_str().unwrap().contains(topic), "{made}");
        for bad in [
            json!({}),
            json!({ "name": "none" }),
            json!({ "name": "fan_out_research" }),
            json!({ "name": "fan_out_research", "arguments": { "topic": 1 } }),
            json!({ "name": "fan_out_research", "arguments": { "topic": "a", "x": "b" } }),
            json!({ "name": "fan_out_research", "arguments": { "topic": "x".repeat(70_000) } }),
            json!({ "name": "inbox_triage", "arguments": [] }),
        ] {
            assert_eq!(get(bad.clone()).unwrap_err().code, -32602, "{bad:.80}");
        }
    }

    #[test]
    fn every_place_has_an_argument_and_every_argument_a_place() {
        for prompt in PROMPTS {
            let places = prompt.text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
            let mut places: Vec<&str> = places.map(|(name, _)| name).collect();
            places.sort_unstable();
            places.dedup();
            let mut named: Vec<&str> = prompt.arguments.iter().map(|(name, ..)| *name).collect();
            named.sort_unstable();
            assert_eq!(places, named, "{}", prompt.name);
        }
    }
}
