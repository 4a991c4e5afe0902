//! Requests and answers about imports.

use clawflow_core::import::ImportOutcome;
use clawflow_core::json::Object;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

record!(
    /// Takes over rows of OpenClaw's ledger, as `clawflow import openclaw` reads them: each an
    /// object with the columns that `docs/import.md` names. Flows come before their tasks. At most
    /// 500 rows.
    #[derive(Default)]
    ImportOpenclawRequest {
        /// Rows of `flow_runs`.
        #[serde(default)]
        flows: Vec<Object>,
        /// Rows of `task_runs`.
        #[serde(default)]
        tasks: Vec<Object>,
        /// Rows of `cron_jobs`.
        #[serde(default)]
        jobs: Vec<Object>,
        /// What jobs leave to the machine that they run on; needed with `jobs`.
        #[serde(default)]
        place: ImportPlace,
        /// Whether it is only said what would become of them.
        #[serde(default)]
        dry_run: bool,
    }
);
record!(
    /// What jobs leave to the machine that they run on.
    #[derive(Default)]
    ImportPlace {
        /// Directory of commands that name none; absolute.
        #[serde(default)]
        cwd: String,
        /// Environment of commands and agents.
        #[serde(default)]
        env: BTreeMap<String, String>,
        /// Zone of cron expressions that name none.
        #[serde(default)]
        tz: String,
        /// Who takes the turns of agents; else the agent of the same name as there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// Whether schedules that are enabled there are enabled here. Both would fire.
        #[serde(default)]
        enable: bool,
    }
);
record!(
    /// What became of the rows, or would: flows, tasks and jobs in the order of the request.
    ImportOpenclawResponse {
        /// One for each row.
        records: Vec<ImportedRecord>,
    }
);
record!(
    /// What became of a row, or would.
    ImportedRecord {
        /// What became of it.
        outcome: ImportOutcome,
        /// The record here, unless there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Why it is not here as it is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// What of it is not taken over.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    }
);
