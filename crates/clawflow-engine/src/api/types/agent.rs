//! Requests and answers about sub-agents.

use clawflow_core::budget::Budget;
use clawflow_core::flow::NotifyPolicy;
use clawflow_core::task::Task;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

record!(
    /// Asks an agent for something, as a sub-agent of the session that asks.
    #[derive(Default)]
    AgentSpawnRequest {
        /// The agent: a name of the gateway's configuration.
        agent: String,
        /// What it is asked.
        prompt: String,
        /// Short name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// Session key of the parent, which is told of the end; a bound caller may leave it out.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        owner: String,
        /// A flow that code drives, whose child it is to be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// Its directory, absolute; that of its configuration, else the gateway user's home.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
        /// The model that it is told to use, instead of that of its configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// The mode that it is told to work in, instead of that of its configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<String>,
        /// Limit on its run, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
        /// What it may use; it is stopped when that is used up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Budget>,
        /// What the parent is told of it; its end, if nothing is said and it has no flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notify_policy: Option<NotifyPolicy>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// A sub-agent was accepted: it runs, or waits for its turn.
    AgentSpawnResponse {
        /// `accepted`.
        status: String,
        /// The id of its run.
        run_id: String,
        /// The key of its session: `agent:NAME:subagent:RUN`.
        child_session_key: String,
        /// Its task.
        task: Task,
    }
);
