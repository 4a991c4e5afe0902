//! `llm.invoke`: asks a model through a configured endpoint, once for the same question.

mod adapter;
mod cache;
mod envelope;
mod invoke;
mod question;

use super::command::Command;
use adapter::Provider;

/// What is different between the two commands.
struct Kind {
    name: &'static str,
    /// The provider where nothing says which.
    default: Option<Provider>,
    /// What its answers say where they are from; the provider's name if nothing else.
    source: Option<&'static str>,
}

const INVOKE_KIND: Kind = Kind { name: "llm.invoke", default: None, source: None };
const TASK_KIND: Kind =
    Kind { name: "llm_task.invoke", default: Some(Provider::OpenClaw), source: Some("clawd") };

/// `llm.invoke`.
pub(super) const INVOKE: Command = Command {
    name: INVOKE_KIND.name,
    about: "Ask a model, once for the same question",
    flags: &[
        ("provider", "string", "openclaw, pi or http; else LOBSTER_LLM_PROVIDER or what is set"),
        ("token", "string", "bearer token"),
        ("prompt", "string", "what is asked"),
        ("model", "string", "which model"),
        ("artifacts-json", "string", "JSON list of what it is about, beside the items"),
        ("metadata-json", "string", "JSON object that the endpoint is given"),
        ("output-schema", "string", "JSON Schema of the answer"),
        ("schema-version", "string", "answers of other versions are not used again"),
        ("max-validation-retries", "number", "how often it is asked again, 1 if not said"),
        ("temperature", "number", "how free the answer may be"),
        ("max-output-tokens", "number", "how long the answer may be"),
        ("state-key", "string", "name under which a run keeps the answer"),
        ("refresh", "boolean", "ask even if there is an answer"),
        ("disable-cache", "boolean", "keep no answer for other runs"),
    ],
    required: &[],
    effects: &["calls_llm"],
    run: |items, args, ctx| invoke::run(&INVOKE_KIND, items, args, ctx),
};

/// `llm_task.invoke`: the same, with OpenClaw as the provider.
pub(super) const TASK: Command = Command {
    name: TASK_KIND.name,
    about: "Ask a model of OpenClaw, once for the same question",
    run: |items, args, ctx| invoke::run(&TASK_KIND, items, args, ctx),
    ..INVOKE
};
