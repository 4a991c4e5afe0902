//! Steps inside a step: `for_each` with its items, `parallel` with its branches.

use super::attempt;
use super::decode::{Decoder, Fields, choice, duration, expected, integer, name};
use super::error::Fault;
use super::keys;
use super::limits::{DURATION_MS_MAX, ITEMS_MAX};
use super::model::{Action, Dialect, ForEach, OnError, Parallel, Phase, Race, StepDef};
use super::node::{Kind, Node};
use super::retry::Retry;
use super::step;
use super::template::ValueTemplate;

/// `for_each` and the keys beside it.
pub(crate) fn for_each(
    decoder: &mut Decoder<'_, '_>,
    fields: &Fields<'_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    let list = match &node.kind {
        Kind::Text(_) => true,
        Kind::List(_) => decoder.strict(),
        Kind::Plain(..) | Kind::Map(_) => false,
    };
    if !list {
        let fault = expected("a reference to a list", node, place);
        return Err(fault.hint("write for example `for_each: $list.json`"));
    }
    let items = decoder.value(node);
    if let (ValueTemplate::Literal(serde_json::Value::String(_)), true) = (&items, decoder.strict())
    {
        let fault = expected("a reference to a list", node, place);
        return Err(fault.hint("write for example `for_each: $list.json`"));
    }
    let Some(steps) = fields.get("steps") else {
        return Err(Fault::new(node.span, format!("{place} has no `steps` beside it")));
    };
    let steps = parts(decoder, steps, &format!("`steps` of {}", fields.place), true)?;
    let some = |node: &Node, place: &str| integer(node, place, 1, ITEMS_MAX);
    let ms = |node: &Node, place: &str| integer(node, place, 0, DURATION_MS_MAX);
    decoder.exclusive(fields, "pause_ms", "pause");
    let pause_ms = decoder.optional(fields, "pause_ms", ms);
    let pause_ms = pause_ms.or_else(|| decoder.optional(fields, "pause", duration));
    let item_var = decoder.optional(fields, "item_var", name);
    let index_var = decoder.optional(fields, "index_var", name);
    Ok(Action::ForEach(Box::new(ForEach {
        items,
        item_var: item_var.unwrap_or_else(|| "item".to_owned()),
        index_var: index_var.unwrap_or_else(|| "index".to_owned()),
        batch_size: count(decoder.optional(fields, "batch_size", some)),
        pause_ms: pause_ms.unwrap_or(0),
        concurrency: count(decoder.optional(fields, "concurrency", some)),
        steps,
    })))
}

fn count(number: Option<u64>) -> usize {
    number.and_then(|number| usize::try_from(number).ok()).unwrap_or(1)
}

/// `parallel`, and the limit of time that it may have.
pub(crate) fn parallel(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    let Some(fields) = decoder.fields(node, place, &keys::PARALLEL, &[]) else {
        return Err(expected("a mapping", node, place));
    };
    let Some(branches) = fields.get("branches") else {
        return Err(Fault::new(node.span, format!("{place} has no `branches`")));
    };
    let branches = parts(decoder, branches, &format!("`branches` of {place}"), false)?;
    let race = [("all", Race::All), ("any", Race::Any)];
    let choose = |node: &Node, place: &str| choice(node, place, &race);
    let wait = decoder.optional(&fields, "wait", choose).unwrap_or(Race::All);
    let timeout_ms = attempt::timeout(decoder, &fields);
    Ok(Action::Parallel(Box::new(Parallel { wait, timeout_ms, branches })))
}

/// Keys that Lobster takes in an inner step, without effect.
const WITHOUT_EFFECT: [&str; 4] = ["retry", "timeout", "timeout_ms", "on_error"];

/// The inner steps.
fn parts(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    place: &str,
    in_loop: bool,
) -> Result<Vec<StepDef>, Fault> {
    let Kind::List(items) = &node.kind else {
        return Err(expected("a list of steps", node, place));
    };
    if items.is_empty() {
        return Err(Fault::new(node.span, format!("{place} is empty")));
    }
    let mut steps: Vec<StepDef> = Vec::with_capacity(items.len());
    for item in items {
        if let Kind::Map(entries) = &item.kind {
            let refused = |key: &str| match decoder.dialect {
                Dialect::Strict => keys::NOT_INSIDE.contains(&key),
                Dialect::Lobster => {
                    keys::NOT_INSIDE.contains(&key) || keys::NOT_INSIDE_LOBSTER.contains(&key)
                }
            };
            for entry in entries.iter().filter(|entry| refused(&entry.key)) {
                let message = format!("`{}` cannot be used in {place}", entry.key);
                let fault = Fault::new(entry.key_span, message);
                let hint = "inner steps cannot have steps of their own, nor an order of their own";
                decoder.report.error(fault.hint(hint));
            }
        }
        let Some(raw) = step::decode(decoder, item, Phase::Forward) else { continue };
        let mut def = raw.step;
        if let Some(fallback) = raw.fallback {
            let message = format!("a step in {place} cannot have a fallback");
            decoder.report.error(Fault::new(fallback.span, message));
        }
        if def.on_error == OnError::SkipRest && decoder.strict() {
            let fault = Fault::new(def.span, format!("`skip_rest` cannot be used in {place}"));
            decoder.report.error(fault.hint("`continue` goes on with the next inner step"));
        }
        if decoder.dialect == Dialect::Lobster {
            // Accepted there, and without effect.
            if let Kind::Map(entries) = &item.kind {
                for entry in entries.iter().filter(|entry| WITHOUT_EFFECT.contains(&&*entry.key)) {
                    let message = format!("`{}` has no effect in {place}", entry.key);
                    let fault = Fault::new(entry.key_span, message);
                    decoder.report.warn(fault.hint("Lobster ignores it there"));
                }
            }
            def.retry = Retry::default();
            def.on_error = OnError::Stop;
            def.timeout_ms = None;
            def.when = def.when.filter(|_| in_loop);
        }
        if def.id.contains(['[', ']']) {
            let message = format!("`{}` is not usable as the id of an inner step", def.id);
            decoder.report.error(Fault::new(def.span, message));
        }
        if steps.iter().any(|other| other.id == def.id) {
            let message = format!("the step id `{}` is already used", def.id);
            decoder.report.error(Fault::new(def.span, message));
        }
        steps.push(def);
    }
    Ok(steps)
}
