//! Questions to servers.

use serde_json::{Value, json};

use super::super::keys;
use super::super::limits::{CORRECTIONS_MAX, TOKENS_MAX};
use super::object::{Make, at, with};
use super::values::{one_of, text, whole};

/// `http`.
pub(super) fn http(make: Make) -> Value {
    let http = make.object(&keys::HTTP, &[], |_, key| {
        Some(match key {
            "method" => (
                "How; without it POST if there is a body, else GET.",
                one_of(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
            ),
            "url" => ("Where to. A reference in it is put there as it is.", text()),
            "query" => (
                "Names and values that are added to the address, encoded; a list once for each \
                 item.",
                json!({ "type": "object" }),
            ),
            "headers" => (
                "Names and texts, or secrets: `{ env: NAME }` or `{ file: PATH }`, which only the \
                 process that sends the request reads.",
                json!({
                    "type": "object",
                    "additionalProperties": {
                        "anyOf": [{ "type": ["string", "number", "boolean"] }, at("secret")],
                    },
                }),
            ),
            "body" => ("What is sent: a text as it is, anything else as JSON.", json!({})),
            "expect" => ("What a good answer is.", at("expect")),
            _ => return None,
        })
    });
    with(http, json!({ "required": ["url"] }))
}

/// A header that is a secret.
pub(super) fn secret(make: Make) -> Value {
    let secret = make.object(&keys::SECRET, &[], |_, key| {
        Some(match key {
            "env" => ("The variable of the step that has it.", text()),
            "file" => ("The file that has it.", text()),
            "prefix" => ("What is sent before it, like `Bearer `.", text()),
            _ => return None,
        })
    });
    make.not_both(make.some_of(secret, &["env", "file"]), &[("env", "file")])
}

/// `expect`.
pub(super) fn expect(make: Make) -> Value {
    let status = json!({
        "anyOf": [whole(200, 599), { "type": "string", "pattern": "^[2-5]xx$" }],
    });
    make.object(&keys::EXPECT, &[], |_, key| {
        Some(match key {
            "status" => (
                "Good statuses, like 200 or 2xx, which it is without the key.",
                json!({ "anyOf": [
                    status, { "type": "array", "minItems": 1, "items": status },
                ] }),
            ),
            "schema" => (
                "What the body of the answer must be like, as a JSON Schema.",
                json!({ "type": "object" }),
            ),
            _ => return None,
        })
    })
}

/// `llm`.
pub(super) fn llm(make: Make) -> Value {
    let llm = make.object(&keys::LLM, &[], |_, key| {
        Some(match key {
            "endpoint" => ("A name of `llm.toml`, or the address of a server.", text()),
            "model" => ("Which model; without it that of the endpoint.", text()),
            "system" => ("What the model is told before the question.", text()),
            "prompt" => ("The question; what is no text is sent as JSON.", json!({})),
            "temperature" => (
                "How free the answer may be.",
                json!({ "type": "number", "minimum": 0, "maximum": 2 }),
            ),
            "max_tokens" => ("How long the answer may be.", whole(1, TOKENS_MAX)),
            "schema" => {
                ("What the answer must be like, as a JSON Schema.", json!({ "type": "object" }))
            }
            "corrections" => (
                "How often a model whose answer does not fit is asked again (1).",
                whole(0, CORRECTIONS_MAX),
            ),
            _ => return None,
        })
    });
    let llm = with(llm, json!({ "required": ["endpoint", "prompt"] }));
    make.beside(llm, &["corrections"], "schema")
}
