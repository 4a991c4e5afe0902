//! The task record (`model.md`).

use super::state::TaskStatus;
use crate::Millis;
use crate::acp::{AcpRequest, EarlierTurn};
use crate::budget::Budget;
use crate::flow::{NotifyPolicy, Origin};
use crate::ids::{FlowId, TaskId};
use crate::import::Imported;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

text_enum!(
    /// What executes a task.
    Runtime {
        /// A process.
        Cli = "cli",
        /// A coding agent over the Agent Client Protocol.
        Acp = "acp",
        /// A sub-agent.
        Subagent = "subagent",
        /// A run of a schedule.
        Cron = "cron",
        /// Somebody else.
        External = "external",
    }
);

text_enum!(
    /// Whether a task belongs to a session.
    ScopeKind {
        /// To its owner's session.
        Session = "session",
        /// To nobody.
        System = "system",
    }
);

text_enum!(
    /// What a succeeded task really reached.
    TerminalOutcome {
        /// Its aim.
        Succeeded = "succeeded",
        /// An obstacle.
        Blocked = "blocked",
    }
);

text_enum!(
    /// Where the message about the task's end stands.
    DeliveryStatus {
        /// Owed.
        Pending = "pending",
        /// Handed over.
        Delivered = "delivered",
        /// In the owner's inbox.
        SessionQueued = "session_queued",
        /// Read.
        Acknowledged = "acknowledged",
        /// Given up.
        Failed = "failed",
        /// Dropped by a person.
        Dismissed = "dismissed",
        /// Nobody to tell.
        ParentMissing = "parent_missing",
        /// Nothing is owed.
        NotApplicable = "not_applicable",
    }
);

/// Who executes the task, and which process it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Executor {
    /// The gateway that started it.
    pub gateway: String,
    /// That gateway's epoch.
    pub epoch: u64,
    /// Boot in which it was started: in another boot, absence proves nothing.
    pub boot_id: String,
    /// The child's process id, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Kernel start time of the child, in clock ticks since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<u64>,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// An agent's stop reason.
    StopReason(String),
}

/// What a task of its own (without a flow) executes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskCommand {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Working directory.
    pub cwd: String,
    /// The chosen environment.
    pub env: BTreeMap<String, String>,
    /// Limit on its run, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What a coding agent is asked, in place of a program of one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acp: Option<Box<AcpRequest>>,
    /// Of an agent that can go on in its session: what its attempts so far leave to the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Box<EarlierTurn>>,
}

/// What a run has used, as its runtime or reporter counts it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// Tokens of models, read and written; the sum of both, if those are told and this is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Tokens that models have read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens that models have written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Cost in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Turns of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Calls of tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u64>,
}

impl Usage {
    /// Two uses together, of what each of them counts.
    #[must_use]
    pub fn sum(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        Self::of_both(one, other, u64::saturating_add, |one, other| one + other)
    }

    /// What both say of the same: of each count the higher one. Counts only grow, and reports may
    /// overtake each other.
    #[must_use]
    pub fn newest(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        Self::of_both(one, other, u64::max, f64::max)
    }

    /// What `now` says beyond `was`.
    #[must_use]
    pub fn more(was: Option<&Self>, now: Option<&Self>) -> Option<Self> {
        let (Some(was), Some(now)) = (was, now) else { return now.cloned() };
        let count = |was: Option<u64>, now: Option<u64>| {
            now.map(|now| now.saturating_sub(was.unwrap_or(0)))
        };
        let cost = now.cost_usd.map(|now| (now - was.cost_usd.unwrap_or(0.0)).max(0.0));
        Some(Self {
            tokens: (now.tokens.is_some() || now.is_split())
                .then(|| now.all_tokens().saturating_sub(was.all_tokens())),
            input_tokens: count(was.input_tokens, now.input_tokens),
            output_tokens: count(was.output_tokens, now.output_tokens),
            cost_usd: cost,
            turns: count(was.turns, now.turns),
            tool_calls: count(was.tool_calls, now.tool_calls),
        })
    }

    fn of_both(
        one: Option<Self>,
        other: Option<Self>,
        count: fn(u64, u64) -> u64,
        cost: fn(f64, f64) -> f64,
    ) -> Option<Self> {
        let (one, other) = match (one, other) {
            (Some(one), Some(other)) => (one, other),
            (one, other) => return one.or(other),
        };
        fn both<T>(one: Option<T>, other: Option<T>, make: fn(T, T) -> T) -> Option<T> {
            match (one, other) {
                (Some(one), Some(other)) => Some(make(one, other)),
                (one, other) => one.or(other),
            }
        }
        // Where one of them tells the two kinds of tokens only, all of them are what counts.
        let all = |one: &Self| one.tokens.or_else(|| one.is_split().then(|| one.all_tokens()));
        Some(Self {
            tokens: both(all(&one), all(&other), count),
            input_tokens: both(one.input_tokens, other.input_tokens, count),
            output_tokens: both(one.output_tokens, other.output_tokens, count),
            cost_usd: both(one.cost_usd, other.cost_usd, cost),
            turns: both(one.turns, other.turns, count),
            tool_calls: both(one.tool_calls, other.tool_calls, count),
        })
    }

    fn is_split(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some()
    }

    /// Tokens read and written together.
    #[must_use]
    pub fn all_tokens(&self) -> u64 {
        let split = self.input_tokens.unwrap_or(0).saturating_add(self.output_tokens.unwrap_or(0));
        self.tokens.unwrap_or(0).max(split)
    }
}

impl Task {
    /// What of its own budget is used up, for people; its time is a timeout and not counted here.
    #[must_use]
    pub fn used_up(&self) -> Option<String> {
        let budget = Budget { wall_ms: None, ..self.budget? };
        budget.used_up(self.usage.as_ref()?, 0)
    }
}

/// One attempt of one piece of work. A row about a run, never the run itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its id.
    pub task_id: TaskId,
    /// +1 per change of this row.
    pub version: u64,
    /// What executes it.
    pub runtime: Runtime,
    /// What sort of work it is, as its reporter calls it: `wrap`, `observe`, `ping`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Schedule or tool that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// Session key of the owner.
    pub owner_key: String,
    /// Whether it belongs to a session.
    pub scope_kind: ScopeKind,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_origin: Option<Origin>,
    /// Session of the child, for agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_session_key: Option<String>,
    /// Its flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_flow_id: Option<FlowId>,
    /// Its step in the flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    /// Which attempt of the step, from 1. Of an agent that is no step: how often it was asked, to
    /// begin or to go on.
    pub attempt: u32,
    /// Grows with each claim; a report with an older one is refused.
    pub fence: u64,
    /// The attempt that it retries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<TaskId>,
    /// Agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The runtime's own id of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The command or prompt, as shown to people.
    pub task: String,
    /// What to execute, for a task without a flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<TaskCommand>,
    /// Where it stands.
    pub status: TaskStatus,
    /// What it really reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_outcome: Option<TerminalOutcome>,
    /// Where the message about its end stands.
    pub delivery_status: DeliveryStatus,
    /// What the owner is told.
    pub notify_policy: NotifyPolicy,
    /// Who executes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor: Option<Executor>,
    /// When an operator asked to stop it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<Millis>,
    /// Creation.
    pub created_at: Millis,
    /// Claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Millis>,
    /// Last sign of life.
    pub last_event_at: Millis,
    /// End.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Millis>,
    /// How its process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// Last progress line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress_summary: Option<String>,
    /// One line about its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_summary: Option<String>,
    /// What an agent answered, for a task that is no attempt of a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it has used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What it may use; it is stopped when that is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// The queue that limits it, beside the slots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Its priority in the queue, where it has one of its own; the higher one is first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Whether its caller runs it and reports about it, so that the engine starts, adopts and loses
    /// nothing of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reported: bool,
    /// Which record of another system it was taken over from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Box<Imported>>,
}
