//! Gates: a person's yes or no.

use super::Draft;
use super::advance::advance;
use super::begin::{fail_by_eval, new_wait, open_wait};
use super::cancel::request;
use super::permission;
use super::shown::{Shown, what_is_shown};
use super::state::{Ctx, Decision, FlowState};
use crate::definition::OnDeny;
use crate::error::Refusal;
use crate::ids::WaitId;
use crate::step::StepStatus;
use crate::wait::{WaitKind, WaitState, shown_hash};
use serde_json::json;

/// An answer to an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Yes or no.
    pub approve: bool,
    /// Who says so.
    pub by: String,
    /// Hash of what they were shown, if they bind themselves to it.
    pub shown_hash: Option<String>,
}

/// Answers an open approval. Answers name the wait, never a revision, and are single-use.
///
/// # Errors
/// `invalid_state` if the wait is not an open approval; `invalid` if this person may not answer or
/// was shown something else; `terminal`, `cancel_requested` where there is nothing left to approve.
pub fn answer(
    state: &FlowState,
    ctx: &mut Ctx,
    wait_id: &WaitId,
    answer: &Answer,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let asks = |kind| matches!(kind, WaitKind::Approval | WaitKind::Permission);
    let Some(wait) = state.waits.get(wait_id).filter(|wait| asks(wait.kind)) else {
        return Err(Refusal::state("answer", "not an open approval"));
    };
    wait.check_answerer(&answer.by, answer.shown_hash.as_deref())?;
    if wait.kind == WaitKind::Permission {
        permission::decide(&mut draft, wait_id, answer);
        return Ok(draft.finish());
    }
    let at = wait.step_id.as_deref().and_then(|id| draft.position(id));
    let Some(at) = at.filter(|at| draft.step(*at).wait_id.as_ref() == Some(wait_id)) else {
        return Err(Refusal::state("answer", "not waited for by a step"));
    };
    decide(&mut draft, at, answer);
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// Applies a decision to the step that waits for it.
fn decide(draft: &mut Draft, at: usize, answer: &Answer) {
    let value = json!({ "approved": answer.approve });
    draft.close_wait(at, WaitState::Resolved, Some((value.clone(), answer.by.clone())));
    let step = draft.step_mut(at);
    let mut result = step.result.take().unwrap_or_default();
    result.approved = Some(answer.approve);
    result.approved_by = Some(answer.by.clone());
    step.result = Some(result);
    let data = json!({ "answer": value, "by": answer.by });
    draft.event("wait.resolved", Some(at), None, data);
    let on_deny = draft.def(at).approval.as_ref().map(|gate| gate.on_deny);
    if !answer.approve && on_deny != Some(OnDeny::Continue) {
        let id = draft.step(at).step_id.clone();
        draft.end_step(
            at,
            StepStatus::Cancelled,
            Some(crate::step::StepError::new("denied", format!("denied by {}", answer.by))),
        );
        return request(draft, &format!("{id} was denied by {}", answer.by));
    }
    draft.end_step(at, StepStatus::Succeeded, None);
}

/// Opens the step's gate, or passes it where the flow was started with approval given.
pub(super) fn open_gate(draft: &mut Draft, at: usize) {
    let attempt = draft.step(at).attempt.max(1);
    let shown = match what_is_shown(draft, at, attempt) {
        Ok(shown) => shown,
        Err(error) => return fail_by_eval(draft, at, &error),
    };
    let Some(gate) = draft.def(at).approval.clone() else { return };
    let due = gate.timeout_ms.map(|ms| draft.now() + i64::try_from(ms).unwrap_or(i64::MAX / 2));
    let mut wait = new_wait(draft, at, WaitKind::Approval, due);
    let Shown { prompt, preview, items, initiated_by, required, different } = shown;
    wait.shown_hash = Some(shown_hash(&prompt, preview.as_deref()));
    wait.prompt = Some(prompt);
    wait.preview = preview;
    wait.approvers = required.map_or(gate.approvers, |who| vec![who]);
    wait.different_approver = different;
    wait.items = items;
    wait.initiated_by.clone_from(&initiated_by);
    wait.on_timeout = due.map(|_| gate.on_timeout.into());
    let step = draft.step_mut(at);
    if initiated_by.is_some() {
        step.result.get_or_insert_default().initiated_by = initiated_by;
    }
    open_wait(draft, at, wait);
    if draft.state.spec.auto_approve {
        let yes = Answer { approve: true, by: "--yes".to_owned(), shown_hash: None };
        decide(draft, at, &yes);
    }
}
