//! The `approval` of a step.

use super::decode::{Decoder, Fields, boolean, choice, expected, label, not_long};
use super::error::Fault;
use super::input::deadline;
use super::keys;
use super::model::{Approval, OnDeny, OnTimeout};
use super::node::{Kind, Node};
use super::template::{Template, ValueTemplate};
use crate::limits::APPROVERS_MAX;

pub(crate) const ON_TIMEOUT: [(&str, OnTimeout); 3] =
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
                let result = decoder.shown(node, &place);
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
    let fields = decoder.fields(node, place, &keys::APPROVAL, &[])?;
    let prompt = fields.get("prompt").and_then(|node| {
        let result = decoder.shown(node, &format!("`prompt` of {place}"));
        decoder.report.keep(result)
    });
    let (timeout_ms, on_timeout) = deadline(decoder, &fields, place);
    let on_deny = |node: &Node, place: &str| choice(node, place, &ON_DENY);
    let [snake, camel] = keys::DIFFERENT_APPROVER;
    decoder.exclusive(&fields, snake, camel);
    let different = decoder.optional(&fields, snake, boolean);
    let different = different.or_else(|| decoder.optional(&fields, camel, boolean));
    Some(Approval {
        prompt,
        preview: fields.get("preview").map(|node| shown_value(decoder, node)),
        items: items(decoder, &fields),
        timeout_ms,
        on_timeout,
        on_deny: decoder.optional(&fields, "on_deny", on_deny).unwrap_or(OnDeny::Cancel),
        approvers: decoder.optional(&fields, "approvers", approvers).unwrap_or_default(),
        initiated_by: identity(decoder, &fields, &keys::INITIATED_BY),
        required_approver: identity(decoder, &fields, &keys::REQUIRED_APPROVER),
        different_approver: different.unwrap_or(false),
    })
}

/// A name, under either spelling of its key.
fn identity(
    decoder: &mut Decoder<'_, '_>,
    fields: &Fields<'_>,
    spellings: &[&str; 2],
) -> Option<Template> {
    decoder.exclusive(fields, spellings[0], spellings[1]);
    let key = spellings.iter().find(|key| fields.get(key).is_some())?;
    let node = fields.get(key)?;
    let result = decoder.shown(node, &format!("`{key}` of {}", fields.place));
    decoder.report.keep(result)
}

/// A list, or one reference to a list.
fn items(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Option<ValueTemplate> {
    let node = fields.get("items")?;
    if !matches!(node.kind, Kind::List(_) | Kind::Text(_)) {
        let place = format!("`items` of {}", fields.place);
        decoder.report.error(expected("a list or a reference", node, &place));
        return None;
    }
    Some(shown_value(decoder, node))
}

fn shown_value(decoder: &Decoder<'_, '_>, node: &Node) -> ValueTemplate {
    match decoder.strict() {
        true => decoder.value(node),
        false => ValueTemplate::Literal(node.to_value()),
    }
}

pub(crate) fn approvers(node: &Node, place: &str) -> Result<Vec<String>, Fault> {
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
