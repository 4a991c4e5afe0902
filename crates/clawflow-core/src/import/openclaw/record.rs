//! How a record is written, with the line of history that tells where it comes from.

use super::ReadTask;
use crate::Millis;
use crate::event::Event;
use crate::flow::Flow;
use crate::ids::TaskId;
use crate::task::Task;
use crate::unit::{Change, Unit};
use serde_json::{Value, json};
use std::sync::Arc;

/// Who writes, and when: what a line of history says.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its number in the history of its flow, or of the task where that has none.
    pub number: u64,
    /// Now.
    pub at: Millis,
    /// Who asked for it.
    pub actor: Option<&'a str>,
}

impl Row<'_> {
    fn event(self, subject: &str, owner: &str, kind: &str, task: Option<&TaskId>) -> Event {
        Event {
            subject: subject.to_owned(),
            owner_key: owner.to_owned(),
            number: self.number,
            at: self.at,
            actor: self.actor.map(str::to_owned),
            kind: kind.to_owned(),
            step_id: None,
            task_id: task.map(|id| id.0.clone()),
            data: Value::Null,
        }
    }
}

/// Writes a flow as it is there; `was` is what is here of it.
#[must_use]
pub fn flow_unit(there: &Flow, was: Option<&Flow>, row: Row<'_>) -> Unit {
    let mut flow = there.clone();
    let mut event = row.event(&flow.flow_id.0, &flow.owner_key, "flow.imported", None);
    if let Some(was) = was {
        // It grows with each change, whatever it is there.
        flow.revision = flow.revision.max(was.revision.saturating_add(1));
    }
    if let Some(imported) = &mut flow.imported {
        imported.revision = flow.revision;
        event.data = json!({ "system": imported.system, "id": imported.id, "to": flow.status });
        event.data["revision"] = json!(flow.revision);
        if let Some(was) = was {
            event.data["was"] = json!(was.status);
        }
    }
    let change = Change { expected: was.map(|was| was.revision), row: flow };
    Unit { flows: vec![change], events: vec![event], ..Unit::default() }
}

/// Writes a task as it is there; `was` is what is here of it, which was lost.
#[must_use]
pub fn task_unit(read: &ReadTask, was: Option<&Task>, row: Row<'_>) -> Unit {
    let mut task = read.task.clone();
    if let Some(was) = was {
        task.version = was.version + 1;
        // What it belongs to never changes.
        task.parent_flow_id.clone_from(&was.parent_flow_id);
    }
    let subject = task.parent_flow_id.as_ref().map_or(&task.task_id.0, |id| &id.0);
    let kind = if was.is_some() { "task.corrected" } else { "task.imported" };
    let mut event = row.event(subject, &task.owner_key, kind, Some(&task.task_id));
    if let Some(imported) = &mut task.imported {
        imported.revision = task.version;
        event.data = json!({ "system": imported.system, "id": imported.id, "to": task.status });
        let more = [("unlinked", &read.unlinked), ("delivery", &read.delivery)];
        for (name, text) in more.into_iter().filter_map(|(name, it)| Some((name, it.as_ref()?))) {
            event.data[name] = json!(text);
        }
        if let Some(was) = was {
            event.data["was"] = json!(was.status);
        }
    }
    let change = Change { expected: was.map(|was| was.version), row: Arc::new(task) };
    Unit { tasks: vec![change], events: vec![event], ..Unit::default() }
}
