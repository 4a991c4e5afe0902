//! The attempts of a step: how many, how long, and what is tried again.

use super::decode::{Decoder, Fields, boolean, choice, duration, expected, integer};
use super::error::Fault;
use super::keys;
use super::limits::{ATTEMPTS_MAX, DURATION_MS_MAX, TIMEOUT_MS_MAX};
use super::node::{Kind, Node};
use super::retry::{Backoff, Failure, Retry};

/// The `retry` block.
pub(crate) fn retry(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Retry {
    let default = Retry::default();
    let Some(node) = fields.get("retry") else { return default };
    let place = format!("`retry` of {}", fields.place);
    let Some(fields) = decoder.fields(node, &place, &keys::RETRY, &[]) else { return default };
    let attempts = |node: &Node, place: &str| integer(node, place, 1, ATTEMPTS_MAX);
    let ms = |node: &Node, place: &str| integer(node, place, 0, DURATION_MS_MAX);
    let backoff = [("fixed", Backoff::Fixed), ("exponential", Backoff::Exponential)];
    decoder.exclusive(&fields, "delay_ms", "delay");
    decoder.exclusive(&fields, "max_delay_ms", "max_delay");
    let max = decoder.optional(&fields, "max", attempts);
    let delay = decoder.optional(&fields, "delay_ms", ms);
    let delay = delay.or_else(|| decoder.optional(&fields, "delay", duration));
    let max_delay = decoder.optional(&fields, "max_delay_ms", ms);
    let max_delay = max_delay.or_else(|| decoder.optional(&fields, "max_delay", duration));
    let choose = |node: &Node, place: &str| choice(node, place, &backoff);
    Retry {
        max: max.and_then(|max| u32::try_from(max).ok()).unwrap_or(default.max),
        backoff: decoder.optional(&fields, "backoff", choose).unwrap_or(default.backoff),
        delay_ms: delay.unwrap_or(default.delay_ms),
        max_delay_ms: max_delay.unwrap_or(default.max_delay_ms),
        jitter: decoder.optional(&fields, "jitter", boolean).unwrap_or(default.jitter),
        retry_on: decoder.optional(&fields, "retry_on", failures).unwrap_or_default(),
        stop_on: decoder.optional(&fields, "stop_on", failures).unwrap_or_default(),
    }
}

/// The limit of one attempt.
pub(crate) fn timeout(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Option<u64> {
    decoder.exclusive(fields, "timeout_ms", "timeout");
    let ms = |node: &Node, place: &str| integer(node, place, 1, TIMEOUT_MS_MAX);
    let spelled = |node: &Node, place: &str| match duration(node, place)? {
        0 => Err(Fault::new(node.span, format!("{place} must be longer than nothing"))),
        ms if ms > TIMEOUT_MS_MAX => {
            let message = format!("{place} is longer than {TIMEOUT_MS_MAX} ms, about 24 days");
            Err(Fault::new(node.span, message))
        }
        ms => Ok(ms),
    };
    let timeout = decoder.optional(fields, "timeout_ms", ms);
    timeout.or_else(|| decoder.optional(fields, "timeout", spelled))
}

/// One failure or a list of them.
fn failures(node: &Node, place: &str) -> Result<Vec<Failure>, Fault> {
    match &node.kind {
        Kind::List(items) if items.is_empty() => {
            Err(Fault::new(node.span, format!("{place} is empty")))
        }
        Kind::List(items) => items.iter().map(|item| failure(item, place)).collect(),
        _ => failure(node, place).map(|one| vec![one]),
    }
}

/// A number is an exit code, a text is looked for in what the attempt said.
fn failure(node: &Node, place: &str) -> Result<Failure, Fault> {
    match &node.kind {
        Kind::Plain(value, _) if value.is_number() => {
            let code = value.as_i64().filter(|code| (1..=255).contains(code));
            let code = code.and_then(|code| i32::try_from(code).ok());
            let wanted =
                || Fault::new(node.span, format!("an exit code in {place} is from 1 to 255"));
            code.map(Failure::Exit).ok_or_else(wanted)
        }
        Kind::Text(text) if text.is_empty() => {
            Err(Fault::new(node.span, format!("a text in {place} is empty")))
        }
        Kind::Text(text) => Ok(Failure::Text(text.clone())),
        _ => Err(expected("exit codes and texts", node, place)),
    }
}
