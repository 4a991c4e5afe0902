//! A person's answer to a flow that waits for one.

use super::draft::{Answered, Draft};
use super::permission::{self, is_of_agent};
use super::state::{ControlDecision, ControlState};
use super::wake::resolve;
use crate::drive::Ctx;
use crate::error::{Code, Refusal};
use crate::flow::check_json;
use crate::ids::WaitId;
use crate::wait::{WaitKind, WaitState};
use serde_json::{Value, json};

/// What a person says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Yes or no, to an approval.
    Decision(bool),
    /// Anything, where a value is asked for.
    Value(Value),
}

/// A person's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What.
    pub said: Said,
    /// Who says so.
    pub by: String,
    /// Hash of what they were shown, if they bind themselves to it.
    pub shown_hash: Option<String>,
}

/// Answers an open wait for a person. Answers name the wait, never a revision, and are single-use.
/// A denial is an answer like another: the controller decides what it means.
///
/// # Errors
/// `not_managed`, `engine_owned`, `terminal`; `cancel_requested` or `invalid_state` if the wait is
/// not an open one for a person; `invalid` if this person may not answer, was shown something else,
/// or says yes or no where a value is asked for, or the other way round.
pub fn answer(
    state: &ControlState,
    ctx: &mut Ctx,
    wait_id: &WaitId,
    reply: &Reply,
) -> Result<ControlDecision, Refusal> {
    // A flow that mirrors a task has no controller; its task's agent asks all the same.
    let of_agent = state.waits.get(wait_id).is_some_and(|wait| is_of_agent(wait));
    let mut draft = match of_agent {
        true => Draft::open_tasks(state, ctx, None)?,
        false => Draft::open(state, ctx, None)?,
    };
    let asks = |kind| matches!(kind, WaitKind::Approval | WaitKind::Input | WaitKind::Permission);
    let wait = state.waits.get(wait_id).filter(|w| asks(w.kind) && w.step_id.is_none());
    let Some(wait) = wait else {
        if draft.cancelling() {
            return Err(Refusal::new(Code::CancelRequested, "a cancel was requested"));
        }
        return Err(Refusal::state("answer", "not an open wait for a person"));
    };
    wait.check_answerer(&reply.by, reply.shown_hash.as_deref())?;
    if of_agent {
        permission::decide(&mut draft, wait, reply)?;
        return Ok(draft.finish());
    }
    let value = match (&reply.said, wait.kind) {
        (Said::Decision(yes), WaitKind::Approval) => json!({ "approved": yes }),
        (Said::Value(value), WaitKind::Input) => {
            check_json("the answer", value)?;
            value.clone()
        }
        (Said::Decision(_), _) => {
            return Err(Refusal::new(Code::Invalid, "a value is asked for, not a yes or no"));
        }
        (Said::Value(_), _) => {
            return Err(Refusal::new(Code::Invalid, "a yes or no is asked for, not a value"));
        }
    };
    let answer = Answered { value, by: Some(reply.by.clone()) };
    resolve(&mut draft, wait, WaitState::Resolved, Some(&answer))?;
    Ok(draft.finish())
}
