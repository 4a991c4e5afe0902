//! Requests and answers about schedules.

use clawflow_core::Millis;
use clawflow_core::acp::Policy;
use clawflow_core::json::Object;
use clawflow_core::schedule::{
    Member, PayloadKind, Policies, RunStatus, Schedule, ScheduleRun, Spec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

record!(
    /// What a schedule is to start.
    ScheduleStart {
        /// Which of the fields below count.
        kind: PayloadKind,
        /// `command`: program and arguments.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        argv: Vec<String>,
        /// `command`, `flow` and `agent`: the working directory; absolute. An agent's may be left
        /// out: then it is that of its configuration, else the gateway user's home.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        cwd: String,
        /// `command`, `flow` and `agent`: the chosen environment.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
        /// `flow`: the text of the workflow file, taken as it is now. An edit may leave it out:
        /// then the text stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// `flow`: the file's absolute path: child flows are looked for beside it. Without it, it
        /// is as if the file lay in `cwd`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// `flow`: the texts of the files that it names as child flows, and that those name, by
        /// absolute path, taken as they are now with `source`. Only a path that depends on the
        /// result of a step may be left out.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        files: BTreeMap<String, String>,
        /// `flow`: the file's name: decides the dialect, and is what messages call it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        file: String,
        /// `flow`: arguments.
        #[serde(default, skip_serializing_if = "Object::is_empty")]
        args: Object,
        /// `flow`: human name of each flow; else the file's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// `flow`: whether approvals are given without asking.
        #[serde(default)]
        auto_approve: bool,
        /// `agent`: its name, configured or built in.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        agent: String,
        /// `agent`: what it is asked, up to 64 KiB.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        prompt: String,
        /// `agent`: the directory of its configuration, if that names one, comes before `cwd`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        anywhere: bool,
        /// `agent`: the model that it is told to use, instead of that of its configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// `agent`: the mode that it is told to work in, instead of that of its configuration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<String>,
        /// `agent`: what it may do without being asked about; else what is configured. There is
        /// nobody who could be asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        permissions: Option<Policy>,
        /// `message`: the text.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        content: String,
        /// `message`: for programs.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        data: Value,
        /// `mirror`: what the group is for; else the schedule's name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        goal: Option<String>,
        /// `mirror`: what is watched, from each slot to the next.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        members: Vec<Member>,
        /// `mirror`: the deadline of members that name none; else the next slot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<String>,
    }
);
record!(
    /// Makes a schedule.
    ScheduleAddRequest {
        /// Human name, unique per owner.
        name: String,
        /// When it fires.
        spec: Spec,
        /// What it starts.
        start: ScheduleStart,
        /// How; what is left out has its default.
        #[serde(default)]
        policies: Policies,
        /// Session key of the owner; a bound caller may leave it out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Whether it is made without firing.
        #[serde(default)]
        disabled: bool,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// Names one schedule: by id, name or part of an id.
    #[derive(Default)]
    ScheduleRef {
        /// The token.
        schedule: String,
    }
);
record!(
    /// Changes a schedule; what is left out stays.
    #[derive(Default)]
    ScheduleEditRequest {
        /// The schedule.
        schedule: String,
        /// The version that this was decided on; any, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_version: Option<u64>,
        /// Human name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// When it fires. Its next slot is after now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spec: Option<Spec>,
        /// What it starts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<ScheduleStart>,
        /// All its policies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policies: Option<Policies>,
    }
);
record!(
    /// Which schedules to list.
    #[derive(Default)]
    ScheduleListRequest {
        /// Only this owner's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Only those that fire.
        #[serde(default)]
        enabled: bool,
        /// At most so many (default 50, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Only those before this id: the `next` of the page before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }
);
record!(
    /// A schedule, and what goes on of it.
    ScheduleView {
        /// The record.
        #[serde(flatten)]
        schedule: Schedule,
        /// Its runs that have not ended, oldest first.
        open: Vec<ScheduleRun>,
        /// The files that its workflow file names as child flows, as they were taken: SHA-256 (hex)
        /// by absolute path. Lists leave it out.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        files: BTreeMap<String, String>,
    }
);
record!(
    /// A page of schedules, newest first.
    ScheduleListResponse {
        /// The schedules.
        schedules: Vec<ScheduleView>,
        /// How many there are, whatever the filter.
        total: u64,
        /// How many of them fire.
        enabled: u64,
        /// Where the next page begins, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    }
);
record!(
    /// Which runs to list.
    #[derive(Default)]
    ScheduleRunsRequest {
        /// Only this schedule's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schedule: Option<String>,
        /// Only these states; empty: all.
        #[serde(default)]
        status: Vec<RunStatus>,
        /// At most so many (default 50, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Only those before this id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }
);
record!(
    /// A page of runs, newest first.
    ScheduleRunsResponse {
        /// The runs.
        runs: Vec<ScheduleRun>,
        /// Where the next page begins, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    }
);
record!(
    /// Asks for the slots to come.
    #[derive(Default)]
    ScheduleNextRequest {
        /// The schedule.
        schedule: String,
        /// How many (default 5, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<usize>,
    }
);
record!(
    /// The slots to come.
    ScheduleNextResponse {
        /// The slots; empty while it is disabled or finished.
        slots: Vec<Millis>,
        /// How much later than its slots it fires, in milliseconds.
        jitter_ms: u64,
        /// The zone of its timetable, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tz: Option<String>,
    }
);
record!(
    /// Whether schedules fire.
    ScheduleStatusResponse {
        /// Whether this holder of the home fires them: a gateway does, others do not.
        fires: bool,
        /// How many schedules there are.
        total: u64,
        /// How many of them are enabled.
        enabled: u64,
        /// When the next of all schedules is due, of any owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Millis>,
    }
);
