//! Settles a step whose outcome is in doubt.

use super::Draft;
use super::advance::advance;
use super::attempt::try_again;
use super::begin::succeed;
use super::blocks::is_over;
use super::ended::fail_step;
use super::state::{Ctx, Decision, FlowState};
use crate::error::{Code, Refusal};
use crate::flow::check_whole;
use crate::json::fits;
use crate::limits::JSON_BYTES_MAX;
use crate::step::{StepError, StepResult, StepStatus};
use crate::wait::WaitState;
use serde_json::{Value, json};

/// What somebody knows or decides about an attempt whose outcome was lost.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// Run it again.
    Rerun,
    /// It did its work; this is its result.
    Succeeded(Option<Value>),
    /// Go on without it.
    Skip,
    /// It counts as failed; the step's `on_error` applies.
    Fail,
}

impl Settlement {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Rerun => "rerun",
            Self::Succeeded(_) => "succeeded",
            Self::Skip => "skip",
            Self::Fail => "fail",
        }
    }
}

/// Settles the step. A rerun that a pause holds back starts with `unpause`.
///
/// # Errors
/// `invalid_state` if the step is not in doubt, or for a rerun after another step's failure stopped
/// the flow; `invalid` if there is no such step or the result is too large.
pub fn settle(
    state: &FlowState,
    ctx: &mut Ctx,
    step_id: &str,
    how: Settlement,
    by: &str,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let Some(at) = draft.position(step_id) else {
        return Err(Refusal::new(Code::Invalid, format!("the flow has no step {step_id}")));
    };
    if draft.step(at).status != StepStatus::InDoubt {
        return Err(Refusal::state("settle", draft.step(at).status.as_str()));
    }
    check_whole("the name of who settles it", by)?;
    if how == Settlement::Rerun && draft.stopping {
        return Err(Refusal::state("rerun a step of", "stopped by the failure of another step"));
    }
    if how == Settlement::Rerun && is_over(&draft, at) {
        return Err(Refusal::state("rerun a step of", "part of a loop that has failed"));
    }
    if let Settlement::Succeeded(Some(value)) = &how
        && !fits(value, JSON_BYTES_MAX)
    {
        let message = format!("the result is larger than {JSON_BYTES_MAX} bytes");
        return Err(Refusal::new(Code::Invalid, message));
    }
    let value = json!({ "settled": how.as_str() });
    draft.close_wait(at, WaitState::Resolved, Some((value.clone(), by.to_owned())));
    draft.event("step.settled", Some(at), None, json!({ "answer": value, "by": by }));
    match how {
        Settlement::Rerun => try_again(&mut draft, at),
        Settlement::Succeeded(value) => {
            let result = match value {
                Some(Value::String(text)) => {
                    StepResult { stdout: Some(text.into()), ..StepResult::default() }
                }
                other => StepResult { json: other, ..StepResult::default() },
            };
            draft.step_mut(at).error = None;
            succeed(&mut draft, at, result);
        }
        Settlement::Skip => {
            let why = StepError::new("settled", format!("skipped by {by}"));
            draft.end_step(at, StepStatus::Skipped, Some(why));
        }
        Settlement::Fail => {
            let why = StepError::new("lost", format!("settled as failed by {by}"));
            fail_step(&mut draft, at, why);
        }
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}
