//! Steps that ask a server: what their process is given, and what it says at its end.

use super::launch::text;
use super::scope::FlowScope;
use crate::call::{Body, Call, Called, Header, HttpRequest, LlmRequest, Shape};
use crate::definition::{Dialect, EvalError, HeaderValue, HttpCall, LlmCall, Schema, Secret};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::step::{StepError, StepResult};
use crate::task::TaskMove;
use crate::text::Text;
use serde_json::Value;

/// The request of an `http` step.
pub(super) fn http(call: &HttpCall, scope: &FlowScope<'_>) -> Result<Call, EvalError> {
    let mut url = call.url.render(scope)?.trim().to_owned();
    // What follows `#` is never sent.
    url.truncate(url.find('#').unwrap_or(url.len()));
    for (name, value) in &call.query {
        add(&mut url, name, &value.resolve(scope)?);
    }
    let header = |(name, value): &(String, HeaderValue)| {
        let value = match value {
            HeaderValue::Text(text) => Header::Text(text.render(scope)?),
            HeaderValue::Secret { from: Secret::Env(name), prefix } => {
                Header::Env(name.clone(), prefix.clone())
            }
            HeaderValue::Secret { from: Secret::File(path), prefix } => {
                Header::File(path.clone(), prefix.clone())
            }
        };
        Ok((name.clone(), value))
    };
    let body = call.body.as_ref().map(|body| body.resolve(scope)).transpose()?;
    Ok(Call::Http(HttpRequest {
        method: call.method.as_str().to_owned(),
        url,
        headers: call.headers.iter().map(header).collect::<Result<_, EvalError>>()?,
        body: body.map(|body| match body {
            Value::String(text) => Body::Text(text),
            value => Body::Json(value),
        }),
        statuses: call.expect.statuses.clone(),
        shape: call.expect.schema.as_ref().map(|schema| shape(schema, scope)),
    }))
}

/// The question of an `llm` step.
pub(super) fn llm(call: &LlmCall, scope: &FlowScope<'_>) -> Result<Call, EvalError> {
    let some = |text: &Option<crate::definition::Template>| {
        text.as_ref().map(|text| text.render(scope)).transpose()
    };
    Ok(Call::Llm(LlmRequest {
        endpoint: call.endpoint.render(scope)?.trim().to_owned(),
        model: some(&call.model)?,
        system: some(&call.system)?,
        prompt: text(&call.prompt.resolve(scope)?),
        temperature: call.temperature,
        max_tokens: call.max_tokens,
        shape: call.schema.as_ref().map(|schema| shape(schema, scope)),
        corrections: call.corrections,
    }))
}

fn shape(schema: &Schema, scope: &FlowScope<'_>) -> Shape {
    let lobster = scope.state.definition.dialect == Dialect::Lobster;
    Shape { schema: schema.value().clone(), lobster }
}

/// Adds to the query: a list once for each item, nothing for null.
fn add(url: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| add(url, name, item)),
        value => {
            url.push(if url.contains('?') { '&' } else { '?' });
            encode(url, name);
            url.push('=');
            encode(url, &text(value));
        }
    }
}

/// As RFC 3986 has it: what is not unreserved is encoded.
fn encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            url.push('%');
            url.push(char::from(HEX[usize::from(byte >> 4)]));
            url.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// The call in a line, for people: without what may be secret in its query.
pub(super) fn shown(call: &Call) -> String {
    match call {
        Call::Http(request) => {
            let url = request.url.split('?').next().unwrap_or_default();
            format!("{} {}", request.method, without_user(url))
        }
        Call::Llm(request) => {
            let model = request.model.as_deref().unwrap_or(&request.endpoint);
            format!("llm {}: {}", without_user(model), request.prompt)
        }
    }
}

/// An address without the name and password in it.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// The end of the attempt as the call tells of it, in place of that of its process.
pub(super) fn said(
    how: TaskMove,
    result: StepResult,
    error: Option<StepError>,
) -> (TaskMove, StepResult, Option<StepError>) {
    if result.truncated {
        let why = StepError::new("output_too_large", "the answer was cut at the limit");
        let how = if how == TaskMove::Succeed { TaskMove::Fail } else { how };
        return (how, StepResult::default(), error.or(Some(why)));
    }
    let line = result.stdout.as_deref().unwrap_or_default().trim();
    let Ok(called) = serde_json::from_str::<Called>(line) else {
        let unclear = || StepError::new("call", "what became of the call was not understood");
        let how = if how == TaskMove::Succeed { TaskMove::Fail } else { how };
        let kept = StepResult { exit_code: result.exit_code, ..StepResult::default() };
        return (how, kept, Some(error.unwrap_or_else(unclear)));
    };
    let result = StepResult {
        stdout: called.text.map(Text::from),
        status: called.status,
        headers: called.headers,
        usage: called.usage,
        ..StepResult::default()
    };
    match (how, called.error) {
        (TaskMove::Succeed | TaskMove::Fail, Some(why)) => {
            let message = cut(&why.message, SUMMARY_CHARS_MAX);
            let retry_after_ms = called.retry_after_ms;
            (TaskMove::Fail, result, Some(StepError { message, retry_after_ms, ..why }))
        }
        _ => (how, result, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_added_to_an_address_is_encoded() {
        let mut url = "https://example.org/find?a=1".to_owned();
        add(&mut url, "q", &json!("ä b&c=d/#"));
        add(&mut url, "tag", &json!(["x", 2, null]));
        add(&mut url, "none", &json!(null));
        assert_eq!(url, "https://example.org/find?a=1&q=%C3%A4%20b%26c%3Dd%2F%23&tag=x&tag=2");
    }

    #[test]
    fn no_password_is_shown() {
        assert_eq!(without_user("https://ann:pw@example.org/a@b"), "https://example.org/a@b");
        assert_eq!(without_user("http://example.org"), "http://example.org");
    }

    #[test]
    fn a_process_that_says_nothing_has_failed() {
        let (how, _, error) = said(TaskMove::Succeed, StepResult::default(), None);
        assert_eq!((how, error.unwrap().code.as_str()), (TaskMove::Fail, "call"));
        let killed = StepError::new("signal", "killed by signal 9");
        let (how, _, error) = said(TaskMove::Fail, StepResult::default(), Some(killed.clone()));
        assert_eq!((how, error), (TaskMove::Fail, Some(killed)));
    }
}
