//! The ledger after the fact: each flow with its history, and whether the one explains the other.

use clawflow_core::event::Event;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_store::query::{EventFilter, FlowFilter, TaskFilter};
use clawflow_store::{SqliteStore, Store as _};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// More than any test makes.
const ALL: usize = 100_000;

/// Every kind of event about a flow.
const KINDS: [&str; 19] = [
    "flow.created",
    "flow.changed",
    "flow.cancel_requested",
    "flow.unwinding_cancelled",
    "flow.paused",
    "flow.unpaused",
    "flow.ended",
    "step.queued",
    "step.started",
    "step.running",
    "step.retrying",
    "step.settled",
    "step.ended",
    "step.reused",
    "task.cancel_requested",
    "task.ended",
    "wait.opened",
    "wait.resolved",
    "wait.expired",
];

/// A flow and all that is on record about it.
pub(crate) struct Story {
    pub(crate) flow: Flow,
    pub(crate) steps: Vec<Arc<Step>>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) events: Vec<Event>,
}

/// Reads the store of a home that nobody holds; finds what is wrong with it as a whole.
pub(crate) fn read(home: &Path) -> (Vec<Story>, Vec<String>) {
    let store = SqliteStore::open(home).unwrap();
    let mut findings = store.check().unwrap();
    let filter = EventFilter { limit: ALL, ..EventFilter::default() };
    let all = store.events(&filter).unwrap();
    for (at, stored) in all.iter().enumerate() {
        if stored.seq != at as u64 + 1 {
            findings.push(format!("event {} has the seq {}", at + 1, stored.seq));
        }
    }
    let flows = FlowFilter { limit: ALL, ..FlowFilter::default() };
    let story = |flow: Flow| {
        let id: &FlowId = &flow.flow_id;
        let bundle = store.load(id).unwrap().unwrap();
        let tasks = TaskFilter { flow_id: Some(id.clone()), limit: ALL, ..TaskFilter::default() };
        let tasks = store.list_tasks(&tasks).unwrap();
        let of = all.iter().filter(|stored| stored.event.subject == id.0);
        let events = of.map(|stored| stored.event.clone()).collect();
        Story { steps: bundle.steps, tasks, events, flow }
    };
    let rows = store.list_flows(&flows).unwrap();
    (rows.into_iter().map(|row| story(row.flow)).collect(), findings)
}

impl Story {
    /// What the history does not explain.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.numbers(&mut found);
        self.end(&mut found);
        for step in &self.steps {
            self.step(step, &mut found);
        }
        for task in &self.tasks {
            self.task(task, &mut found);
        }
        let name = self.flow.key.clone().unwrap_or_default();
        found.into_iter().map(|what| format!("{name}: {what}")).collect()
    }

    /// The place of the first event of this kind in the history.
    pub(crate) fn at(&self, kind: &str) -> Option<usize> {
        self.events.iter().position(|event| event.kind == kind)
    }

    fn numbers(&self, found: &mut Vec<String>) {
        for (at, event) in self.events.iter().enumerate() {
            if event.number != at as u64 + 1 {
                found.push(format!("event {} has the number {}", at + 1, event.number));
            }
            if !KINDS.contains(&event.kind.as_str()) {
                found.push(format!("an event of the unknown kind {}", event.kind));
            }
        }
        for once in ["flow.created", "flow.cancel_requested", "flow.ended"] {
            let count = self.events.iter().filter(|event| event.kind == once).count();
            if count > 1 {
                found.push(format!("{once} {count} times"));
            }
        }
        if self.at("flow.created") != Some(0) {
            found.push("the history does not begin with the creation".to_owned());
        }
    }

    /// The end, by the rule: a cancel first, then a failure that stops, else success.
    fn end(&self, found: &mut Vec<String>) {
        let flow = &self.flow;
        if !flow.is_terminal() {
            return found.push(format!("it is {} and not at its end", flow.status));
        }
        if self.at("flow.ended") != Some(self.events.len() - 1) {
            found.push("the history does not end with the end".to_owned());
        }
        if self.at("flow.cancel_requested").is_some() != flow.cancel_requested_at.is_some() {
            found.push("the cancel is not told of".to_owned());
        }
        let cancelled = flow.status == FlowStatus::Cancelled;
        if cancelled != flow.cancel_requested_at.is_some() {
            found.push(format!("it is {}, cancel {:?}", flow.status, flow.cancel_requested_at));
        }
        for step in &self.steps {
            if !step.status.is_terminal() {
                found.push(format!("step {} is {} at the end", step.step_id, step.status));
            }
        }
        let failed = |step: &&Arc<Step>| step.status == StepStatus::Failed && !step.finally;
        if flow.status == FlowStatus::Failed && !self.steps.iter().any(|step| failed(&step)) {
            found.push("it failed without a failed step".to_owned());
        }
    }

    /// The step's own part of the history, event by event.
    fn step(&self, step: &Step, found: &mut Vec<String>) {
        let id = &step.step_id;
        let mut attempt = 0;
        let mut queued = false;
        let mut over = false;
        let mut active: Option<&str> = None;
        let intent = self.at("flow.cancel_requested");
        for (at, event) in self.events.iter().enumerate() {
            if event.step_id.as_deref() != Some(id) {
                continue;
            }
            let kind = event.kind.as_str();
            let mut odd = over;
            match kind {
                "step.queued" | "step.started" => {
                    let number = event.data["attempt"].as_u64().unwrap_or(0);
                    let claimed = queued && kind == "step.started" && number == attempt;
                    odd |= !claimed && (active.is_some() || number != attempt + 1);
                    attempt = number;
                    queued = kind == "step.queued";
                    active = event.task_id.as_deref();
                    if !step.finally && intent.is_some_and(|intent| intent < at) {
                        found.push(format!("{id} has {kind} after the cancel"));
                    }
                }
                "step.running" => odd |= queued || active != event.task_id.as_deref(),
                "task.ended" => {
                    odd |= queued || active.is_none() || active != event.task_id.as_deref();
                    active = None;
                }
                "step.retrying" | "step.settled" | "wait.opened" => odd |= active.is_some(),
                "step.ended" => {
                    odd |= active.is_some() && !queued;
                    over = true;
                }
                _ => {}
            }
            if odd {
                found.push(format!("{id} has {kind} (event {}) out of turn", event.number));
            }
        }
        if over != step.status.is_terminal() {
            found.push(format!("{id} is {}, its history says otherwise", step.status));
        }
        if attempt != u64::from(step.attempt) {
            found.push(format!("{id} has {} attempts, its history {attempt}", step.attempt));
        }
        let lost = self
            .tasks
            .iter()
            .filter(|task| task.status == TaskStatus::Lost && task.step_id.as_deref() == Some(id));
        if lost.count() != step.lost_attempts as usize {
            found.push(format!("{id} has {} lost attempts", step.lost_attempts));
        }
    }

    fn task(&self, task: &Task, found: &mut Vec<String>) {
        let name = format!("{} {}", task.step_id.as_deref().unwrap_or_default(), task.attempt);
        let outcomes: BTreeMap<&str, TaskStatus> = BTreeMap::from([
            ("succeed", TaskStatus::Succeeded),
            ("fail", TaskStatus::Failed),
            ("timeOut", TaskStatus::TimedOut),
            ("cancel", TaskStatus::Cancelled),
            ("lost", TaskStatus::Lost),
        ]);
        let of = |event: &&Event| event.task_id.as_deref() == Some(task.task_id.as_str());
        let ends: Vec<&Event> =
            self.events.iter().filter(of).filter(|event| event.kind == "task.ended").collect();
        let told = |end: &Event| {
            outcomes.get(end.data["outcome"].as_str().unwrap_or_default()) == Some(&task.status)
        };
        let fine = match ends.as_slice() {
            // Withdrawn before it was claimed.
            [] => task.fence == 0 && task.status == TaskStatus::Cancelled,
            [end] => told(end),
            _ => false,
        };
        if !fine {
            found.push(format!("attempt {name} is {}, told {} times", task.status, ends.len()));
        }
    }
}
