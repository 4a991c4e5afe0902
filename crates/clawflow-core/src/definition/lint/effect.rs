//! What has no effect, or one that nobody wants.

use super::super::model::{Approval, StepDef};
use super::super::retry::Retry;
use super::super::template::{Segment, Template};
use super::Linter;

impl Linter<'_> {
    pub(super) fn effect(&mut self, step: &StepDef) {
        if step.retry.max == 1 && step.retry != Retry::default() {
            let message = format!("`retry` of step `{}` tries nothing again", step.id);
            let hint = "`max` is the number of attempts in all; write for example `max: 3`";
            self.find(step.span, "no_effect", message, hint);
        }
        let nobody = step.approval.as_ref().and_then(nobody_may_answer);
        if let Some(why) = nobody {
            let message = format!("nobody may answer the approval of step `{}`", step.id);
            self.find(step.span, "unanswerable", message, &why);
        }
    }
}

/// The name, if it is known before anything runs.
fn known(name: &Option<Template>) -> Option<&str> {
    match name.as_ref()?.segments.as_slice() {
        [Segment::Text(name)] => Some(name),
        _ => None,
    }
}

fn nobody_may_answer(gate: &Approval) -> Option<String> {
    let (asks, required) = (known(&gate.initiated_by), known(&gate.required_approver));
    if let Some(name) = required.filter(|_| !gate.approvers.is_empty())
        && !gate.approvers.iter().any(|approver| approver == name)
    {
        return Some(format!("`{name}` is required and not among the approvers"));
    }
    let asks = asks.filter(|_| gate.different_approver)?;
    let only = match (required, gate.approvers.as_slice()) {
        (Some(name), _) => name == asks,
        (None, [name]) => name == asks,
        _ => false,
    };
    only.then(|| format!("only `{asks}` may, who asks and must not"))
}
