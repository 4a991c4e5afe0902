//! `flow`, and Lobster's `workflow`: a step that runs another workflow file.

use super::decode::{Decoder, Fields, check_name, expected};
use super::error::Fault;
use super::keys;
use super::model::{Action, ChildFlow};
use super::node::{Kind, Node};
use super::template::ValueTemplate;

/// `flow: { file, args }`.
pub(crate) fn flow(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    // It is refused with its own reason.
    let known = [&keys::CHILD_FLOW[..], &["name"]].concat();
    let Some(fields) = decoder.fields(node, place, &known, &[]) else {
        return Err(expected("a mapping", node, place).hint("write `flow: { file: PATH }`"));
    };
    if let Some(entry) = fields.entry("name") {
        let fault = Fault::new(entry.key_span, format!("{place} cannot be named"));
        return Err(fault.hint("there is no folder of named flows; name its file with `file`"));
    }
    let Some(file) = fields.get("file") else {
        return Err(Fault::new(node.span, format!("{place} has no `file`")));
    };
    made(decoder, file, fields.get("args"), place)
}

/// `workflow: PATH`, and `workflow_args` beside it.
pub(crate) fn workflow(
    decoder: &mut Decoder<'_, '_>,
    fields: &Fields<'_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    made(decoder, node, fields.get("workflow_args"), place)
}

fn made(
    decoder: &mut Decoder<'_, '_>,
    file: &Node,
    args: Option<&Node>,
    place: &str,
) -> Result<Action, Fault> {
    let template = decoder.template(file, &format!("the path in {place}"))?;
    if template.source.trim().is_empty() {
        return Err(Fault::new(file.span, format!("the path in {place} is blank")));
    }
    let args = args.map_or(Ok(Vec::new()), |args| arguments(decoder, args, place))?;
    Ok(Action::Flow(Box::new(ChildFlow { file: template, args })))
}

/// Lobster resolves a text to a text and leaves any other value as it is.
fn arguments(
    decoder: &Decoder<'_, '_>,
    node: &Node,
    place: &str,
) -> Result<Vec<(String, ValueTemplate)>, Fault> {
    let Kind::Map(entries) = &node.kind else {
        return Err(expected("a mapping", node, &format!("the arguments in {place}")));
    };
    let mut args = Vec::with_capacity(entries.len());
    for entry in entries {
        if decoder.strict() {
            check_name(&entry.key, entry.key_span, "the name of an argument")?;
        }
        let value = match &entry.value.kind {
            Kind::Text(_) if !decoder.strict() => {
                ValueTemplate::Text(decoder.template(&entry.value, place)?)
            }
            _ => decoder.value(&entry.value),
        };
        args.push((entry.key.clone(), value));
    }
    Ok(args)
}
