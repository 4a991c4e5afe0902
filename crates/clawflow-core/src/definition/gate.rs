//! The `approval` of a step.

use super::decode::{Decoder, Fields, choice, duration, expected, label, not_long};
use super::error::Fault;
use super::keys;
use super::model::{Approval, OnDeny, OnTimeout};
use super::node::{Kind, Node};
use crate::limits::APPROVERS_MAX;

const ON_TIMEOUT: [(&str, OnTimeout); 3] =
    [("fail", OnTimeout::Fail), ("continue", OnTimeout::Continue), ("cancel", OnTimeout::Cancel)];
const ON_DENY: [(&str, OnDeny); 2] = [("cancel", OnDeny::Cancel), ("continue", OnDeny::Continue)];

pub(crate) fn decode(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Option<Approval> {
    let node = fields.get("approval")?;
    let place = format!("`approval` of {}", fields.place);
    match &node.kind {
        Kind::Plain(serde_json::Value::Bool(true), _) => Some(Approval::default()),
        Kind::Plain(serde_json::Value::Bool(false), _) => None,
        Kind::Text(text) => match text.as_str() {
            "" => None,
            "required" => Some(Approval::default()),
            _ => {
                let result = decoder.template(node, &place);
                let prompt = decoder.report.keep(result);
                Some(Approval { prompt, ..Approval::default() })
            }
        },
        Kind::Map(_) => object(decoder, node, &place),
        Kind::Plain(..) | Kind::List(_) => {
            let fault = expected("true, a prompt or a mapping", node, &place);
            decoder.report.error(fault);
            None
        }
    }
}

fn object(decoder: &mut Decoder<'_, '_>, node: &Node, place: &str) -> Option<Approval> {
    let fields = decoder.fields(node, place, &keys::APPROVAL, &keys::APPROVAL_LATER)?;
    let prompt = fields.get("prompt").and_then(|node| {
        let result = decoder.template(node, &format!("`prompt` of {place}"));
        decoder.report.keep(result)
    });
    let timeout_ms = decoder.optional(&fields, "timeout", duration);
    if let (None, Some(entry)) = (fields.get("timeout"), fields.entry("on_timeout")) {
        let fault =
            Fault::new(entry.key_span, format!("{place} has `on_timeout` but no `timeout`"));
        decoder.report.error(fault.hint("without `timeout` the gate stays open for ever"));
    }
    let on_timeout = |node: &Node, place: &str| choice(node, place, &ON_TIMEOUT);
    let on_deny = |node: &Node, place: &str| choice(node, place, &ON_DENY);
    Some(Approval {
        prompt,
        preview: fields.get("preview").map(|node| decoder.value(node)),
        items: items(decoder, &fields),
        timeout_ms,
        on_timeout: decoder.optional(&fields, "on_timeout", on_timeout).unwrap_or(OnTimeout::Fail),
        on_deny: decoder.optional(&fields, "on_deny", on_deny).unwrap_or(OnDeny::Cancel),
        approvers: decoder.optional(&fields, "approvers", approvers).unwrap_or_default(),
    })
}

/// A list, or one reference to a list.
fn items(
    decoder: &mut Decoder<'_, '_>,
    fields: &Fields<'_>,
) -> Option<super::template::ValueTemplate> {
    let node = fields.get("items")?;
    if !matches!(node.kind, Kind::List(_) | Kind::Text(_)) {
        let place = format!("`items` of {}", fields.place);
        decoder.report.error(expected("a list or a reference", node, &place));
        return None;
    }
    Some(decoder.value(node))
}

fn approvers(node: &Node, place: &str) -> Result<Vec<String>, Fault> {
    let Kind::List(names) = &node.kind else {
        return Err(expected("a list of names", node, place));
    };
    if names.is_empty() {
        let fault = Fault::new(node.span, format!("{place} is empty"));
        return Err(fault.hint("leave the key out to let everybody answer"));
    }
    if let Some(over) = names.get(APPROVERS_MAX) {
        let message = format!("{place} names more than {APPROVERS_MAX}");
        return Err(Fault::new(over.span, message));
    }
    let short = |name| label(name, place).and_then(|text| not_long(text, name, place));
    names.iter().map(short).collect()
}
