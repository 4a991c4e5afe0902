//! Structured answers: a person, or a program for one, says what a step goes on with.

use super::Draft;
use super::advance::advance;
use super::begin::{fail_by_eval, new_wait, open_wait, succeed};
use super::launch::text;
use super::pipeline;
use super::state::{Ctx, Decision, FlowState};
use crate::definition::{Action, Dialect, EvalError, Input, json_of_stdout};
use crate::error::{Code, Refusal};
use crate::flow::check_json;
use crate::ids::WaitId;
use crate::limits::{PREVIEW_CHARS_MAX, cut};
use crate::step::{StepResult, StepStatus};
use crate::wait::{WaitKind, WaitState, shown_hash};
use serde_json::{Value, json};

/// An answer to an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// What is said.
    pub value: Value,
    /// Who says so.
    pub by: String,
    /// Hash of what they were shown, if they bind themselves to it.
    pub shown_hash: Option<String>,
}

/// Answers an open input. A response that is not as its schema says is refused, and the question
/// stays open. Answers name the wait, never a revision, and are single-use.
///
/// # Errors
/// `invalid_state` if the wait is not an open input; `invalid` if this person may not answer, was
/// shown something else, or says what the schema does not allow; `terminal` for an ended flow.
pub fn respond(
    state: &FlowState,
    ctx: &mut Ctx,
    wait_id: &WaitId,
    response: &Response,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let Some(wait) = state.waits.get(wait_id).filter(|w| w.kind == WaitKind::Input) else {
        return Err(Refusal::state("answer", "not an open input"));
    };
    wait.check_answerer(&response.by, response.shown_hash.as_deref())?;
    let at = wait.step_id.as_deref().and_then(|id| draft.position(id));
    let Some(at) = at.filter(|at| draft.step(*at).wait_id.as_ref() == Some(wait_id)) else {
        return Err(Refusal::state("answer", "not waited for by a step"));
    };
    check_json("the response", &response.value)?;
    if let Action::Input(input) = &draft.def(at).action {
        let checked = input.schema.check(&response.value);
        checked.map_err(|why| {
            Refusal::new(Code::Invalid, format!("the response is not as it must be: {why}"))
        })?;
    }
    let rest = matches!(draft.def(at).action, Action::Pipeline(_));
    if rest {
        pipeline::check(wait.schema.as_ref(), &response.value)?;
    }
    let answer = (response.value.clone(), response.by.clone());
    draft.close_wait(at, WaitState::Resolved, Some(answer));
    let data = json!({ "answer": response.value, "by": response.by });
    draft.event("wait.resolved", Some(at), None, data);
    match rest {
        true => pipeline::go_on(&mut draft, at, response.value.clone()),
        false => answered(&mut draft, at, response.value.clone()),
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// The step goes on with this response.
pub(super) fn answered(draft: &mut Draft, at: usize, response: Value) {
    let mut result = draft.step_mut(at).result.take().unwrap_or_default();
    result.response = Some(response);
    succeed(draft, at, result);
}

/// Asks.
pub(super) fn ask(draft: &mut Draft, at: usize, input: &Input) {
    let (prompt, subject) = match what_is_shown(draft, at, input) {
        Ok(shown) => shown,
        Err(error) => return fail_by_eval(draft, at, &error),
    };
    let due = input.timeout_ms.map(|ms| draft.now() + i64::try_from(ms).unwrap_or(i64::MAX / 2));
    let mut wait = new_wait(draft, at, WaitKind::Input, due);
    let preview = subject.as_ref().map(text).filter(|text| !text.is_empty());
    wait.preview = preview.map(|text| cut(&text, PREVIEW_CHARS_MAX));
    wait.shown_hash = Some(shown_hash(&prompt, wait.preview.as_deref()));
    wait.prompt = Some(prompt);
    wait.schema = Some(input.schema.value().clone());
    wait.defaults.clone_from(&input.defaults);
    wait.approvers.clone_from(&input.approvers);
    wait.on_timeout = due.map(|_| input.on_timeout.into());
    draft.step_mut(at).result = Some(StepResult { subject, ..StepResult::default() });
    open_wait(draft, at, wait);
}

/// The question, and what it is about: the step's `stdin`.
fn what_is_shown(
    draft: &Draft,
    at: usize,
    input: &Input,
) -> Result<(String, Option<Value>), EvalError> {
    let scope = draft.scope_of(at, 1);
    let prompt = cut(&input.prompt.render(&scope)?, PREVIEW_CHARS_MAX);
    let subject = match &draft.def(at).stdin {
        Some(stdin) => Some(stdin.resolve(&scope)?),
        None if draft.state.definition.dialect == Dialect::Lobster => left_before(draft, at),
        None => None,
    };
    Ok((prompt, subject.filter(|subject| !subject.is_null())))
}

/// What the step that was executed last has left: in Lobster a question is about it.
fn left_before(draft: &Draft, at: usize) -> Option<Value> {
    let before = draft.state.steps[..at.min(draft.fixed().end)].iter().rev();
    let last = before.into_iter().find(|step| step.status == StepStatus::Succeeded)?;
    let result = last.result.as_ref()?;
    let parsed = || result.stdout.as_deref().and_then(json_of_stdout);
    let value = result.json.clone().or_else(parsed).or_else(|| result.response.clone());
    value.or_else(|| result.stdout.as_deref().map(Value::from))
}
