//! Requests and answers about maintenance.

use crate::retention::{Retention, Swept};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of the store is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreCheck {
    /// Its pages, its references, and its records against their columns.
    Quick,
    /// The same, and every index against its table.
    Full,
}

record!(
    /// Looks after the ledger, or only says what would be done.
    #[derive(Default)]
    MaintenanceRequest {
        /// Whether it is done.
        #[serde(default)]
        apply: bool,
        /// How long what has ended is kept; without it, as the holder of the home is configured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retention: Option<Retention>,
        /// Whether the file is written anew without what is free in it; only with `apply`. Writers
        /// wait until it is done.
        #[serde(default)]
        vacuum: bool,
        /// Whether the store is checked, and how thoroughly.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        check: Option<StoreCheck>,
    }
);
record!(
    /// What was done, or would be.
    MaintenanceResponse {
        /// What was deleted because it has been kept for long enough.
        #[serde(flatten)]
        pruned: Swept,
        /// What was done about single records: the first 1000.
        actions: Vec<MaintenanceAction>,
        /// How many there were.
        actions_total: u64,
        /// The file.
        store: StoreState,
        /// What a check has found; absent, if none was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problems: Option<Vec<String>>,
    }
);
record!(
    /// One thing that maintenance has done, or would.
    MaintenanceAction {
        /// `reconcile`: a task whose process is gone; `back_in_line`: a queued task that stands in
        /// no line; `finalise_cancel`: a flow of which nothing is left to stop; `end_orphans`:
        /// processes of an attempt that has ended.
        kind: String,
        /// The task or flow.
        id: String,
        /// What came of it, or would.
        text: String,
        /// Whether it was done.
        done: bool,
    }
);
record!(
    /// The file of the store, in bytes.
    StoreState {
        /// Before.
        bytes_before: u64,
        /// Now.
        bytes: u64,
        /// What of it is free for new rows.
        free_bytes: u64,
        /// The log beside it.
        log_bytes: u64,
        /// Whether so much is free that `vacuum` would be worth its while.
        vacuum_advised: bool,
    }
);
