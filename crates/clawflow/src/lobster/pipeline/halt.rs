//! A run that waits for an answer, as data.

use super::parse::Pipeline;
use crate::lobster::value::{Object, Value, read_json};
use serde::{Deserialize, Serialize};

/// A run that a gate ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Halted {
    /// The command that asks.
    pub(crate) stage: String,
    /// What is asked.
    pub(crate) request: Request,
    /// What goes on with the answer.
    pub(crate) resume: Resume,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// Yes or no.
    Approval {
        /// The question; a value, because a flag without a text is `true`.
        prompt: Value,
        /// What goes on after a yes.
        items: Vec<Value>,
        /// The first of them as text.
        preview: Option<String>,
    },
    /// A value.
    Input {
        /// The question.
        prompt: String,
        /// The JSON Schema of the answer.
        schema: Value,
        /// What it is about.
        subject: Option<Value>,
    },
}

impl Request {
    /// The request as Lobster's envelope has it.
    pub(crate) fn to_value(&self) -> Value {
        let mut fields = Object::default();
        match self {
            Self::Approval { prompt, items, preview } => {
                fields.set("type", "approval_request".into());
                fields.set("prompt", prompt.clone());
                fields.set("items", items.clone().into());
                if let Some(preview) = preview {
                    fields.set("preview", preview.clone().into());
                }
            }
            Self::Input { prompt, schema, subject } => {
                fields.set("type", "input_request".into());
                fields.set("prompt", prompt.clone().into());
                fields.set("responseSchema", schema.clone());
                if let Some(subject) = subject {
                    fields.set("subject", subject.clone());
                }
            }
        }
        fields.into()
    }
}

/// The rest of a run, to be kept until somebody answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Resume {
    /// The stages after the gate.
    pub(super) stages: Pipeline,
    /// The items that go into them after a yes.
    pub(super) items: Vec<Value>,
    /// The answer that is waited for.
    pub(super) wants: Wants,
}

impl Resume {
    /// Whether a yes or no is waited for.
    pub(crate) fn is_approval(&self) -> bool {
        self.wants == Wants::Approval
    }

    /// As a value, which can be kept as JSON.
    pub(crate) fn to_value(&self) -> Value {
        // invariant: its names are texts and its values are JSON
        let json = serde_json::to_string(self).expect("a remainder can be written");
        // invariant: what was written can be read
        read_json(&json).expect("a remainder can be read")
    }
}

/// The answer that is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub(super) enum Wants {
    /// Yes or no.
    Approval,
    /// A value of this JSON Schema.
    Input {
        /// The schema.
        schema: Value,
    },
}
