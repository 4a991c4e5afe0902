//! The queue of a step or of the flow.

use super::decode::{Decoder, Fields, expected, text};
use super::error::{DefinitionError, Fault, Report};
use super::keys;
use super::model::{Definition, QueueUse};
use super::node::{Kind, Node};
use super::source::Source;
use crate::limits::QUEUE_PRIORITY_MAX;
use crate::queue::check_queue_name;

/// `queue`: a name, or a name and a priority.
pub(crate) fn queue(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Option<QueueUse> {
    let node = fields.get("queue")?;
    let place = format!("`queue` of {}", fields.place);
    let Kind::Map(_) = &node.kind else {
        let name = decoder.report.keep(name(node, &place))?;
        return Some(QueueUse { name, priority: None, span: node.span });
    };
    let fields = decoder.fields(node, &place, &keys::QUEUE, &[])?;
    let priority = decoder.optional(&fields, "priority", priority);
    let Some(named) = fields.get("name") else {
        let fault = Fault::new(node.span, format!("{place} has no `name`"));
        decoder.report.error(fault.hint("write `queue: { name: NAME, priority: 10 }`"));
        return None;
    };
    let name = decoder.report.keep(name(named, &format!("`name` in {place}")))?;
    Some(QueueUse { name, priority, span: named.span })
}

fn name(node: &Node, place: &str) -> Result<String, Fault> {
    let name = text(node, place)?;
    match check_queue_name(&name) {
        Ok(()) => Ok(name),
        Err(why) => Err(Fault::new(node.span, format!("the name `{name}` in {place} {why}"))),
    }
}

fn priority(node: &Node, place: &str) -> Result<i32, Fault> {
    let most = QUEUE_PRIORITY_MAX;
    let wanted = format!("a whole number from -{most} to {most}");
    let Some(value) = node.plain().filter(|value| value.is_number()) else {
        return Err(expected(&wanted, node, place));
    };
    let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
    let number = number.filter(|number| (-most..=most).contains(number));
    number.ok_or_else(|| Fault::new(node.span, format!("expected {wanted} for {place}")))
}

impl Definition {
    /// Whether each queue that the file names is one of these; `file` is only what errors call it.
    ///
    /// # Errors
    /// Those that are not, each with its place.
    pub fn check_queues<'k>(
        &self,
        file: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) -> Result<(), Vec<DefinitionError>> {
        let source = Source::new(file, &self.source);
        let mut report = Report::new(&source);
        let is_known = |queue: &&QueueUse| known.clone().any(|name| name == queue.name);
        for queue in self.queues().filter(|queue| !is_known(queue)) {
            let name = &queue.name;
            let fault = Fault::new(queue.span, format!("no queue `{name}` is configured"));
            let fault = fault.suggest(name, known.clone());
            let hint = format!("add [queues.{name}] to the configuration of the gateway");
            report.error(if fault.hint.is_some() { fault } else { fault.hint(hint) });
        }
        if report.failed() { Err(report.errors()) } else { Ok(()) }
    }
}
