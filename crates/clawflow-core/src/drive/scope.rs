//! What references in a workflow file see of a flow.

use super::state::FlowState;
use crate::definition::{OnError, Scope, StepView, json_of_stdout};
use crate::step::{Step, StepStatus};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A flow, as seen by a step in the attempt that is being prepared.
pub(crate) struct FlowScope<'a> {
    pub(super) state: &'a FlowState,
    pub(super) attempt: u32,
    /// Positions sorted by id, where there are many.
    pub(super) by_id: Option<&'a [usize]>,
}

impl FlowScope<'_> {
    fn position(&self, id: &str) -> Option<usize> {
        let steps = &self.state.steps;
        let Some(by_id) = self.by_id else {
            return steps.iter().position(|s| s.step_id == id);
        };
        let found = by_id.binary_search_by_key(&id, |at| &steps[*at].step_id).ok()?;
        Some(by_id[found])
    }

    /// The step that stands for `at`: its fallback, where that took its place.
    fn standing(&self, at: usize) -> &Step {
        let step = &self.state.steps[at];
        if step.status == StepStatus::Failed
            && let OnError::Fallback(fallback) = self.state.definition.steps[at].on_error
        {
            return self.standing(fallback);
        }
        step
    }
}

impl Scope for FlowScope<'_> {
    fn step(&self, id: &str) -> Option<StepView<'_>> {
        let at = self.position(id)?;
        let step = self.standing(at);
        let mut view = StepView {
            skipped: step.status == StepStatus::Skipped,
            error: step.status == StepStatus::Failed,
            error_message: step.error.as_ref().map(|e| e.message.as_str()),
            ..StepView::default()
        };
        match (&step.result, step.status.is_terminal()) {
            (None, false) => return None,
            (None, true) => return Some(view),
            (Some(_), _) => {}
        }
        let result = step.result.as_ref()?;
        view.stdout = result.stdout.as_deref();
        view.json = match &result.json {
            Some(value) => Some(Cow::Borrowed(value)),
            None => result.stdout.as_deref().and_then(json_of_stdout).map(Cow::Owned),
        };
        view.approved = result.approved;
        view.approved_by = result.approved_by.as_deref();
        view.exit = result.exit_code.map(i64::from);
        view.truncated = result.truncated;
        Some(view)
    }

    fn arg(&self, name: &str) -> Option<&Value> {
        self.state.spec.args.get(name)
    }

    fn flow(&self, path: &[&str]) -> Option<Value> {
        let flow = &self.state.flow;
        match path {
            ["id"] => Some(json!(flow.flow_id)),
            ["key"] => flow.key.as_ref().map(|key| json!(key)),
            ["outputs", name, rest @ ..] => {
                let mut value = flow.outputs.get(*name)?;
                for part in rest {
                    value = match value {
                        Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                        other => other.get(part)?,
                    };
                }
                Some(value.clone())
            }
            _ => None,
        }
    }

    fn run_attempt(&self) -> u32 {
        self.attempt
    }
}
