//! What is different in version 2 of the protocol.
//!
//! The answer to a prompt says only that it was accepted; `state_update` says when work begins,
//! waits for a person, and ends. Messages, tools and plans are put in place by their ids. A
//! permission has a title of its own, and a subject. There are no modes, files and terminals of the
//! client. Where the draft leaves something open, `docs/decisions/0039` says what is made of it.

use super::super::limits::{PREVIEW_BYTES_MAX, WORD_BYTES_MAX};
use super::super::policy::Tool;
use super::super::tools;
use super::super::wire;
use super::{Act, Can, Talk, Waits};
use crate::limits::cut_bytes;
use serde_json::{Value, json};

/// Where the work on a prompt stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    /// The prompt is answered.
    accepted: bool,
    /// Work was reported since it was sent.
    begun: bool,
    /// How it ended, as far as is known.
    idle: Option<Value>,
}

/// What an agent can do that answered `initialize` in the words of version 2; `None` for one that
/// repeats the number that it is offered, and goes on in version 1: what version 2 demands is not
/// in its answer.
pub(super) fn abilities(said: &Value) -> Option<Can> {
    if !said["capabilities"].is_object() && !said["info"].is_object() {
        return None;
    }
    let session = &said["capabilities"]["session"];
    let methods = said["authMethods"].as_array().into_iter().flatten();
    Some(Can {
        version: 2,
        sessions: session.is_object(),
        servers: session["mcp"]["stdio"].is_object(),
        resume: session.is_object(),
        load: false,
        logins: methods.filter_map(|way| way["methodId"].as_str()).map(str::to_owned).collect(),
    })
}

/// The messages of a batch; of what is none nothing.
pub(super) fn batch(line: &[u8]) -> Vec<Value> {
    match serde_json::from_slice(line) {
        Ok(Value::Array(messages)) if messages.iter().all(Value::is_object) => messages,
        _ => Vec::new(),
    }
}

/// What is to be permitted, what a person is shown of it, and by which words.
pub(super) fn subject(tools: &mut tools::Tools, params: &Value) -> (Tool, Option<String>) {
    let text =
        |value: &Value| cut_bytes(value.as_str().unwrap_or_default(), WORD_BYTES_MAX).to_owned();
    let title = text(&params["title"]);
    let subject = &params["subject"];
    let (mut tool, shown) = match subject["type"].as_str() {
        Some("tool_call") => {
            let tool = tools.learn(&subject["toolCall"]);
            let shown = tools::preview(&tool, &subject["toolCall"]);
            (tool, shown)
        }
        // It stands for itself: whatever is known of the tool, this is what would run.
        Some("command") => {
            let said = json!({ "rawInput": { "command": subject["command"] } });
            let tool = Tool { kind: "execute".to_owned(), ..tools::alone(&said) };
            let place = text(&subject["cwd"]);
            let shown = tools::preview(&tool, &said).map(|line| format!("{line}\nin {place}"));
            (tool, shown)
        }
        _ => (Tool { kind: "other".to_owned(), ..Tool::default() }, None),
    };
    let mut parts: Vec<String> = shown.into_iter().collect();
    if tool.title.is_empty() {
        tool.title = title;
    } else if title != tool.title {
        parts.insert(0, title);
    }
    parts.push(text(&params["description"]));
    parts.retain(|part| !part.trim().is_empty());
    let shown = parts.join("\n");
    (tool, (!shown.is_empty()).then(|| cut_bytes(&shown, PREVIEW_BYTES_MAX).to_owned()))
}

impl Talk {
    /// Whether the agent speaks version 2.
    pub(super) fn is_second(&self) -> bool {
        self.can.version == 2
    }

    /// The agent tells how its work stands.
    pub(super) fn state_told(&mut self, update: &Value, acts: &mut Vec<Act>) {
        match update["state"].as_str() {
            Some("running" | "requires_action") => {
                self.work.begun = true;
                self.work.idle = None;
            }
            Some("idle") => {
                let ends = !update["stopReason"].is_null();
                // Of work before this prompt, or none.
                if !(self.work.begun || self.work.accepted && ends) {
                    return;
                }
                self.work.idle = Some(update.clone());
            }
            // A state of its own is no end.
            _ => {}
        }
        self.ended_if_idle(acts);
    }

    /// The prompt is accepted.
    pub(super) fn accepted(&mut self, acts: &mut Vec<Act>) {
        self.work.accepted = true;
        self.waits = Some((self.next_id - 1, Waits::Prompt));
        self.ended_if_idle(acts);
    }

    /// The turn is over once its prompt was accepted, and the work on it has ended.
    fn ended_if_idle(&mut self, acts: &mut Vec<Act>) {
        if !self.work.accepted || !matches!(self.waits, Some((_, Waits::Prompt))) {
            return;
        }
        let Some(idle) = self.work.idle.take() else { return };
        self.waits = None;
        let error = &idle["error"];
        let failed = idle["stopReason"] == "error" && error.is_object();
        let said = match failed {
            true => Err(wire::error_of(error)),
            false => Ok(idle),
        };
        self.turn_ended(said, acts);
    }

    /// The text of a message as a whole.
    pub(super) fn message_told(&mut self, update: &Value) {
        let Some(content) = update.get("content") else { return };
        let parts = content.as_array().into_iter().flatten();
        let text: String = parts.filter_map(|part| part["text"].as_str()).collect();
        self.text.put(&text, update["messageId"].as_str(), self.plan.text_max);
        self.show(&text);
    }
}
