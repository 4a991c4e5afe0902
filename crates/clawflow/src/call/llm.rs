//! An `llm` step: a chat of one question, and of corrections until the answer fits.

use super::endpoints::{Endpoint, ResponseFormat, find};
use super::exchange::{Question, ask};
use super::failure::Failure;
use super::http::{bad_status, common, insert};
use super::limits::REPEATED_CHARS;
use super::secrets::Secrets;
use super::target;
use clawflow_core::call::{Called, LlmRequest};
use clawflow_core::cost::{Price, Tokens};
use clawflow_core::definition::{Schema, json_of_stdout};
use clawflow_core::limits::cut;
use clawflow_core::step::StepError;
use clawflow_core::task::Usage;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use serde_json::{Value, json};

/// Asks until the answer fits, or the corrections are used up.
pub(super) async fn run(call: LlmRequest, secrets: &mut Secrets) -> Called {
    let mut called = Called::default();
    if let Err(failure) = converse(call, secrets, &mut called).await {
        called.error = Some(failure);
    }
    called
}

async fn converse(
    call: LlmRequest,
    secrets: &mut Secrets,
    called: &mut Called,
) -> Result<(), Failure> {
    let endpoint = find(&call.endpoint)?;
    let template = question(&endpoint, secrets)?;
    let schema = call.shape.as_ref().map(clawflow_core::call::Shape::compile).transpose();
    let schema = schema.map_err(|why| StepError::new("schema", why))?;
    let model = call.model.clone().or_else(|| endpoint.model.clone());
    let mut chat = opening(&call);
    let mut left = call.corrections;
    loop {
        let mut body = body(&call, model.as_deref(), &chat);
        if let Some(format) = format(&call, &endpoint) {
            body["response_format"] = format;
        }
        let question = Question { body: Bytes::from(body.to_string()), ..template.clone() };
        let answer = said(question, secrets, called).await?;
        note_usage(called, &answer, &endpoint, model.as_deref());
        let text = text(&answer)?;
        let fits = match &schema {
            None => Ok(text.clone()),
            Some(schema) => fitting(schema, &text),
        };
        let why = match fits {
            Ok(text) => {
                called.text = Some(text);
                return whole(&answer);
            }
            Err(why) => why,
        };
        called.text = Some(text.clone());
        whole(&answer)?;
        if left == 0 {
            let message = format!("the answer is not as it must be: {why}");
            return Err(StepError::new("schema", message));
        }
        left -= 1;
        chat.push(json!({ "role": "assistant", "content": text }));
        let again = format!(
            "This answer is not as it must be: {why}. Answer again, with the corrected JSON only."
        );
        chat.push(json!({ "role": "user", "content": again }));
    }
}

/// The request without its body.
fn question(endpoint: &Endpoint, secrets: &mut Secrets) -> Result<Question, Failure> {
    let mut headers = common();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let key = match (&endpoint.api_key_env, &endpoint.api_key_file) {
        (Some(name), _) => Some(secrets.of_env(name)?),
        (None, Some(path)) => Some(secrets.of_file(path)?),
        (None, None) => None,
    };
    if let Some(key) = key {
        insert(&mut headers, "authorization", &format!("Bearer {key}"))?;
    }
    let (address, query) = match endpoint.url.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (endpoint.url.as_str(), String::new()),
    };
    let address = address.trim_end_matches('/');
    let url = match address.ends_with("/chat/completions") {
        true => format!("{address}{query}"),
        false => format!("{address}/chat/completions{query}"),
    };
    Ok(Question { method: Method::POST, url: target::parse(&url)?, headers, body: Bytes::new() })
}

fn opening(call: &LlmRequest) -> Vec<Value> {
    let mut system = call.system.clone().unwrap_or_default();
    if let Some(shape) = &call.shape {
        if !system.is_empty() {
            system.push_str("\n\n");
        }
        system.push_str("Answer with JSON only, as this JSON Schema says: ");
        system.push_str(&shape.schema.to_string());
    }
    let mut chat = Vec::new();
    if !system.is_empty() {
        chat.push(json!({ "role": "system", "content": system }));
    }
    chat.push(json!({ "role": "user", "content": call.prompt }));
    chat
}

fn body(call: &LlmRequest, model: Option<&str>, chat: &[Value]) -> Value {
    let mut body = json!({ "messages": chat, "stream": false });
    let optional = [
        ("model", model.map(Value::from)),
        ("temperature", call.temperature.map(Value::from)),
        ("max_tokens", call.max_tokens.map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    body
}

/// How the server is told what the answer must be like. An answer that is no object has no format
/// of its own: it is told in words, as always.
fn format(call: &LlmRequest, endpoint: &Endpoint) -> Option<Value> {
    let schema = &call.shape.as_ref()?.schema;
    let is_object = schema["type"] == "object";
    match endpoint.response_format? {
        ResponseFormat::JsonSchema => Some(json!({
            "type": "json_schema", "json_schema": { "name": "answer", "schema": schema },
        })),
        ResponseFormat::JsonObject => is_object.then(|| json!({ "type": "json_object" })),
    }
}

/// The server's answer, as JSON.
async fn said(
    question: Question,
    secrets: &Secrets,
    called: &mut Called,
) -> Result<Value, Failure> {
    let reply = ask(question, |status| (200..300).contains(&status)).await?;
    let text = reply.text();
    if !reply.status.is_success() {
        called.retry_after_ms = reply.retry_after_ms();
        return Err(bad_status(&reply, &secrets.hide(&text)));
    }
    let unclear = || {
        let said = cut(secrets.hide(&text).trim(), REPEATED_CHARS);
        StepError::new("answer", format!("the server's answer is no completion: {said}"))
    };
    let answer = json_of_stdout(&text).ok_or_else(unclear)?;
    answer.pointer("/choices/0").map(|_| ()).ok_or_else(unclear)?;
    Ok(answer)
}

fn text(answer: &Value) -> Result<String, Failure> {
    let content = answer.pointer("/choices/0/message/content");
    let text = match content {
        Some(Value::String(text)) => text.clone(),
        // Some servers answer in parts.
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part["text"].as_str()).collect()
        }
        _ => String::new(),
    };
    if !text.is_empty() {
        return Ok(text);
    }
    let refusal = answer.pointer("/choices/0/message/refusal").and_then(Value::as_str);
    let why = refusal.map_or_else(
        || "the model said nothing".to_owned(),
        |why| format!("the model refused: {}", cut(why, REPEATED_CHARS)),
    );
    Err(StepError::new("answer", why))
}

/// An answer that was cut short is no answer.
fn whole(answer: &Value) -> Result<(), Failure> {
    match answer.pointer("/choices/0/finish_reason").and_then(Value::as_str) {
        Some("length") => {
            let why = "the answer was cut: it needs more than `max_tokens`";
            Err(StepError::new("answer", why))
        }
        _ => Ok(()),
    }
}

/// The answer as JSON text, if it is as the schema says. Models like to put it between fences.
fn fitting(schema: &Schema, text: &str) -> Result<String, String> {
    let inner = text.trim();
    let inner = inner.strip_prefix("```").map_or(inner, |inner| {
        let inner = inner.split_once('\n').map_or(inner, |(_, inner)| inner);
        inner.trim_end().trim_end_matches("```")
    });
    let value = json_of_stdout(inner).ok_or_else(|| "it is not JSON".to_owned())?;
    schema.check(&value)?;
    Ok(inner.trim().to_owned())
}

/// Adds what the answer cost: as the server says, or by the price of its model.
fn note_usage(called: &mut Called, answer: &Value, endpoint: &Endpoint, asked: Option<&str>) {
    let answered = answer["model"].as_str();
    called.model = answered.or(asked).map(str::to_owned);
    let usage = &answer["usage"];
    if !usage.is_object() {
        return;
    }
    let tokens = Tokens::of_usage(usage);
    let priced = |model: &str| endpoint.prices.get(model).copied().or_else(|| Price::known(model));
    let price = [asked, answered].into_iter().flatten().find_map(priced);
    let told = usage["cost"].as_f64().filter(|cost| cost.is_finite() && *cost >= 0.0);
    let used = Usage {
        tokens: Some(tokens.all()),
        cost_usd: told.or_else(|| price.map(|price| price.of(tokens))),
        input_tokens: Some(tokens.input),
        output_tokens: Some(tokens.output),
        ..Usage::default()
    };
    called.usage = Usage::sum(called.usage.take(), Some(used));
}

#[cfg(test)]
mod tests {
    use super::*;
    use clawflow_core::definition::Dialect;

    #[test]
    fn json_is_found_between_fences() {
        let schema = Schema::new(json!({ "type": "object" }), Dialect::Strict).unwrap();
        for text in ["{\"a\":1}", " {\"a\":1}\n", "```json\n{\"a\":1}\n```", "```\n{\"a\":1}```\n"]
        {
            assert_eq!(fitting(&schema, text).unwrap(), "{\"a\":1}", "{text}");
        }
        assert_eq!(fitting(&schema, "Here: {}").unwrap_err(), "it is not JSON");
        assert!(fitting(&schema, "[]").is_err());
    }

    #[test]
    fn an_address_leads_to_the_chat() {
        let to = |url: &str| {
            let endpoint = Endpoint { url: url.to_owned(), ..Endpoint::default() };
            question(&endpoint, &mut Secrets::default()).unwrap().url.to_string()
        };
        assert_eq!(to("http://a/v1"), "http://a/v1/chat/completions");
        assert_eq!(to("http://a/v1/"), "http://a/v1/chat/completions");
        assert_eq!(to("http://a/chat/completions?v=1"), "http://a/chat/completions?v=1");
    }
}
