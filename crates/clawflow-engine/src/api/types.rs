//! Requests and answers. Names are camelCase, times are epoch milliseconds.

use clawflow_core::Millis;
use clawflow_core::budget::Budget;
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::json::Object;
use clawflow_core::step::Step;
use clawflow_core::task::{Task, Usage};
use clawflow_core::wait::Wait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$fmeta])* pub $field: $type),* }
    };
}

mod again;
mod agent;
mod audit;
mod child;
mod code;
mod delivery;
mod import;
mod maintenance;
mod queue;
mod schedule;
mod task;
mod token;
mod wait;

pub use again::*;
pub use agent::*;
pub use audit::*;
pub use child::*;
pub use code::*;
pub use delivery::*;
pub use import::*;
pub use maintenance::*;
pub use queue::*;
pub use schedule::*;
pub use task::*;
pub use token::*;
pub use wait::*;

record!(
    /// Starts a flow from the text of a workflow file.
    #[derive(Default)]
    FlowRunRequest {
        /// The file's text.
        source: String,
        /// Its name: decides the dialect, and is what messages call it.
        file: String,
        /// Its absolute path, where it has one: the files of child flows are named relative to its
        /// folder. Without it they are named relative to `cwd`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// The workflow files that it names as child flows, and those that they name: texts by
        /// absolute path. A path that depends on the result of a step is read when the step begins.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        files: BTreeMap<String, String>,
        /// Arguments.
        #[serde(default)]
        args: Object,
        /// Directory of steps that name none; absolute.
        cwd: String,
        /// The chosen environment.
        #[serde(default)]
        env: BTreeMap<String, String>,
        /// Session key of the owner; else the file's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Human name; else the file's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// Whether approvals are given without asking.
        #[serde(default)]
        auto_approve: bool,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// Names one flow: by id, part of an id, key or owner.
    #[derive(Default)]
    FlowRef {
        /// The token.
        flow: String,
    }
);
record!(
    /// Which flows to list.
    #[derive(Default)]
    FlowListRequest {
        /// Only these states; empty: all.
        #[serde(default)]
        status: Vec<FlowStatus>,
        /// Only this owner's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Only child flows of this flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// Only those created since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Millis>,
        /// Only those of the workflow with this name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Only those with all of these labels, each as `NAME=VALUE`.
        #[serde(default)]
        label: Vec<String>,
        /// Only those that another flow tried again, or only those that none did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retried: Option<bool>,
        /// Also those that ended more than 24 hours ago.
        #[serde(default)]
        all: bool,
        /// At most so many (default 50, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Only those before this id: the `next` of the page before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }
);
record!(
    /// A page of flows, newest first.
    FlowListResponse {
        /// The flows.
        flows: Vec<FlowLine>,
        /// All flows by status, whatever the filter.
        counts: BTreeMap<FlowStatus, u64>,
        /// Live flows whose cancel was requested.
        cancel_requested: u64,
        /// Where the next page begins, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    }
);
record!(
    /// A flow in a list.
    FlowLine {
        /// The record.
        #[serde(flatten)]
        flow: Flow,
        /// Tasks that have not ended.
        tasks_active: u64,
        /// All tasks.
        tasks_total: u64,
    }
);
record!(
    /// A flow with all that belongs to it.
    FlowView {
        /// The record.
        #[serde(flatten)]
        flow: Flow,
        /// Its steps in file order.
        steps: Vec<Step>,
        /// Its waits, oldest first.
        waits: Vec<Wait>,
        /// Its tasks, oldest first (the newest 1000, and those at work).
        tasks: Vec<Task>,
        /// Its tasks in numbers.
        task_summary: TaskSummary,
        /// Its child flows, oldest first (the newest 100, and 200 live ones).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        children: Vec<FlowChild>,
        /// What it has used: its steps, its tasks and the flows of its steps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<Usage>,
        /// Number of its newest event.
        last_event: u64,
    }
);
record!(
    /// A child flow, as its parent sees it.
    FlowChild {
        /// Its id.
        flow_id: FlowId,
        /// The parent's step that runs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step_id: Option<String>,
        /// Its key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// Where it stands.
        status: FlowStatus,
        /// What it is for.
        goal: String,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// When a cancel was requested.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cancel_requested_at: Option<Millis>,
        /// Questions that are open in it and in the flows below it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        asks: Vec<Wait>,
        /// Creation.
        created_at: Millis,
        /// End.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_at: Option<Millis>,
    }
);
record!(
    /// Tasks in numbers.
    #[derive(Default)]
    TaskSummary {
        /// All.
        total: u64,
        /// Queued and running.
        active: u64,
        /// Ended.
        terminal: u64,
        /// Failed, timed out and lost.
        failures: u64,
        /// By status; every status is there.
        by_status: BTreeMap<String, u64>,
        /// By runtime; every runtime is there.
        #[serde(default)]
        by_runtime: BTreeMap<String, u64>,
    }
);
record!(
    /// Waits for news of a flow.
    #[derive(Default)]
    FlowWaitRequest {
        /// The flow.
        flow: String,
        /// The newest event that the caller knows; 0: none.
        #[serde(default)]
        after_event: u64,
        /// How long to wait for a newer one, in milliseconds (at most 60,000).
        #[serde(default)]
        timeout_ms: u64,
        /// Wait for the flow's end only; other news come with it.
        #[serde(default)]
        until_ended: bool,
        /// Wait for news after which nothing of the flow runs: it has ended, is blocked, or waits
        /// for somebody, an event or a time. Costs less than each piece of news by itself.
        #[serde(default)]
        until_rest: bool,
    }
);
record!(
    /// News of a flow: what happened, and how it stands now.
    FlowWaitResponse {
        /// Events after the one that was named, oldest first (at most 500).
        events: Vec<StoredEvent>,
        /// The flow.
        view: FlowView,
    }
);
record!(
    /// Cancels a flow.
    #[derive(Default)]
    FlowCancelRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// Why.
        #[serde(default)]
        reason: String,
        /// How long to wait for the end, in milliseconds (at most 60,000).
        #[serde(default)]
        wait_ms: u64,
    }
);
record!(
    /// Gives a flow another budget. One that is held because the old one is used up goes on if
    /// there is something left of the new one.
    #[derive(Default)]
    FlowBudgetRequest {
        /// The flow.
        flow: String,
        /// What it may use from its beginning on; what is left out stays as it is.
        #[serde(default)]
        budget: Budget,
        /// Whether what is left out of `budget` is without limit, instead.
        #[serde(default)]
        replace: bool,
        /// The revision that it was decided on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// Who decides it.
        by: String,
    }
);
record!(
    /// Answers an approval.
    #[derive(Default)]
    FlowAnswerRequest {
        /// The flow.
        flow: String,
        /// The step that asks; may be left out if only one does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// The wait to answer, instead of the step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait_id: Option<WaitId>,
        /// Yes or no, at an approval.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approve: Option<bool>,
        /// The answer where any JSON is asked for.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        response: Option<Value>,
        /// Who answers.
        by: String,
        /// Hash of what they were shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown_hash: Option<String>,
    }
);
record!(
    /// The answer that counts, which may be an earlier one.
    FlowAnswerResponse {
        /// The flow.
        flow: Flow,
        /// The wait, with the answer that was given first.
        wait: Wait,
        /// Whether this call gave it.
        applied: bool,
    }
);
record!(
    /// Settles a step that is in doubt.
    FlowSettleRequest {
        /// The flow.
        flow: String,
        /// The step; may be left out if only one is in doubt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// `rerun`, `succeeded`, `skip` or `fail`.
        how: SettleHow,
        /// The result, with `succeeded`.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        result: Option<Value>,
        /// Who settles it.
        by: String,
    }
);

/// How a step in doubt is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettleHow {
    /// Run it again.
    Rerun,
    /// It did its work.
    Succeeded,
    /// Go on without it.
    Skip,
    /// It counts as failed.
    Fail,
}

record!(
    /// Pauses or unpauses a flow.
    #[derive(Default)]
    FlowPauseRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// Why.
        #[serde(default)]
        reason: String,
    }
);
record!(
    /// Purges ended flows: the one named, or all that match.
    #[derive(Default)]
    FlowPurgeRequest {
        /// One flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// All that ended before this time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_before: Option<Millis>,
        /// Only these states.
        #[serde(default)]
        status: Vec<FlowStatus>,
        /// Only count.
        #[serde(default)]
        dry_run: bool,
    }
);
record!(
    /// What was purged.
    FlowPurgeResponse {
        /// Ids of the flows.
        flows: Vec<String>,
    }
);
record!(
    /// Why a flow stands where it stands.
    FlowWhyResponse {
        /// The flow.
        flow: Flow,
        /// One sentence.
        summary: String,
        /// What it waits for, one by one.
        reasons: Vec<WhyReason>,
        /// The earliest moment at which it can move by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        earliest: Option<Millis>,
        /// Commands that would move it.
        commands: Vec<String>,
    }
);
record!(
    /// One thing that a flow or task waits for.
    WhyReason {
        /// `task`, `slot`, `queue`, `ahead`, `concurrency`, `timer`, `retry`, `approval`, `input`,
        /// `event`, `flow`, `in_line`, `in_doubt`, `blocked`, `paused`, `cancel`, `controller`,
        /// `caller`, `schedule`, `driver`, `ended`.
        kind: String,
        /// The flow concerned, where it is another one: a child, the flow of a task, or the one
        /// that has the key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow_id: Option<FlowId>,
        /// The step concerned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// In words.
        text: String,
        /// Since when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Millis>,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Millis>,
    }
);
record!(
    /// Which events to list.
    #[derive(Default)]
    FlowEventsRequest {
        /// Of this flow or task; else of all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// Only after this position.
        #[serde(default)]
        after: u64,
        /// At most so many (default 100, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    }
);
record!(
    /// A page of events, oldest first.
    FlowEventsResponse {
        /// The events.
        events: Vec<StoredEvent>,
        /// Where the next page begins, if there may be one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<u64>,
    }
);
record!(
    /// The workflow file of a flow, as it was.
    FlowSourceResponse {
        /// Its name.
        file: String,
        /// Its SHA-256.
        hash: String,
        /// Its text.
        source: String,
        /// The arguments, defaults filled in.
        args: Object,
    }
);
record!(
    /// Who holds the home.
    StatusResponse {
        /// Version of the program.
        version: String,
        /// Its process id.
        pid: u32,
        /// `gateway` or `run`.
        kind: String,
        /// The home directory.
        home: String,
        /// The socket.
        socket: String,
        /// The TCP address, if it listens on one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        listen: Option<String>,
        /// Since when.
        started_at: Millis,
        /// Its epoch.
        epoch: u64,
        /// Attempts that run under it now; those of its owner, for a bound caller.
        running: u64,
        /// All flows by status; those of its owner, for a bound caller.
        flows: BTreeMap<FlowStatus, u64>,
    }
);
record!(
    /// No arguments.
    #[derive(Default)]
    Nothing {}
);
