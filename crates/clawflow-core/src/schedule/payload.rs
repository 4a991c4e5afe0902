//! What a schedule starts.

use super::agent_turn::AgentTurn;
use super::member::{self, Member};
use crate::acp::Policy;
use crate::error::{Code, Refusal};
use crate::flow::{check_text, has_nul};
use crate::json::{Object, fits};
use crate::limits::{JSON_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::task::{TaskCommand, check_command};
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

text_enum!(
    /// The kind of what a schedule starts.
    PayloadKind {
        /// A program, as a task of its own.
        Command = "command",
        /// A flow from a workflow file.
        Flow = "flow",
        /// A turn of an agent.
        Agent = "agent",
        /// A message to the owner.
        Message = "message",
        /// A flow that mirrors a group of runs which others start.
        Mirror = "mirror",
    }
);

/// What a schedule starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub enum Payload {
    /// A program, as a task of its own.
    Command(TaskCommand),
    /// A flow from a workflow file, as it was when it was given.
    Flow {
        /// Name of the file, for messages.
        file: String,
        /// SHA-256 (hex) of its text.
        definition_hash: String,
        /// Its absolute path: child flows are looked for beside it.
        path: String,
        /// SHA-256 (hex) of the files that it names as child flows, as they were when it was given;
        /// kept as those of a flow are.
        files_hash: Option<String>,
        /// Arguments.
        args: Object,
        /// Directory of steps that name none.
        cwd: String,
        /// The chosen environment.
        env: BTreeMap<String, String>,
        /// Human name of each flow; else the file's.
        key: Option<String>,
        /// Whether approvals are given without asking.
        auto_approve: bool,
    },
    /// A turn of an agent, as a task of its own.
    Agent(AgentTurn),
    /// A message to the owner, on its routes.
    Message {
        /// For people.
        content: String,
        /// For programs.
        data: Value,
    },
    /// A flow over what others start, from each slot to the next.
    Mirror {
        /// What it is for; else the schedule's name.
        goal: Option<String>,
        /// What it watches.
        members: Vec<Member>,
        /// The deadline of members that name none; else the next slot.
        deadline: Option<String>,
    },
}

/// A payload as it is written: one record for all kinds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "SchedulePayload")]
struct Wire {
    /// Which of the fields below count.
    #[schemars(required, with = "PayloadKind")]
    kind: Option<PayloadKind>,
    /// `command`: program and arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    argv: Vec<String>,
    /// `command`, `flow` and `agent`: the working directory.
    #[serde(skip_serializing_if = "String::is_empty")]
    cwd: String,
    /// `command`, `flow` and `agent`: the chosen environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, String>,
    /// `flow`: name of the workflow file.
    #[serde(skip_serializing_if = "String::is_empty")]
    file: String,
    /// `flow`: SHA-256 (hex) of the file's text as it was given.
    #[serde(skip_serializing_if = "String::is_empty")]
    definition_hash: String,
    /// `flow`: the file's absolute path: child flows are looked for beside it.
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    /// `flow`: SHA-256 (hex) of the files that it names as child flows, as one JSON object by
    /// absolute path.
    #[serde(skip_serializing_if = "Option::is_none")]
    files_hash: Option<String>,
    /// `flow`: arguments.
    #[serde(skip_serializing_if = "Object::is_empty")]
    args: Object,
    /// `flow`: human name of each flow; else the file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// `flow`: whether approvals are given without asking.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    auto_approve: bool,
    /// `agent`: its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    agent: String,
    /// `agent`: what it is asked.
    #[serde(skip_serializing_if = "String::is_empty")]
    prompt: String,
    /// `agent`: the directory of its configuration, if that names one, comes before `cwd`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    anywhere: bool,
    /// `agent`: the model, instead of that of its configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// `agent`: the mode, instead of that of its configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    /// `agent`: what it may do without being asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Policy>,
    /// `message`: the text.
    #[serde(skip_serializing_if = "String::is_empty")]
    content: String,
    /// `message`: for programs.
    #[serde(skip_serializing_if = "Value::is_null")]
    data: Value,
    /// `mirror`: what it is for; else the schedule's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<String>,
    /// `mirror`: what it watches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<Member>,
    /// `mirror`: the deadline of members that name none; else the next slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<String>,
}

impl JsonSchema for Payload {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Wire::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Wire::json_schema(generator)
    }
}

impl TryFrom<Wire> for Payload {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        match wire.kind {
            Some(PayloadKind::Command) => {
                let Wire { argv, cwd, env, .. } = wire;
                Ok(Self::Command(TaskCommand { argv, cwd, env, ..TaskCommand::default() }))
            }
            Some(PayloadKind::Flow) => {
                let Wire { cwd, env, file, definition_hash, path, files_hash, args, .. } = wire;
                let Wire { key, auto_approve, .. } = wire;
                Ok(Self::Flow {
                    file,
                    definition_hash,
                    path,
                    files_hash,
                    args,
                    cwd,
                    env,
                    key,
                    auto_approve,
                })
            }
            Some(PayloadKind::Agent) => {
                let Wire { agent, prompt, cwd, anywhere, env, model, mode, permissions, .. } = wire;
                Ok(Self::Agent(AgentTurn {
                    agent,
                    prompt,
                    cwd,
                    anywhere,
                    env,
                    model,
                    mode,
                    permissions,
                }))
            }
            Some(PayloadKind::Message) => {
                Ok(Self::Message { content: wire.content, data: wire.data })
            }
            Some(PayloadKind::Mirror) => {
                let Wire { goal, members, deadline, .. } = wire;
                Ok(Self::Mirror { goal, members, deadline })
            }
            None => Err("a payload has a `kind`"),
        }
    }
}

impl From<Payload> for Wire {
    fn from(payload: Payload) -> Self {
        let kind = Some(payload.kind());
        match payload {
            Payload::Command(TaskCommand { argv, cwd, env, .. }) => {
                Self { kind, argv, cwd, env, ..Self::default() }
            }
            Payload::Flow {
                file,
                definition_hash,
                path,
                files_hash,
                args,
                cwd,
                env,
                key,
                auto_approve,
            } => Self {
                kind,
                file,
                definition_hash,
                path,
                files_hash,
                args,
                cwd,
                env,
                key,
                auto_approve,
                ..Self::default()
            },
            Payload::Agent(turn) => {
                let AgentTurn { agent, prompt, cwd, anywhere, env, model, mode, permissions } =
                    turn;
                let asked = Self { kind, agent, prompt, cwd, anywhere, env, ..Self::default() };
                Self { model, mode, permissions, ..asked }
            }
            Payload::Message { content, data } => Self { kind, content, data, ..Self::default() },
            Payload::Mirror { goal, members, deadline } => {
                Self { kind, goal, members, deadline, ..Self::default() }
            }
        }
    }
}

impl Payload {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> PayloadKind {
        match self {
            Self::Command(_) => PayloadKind::Command,
            Self::Flow { .. } => PayloadKind::Flow,
            Self::Agent(_) => PayloadKind::Agent,
            Self::Message { .. } => PayloadKind::Message,
            Self::Mirror { .. } => PayloadKind::Mirror,
        }
    }

    /// The workflow file that it needs.
    #[must_use]
    pub fn definition_hash(&self) -> Option<&str> {
        match self {
            Self::Flow { definition_hash, .. } => Some(definition_hash),
            Self::Command(_) | Self::Agent(_) | Self::Message { .. } | Self::Mirror { .. } => None,
        }
    }

    /// The files that its workflow file names as child flows, if it names any.
    #[must_use]
    pub fn files_hash(&self) -> Option<&str> {
        match self {
            Self::Flow { files_hash, .. } => files_hash.as_deref(),
            Self::Command(_) | Self::Agent(_) | Self::Message { .. } | Self::Mirror { .. } => None,
        }
    }

    /// Texts that are kept for as long as a schedule has it.
    pub fn kept_hashes(&self) -> impl Iterator<Item = &str> {
        self.definition_hash().into_iter().chain(self.files_hash())
    }

    /// For people, on one line.
    #[must_use]
    pub fn title(&self) -> String {
        let text = match self {
            Self::Command(command) => command.argv.join(" "),
            Self::Flow { file, .. } => format!("flow {file}"),
            Self::Agent(turn) => format!("agent {}: {}", turn.agent, turn.prompt),
            Self::Message { content, .. } => format!("message {content}"),
            Self::Mirror { members, .. } => {
                let ids: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
                format!("mirror {}", ids.join(", "))
            }
        };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Refuses what could never start. What a file demands of arguments is its own law's.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let invalid = |why: String| Err(Refusal::new(Code::Invalid, why));
        match self {
            Self::Command(command) => check_command(command),
            Self::Agent(turn) => turn.check(),
            Self::Flow { args, .. } => {
                let args = Value::Object(args.clone());
                if !fits(&args, JSON_BYTES_MAX) {
                    return invalid(format!(
                        "the arguments are larger than {JSON_BYTES_MAX} bytes"
                    ));
                }
                match has_nul(&args) {
                    true => invalid("an argument contains a NUL character".to_owned()),
                    false => Ok(()),
                }
            }
            Self::Mirror { goal, members, deadline } => {
                if let Some(goal) = goal {
                    check_text("the goal", goal)?;
                }
                member::check(members, deadline.as_deref())
            }
            Self::Message { content, .. } if content.trim().is_empty() => {
                invalid("the message is blank".to_owned())
            }
            Self::Message { content, data } => {
                let fits = content.len() <= MESSAGE_BYTES_MAX && fits(data, MESSAGE_BYTES_MAX);
                match fits {
                    true => Ok(()),
                    false => invalid(format!("a message has at most {MESSAGE_BYTES_MAX} bytes")),
                }
            }
        }
    }
}
