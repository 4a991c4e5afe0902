//! Where a pipeline will stop and ask: every `approve` and `ask` does.

use super::commands::ask;
use super::parse::Pipeline;
use crate::lobster::value::Value;

/// A stage that asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Gate {
    /// For a yes or no.
    Approval {
        /// Whether even at a terminal it is answered later.
        emit: bool,
    },
    /// For a value.
    Input {
        /// What it must be like; `None` for a schema that cannot be read, which fails the stage.
        schema: Option<Value>,
        /// Whether even at a terminal it is answered later.
        emit: bool,
    },
}

impl Pipeline {
    /// The stages that ask, in their order.
    pub(crate) fn gates(&self) -> Vec<Gate> {
        let gate = |stage: &super::parse::Stage| {
            let emit = stage.args.is_on("emit");
            match stage.name.as_str() {
                "approve" => Some(Gate::Approval { emit }),
                "ask" => Some(Gate::Input { schema: ask::schema(&stage.args).ok(), emit }),
                _ => None,
            }
        };
        self.stages.iter().filter_map(gate).collect()
    }
}
