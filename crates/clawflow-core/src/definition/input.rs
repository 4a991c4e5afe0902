//! What a step waits for from outside: a person's structured answer, or an event.

use super::decode::{Decoder, Fields, choice, duration, expected};
use super::error::Fault;
use super::gate::{ON_TIMEOUT, approvers};
use super::keys;
use super::model::{Action, Input, OnTimeout, WaitForEvent};
use super::node::{Kind, Node};
use super::schema::Schema;

/// `input`: a question whose answer must be as a schema says.
pub(crate) fn input(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    let fields = mapping(decoder, node, place, &keys::INPUT)?;
    let Some(prompt) = fields.get("prompt") else {
        return Err(Fault::new(node.span, format!("{place} has no `prompt`")));
    };
    let prompt = decoder.shown(prompt, &format!("`prompt` of {place}"))?;
    decoder.exclusive(&fields, "responseSchema", "schema");
    let schema = fields.get("responseSchema").or_else(|| fields.get("schema"));
    let Some(schema) = schema else {
        let fault = Fault::new(node.span, format!("{place} has no `schema`"));
        return Err(fault.hint("say with a JSON Schema what the answer must be like"));
    };
    if !matches!(schema.kind, Kind::Map(_)) {
        return Err(expected("a JSON Schema", schema, place));
    }
    let span = schema.span;
    let schema = Schema::new(schema.to_value(), decoder.dialect)
        .map_err(|why| Fault::new(span, format!("{place} has no valid schema: {why}")))?;
    let (timeout_ms, on_timeout) = deadline(decoder, &fields, place);
    let approvers = decoder.optional(&fields, "approvers", approvers).unwrap_or_default();
    let defaults = fields.get("defaults").map(Node::to_value);
    Ok(Action::Input(Box::new(Input {
        prompt,
        schema,
        defaults,
        timeout_ms,
        on_timeout,
        approvers,
    })))
}

/// `wait_for`: an event by its name and key.
pub(crate) fn wait_for(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    let fields = mapping(decoder, node, place, &keys::WAIT_FOR)?;
    let Some(event) = fields.get("event") else {
        return Err(Fault::new(node.span, format!("{place} has no `event`")));
    };
    let event = decoder.template(event, &format!("`event` of {place}"))?;
    if event.source.trim().is_empty() {
        return Err(Fault::new(event.span, format!("`event` of {place} is blank")));
    }
    let key = fields.get("key").map(|key| decoder.template(key, &format!("`key` of {place}")));
    let (timeout_ms, on_timeout) = deadline(decoder, &fields, place);
    let key = key.transpose()?;
    Ok(Action::WaitFor(Box::new(WaitForEvent { event, key, timeout_ms, on_timeout })))
}

fn mapping<'n>(
    decoder: &mut Decoder<'_, '_>,
    node: &'n Node,
    place: &str,
    known: &[&str],
) -> Result<Fields<'n>, Fault> {
    match &node.kind {
        Kind::Map(_) => {
            let fields = decoder.fields(node, place, known, &[]);
            fields.ok_or_else(|| expected("a mapping", node, place))
        }
        _ => Err(expected("a mapping", node, place)),
    }
}

/// How long is waited, and what happens then.
pub(crate) fn deadline(
    decoder: &mut Decoder<'_, '_>,
    fields: &Fields<'_>,
    place: &str,
) -> (Option<u64>, OnTimeout) {
    let timeout_ms = decoder.optional(fields, "timeout", duration);
    if let (None, Some(entry)) = (fields.get("timeout"), fields.entry("on_timeout")) {
        let fault =
            Fault::new(entry.key_span, format!("{place} has `on_timeout` but no `timeout`"));
        decoder.report.error(fault.hint("without `timeout` the gate stays open for ever"));
    }
    let choose = |node: &Node, place: &str| choice(node, place, &ON_TIMEOUT);
    let on_timeout = decoder.optional(fields, "on_timeout", choose);
    (timeout_ms, on_timeout.unwrap_or(OnTimeout::Fail))
}
