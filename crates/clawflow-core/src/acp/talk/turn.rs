//! The turn: what the agent is asked, what it tells meanwhile, what it says at the end.

use super::super::limits::{PROGRESS_CHARS, REPEATED_CHARS};
use super::{Act, End, Talk, Waits};
use crate::definition::json_of_stdout;
use crate::limits::cut;
use crate::step::StepError;
use serde_json::{Value, json};

/// What an agent is told whose turn was broken off.
const GO_ON: &str = "Your work on the last request of this session was interrupted. Look at what \
     is done already and do not do it again; then finish the request.";

/// What is said to one that may not have come to know of the request.
const UNLESS: &str = "If there is no earlier request in this session, this is the request: ";

/// Text of the agent, in parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    part: String,
    /// The part before, where the newest is empty.
    before: String,
    message: Option<String>,
    pub(super) truncated: bool,
}

impl Text {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn add(&mut self, text: &str, message: Option<&str>, max: usize) {
        if message.is_some() && self.message.as_deref() != message {
            self.begin_part();
            self.message = message.map(str::to_owned);
        }
        if self.part.len() + text.len() > max {
            self.truncated = true;
            return;
        }
        self.part.push_str(text);
    }

    /// The message is this, whatever was there of it.
    pub(super) fn put(&mut self, text: &str, message: Option<&str>, max: usize) {
        if message.is_none() || self.message.as_deref() != message {
            self.begin_part();
            self.message = message.map(str::to_owned);
        }
        self.part.clear();
        self.add(text, message, max);
    }

    /// What follows is another message.
    fn begin_part(&mut self) {
        if !self.part.trim().is_empty() {
            self.before = std::mem::take(&mut self.part);
        }
        self.part.clear();
        self.message = None;
    }

    /// The last that was said.
    pub(super) fn last(&self) -> Option<String> {
        let last = if self.part.trim().is_empty() { &self.before } else { &self.part };
        (!last.is_empty()).then(|| last.clone())
    }
}

impl Talk {
    /// Asks the agent to do its work, or to go on with it.
    pub(super) fn prompt(&mut self, acts: &mut Vec<Act>) {
        let request = &self.plan.request;
        // Only a session that is known to be empty is given the prompt of a broken-off attempt.
        let goes_on = request.resume && self.history != Some(false);
        let mut blocks = Vec::new();
        let mut say = |text: String| blocks.push(json!({ "type": "text", "text": text }));
        if goes_on {
            say(GO_ON.to_owned());
        }
        if !goes_on || self.history.is_none() {
            let (prompt, unless) = (&request.prompt, if goes_on { UNLESS } else { "" });
            say(format!("{unless}{prompt}"));
            match &request.context {
                Some(Value::String(text)) => say(text.clone()),
                Some(value) => say(value.to_string()),
                None => {}
            }
        }
        if let Some(schema) = &request.schema {
            say(format!("Answer with JSON only, as this JSON Schema says: {schema}"));
        }
        if !goes_on {
            blocks.extend(request.files.iter().map(|path| link(path, &self.plan.cwd)));
        }
        self.send(blocks, acts);
    }

    fn send(&mut self, blocks: Vec<Value>, acts: &mut Vec<Act>) {
        self.prompted = true;
        self.turns.0 += 1;
        self.text.clear();
        self.work = super::second::Work::default();
        let params = json!({ "sessionId": self.session, "prompt": blocks });
        self.request(Waits::Prompt, "session/prompt", params, acts);
    }

    /// The agent tells something.
    pub(super) fn updated(&mut self, params: &Value, acts: &mut Vec<Act>) {
        if params["sessionId"].as_str() != self.session.as_deref() || self.end.is_some() {
            let what = if self.end.is_some() { "late" } else { "strays" };
            return self.odd(what, params.to_string().as_bytes());
        }
        let update = &params["update"];
        let kind = update["sessionUpdate"].as_str().unwrap_or_default();
        if kind == "usage_update" {
            self.used(update);
        }
        if !self.prompted {
            // History of a session that is loaded.
            if matches!(kind, "user_message_chunk" | "user_message") {
                self.history = Some(true);
            }
            return;
        }
        self.updates += 1;
        match kind {
            "agent_message_chunk" => {
                let text = update["content"]["text"].as_str().unwrap_or_default();
                self.text.add(text, update["messageId"].as_str(), self.plan.text_max);
                self.show(text);
            }
            "agent_message" if self.is_second() => self.message_told(update),
            "tool_call" | "tool_call_update" => {
                self.text.begin_part();
                let tool = self.tools.learn(update);
                let state = update["status"].as_str().unwrap_or_default();
                if !tool.title.is_empty() {
                    let line = format!("{} {state}", tool.title);
                    self.progress = Some(cut(line.trim(), PROGRESS_CHARS));
                }
            }
            "plan" | "plan_update" => {
                let plan = if kind == "plan" { update } else { &update["plan"] };
                let entries = plan["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
                let done = entries.iter().filter(|entry| entry["status"] == "completed").count();
                self.progress = Some(format!("plan: {done} of {}", entries.len()));
            }
            "state_update" if self.is_second() => self.state_told(update, acts),
            _ => {}
        }
    }

    /// The last line of a text is progress.
    pub(super) fn show(&mut self, text: &str) {
        let line = text.lines().rev().find(|line| !line.trim().is_empty());
        if let Some(line) = line {
            self.progress = Some(cut(line.trim(), PROGRESS_CHARS));
        }
    }

    fn used(&mut self, said: &Value) {
        let cost = &said["cost"];
        let amount = cost["amount"].as_f64().filter(|amount| amount.is_finite() && *amount >= 0.0);
        if cost["currency"].as_str().is_none_or(|currency| currency.eq_ignore_ascii_case("usd")) {
            if let (None, Some(amount)) = (self.cost, amount) {
                // Some agents count what their process has cost, not the session.
                let before = self.plan.request.cost_before.unwrap_or(0.0);
                self.cost_base = if amount < before { 0.0 } else { before };
            }
            self.cost = amount.or(self.cost);
        }
    }

    /// The agent has answered the prompt.
    pub(super) fn turn_ended(&mut self, said: Result<Value, (i64, String)>, acts: &mut Vec<Act>) {
        let said = match said {
            Ok(said) => said,
            Err((code, why)) => return self.turn_failed(code, &why),
        };
        self.turns.1 += 1;
        let tokens = tokens(&said["usage"]);
        self.tokens = match (self.tokens, tokens) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        let reason = said["stopReason"].as_str().unwrap_or_default();
        self.stop_reason = Some(cut(reason, REPEATED_CHARS));
        self.give_up_asking(acts);
        if self.end.is_some() {
            return;
        }
        if let Some(why) = self.stopping {
            self.end = Some(End::Stopped(why));
            return;
        }
        match reason {
            "end_turn" => self.done(acts),
            "refusal" | "max_tokens" | "max_turn_requests" => {
                let why = match reason {
                    "refusal" => "the agent refused to go on",
                    "max_tokens" => "the agent used as many tokens as it may",
                    _ => "the agent asked its model as often as it may in a turn",
                };
                self.end = Some(End::Short(StepError::new(reason, why)));
            }
            "cancelled" => self.fail("cancelled", "the agent says that it was cancelled"),
            other => {
                let other = cut(other, REPEATED_CHARS);
                self.fail("agent", format!("the agent stopped for no known reason: `{other}`"));
            }
        }
    }

    fn turn_failed(&mut self, code: i64, why: &str) {
        let why = cut(why, REPEATED_CHARS);
        let named = if code == super::wire::AUTH_REQUIRED { "auth_required" } else { "agent" };
        self.fail(named, format!("the agent answered with error {code}: {why}"));
    }

    /// The agent says that it has done its work: that counts if the answer is as it must be.
    fn done(&mut self, acts: &mut Vec<Act>) {
        if self.text.truncated {
            let max = self.plan.text_max;
            let why = format!("the agent's answer has more than {max} bytes");
            return self.fail("output_too_large", why);
        }
        let Some(schema) = &self.schema else {
            self.end = Some(End::Done);
            return;
        };
        let text = self.text.last().unwrap_or_default();
        match schema.fitting(&text) {
            Ok(fitting) => {
                self.text.clear();
                self.text.part = fitting;
                self.end = Some(End::Done);
            }
            Err(why) if self.corrections == 0 => {
                self.fail("schema", format!("the answer is not as it must be: {why}"));
            }
            // It is broken off: nothing more is asked.
            Err(_)
                if self
                    .usage()
                    .is_some_and(|used| self.plan.budget.used_up(&used, 0).is_some()) => {}
            Err(why) => {
                self.corrections -= 1;
                let again = format!(
                    "This answer is not as it must be: {why}. Answer again, with the corrected \
                     JSON only."
                );
                self.send(vec![json!({ "type": "text", "text": again })], acts);
            }
        }
    }
}

impl crate::definition::Schema {
    /// The text as JSON text, if it is as the schema says. Models like to put it between fences.
    ///
    /// # Errors
    /// A fragment on why it is not.
    pub fn fitting(&self, text: &str) -> Result<String, String> {
        let inner = text.trim();
        let inner = inner.strip_prefix("```").map_or(inner, |inner| {
            let inner = inner.split_once('\n').map_or(inner, |(_, inner)| inner);
            inner.trim_end().trim_end_matches("```")
        });
        let value = json_of_stdout(inner).ok_or_else(|| "it is not JSON".to_owned())?;
        self.check(&value)?;
        Ok(inner.trim().to_owned())
    }
}

/// Tokens of a turn.
fn tokens(usage: &Value) -> Option<u64> {
    let count = |key: &str| usage[key].as_u64();
    count("totalTokens").or_else(|| {
        let parts = ["inputTokens", "outputTokens", "thoughtTokens", "cachedReadTokens"];
        let parts = parts.into_iter().filter_map(count);
        parts.reduce(u64::saturating_add)
    })
}

fn link(path: &str, cwd: &str) -> Value {
    let absolute = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{}/{path}", cwd.trim_end_matches('/')),
    };
    let mut uri = "file://".to_owned();
    for byte in absolute.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    let name = absolute.rsplit('/').next().unwrap_or_default();
    json!({ "type": "resource_link", "uri": uri, "name": name })
}
