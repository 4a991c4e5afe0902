//! What a decision looks at and what it leaves.

use crate::Millis;
use crate::definition::{Definition, StepDef};
use crate::delivery::Route;
use crate::effect::Effect;
use crate::flow::Flow;
use crate::ids::{IdSource, TaskId, WaitId};
use crate::spec::FlowSpec;
use crate::step::Step;
use crate::task::{Executor, Task};
use crate::unit::Unit;
use crate::wait::Wait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A flow of the engine with all that steers it.
#[derive(Clone, Debug)]
pub struct FlowState {
    /// The record.
    pub flow: Flow,
    /// What it was started with.
    pub spec: Arc<FlowSpec>,
    /// Its workflow file.
    pub definition: Arc<Definition>,
    /// Its steps, by position in the file.
    pub steps: Vec<Arc<Step>>,
    /// Its tasks that have not ended.
    pub tasks: BTreeMap<TaskId, Arc<Task>>,
    /// Its open waits.
    pub waits: BTreeMap<WaitId, Arc<Wait>>,
    /// Lists of the loops at work, by position: found once, and found again where they are missing.
    pub items: BTreeMap<usize, Arc<Vec<Value>>>,
    /// Number of its newest event.
    pub last_event: u64,
}

impl FlowState {
    /// What the file says about the step at this position.
    #[must_use]
    pub fn def(&self, at: usize) -> &StepDef {
        match self.steps[at].of {
            None => &self.definition.steps[at],
            Some(of) => {
                let outer = self.def(of.step as usize);
                match (of.undo, &outer.compensate) {
                    (true, Some(undo)) => undo,
                    _ => &outer.parts()[of.part as usize],
                }
            }
        }
    }
}

/// What comes from outside into a decision.
pub struct Ctx<'a> {
    /// The time.
    pub now: Millis,
    /// Source of new ids.
    pub ids: &'a mut dyn IdSource,
    /// A number in `0.0..1.0` for jitter.
    pub jitter: f64,
    /// How many tasks may start at once; the others are queued.
    pub slots: usize,
    /// Who would execute them.
    pub executor: &'a Executor,
    /// Who caused this decision; `None`: the engine itself.
    pub actor: Option<&'a str>,
    /// Configured routes of messages. An owner whom none matches has the inbox.
    pub routes: &'a [Route],
}

/// What a decision leaves.
#[derive(Clone, Debug)]
pub struct Decision {
    /// To be committed.
    pub unit: Unit,
    /// The state once it is.
    pub state: FlowState,
    /// To be carried out then.
    pub effects: Vec<Effect>,
    /// The waits that a signal resolved.
    pub waits: Vec<WaitId>,
}
