//! The beginning: version, login, session, mode and model.

use super::super::limits::REPEATED_CHARS;
use super::super::request::McpServer;
use super::{Act, Can, End, Talk, Waits, second};
use crate::limits::cut;
use crate::step::StepError;
use serde_json::{Value, json};

/// Versions of the protocol that are spoken.
const VERSIONS: [u64; 2] = [1, 2];

impl Talk {
    pub(super) fn initialize(&mut self, acts: &mut Vec<Act>) {
        use super::super::request::FileAccess::{Off, Write};
        let access = self.plan.request.file_access;
        let mut params = json!({
            "protocolVersion": self.plan.version,
            "clientCapabilities": {
                "fs": { "readTextFile": access != Off, "writeTextFile": access == Write },
                "terminal": self.plan.request.terminals,
            },
            "clientInfo": { "name": "clawflow", "version": env!("CARGO_PKG_VERSION") },
        });
        if self.plan.version > 1 {
            // Who answers with version 1 needs the fields of that.
            params["capabilities"] = json!({});
            params["info"] = params["clientInfo"].clone();
        }
        self.request(Waits::Initialize, "initialize", params, acts);
    }

    pub(super) fn initialized(&mut self, said: &Value, acts: &mut Vec<Act>) {
        let version = said["protocolVersion"].as_u64().unwrap_or_default();
        if !VERSIONS.contains(&version) {
            let found = cut(&said["protocolVersion"].to_string(), REPEATED_CHARS);
            let why = format!("the agent speaks version {found} of the protocol, not 1 or 2");
            return self.fail("protocol", why);
        }
        let second = if version == 2 { second::abilities(said) } else { None };
        if let Some(can) = second {
            self.can = can;
            if !self.can.sessions {
                return self.fail("protocol", "the agent has no sessions");
            }
            return self.open_session(acts);
        }
        let can = &said["agentCapabilities"];
        let methods = said["authMethods"].as_array().into_iter().flatten();
        self.can = Can {
            version: 1,
            sessions: true,
            servers: true,
            resume: can["sessionCapabilities"]["resume"].is_object(),
            load: can["loadSession"] == true || can["sessionCapabilities"]["load"].is_object(),
            logins: methods.filter_map(|way| way["id"].as_str()).map(str::to_owned).collect(),
        };
        self.open_session(acts);
    }

    /// The session that the request names, or a new one: never a new one in the place of another.
    pub(super) fn open_session(&mut self, acts: &mut Vec<Act>) {
        let mut servers: Vec<Value> = self.plan.request.mcp.iter().map(server).collect();
        if !servers.is_empty() && !self.can.servers {
            return self.fail("protocol", "the agent takes no servers that it would have to start");
        }
        if self.is_second() {
            servers.iter_mut().for_each(|server| server["type"] = json!("stdio"));
        }
        let mut params = json!({ "cwd": self.plan.cwd, "mcpServers": servers });
        let Some(session) = self.plan.request.session.clone() else {
            return self.request(Waits::Session { loads: false }, "session/new", params, acts);
        };
        if session.is_empty() {
            let why = "the session to go on with has no id";
            self.end = Some(End::NoSession(why.to_owned()));
            return;
        }
        params["sessionId"] = json!(session);
        let (method, loads) = match (self.can.resume, self.can.load) {
            (true, _) => ("session/resume", false),
            (false, true) => ("session/load", true),
            (false, false) => {
                let why = "the agent can neither resume nor load a session";
                self.end = Some(End::NoSession(why.to_owned()));
                return;
            }
        };
        // Updates about it may come before the answer.
        self.session = Some(session);
        self.request(Waits::Session { loads }, method, params, acts);
    }

    pub(super) fn log_in(&mut self, why: &str, acts: &mut Vec<Act>) {
        let logins = self.can.logins.join(", ");
        match self.plan.auth.take() {
            Some(way) if self.can.logins.contains(&way) => {
                let params = json!({ "methodId": way });
                let method = if self.is_second() { "auth/login" } else { "authenticate" };
                self.request(Waits::Authenticate, method, params, acts);
            }
            Some(way) => {
                let why = format!("the agent has no way to log in by `{way}`; it has {logins}");
                self.fail("auth_required", why);
            }
            None => {
                let why = cut(why, REPEATED_CHARS);
                let why = format!("the agent wants a login ({logins}) and was given none: {why}");
                self.fail("auth_required", why);
            }
        }
    }

    pub(super) fn session_opened(&mut self, loads: bool, said: Value, acts: &mut Vec<Act>) {
        if self.session.is_none() {
            let Some(session) = said["sessionId"].as_str().filter(|id| !id.is_empty()) else {
                return self.fail("protocol", "the agent opened a session without an id");
            };
            if session.len() > 1024 {
                return self.fail("protocol", "the agent's session has too long an id");
            }
            self.session = Some(session.to_owned());
        }
        // What a loaded session tells is its past.
        self.text.clear();
        self.tokens = None;
        self.tools = super::Tools::default();
        self.progress = None;
        if loads {
            self.history.get_or_insert(false);
        }
        self.offers = said;
        match (&self.session, self.can.resume || self.can.load) {
            (Some(session), true) => acts.push(Act::Save(session.clone())),
            _ => self.set_mode(acts),
        }
    }

    /// The session is on record.
    pub fn saved(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.end.is_none() && self.waits.is_none() && !self.prompted {
            self.set_mode(&mut acts);
        }
        acts
    }

    fn set_mode(&mut self, acts: &mut Vec<Act>) {
        let Some(wanted) = self.plan.request.mode.clone() else { return self.set_model(acts) };
        let modes = &self.offers["modes"];
        let listed = modes["availableModes"].as_array().cloned().unwrap_or_default();
        match pick(&listed, "id", &wanted) {
            Some(id) if modes["currentModeId"] == id => self.set_model(acts),
            Some(id) => {
                let params = json!({ "sessionId": self.session, "modeId": id });
                self.request(Waits::Mode, "session/set_mode", params, acts);
            }
            None => self.set_option(Waits::Mode, "mode", &wanted, (&listed, "id"), acts),
        }
    }

    pub(super) fn set_model(&mut self, acts: &mut Vec<Act>) {
        let Some(wanted) = self.plan.request.model.clone() else { return self.prompt(acts) };
        let models = &self.offers["models"];
        let listed = models["availableModels"].as_array().cloned().unwrap_or_default();
        match pick(&listed, "modelId", &wanted) {
            Some(id) if models["currentModelId"] == id => self.prompt(acts),
            Some(id) => {
                let params = json!({ "sessionId": self.session, "modelId": id });
                self.request(Waits::Model, "session/set_model", params, acts);
            }
            None => self.set_option(Waits::Model, "model", &wanted, (&listed, "modelId"), acts),
        }
    }

    /// Sets what the agent offers as an option of its configuration.
    fn set_option(
        &mut self,
        what: Waits,
        category: &str,
        wanted: &str,
        (listed, key): (&[Value], &str),
        acts: &mut Vec<Act>,
    ) {
        let mut options = self.offers["configOptions"].as_array().into_iter().flatten();
        let key_of_id = if self.is_second() { "configId" } else { "id" };
        let is_it =
            |option: &&Value| option["category"] == category || option[key_of_id] == category;
        let option = options.find(is_it).cloned().unwrap_or_default();
        let values = values(&option["options"]);
        let Some(value) = pick(&values, "value", wanted) else {
            let ids = listed.iter().filter_map(|one| one[key].as_str());
            let ids = ids.chain(values.iter().filter_map(|one| one["value"].as_str()));
            let ids = cut(&ids.collect::<Vec<_>>().join(", "), REPEATED_CHARS);
            let has = if ids.is_empty() { "offers none".to_owned() } else { format!("has {ids}") };
            return self
                .fail(category, format!("the agent has no {category} `{wanted}`; it {has}"));
        };
        if option["currentValue"] == value {
            return match what {
                Waits::Mode => self.set_model(acts),
                _ => self.prompt(acts),
            };
        }
        let id = &option[key_of_id];
        let mut params = json!({ "sessionId": self.session, "configId": id, "value": value });
        if self.is_second() {
            params["type"] = json!("id");
        }
        self.request(what, "session/set_config_option", params, acts);
    }

    /// The agent answered with an error before it was asked to do its work.
    pub(super) fn refused(&mut self, what: Waits, code: i64, why: &str) {
        let why = cut(why, REPEATED_CHARS);
        let said = format!("the agent answered with error {code}: {why}");
        match what {
            Waits::Session { .. } if self.plan.request.session.is_some() => {
                self.end.get_or_insert(End::NoSession(said));
            }
            Waits::Authenticate => self.fail("auth_required", said),
            Waits::Mode => self.fail("mode", said),
            Waits::Model => self.fail("model", said),
            Waits::Initialize | Waits::Session { .. } | Waits::Prompt => {
                self.end.get_or_insert(End::Failed(StepError::new("agent", said)));
            }
        }
    }
}

/// The one that is wanted, by its id or its name.
fn pick(listed: &[Value], key: &str, wanted: &str) -> Option<Value> {
    let by = |field: &str| {
        listed
            .iter()
            .find(|one| one[field].as_str().is_some_and(|text| text.eq_ignore_ascii_case(wanted)))
    };
    by(key).or_else(|| by("name")).map(|one| one[key].clone())
}

/// Values of an option, also those in groups.
fn values(options: &Value) -> Vec<Value> {
    let listed = options.as_array().into_iter().flatten();
    listed
        .flat_map(|one| match one["options"].as_array() {
            Some(inner) => inner.clone(),
            None => vec![one.clone()],
        })
        .collect()
}

fn server(server: &McpServer) -> Value {
    let env: Vec<Value> =
        server.env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let (command, args) = match server.command.split_first() {
        Some((command, args)) => (command.as_str(), args),
        None => ("", &[] as &[String]),
    };
    json!({ "name": server.name, "command": command, "args": args, "env": env })
}
