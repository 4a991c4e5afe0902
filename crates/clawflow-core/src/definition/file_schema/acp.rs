//! Turns of coding agents.

use serde_json::{Value, json};

use super::super::keys;
use super::super::limits::CORRECTIONS_MAX;
use super::object::{Make, at, with};
use super::values::{one_of, text, whole};

/// `acp`.
pub(super) fn acp(make: Make) -> Value {
    let texts = || json!({ "type": "array", "items": { "type": "string" } });
    let acp = make.object(&keys::ACP, &[], |_, key| {
        Some(match key {
            "agent" => ("Name of an agent, configured or built in.", text()),
            "prompt" => ("What it is asked to do; what is no text is sent as JSON.", json!({})),
            "stdin" => ("What it is given to work on: a text, or any value as JSON.", json!({})),
            "files" => ("Files that it is pointed to.", texts()),
            "schema" => {
                ("What the answer must be like, as a JSON Schema.", json!({ "type": "object" }))
            }
            "corrections" => (
                "How often an agent whose answer does not fit is asked again (1).",
                whole(0, CORRECTIONS_MAX),
            ),
            "mode" => ("The mode that it works in.", text()),
            "model" => ("The model that it uses.", text()),
            "session" => ("The session that it goes on with, like `$id.session`.", text()),
            "permissions" => (
                "Rules for what it asks permission for, like `allow read`; without them those of \
                 the agent.",
                json!({ "anyOf": [{ "type": "string" }, texts()] }),
            ),
            "mcp" => (
                "Servers of the Model Context Protocol that it is given; `clawflow` is our own.",
                json!({
                    "type": "array",
                    "items": { "anyOf": [{ "const": "clawflow" }, at("mcpServer")] },
                }),
            ),
            "file_access" => (
                "Files below its folder that it may reach by way of clawflow (off).",
                one_of(&["off", "read", "write"]),
            ),
            "terminals" => (
                "Whether it may have clawflow run commands below its folder (false).",
                json!({ "type": "boolean" }),
            ),
            "on_stop" => (
                "Whether a refusal or a limit of its own fails the step, or blocks the flow until \
                 a person decides (fail).",
                one_of(&["fail", "block"]),
            ),
            _ => return None,
        })
    });
    let acp = with(acp, json!({ "required": ["agent", "prompt"] }));
    make.beside(acp, &["corrections"], "schema")
}

/// A server of the Model Context Protocol.
pub(super) fn server(make: Make) -> Value {
    let server = make.object(&keys::MCP_SERVER, &[], |_, key| {
        Some(match key {
            "name" => ("What the agent calls it.", text()),
            "command" => (
                "Program and arguments.",
                json!({ "type": "array", "items": { "type": "string" } }),
            ),
            "env" => ("Variables of its environment.", json!({ "type": "object" })),
            _ => return None,
        })
    });
    with(server, json!({ "required": ["name", "command"] }))
}
