//! What a flow of the engine was started with. Written once, at creation, and never changed: an
//! edit of the file on disk changes nothing for the flow.

use crate::ids::FlowId;
use crate::json::Object;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The fixed inputs of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowSpec {
    /// The flow.
    pub flow_id: FlowId,
    /// SHA-256 (hex) of the definition's source.
    pub definition_hash: String,
    /// Name of the file that it came from, for messages.
    pub file: String,
    /// Its absolute path, which need not exist here: child flows are looked for beside it.
    #[serde(default)]
    pub path: String,
    /// SHA-256 (hex) of the files that it named when it was created, as one JSON object by absolute
    /// path; kept like a definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
    /// Paths of the files of the flows above, the outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub above: Vec<String>,
    /// Arguments, defaults filled in.
    pub args: Object,
    /// Working directory of steps that name none.
    pub cwd: String,
    /// The chosen environment of the caller.
    pub env: BTreeMap<String, String>,
    /// Whether approvals are given without asking (`run --yes`).
    pub auto_approve: bool,
    /// Whether what steps print of the use of models counts: a flow above has a limit of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_use: bool,
    /// Root of the idempotency keys of the steps; a retry keeps it, a fork has its own.
    pub key_root: String,
}

/// The text of a workflow file, or of the files that a flow named, kept once per hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionSource {
    /// SHA-256 (hex) of `source`.
    pub hash: String,
    /// The file as it was.
    pub source: String,
}
