//! A conversation with an agent: what it says in, what it is to be told out.
//!
//! Purpose: the client's side of the protocol, from `initialize` to the end of the turn. Use:
//! [`Talk::begin`], then [`Talk::hear`] for each line that the agent says, and the other methods
//! for what else happens; each gives [`Act`]s in their order. Every message has a key that is its
//! own, and messages follow from what was heard before: whoever hears all of it again knows where
//! the conversation stands, and by the keys of what was said already, what has yet to be said.
//! Limits: those of `limits`. Failure: an agent that does not keep to the protocol never breaks the
//! conversation; what is of no use is counted, and told with the outcome.

mod asked;
mod opening;
mod outcome;
mod second;
mod terminal;
mod turn;

#[cfg(test)]
mod second_tests;
#[cfg(test)]
mod terminal_tests;
#[cfg(test)]
mod tests;

use super::limits::REPEATED_CHARS;
use super::policy::Policy;
use super::request::AcpRequest;
use super::tools::Tools;
use super::wire::{self, Heard};
use crate::budget::Budget;
use crate::definition::Schema;
use crate::limits::cut;
use crate::step::StepError;
use crate::task::Usage;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub use asked::{AskedFor, FileRequest};
pub use outcome::{AgentEnd, End};
pub use terminal::{TerminalAction, TerminalCommand, TerminalDone, TerminalExit, TerminalRequest};

/// What the conversation is about.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is asked.
    pub request: AcpRequest,
    /// The rules for permissions.
    pub policy: Policy,
    /// Where the agent works, absolute.
    pub cwd: String,
    /// How it logs in, where it wants that.
    pub auth: Option<String>,
    /// The version of the protocol that it is offered, 1 or 2.
    pub version: u64,
    /// Bytes of its answer that are kept.
    pub text_max: usize,
    /// What it may use; its time is not looked at here.
    pub budget: Budget,
    /// What attempts of the same task that were broken off have used: it counts as used.
    pub used_before: Option<Usage>,
}

/// Something to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Tell the agent this line, unless the one with this key was said.
    Say {
        /// What makes it the same message.
        key: String,
        /// The line, without its end.
        line: String,
    },
    /// Put the session on record, and then call [`Talk::saved`]: nothing is asked of the agent
    /// before.
    Save(String),
    /// Have a person decide, and then call [`Talk::answer`].
    Ask(AskedFor),
    /// Read or write a file, and then call [`Talk::file_done`].
    File(FileRequest),
    /// Do something with a terminal, and then call [`Talk::terminal_done`].
    Terminal(TerminalRequest),
}

/// Why it was broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody wants it stopped.
    Cancelled,
    /// Its time is over.
    TimedOut,
}

/// The request that the agent has yet to answer: there is never more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Initialize,
    Authenticate,
    /// For a session; whether it is one that was there before, and tells its history.
    Session {
        loads: bool,
    },
    Mode,
    Model,
    Prompt,
}

/// What the agent said that it can do.
#[derive(Clone, Debug, Default)]
struct Can {
    version: u64,
    /// Has sessions at all.
    sessions: bool,
    /// Takes servers of the Model Context Protocol that it starts.
    servers: bool,
    resume: bool,
    load: bool,
    logins: Vec<String>,
}

/// What was of no use.
#[derive(Clone, Debug, Default)]
struct Oddities {
    counts: BTreeMap<&'static str, u64>,
    first: Option<String>,
}

/// The conversation.
#[derive(Clone, Debug)]
pub struct Talk {
    plan: Plan,
    schema: Option<Schema>,
    can: Can,
    waits: Option<(u64, Waits)>,
    next_id: u64,
    session: Option<String>,
    /// What the session said about its modes and models.
    offers: Value,
    /// The prompt was sent.
    prompted: bool,
    /// Whether something was asked in the session before; where the agent does not tell, nobody
    /// knows.
    history: Option<bool>,
    corrections: u64,
    /// Prompts that were sent, and those that were answered.
    turns: (u64, u64),
    /// Parts of the answer: text between two uses of tools.
    text: turn::Text,
    tools: Tools,
    /// How the work on the prompt stands, in version 2.
    work: second::Work,
    progress: Option<String>,
    tokens: Option<u64>,
    cost: Option<f64>,
    /// What of the cost is that of before.
    cost_base: f64,
    /// Requests of the agent that are not answered: those for a person, for files and terminals.
    open: BTreeMap<String, Value>,
    /// Options of those that wait for a person.
    options: BTreeMap<String, Value>,
    terminals: terminal::Terminals,
    /// Requests that the agent has made.
    asked: BTreeSet<String>,
    /// Updates about the work that were heard.
    updates: u64,
    oddities: Oddities,
    stopping: Option<Why>,
    /// What of its budget it has used up.
    spent: Option<String>,
    end: Option<End>,
    stop_reason: Option<String>,
}

impl Talk {
    /// A conversation that has not begun.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let schema = plan.request.schema.clone();
        let schema = schema.map(|value| Schema::new(value, crate::definition::Dialect::Strict));
        let (schema, end) = match schema.transpose() {
            Ok(schema) => (schema, None),
            Err(why) => (None, Some(End::Failed(StepError::new("schema", why)))),
        };
        Self {
            corrections: plan.request.corrections,
            turns: (0, 0),
            plan,
            schema,
            can: Can::default(),
            waits: None,
            next_id: 0,
            session: None,
            offers: Value::Null,
            prompted: false,
            history: None,
            text: turn::Text::default(),
            tools: Tools::default(),
            work: second::Work::default(),
            progress: None,
            tokens: None,
            cost: None,
            cost_base: 0.0,
            open: BTreeMap::new(),
            options: BTreeMap::new(),
            terminals: terminal::Terminals::default(),
            asked: BTreeSet::new(),
            updates: 0,
            oddities: Oddities::default(),
            stopping: None,
            spent: None,
            end,
            stop_reason: None,
        }
    }

    /// The first message.
    pub fn begin(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.end.is_none() {
            self.initialize(&mut acts);
        }
        acts
    }

    /// Takes in a line of what the agent says.
    pub fn hear(&mut self, line: &[u8]) -> Vec<Act> {
        let mut acts = Vec::new();
        if line.trim_ascii().is_empty() {
            return acts;
        }
        self.take_in(wire::heard(line), line, &mut acts);
        self.keep_to_budget(&mut acts);
        acts
    }

    fn take_in(&mut self, heard: Heard, line: &[u8], acts: &mut Vec<Act>) {
        match heard {
            Heard::Noise => {
                let messages = if self.is_second() { second::batch(line) } else { Vec::new() };
                if messages.is_empty() {
                    self.odd("noise", line);
                }
                for message in messages {
                    self.take_in(wire::heard_as(message), line, acts);
                }
            }
            Heard::Notice { method, params } => match method.as_str() {
                "session/update" => self.updated(&params, acts),
                _ => self.odd("unknown", method.as_bytes()),
            },
            Heard::Request { id, method, params } => self.asked(id, &method, &params, acts),
            Heard::Answer { id, result } => match self.waits {
                Some((ours, what)) if id.as_u64() == Some(ours) => {
                    self.waits = None;
                    self.answered(what, result, acts);
                }
                _ => self.odd("strays", line),
            },
        }
    }

    /// Breaks it off once its budget is used up. Who hears all of it again comes to the same, and
    /// may know before that it was broken off.
    fn keep_to_budget(&mut self, acts: &mut Vec<Act>) {
        if self.end.is_some() || self.spent.is_some() || self.stopping == Some(Why::Cancelled) {
            return;
        }
        self.spent = self.usage().and_then(|used| self.plan.budget.used_up(&used, 0));
        if self.spent.is_some() {
            acts.append(&mut self.stop(Why::Cancelled));
        }
    }

    /// Takes in that a line was too long to be read; `head` is its beginning.
    pub fn hear_too_long(&mut self, head: &[u8]) {
        let head = String::from_utf8_lossy(head);
        // What only tells of something may be left out. An answer or a request may not.
        if head.contains("\"session/update\"") {
            return self.odd("too_long", head.as_bytes());
        }
        let max = super::limits::MESSAGE_BYTES_MAX;
        let why = format!("the agent sent a message of more than {max} bytes");
        self.fail("message_too_large", why);
    }

    /// Breaks it off: the agent is told if it is at work. The first reason stays.
    pub fn stop(&mut self, why: Why) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.end.is_some() || self.stopping.is_some() {
            return acts;
        }
        self.stopping = Some(why);
        self.give_up_asking(&mut acts);
        match (&self.session, self.waits) {
            (Some(session), Some((_, Waits::Prompt))) => {
                let line = wire::notice("session/cancel", json!({ "sessionId": session }));
                acts.push(Act::Say { key: "session/cancel".to_owned(), line });
            }
            // It was not asked to do anything.
            _ => self.end = Some(End::Stopped(why)),
        }
        acts
    }

    /// It is known that the agent was told to break off, for this reason.
    pub fn was_stopped(&mut self, why: Why) {
        self.stopping = Some(why);
    }

    /// It is not known what was said; the agent may have been asked to do its work.
    pub fn was_prompted(&mut self) {
        self.prompted = true;
    }

    /// The agent's process has ended. `how` follows "the agent ended".
    pub fn gone(&mut self, how: &str) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(match self.stopping {
            Some(why) => End::Stopped(why),
            None if self.prompted => End::Lost(format!("the agent ended {how} during its turn")),
            // Nobody knows how far those before it came.
            None if self.plan.request.resume => {
                End::Lost(format!("the agent ended {how} before it could go on"))
            }
            None => {
                let why = format!("the agent ended {how} before it was asked anything");
                End::Failed(StepError::new("agent", why))
            }
        });
    }

    /// It failed for a reason that this side knows.
    pub fn fail(&mut self, code: &str, why: impl Into<String>) {
        let failed = match self.stopping {
            Some(why) => End::Stopped(why),
            None => End::Failed(StepError::new(code, why)),
        };
        self.end.get_or_insert(failed);
        self.waits = None;
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// Whether the agent was asked to do its work.
    #[must_use]
    pub fn is_prompted(&self) -> bool {
        self.prompted
    }

    /// Whether it is being broken off.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// Whether a person is asked something.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        !self.options.is_empty()
    }

    /// The newest line of progress, once.
    pub fn take_progress(&mut self) -> Option<String> {
        self.progress.take()
    }

    /// What it has used so far, with the turns that are over.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.used_in(self.turns.1)
    }

    fn used_in(&self, turns: u64) -> Option<Usage> {
        let cost = |total: f64| (total - self.cost_base).max(0.0);
        let usage = Usage {
            tokens: self.tokens,
            cost_usd: self.cost.map(cost),
            turns: (turns > 0).then_some(turns),
            tool_calls: (self.tools.count > 0).then_some(self.tools.count),
            ..Usage::default()
        };
        let usage = (usage != Usage::default()).then_some(usage);
        Usage::sum(self.plan.used_before.clone(), usage)
    }

    /// What it came to. Of one that is not over yet: that it is lost.
    #[must_use]
    pub fn outcome(&self) -> AgentEnd {
        let lost = || End::Lost("the conversation was broken off".to_owned());
        let end = match (&self.end, &self.spent) {
            (Some(End::Stopped(_)), Some(up)) => {
                let why = format!("its budget is used up: {up}");
                End::Failed(StepError::new("budget", why))
            }
            // It was not told to go on: what was broken off stays so, and is not begun anew.
            (Some(End::Failed(why)), None) if self.plan.request.resume && !self.prompted => {
                End::NoSession(why.message.clone())
            }
            (end, _) => end.clone().unwrap_or_else(lost),
        };
        AgentEnd {
            end,
            text: self.text.last(),
            truncated: self.text.truncated,
            usage: self.used_in(self.turns.0),
            session_cost: self.cost,
            on_stop: self.plan.request.on_stop,
            notes: self.notes(),
        }
    }

    fn notes(&self) -> Value {
        let mut notes = json!({});
        if let Some(reason) = &self.stop_reason {
            notes["stopReason"] = json!(reason);
        }
        if let Some(session) = &self.session {
            notes["session"] = json!(session);
        }
        if self.updates > 0 {
            notes["updates"] = json!(self.updates);
        }
        if self.terminals.made > 0 {
            notes["terminals"] = json!(self.terminals.made);
        }
        if !self.oddities.counts.is_empty() {
            notes["oddities"] = json!(self.oddities.counts);
            notes["firstOddity"] = json!(self.oddities.first);
        }
        notes
    }

    fn odd(&mut self, what: &'static str, said: &[u8]) {
        *self.oddities.counts.entry(what).or_default() += 1;
        if self.oddities.first.is_none() {
            let said = String::from_utf8_lossy(&said[..said.len().min(4 * REPEATED_CHARS)]);
            self.oddities.first = Some(format!("{what}: {}", cut(said.trim(), REPEATED_CHARS)));
        }
    }

    /// Asks the agent something. Nothing else is asked until it has answered.
    fn request(&mut self, what: Waits, method: &str, params: Value, acts: &mut Vec<Act>) {
        let id = self.next_id;
        self.next_id += 1;
        self.waits = Some((id, what));
        let key = wire::request_key(&json!(id));
        acts.push(Act::Say { key, line: wire::request(id, method, params) });
    }

    fn answered(&mut self, what: Waits, result: Result<Value, (i64, String)>, acts: &mut Vec<Act>) {
        match (what, result) {
            // It was only accepted; its end is told by an update.
            (Waits::Prompt, Ok(said)) if self.is_second() && said["stopReason"].is_null() => {
                self.accepted(acts);
            }
            (Waits::Prompt, result) => self.turn_ended(result, acts),
            // It was stopped before it was asked anything.
            _ if self.end.is_some() => {}
            (Waits::Initialize, Ok(said)) => self.initialized(&said, acts),
            // One that knows no version but the first may refuse, in place of naming its own.
            (Waits::Initialize, Err(_)) if self.plan.version > 1 => {
                self.plan.version = 1;
                self.initialize(acts);
            }
            (Waits::Authenticate, Ok(_)) => self.open_session(acts),
            (Waits::Session { loads }, Ok(said)) => self.session_opened(loads, said, acts),
            (Waits::Mode, Ok(said)) => {
                // One option may change what the others can be.
                if said["configOptions"].is_array() {
                    self.offers["configOptions"] = said["configOptions"].clone();
                }
                self.set_model(acts);
            }
            (Waits::Model, Ok(_)) => self.prompt(acts),
            (Waits::Session { .. }, Err((wire::AUTH_REQUIRED, why))) => self.log_in(&why, acts),
            (what, Err((code, why))) => self.refused(what, code, &why),
        }
    }
}
