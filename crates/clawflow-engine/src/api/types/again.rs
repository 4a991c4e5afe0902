//! Retry and fork.

use clawflow_core::json::Object;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

record!(
    /// Makes a new flow from one that has ended badly, with its recorded results and under its
    /// idempotency keys.
    #[derive(Default)]
    FlowRetryRequest {
        /// The flow.
        flow: String,
        /// The step from which on everything runs anew. Without it, what failed is tried again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// Makes a new flow from another, ended or not, with its recorded results and with idempotency
    /// keys of its own.
    #[derive(Default)]
    FlowForkRequest {
        /// The flow.
        flow: String,
        /// The step from which on everything runs anew.
        from: String,
        /// Arguments that are to be others. Results from before the step stay as recorded.
        #[serde(default)]
        args: Object,
        /// Human name; else the file's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
