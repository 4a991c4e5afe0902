//! What a controller writes beside the status.

use super::Flow;
use super::valid;
use crate::error::Refusal;
use serde_json::Value;

/// One field of a command. `null` on the wire is [`Field::Clear`] for a text, and a value to set
/// for `stateJson` and `waitJson`, where `null` is a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Field<T> {
    /// Left out: it keeps its value.
    #[default]
    Keep,
    /// Taken away.
    Clear,
    /// This, from now on.
    Set(T),
}

impl<T> Field<T> {
    fn write(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

/// The controller's own fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// The step at work, for people.
    pub current_step: Field<String>,
    /// The controller's own state.
    pub state_json: Field<Value>,
    /// The controller's note of what it waits for. Commands that end a wait put `null` there, as in
    /// the original, unless the patch says something else.
    pub wait_json: Field<Value>,
}

impl Patch {
    /// Writes the patch to a row.
    ///
    /// # Errors
    /// `invalid` for a value that is too large or a text that is blank; the row is as it was.
    pub(super) fn write(self, flow: &mut Flow) -> Result<(), Refusal> {
        valid::patch(&self)?;
        self.current_step.write(&mut flow.current_step);
        self.state_json.write(&mut flow.state_json);
        self.wait_json.write(&mut flow.wait_json);
        Ok(())
    }

    /// The same patch, of a command after which nothing is waited for.
    pub(super) fn without_wait(self) -> Self {
        let wait_json = match self.wait_json {
            Field::Keep => Field::Set(Value::Null),
            other => other,
        };
        Self { wait_json, ..self }
    }
}
