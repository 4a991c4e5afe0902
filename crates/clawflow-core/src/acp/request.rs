//! What an agent is asked to do, with every reference filled in.

use super::policy::Policy;
use crate::task::Usage;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

text_enum!(
    /// What it means that an agent stops before its work is done.
    OnStop {
        /// The attempt has failed.
        Fail = "fail",
        /// A person decides how it goes on.
        Block = "block",
    }
);

text_enum!(
    /// Which files an agent may reach by way of clawflow, below its directory. What its own tools
    /// reach is another matter.
    FileAccess {
        /// None.
        Off = "off",
        /// It may read them.
        Read = "read",
        /// It may read and write them.
        Write = "write",
    }
);

/// One turn of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AcpRequest {
    /// Name of the agent, configured or built in.
    pub agent: String,
    /// What it is asked to do.
    pub prompt: String,
    /// What it is given to work on: a text, or any JSON.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::json::present")]
    pub context: Option<Value>,
    /// Files that it is pointed to, absolute or relative to its directory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// What its answer must be like as JSON: a JSON Schema.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::json::present")]
    pub schema: Option<Value>,
    /// How often it is asked again for an answer that fits.
    #[serde(skip_serializing_if = "is_zero")]
    pub corrections: u64,
    /// The mode that it works in, by its id or name; its own without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The model that it uses, by its id or name; its own without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it may do without being asked about; else what is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Policy>,
    /// Servers of the Model Context Protocol that it is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mcp: Vec<McpServer>,
    /// Which files it may reach by way of clawflow.
    #[serde(skip_serializing_if = "is_off")]
    pub file_access: FileAccess,
    /// Whether it may have clawflow run commands below its directory.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub terminals: bool,
    /// What it means that it stops early.
    #[serde(skip_serializing_if = "is_fail")]
    pub on_stop: OnStop,
    /// Nobody said where it works: in the agent's own directory, if it is configured.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anywhere: bool,
    /// The session that it goes on with; a new one without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The prompt was sent in that session by an attempt that was broken off: it is told to go on,
    /// and not given the prompt again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resume: bool,
    /// What the session had cost before, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_before: Option<f64>,
}

impl Default for AcpRequest {
    fn default() -> Self {
        Self {
            agent: String::new(),
            prompt: String::new(),
            context: None,
            files: Vec::new(),
            schema: None,
            corrections: 0,
            mode: None,
            model: None,
            permissions: None,
            mcp: Vec::new(),
            file_access: FileAccess::Off,
            terminals: false,
            on_stop: OnStop::Fail,
            anywhere: false,
            session: None,
            resume: false,
            cost_before: None,
        }
    }
}

/// A server of the Model Context Protocol, as a program that is spoken to by its standard streams.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct McpServer {
    /// Its name.
    pub name: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Variables of its environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

impl McpServer {
    /// The name of clawflow's own server, which needs no command.
    pub const OWN: &str = "clawflow";
}

/// A session of an agent, as far as another attempt or step can go on with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentSession {
    /// The agent's name.
    pub agent: String,
    /// The agent's id of the session.
    pub id: String,
    /// What it has cost so far, in US dollars, where the agent told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// What attempts of an agent that were broken off leave to the next one of the same task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EarlierTurn {
    /// The agent's id of the session, which it goes on in.
    pub session: String,
    /// What the session has cost, in US dollars, where the agent told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What they have used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// How long they have worked, in milliseconds; a person who is asked is no work.
    pub worked_ms: u64,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

fn is_off(access: &FileAccess) -> bool {
    *access == FileAccess::Off
}

fn is_fail(on_stop: &OnStop) -> bool {
    *on_stop == OnStop::Fail
}
