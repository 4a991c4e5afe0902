//! How a conversation begins: `initialize` before 2026-07-28, `server/discover` since.

use super::client::{LEGACY, TASKS, negotiated, versions};
use super::limits::LIST_TTL_MS;
use clawflow_core::json::Object;
use serde_json::{Value, json};

/// What a model is told before anything else.
const INSTRUCTIONS: &str = "\
clawflow runs durable flows: jobs of several steps that outlive this session, crashes and reboots. \
Use it for work that takes long, has steps that must not run twice, or waits for a person. \
Start one with flow_run, then call flow_wait with the flowId, and again with its cursor until \
it has ended. When a digest has `asks`, ask your user and pass the answer on with flow_answer. \
flow_why says what a flow waits for. After a restart flow_list finds your flows, inbox what has \
ended meanwhile.";

/// The answer to `initialize`.
pub(super) fn initialize(params: &Object) -> Value {
    let version = negotiated(params);
    let mut capabilities = capabilities();
    if version == LEGACY[0] {
        capabilities["tasks"] =
            json!({ "list": {}, "cancel": {}, "requests": { "tools": { "call": {} } } });
    }
    json!({
        "protocolVersion": version,
        "capabilities": capabilities,
        "serverInfo": server(),
        "instructions": INSTRUCTIONS,
    })
}

/// The answer to `server/discover`.
pub(super) fn discover() -> Value {
    let mut capabilities = capabilities();
    capabilities["extensions"] = json!({ TASKS: {} });
    json!({
        "supportedVersions": versions(),
        "capabilities": capabilities,
        "instructions": INSTRUCTIONS,
        "ttlMs": LIST_TTL_MS,
        "_meta": { "io.modelcontextprotocol/serverInfo": server() },
    })
}

fn capabilities() -> Value {
    json!({ "tools": {}, "resources": {}, "prompts": {} })
}

fn server() -> Value {
    json!({
        "name": "clawflow",
        "title": "clawflow",
        "version": env!("CARGO_PKG_VERSION"),
    })
}
