//! What a decision about a group looks at and what it leaves.

use crate::Millis;
use crate::effect::Effect;
use crate::flow::Flow;
use crate::ids::WaitId;
use crate::step::Step;
use crate::unit::Unit;
use crate::wait::Wait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The time that a group flow is about: from its start to before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// When it begins.
    pub start: Millis,
    /// When the next one begins.
    pub end: Millis,
}

impl Window {
    /// The window of a group flow, which its `stateJson` names.
    #[must_use]
    pub fn of(flow: &Flow) -> Option<Self> {
        let state = flow.state_json.as_ref()?.get("window")?;
        serde_json::from_value(state.clone()).ok()
    }

    /// Whether the time is in it.
    #[must_use]
    pub fn has(&self, at: Millis) -> bool {
        (self.start..self.end).contains(&at)
    }
}

/// A group flow.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupState {
    /// The record.
    pub flow: Flow,
    /// Its members, as rows of steps, by position.
    pub steps: Vec<Arc<Step>>,
    /// Its open waits.
    pub waits: BTreeMap<WaitId, Arc<Wait>>,
    /// Number of its newest event.
    pub last_event: u64,
}

/// What a decision leaves.
#[derive(Clone, Debug)]
pub struct GroupDecision {
    /// To be committed; empty, if nothing is to be changed.
    pub unit: Unit,
    /// The state once it is.
    pub state: GroupState,
    /// To be carried out then.
    pub effects: Vec<Effect>,
}
