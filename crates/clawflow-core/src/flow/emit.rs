//! A controller sends its owner one message.

use super::Flow;
use super::guard::{Moved, moved};
use super::valid;
use crate::Millis;
use crate::error::{Code, Refusal};
use crate::limits::MESSAGE_BYTES_MAX;
use serde_json::{Value, json};

/// A message to the owner.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    /// The message; not blank.
    pub content: String,
    /// Sent once per flow and key; each call is a message of its own, if absent.
    pub event_key: Option<String>,
    /// More, for programs.
    pub data: Value,
    /// The step at work, for people; not for flows of the engine, where it follows from the steps.
    pub current_step: Option<String>,
}

impl Update {
    /// The update as it can be stored.
    ///
    /// # Errors
    /// `terminal` for an ended flow, `engine_owned` for a current step of a flow of the engine,
    /// `invalid` for a blank or overlong text or a value that is too large.
    pub(crate) fn checked(mut self, flow: &Flow) -> Result<Self, Refusal> {
        if flow.is_terminal() {
            return Err(Refusal::terminal(flow.status));
        }
        if flow.is_engine() && self.current_step.is_some() {
            let message = "the current step of this flow follows from its steps";
            return Err(Refusal::new(Code::EngineOwned, message));
        }
        let invalid = |message: String| Err(Refusal::new(Code::Invalid, message));
        self.content = self.content.trim().to_owned();
        if self.content.is_empty() {
            return invalid("Flow update content is required.".to_owned());
        }
        if self.content.len() > MESSAGE_BYTES_MAX {
            return invalid(format!("the message is larger than {MESSAGE_BYTES_MAX} bytes"));
        }
        if self.content.contains('\0') {
            return invalid("the message contains a NUL character".to_owned());
        }
        valid::json("the data", &self.data)?;
        for (what, field) in
            [("the event key", &mut self.event_key), ("the current step", &mut self.current_step)]
        {
            if let Some(text) = field {
                *text = valid::text(what, text)?;
            }
        }
        Ok(self)
    }
}

/// Writes the update's current step to the row. The message itself is told of in any case.
pub(crate) fn set_step(flow: &Flow, update: &Update, now: Millis) -> Moved {
    let mut next = flow.clone();
    if update.current_step.is_some() {
        next.current_step.clone_from(&update.current_step);
    }
    moved(flow, next, now, ("flow.step", json!({ "step": update.current_step })))
}
