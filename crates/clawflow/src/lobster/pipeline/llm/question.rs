//! What is asked, and the name of its answer.

use super::Kind;
use super::adapter::Provider;
use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::env::Env;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Object, Value, number_of_text, read_json, stable, text_of};
use clawflow_core::hash::sha256;

/// How often it is asked again where nothing says so.
const RETRIES: f64 = 1.0;
/// The version of the names of answers: others are not found.
const KEY_VERSION: f64 = 2.0;

/// A question without what it is about.
pub(super) struct Question {
    prompt: String,
    model: String,
    pub(super) schema_version: String,
    temperature: Option<f64>,
    max_tokens: Option<f64>,
    provided: Vec<Value>,
    metadata: Option<Value>,
    /// JSON Schema of the answer.
    pub(super) schema: Option<Value>,
    /// How often it is asked again when the answer does not fit.
    pub(super) retries: f64,
}

impl Question {
    /// Reads what a stage and its environment say.
    pub(super) fn read(kind: &Kind, args: &Args, env: &Env) -> Result<Self, Failure> {
        let name = kind.name;
        let prompt = match args.flag("prompt").filter(|prompt| prompt.is_truthy()) {
            Some(prompt) => prompt.as_str().to_owned(),
            None => args.words.join(" "),
        };
        if prompt.is_empty() {
            return Err(Failure::new(format!("{name} requires --prompt or positional text")));
        }
        let schema = object(args, "output-schema", name)?;
        let retries = args.flag("max-validation-retries").map(Flag::number).or_else(|| {
            let names = ["LOBSTER_LLM_VALIDATION_RETRIES", "LLM_TASK_VALIDATION_RETRIES"];
            env.first_filled(&names).map(|text| number_of_text(&text))
        });
        let retries = retries.filter(|retries| retries.is_finite()).unwrap_or(RETRIES).max(0.0);
        let versions = ["LOBSTER_LLM_SCHEMA_VERSION", "LLM_TASK_SCHEMA_VERSION"];
        Ok(Self {
            prompt,
            model: setting(args, "model", env, &["LOBSTER_LLM_MODEL", "LLM_TASK_MODEL"], ""),
            schema_version: setting(args, "schema-version", env, &versions, "v1"),
            temperature: number(args, "temperature"),
            max_tokens: number(args, "max-output-tokens"),
            provided: list(args, "artifacts-json", name)?,
            metadata: object(args, "metadata-json", name)?,
            retries: if schema.is_some() { retries } else { 0.0 },
            schema,
        })
    }

    /// What it is about: the items and what the stage says, each in the form of an artifact.
    pub(super) fn artifacts(&self, items: Vec<Value>) -> Vec<Value> {
        items.into_iter().chain(self.provided.iter().cloned()).map(artifact).collect()
    }

    /// The name of the answer.
    pub(super) fn key(&self, provider: Provider, hashes: &Value) -> String {
        let default = || format!("{}-default", provider.name());
        let model = if self.model.is_empty() { default() } else { self.model.clone() };
        let number = |number: Option<f64>| number.map_or(Value::Null, Value::Number);
        let mut identity = Object::default();
        identity.set("cacheKeyVersion", KEY_VERSION.into());
        identity.set("provider", provider.name().into());
        identity.set("prompt", self.prompt.clone().into());
        identity.set("model", model.into());
        identity.set("schemaVersion", self.schema_version.clone().into());
        identity.set("artifactHashes", hashes.clone());
        identity.set("outputSchema", self.schema.clone().unwrap_or(Value::Null));
        identity.set("temperature", number(self.temperature));
        identity.set("maxOutputTokens", number(self.max_tokens));
        hash(&identity.into())
    }

    /// The question as it is sent.
    pub(super) fn payload(&self, artifacts: &[Value], hashes: &Value) -> Object {
        let mut payload = Object::default();
        payload.set("prompt", self.prompt.clone().into());
        if !self.model.is_empty() {
            payload.set("model", self.model.clone().into());
        }
        payload.set("artifacts", artifacts.to_vec().into());
        payload.set("artifactHashes", hashes.clone());
        let optional = [
            ("metadata", self.metadata.clone()),
            ("outputSchema", self.schema.clone()),
            ("schemaVersion", Some(self.schema_version.clone().into())),
            ("maxOutputTokens", self.max_tokens.map(Value::Number)),
            ("temperature", self.temperature.map(Value::Number)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                payload.set(name, value);
            }
        }
        payload
    }
}

/// The hash of a value, whatever the order of its fields.
pub(super) fn hash(value: &Value) -> String {
    sha256(stable(value).unwrap_or_default())
}

fn artifact(item: Value) -> Value {
    let (kind, name, value) = match item {
        Value::Object(_) => return item,
        Value::Text(text) => ("text", "text", text.into()),
        Value::Number(_) | Value::Bool(_) => ("text", "text", text_of(&item).into_owned().into()),
        item => ("json", "data", item),
    };
    let mut artifact = Object::default();
    artifact.set("kind", kind.into());
    artifact.set(name, value);
    artifact.into()
}

fn setting(args: &Args, flag: &str, env: &Env, names: &[&str], default: &str) -> String {
    args.filled(&[flag]).or_else(|| env.first_filled(names)).unwrap_or_else(|| default.to_owned())
}

fn number(args: &Args, flag: &str) -> Option<f64> {
    args.flag(flag).map(Flag::number).filter(|number| number.is_finite())
}

fn object(args: &Args, flag: &str, name: &str) -> Result<Option<Value>, Failure> {
    let Some(json) = args.flag(flag).filter(|json| json.is_truthy()) else { return Ok(None) };
    match read_json(json.as_str()) {
        Ok(value @ Value::Object(_)) => Ok(Some(value)),
        _ => Err(Failure::new(format!("{name} --{flag} must be a JSON object"))),
    }
}

fn list(args: &Args, flag: &str, name: &str) -> Result<Vec<Value>, Failure> {
    let Some(json) = args.flag(flag).filter(|json| json.is_truthy()) else { return Ok(Vec::new()) };
    match read_json(json.as_str()) {
        Ok(Value::List(items)) => Ok(items),
        _ => Err(Failure::new(format!("{name} --{flag} must be a JSON array"))),
    }
}
