//! Who is asked, and how.

use super::Kind;
use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::env::Env;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::http::{Endpoint, post};
use crate::lobster::pipeline::limits::REPEATED_UNITS;
use crate::lobster::value::{
    Object, Value, compact, first_units, property, read_json, text_of, trim,
};

/// A kind of endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    /// A tool of an OpenClaw gateway.
    OpenClaw,
    /// An extension of the agent Pi.
    Pi,
    /// Anything that takes the question as JSON.
    Http,
}

impl Provider {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OpenClaw => "openclaw",
            Self::Pi => "pi",
            Self::Http => "http",
        }
    }

    /// Which one is asked.
    pub(super) fn resolve(kind: &Kind, args: &Args, env: &Env) -> Result<Self, Failure> {
        let named = match args.flag("provider") {
            Some(flag) => trim(flag.as_str()).to_owned(),
            None => env.first(&["LOBSTER_LLM_PROVIDER"]),
        };
        let all = [Self::Pi, Self::OpenClaw, Self::Http];
        if !named.is_empty() {
            let named = named.to_lowercase();
            let found = all.into_iter().find(|provider| provider.name() == named);
            let unknown = || Failure::new(format!("Unsupported llm provider: {named}"));
            return found.ok_or_else(unknown);
        }
        let configured = || all.into_iter().find(|provider| !provider.url(env).is_empty());
        kind.default.or_else(configured).ok_or_else(|| {
            let why = "could not resolve a provider. Set --provider or LOBSTER_LLM_PROVIDER";
            Failure::new(format!("llm.invoke {why}"))
        })
    }

    fn url(self, env: &Env) -> String {
        env.first(match self {
            Self::OpenClaw => &["OPENCLAW_URL", "CLAWD_URL"],
            Self::Pi => &["LOBSTER_PI_LLM_ADAPTER_URL"],
            Self::Http => &["LOBSTER_LLM_ADAPTER_URL"],
        })
    }

    fn token(self, env: &Env) -> String {
        env.first(match self {
            Self::OpenClaw => &["OPENCLAW_TOKEN", "CLAWD_TOKEN"],
            Self::Pi => &["LOBSTER_PI_LLM_ADAPTER_TOKEN"],
            Self::Http => &["LOBSTER_LLM_ADAPTER_TOKEN"],
        })
    }

    fn wants(self) -> &'static str {
        match self {
            Self::OpenClaw => "OPENCLAW_URL (or CLAWD_URL) for provider=openclaw",
            Self::Pi => "LOBSTER_PI_LLM_ADAPTER_URL for provider=pi",
            Self::Http => "LOBSTER_LLM_ADAPTER_URL for provider=http",
        }
    }
}

/// An endpoint that answers questions.
pub(super) struct Adapter {
    provider: Provider,
    endpoint: Endpoint,
    token: String,
}

impl Adapter {
    /// The endpoint that the environment names.
    pub(super) fn open(
        provider: Provider,
        kind: &Kind,
        args: &Args,
        env: &Env,
    ) -> Result<Self, Failure> {
        env.bytes("LOBSTER_MAX_HTTP_RESPONSE_BYTES")?;
        let url = provider.url(env);
        if url.is_empty() {
            return Err(Failure::new(format!("{} requires {}", kind.name, provider.wants())));
        }
        let endpoint = Endpoint::parse(&url)?;
        let endpoint = match provider {
            Provider::OpenClaw => endpoint.at("/tools/invoke"),
            Provider::Pi | Provider::Http => endpoint.or_at("/invoke"),
        };
        let given = args.flag("token").map(Flag::as_str).map(|token| trim(token).to_owned());
        Ok(Self { provider, endpoint, token: given.unwrap_or_else(|| provider.token(env)) })
    }

    /// Asks; the answer in an envelope with `ok`.
    pub(super) fn ask(&self, question: &Object, env: &Env) -> Result<Value, Failure> {
        let mut body = Object::default();
        if self.provider == Provider::OpenClaw {
            body.set("tool", "llm-task".into());
            body.set("action", "invoke".into());
            body.set("args", question.clone().into());
        } else {
            body = question.clone();
        }
        let body = compact(&body.into()).unwrap_or_default();
        let answer = post(&self.endpoint, &self.token, body, env)?;
        if !answer.is_ok() {
            let said = first_units(&answer.text, REPEATED_UNITS);
            let (status, reason) = (answer.status, answer.reason);
            return Err(Failure::new(format!("{status} {reason}: {said}")));
        }
        let json = if answer.text.is_empty() { "null" } else { &answer.text };
        let value = read_json(json).map_err(|_| Failure::new("Response was not JSON"))?;
        match self.provider {
            Provider::OpenClaw => unpacked(value),
            Provider::Pi | Provider::Http => Ok(enveloped(value)),
        }
    }
}

fn has_ok(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.get("ok").is_some())
}

fn enveloped(value: Value) -> Value {
    if has_ok(&value) {
        return value;
    }
    let mut envelope = Object::default();
    envelope.set("ok", true.into());
    envelope.set("result", value);
    envelope.into()
}

/// Takes off the envelope of the gateway's tool call.
fn unpacked(value: Value) -> Result<Value, Failure> {
    if !has_ok(&value) {
        return Ok(enveloped(value));
    }
    if *property(&value, "ok") != Value::Bool(true) {
        let error = property(&value, "error");
        let message = property(&error, "message");
        let unknown = || "Unknown error".into();
        let message = if message.is_nullish() { unknown() } else { text_of(&message) };
        return Err(Failure::new(format!("openclaw adapter error: {message}")));
    }
    Ok(enveloped(property(&value, "result").into_owned()))
}
