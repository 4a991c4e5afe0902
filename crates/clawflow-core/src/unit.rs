//! A unit: everything that one decision changes, as plain data.
//!
//! A store applies a unit whole or not at all. Because it is data it can be batched with others,
//! retried, and compared between stores.

use crate::delivery::Delivery;
use crate::event::Event;
use crate::flow::Flow;
use crate::idempotency::Outcome;
use crate::ids::{FlowId, ScheduleId, SignalId, TaskId};
use crate::schedule::{Schedule, ScheduleRun};
use crate::signal::Signal;
use crate::spec::{DefinitionSource, FlowSpec};
use crate::step::Step;
use crate::task::Task;
use crate::token::Token;
use crate::wait::Wait;
use std::sync::Arc;

/// A row to write, and the version that must be there now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<R> {
    /// The version that the decision was made on; `None`: the row must not exist yet.
    pub expected: Option<u64>,
    /// The row as it shall be, with its new version.
    pub row: R,
}

/// A condition on a row that was only read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The flow that was read.
    pub flow_id: FlowId,
    /// The revision that it must still have. Every start of a step or child carries this guard, so
    /// that a cancel, a pause or an end that came first stops it.
    pub revision: u64,
}

/// What a new task reads on standard input, kept beside its row: lists do not read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskInput {
    /// The task, a new one of the same unit.
    pub task_id: TaskId,
    /// The text.
    pub text: String,
}

/// Everything that one decision changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unit {
    /// Rows that were only read.
    pub guards: Vec<Guard>,
    /// Definitions to keep; one that is there already stays as it is.
    pub definitions: Vec<DefinitionSource>,
    /// Flow rows; the version is the flow's revision.
    pub flows: Vec<Change<Flow>>,
    /// Inputs of new flows.
    pub specs: Vec<FlowSpec>,
    /// Step rows.
    pub steps: Vec<Change<Arc<Step>>>,
    /// Task rows.
    pub tasks: Vec<Change<Arc<Task>>>,
    /// What new tasks of this unit read.
    pub inputs: Vec<TaskInput>,
    /// Wait rows.
    pub waits: Vec<Change<Arc<Wait>>>,
    /// Messages owed. A new one whose owner, route and idempotency key are there already is left
    /// out, without an error.
    pub deliveries: Vec<Change<Delivery>>,
    /// Signals to keep.
    pub signals: Vec<Signal>,
    /// Kept signals that a wait of this unit has taken; each must be there.
    pub taken: Vec<SignalId>,
    /// Access tokens.
    pub tokens: Vec<Change<Token>>,
    /// Answers of commands with an idempotency key; one that is there already is a conflict.
    pub outcomes: Vec<Outcome>,
    /// Schedules; no two of an owner have the same name.
    pub schedules: Vec<Change<Schedule>>,
    /// Runs of schedules; no two of a schedule have the same slot.
    pub runs: Vec<Change<ScheduleRun>>,
    /// Schedules to delete with the rows of their runs; what runs goes on.
    pub dropped: Vec<ScheduleId>,
    /// History.
    pub events: Vec<Event>,
    /// Ended flows to delete with all that depends on them.
    pub purges: Vec<FlowId>,
}

impl Unit {
    /// Whether the unit changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
            && self.specs.is_empty()
            && self.steps.is_empty()
            && self.tasks.is_empty()
            && self.inputs.is_empty()
            && self.waits.is_empty()
            && self.deliveries.is_empty()
            && self.signals.is_empty()
            && self.taken.is_empty()
            && self.tokens.is_empty()
            && self.outcomes.is_empty()
            && self.schedules.is_empty()
            && self.runs.is_empty()
            && self.dropped.is_empty()
            && self.events.is_empty()
            && self.purges.is_empty()
    }
    /// Takes over all that another unit changes, so that both are applied or neither is. They must
    /// be about different flows.
    pub fn join(&mut self, mut other: Self) {
        self.guards.append(&mut other.guards);
        self.definitions.append(&mut other.definitions);
        self.flows.append(&mut other.flows);
        self.specs.append(&mut other.specs);
        self.steps.append(&mut other.steps);
        self.tasks.append(&mut other.tasks);
        self.inputs.append(&mut other.inputs);
        self.waits.append(&mut other.waits);
        self.deliveries.append(&mut other.deliveries);
        self.signals.append(&mut other.signals);
        self.taken.append(&mut other.taken);
        self.tokens.append(&mut other.tokens);
        self.outcomes.append(&mut other.outcomes);
        self.schedules.append(&mut other.schedules);
        self.runs.append(&mut other.runs);
        self.dropped.append(&mut other.dropped);
        self.events.append(&mut other.events);
        self.purges.append(&mut other.purges);
    }
}
