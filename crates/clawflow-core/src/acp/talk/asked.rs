//! What an agent asks of us: permissions, and files; `terminal` has the rest.

use super::super::limits::{ASKS_MAX, REQUESTS_MAX};
use super::super::policy::{Tool, Verdict};
use super::super::request::FileAccess;
use super::super::tools;
use super::super::wire::{self, INTERNAL, INVALID_PARAMS, METHOD_NOT_FOUND};
use super::{Act, Talk, Waits, second};
use serde_json::{Value, json};

/// A permission that a person decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedFor {
    /// Key of the answer: the same for the same request.
    pub key: String,
    /// What for.
    pub tool: Tool,
    /// What a person is shown of it.
    pub preview: Option<String>,
}

/// A file that the agent wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRequest {
    /// Key of the answer.
    pub key: String,
    /// As the agent names it.
    pub path: String,
    /// What is to be in it; it is read without.
    pub write: Option<String>,
    /// The first line to be read, from 1.
    pub line: Option<u64>,
    /// How many lines are read.
    pub limit: Option<u64>,
}

impl Talk {
    pub(super) fn asked(&mut self, id: Value, method: &str, params: &Value, acts: &mut Vec<Act>) {
        let key = wire::answer_key(&id);
        if self.asked.len() >= REQUESTS_MAX {
            return self.fail("agent", format!("the agent asked more than {REQUESTS_MAX} times"));
        }
        if !self.asked.insert(key.clone()) {
            return self.odd("repeated", id.to_string().as_bytes());
        }
        // Version 2 has no files of the client.
        let access = if self.is_second() { FileAccess::Off } else { self.plan.request.file_access };
        let ours = params["sessionId"].as_str() == self.session.as_deref();
        let terminals = self.plan.request.terminals && method.starts_with("terminal/");
        if terminals && ours && self.terminal((&key, &id), method, params, acts) {
            return;
        }
        let result = match method {
            "session/request_permission" | "fs/read_text_file" | "fs/write_text_file" if !ours => {
                Err((INVALID_PARAMS, "no such session".to_owned()))
            }
            _ if terminals && !ours => Err((INVALID_PARAMS, "no such session".to_owned())),
            "session/request_permission" => return self.permission(&key, id, params, acts),
            "fs/read_text_file" if access != FileAccess::Off => {
                return self.file(&key, id, params, None, acts);
            }
            "fs/write_text_file" if access == FileAccess::Write => {
                let content = params["content"].as_str().unwrap_or_default().to_owned();
                return self.file(&key, id, params, Some(content), acts);
            }
            _ => {
                self.odd("unknown", method.as_bytes());
                Err((METHOD_NOT_FOUND, format!("{method} is not supported")))
            }
        };
        acts.push(Act::Say { key, line: wire::answer(&id, result) });
    }

    fn permission(&mut self, key: &str, id: Value, params: &Value, acts: &mut Vec<Act>) {
        let (tool, preview) = if self.is_second() {
            second::subject(&mut self.tools, params)
        } else {
            let tool = self.tools.learn(&params["toolCall"]);
            let preview = tools::preview(&tool, &params["toolCall"]);
            (tool, preview)
        };
        let options = params["options"].clone();
        let working = matches!(self.waits, Some((_, Waits::Prompt)));
        let verdict = match self.plan.policy.decide(&tool, &self.plan.cwd) {
            _ if !working || self.stopping.is_some() => None,
            Verdict::Allow => Some(true),
            Verdict::Reject => Some(false),
            Verdict::Ask if self.options.len() >= ASKS_MAX => {
                self.odd("too_many_asks", tool.title.as_bytes());
                Some(false)
            }
            Verdict::Ask => {
                self.open.insert(key.to_owned(), id);
                self.options.insert(key.to_owned(), options);
                acts.push(Act::Ask(AskedFor { key: key.to_owned(), tool, preview }));
                return;
            }
        };
        let result = verdict.map_or_else(cancelled, |yes| self.chosen(yes, &options));
        acts.push(Act::Say { key: key.to_owned(), line: wire::answer(&id, Ok(result)) });
    }

    /// A person has decided. Of what is not open any more nothing comes.
    pub fn answer(&mut self, key: &str, yes: bool) -> Vec<Act> {
        let (Some(options), Some(id)) = (self.options.remove(key), self.open.remove(key)) else {
            return Vec::new();
        };
        let result = self.chosen(yes, &options);
        vec![Act::Say { key: key.to_owned(), line: wire::answer(&id, Ok(result)) }]
    }

    /// What the agent asked under this key is known to be answered.
    pub fn settled(&mut self, key: &str) {
        self.options.remove(key);
        self.open.remove(key);
    }

    /// The option that says so, for this once if it can be said. An agent that offers none for what
    /// was decided gets no permission.
    fn chosen(&mut self, yes: bool, options: &Value) -> Value {
        let kinds = match yes {
            true => ["allow_once", "allow_always"],
            false => ["reject_once", "reject_always"],
        };
        let listed = options.as_array().map(Vec::as_slice).unwrap_or_default();
        let found = kinds.iter().find_map(|kind| listed.iter().find(|one| one["kind"] == *kind));
        match found.map(|one| &one["optionId"]).filter(|id| id.is_string()) {
            Some(id) => json!({ "outcome": { "outcome": "selected", "optionId": id } }),
            None => {
                if yes {
                    self.odd("no_option", options.to_string().as_bytes());
                }
                cancelled()
            }
        }
    }

    /// Nobody will answer what is open.
    pub(super) fn give_up_asking(&mut self, acts: &mut Vec<Act>) {
        for (key, _) in std::mem::take(&mut self.options) {
            if let Some(id) = self.open.remove(&key) {
                acts.push(Act::Say { key, line: wire::answer(&id, Ok(cancelled())) });
            }
        }
    }

    fn file(
        &mut self,
        key: &str,
        id: Value,
        params: &Value,
        write: Option<String>,
        acts: &mut Vec<Act>,
    ) {
        let path = params["path"].as_str().unwrap_or_default().to_owned();
        let tool = Tool {
            kind: if write.is_some() { "edit" } else { "read" }.to_owned(),
            title: path.clone(),
            command: None,
            paths: vec![path.clone()],
        };
        // That files are served is a permission; what a rule forbids is not served.
        if self.plan.policy.decide(&tool, &self.plan.cwd) == Verdict::Reject {
            let result = Err((INVALID_PARAMS, "a rule forbids it".to_owned()));
            return acts.push(Act::Say { key: key.to_owned(), line: wire::answer(&id, result) });
        }
        self.open.insert(key.to_owned(), id);
        let (line, limit) = (params["line"].as_u64(), params["limit"].as_u64());
        acts.push(Act::File(FileRequest { key: key.to_owned(), path, write, line, limit }));
    }

    /// The file was read (its text) or written (nothing), or not, and why.
    pub fn file_done(&mut self, key: &str, done: Result<Option<String>, String>) -> Vec<Act> {
        let Some(id) = self.open.remove(key) else { return Vec::new() };
        let result = match done {
            Ok(Some(content)) => Ok(json!({ "content": content })),
            Ok(None) => Ok(json!({})),
            Err(why) => Err((INTERNAL, why)),
        };
        vec![Act::Say { key: key.to_owned(), line: wire::answer(&id, result) }]
    }
}

fn cancelled() -> Value {
    json!({ "outcome": { "outcome": "cancelled" } })
}
