//! What a step does, in a few words.

use crate::definition::model::{Action, StepDef};

/// What a step does, in a few words.
pub(crate) fn kind(step: &StepDef) -> &'static str {
    match (&step.action, &step.approval) {
        (Action::Shell(_), None) => "run",
        (Action::Shell(_), Some(_)) => "run, then approval",
        (Action::Argv(_), None) => "argv",
        (Action::Argv(_), Some(_)) => "argv, then approval",
        (Action::Sleep(_), None) => "sleep",
        (Action::Sleep(_), Some(_)) => "sleep, then approval",
        (Action::Synthetic, Some(_)) => "approval",
        (Action::Pipeline(_), None) => "pipeline",
        (Action::Pipeline(_), Some(_)) => "pipeline, then approval",
        (Action::ForEach(_), _) => "for_each",
        (Action::Parallel(_), _) => "parallel",
        (Action::Flow(_), None) => "flow",
        (Action::Flow(_), Some(_)) => "flow, then approval",
        (Action::Input(_), _) => "input",
        (Action::WaitFor(_), _) => "wait_for",
        (Action::Http(_), None) => "http",
        (Action::Http(_), Some(_)) => "http, then approval",
        (Action::Llm(_), None) => "llm",
        (Action::Llm(_), Some(_)) => "llm, then approval",
        (Action::Acp(_), None) => "acp",
        (Action::Acp(_), Some(_)) => "acp, then approval",
        (Action::Synthetic, None) => "value",
    }
}
