//! Child flows: steps that run another workflow file.
//!
//! The step waits for the end of a flow with a record of its own. Its id is drawn here, so that the
//! flow is made once, however often that is tried. When its end is wanted (a cancel, a timeout, a
//! race that is decided) the wait says so, and the step waits on until the child has ended.

use super::Draft;
use super::advance::advance;
use super::begin::{fail_by_eval, new_wait, open_wait, succeed};
use super::blocks::unwanted;
use super::cancel::cancel;
use super::cost;
use super::ended::after_failure;
use super::launch::prepare;
use super::scope::FlowScope;
use super::state::{Ctx, Decision, FlowState};
use crate::definition::{Action, Dialect, EvalError, Phase, beside, json_of_stdout};
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::flow::FlowStatus;
use crate::ids::{FlowId, WaitId};
use crate::json::Object;
use crate::step::{Step, StepError, StepResult, StepStatus};
use crate::task::{TaskMove, Usage};
use crate::wait::{Wait, WaitKind, WaitState};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a child flow is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildLaunch {
    /// Its id.
    pub flow_id: FlowId,
    /// The step that runs it.
    pub step_id: String,
    /// Absolute path of its file.
    pub path: String,
    /// Its arguments.
    pub args: Object,
    /// Directory of its steps that name none.
    pub cwd: String,
    /// Its environment: that of the step.
    pub env: BTreeMap<String, String>,
    /// Root of its idempotency keys: the same for each attempt of the step.
    pub key_root: String,
    /// Paths of the files of the flows above, this one's included.
    pub above: Vec<String>,
    /// Whether what its steps print of the use of models counts: this flow has a limit, or one
    /// above.
    pub counts_use: bool,
}

/// The end of a child flow.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildEnd {
    /// The child.
    pub flow_id: FlowId,
    /// How it ended.
    pub outcome: Outcome,
    /// What it has used, its own child flows included.
    pub used: Option<Usage>,
}

/// How a child flow ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Well; what it left, see [`outcome_of`].
    Succeeded(Box<StepResult>),
    /// Badly: it failed or was lost.
    Failed(String),
    /// It was cancelled; why, where that is known.
    Cancelled(String),
    /// It was never made, and why.
    Unmade(String),
}

/// What the child flow of this wait is to be made from, from the recorded results: the same each
/// time it is asked. `None` where no step waits for a flow by this wait.
///
/// # Errors
/// A reference that has no usable value.
pub fn child(state: &FlowState, wait_id: &WaitId) -> Option<Result<ChildLaunch, EvalError>> {
    let at = state.steps.iter().position(|step| step.wait_id.as_ref() == Some(wait_id))?;
    let flow_id = state.steps[at].child_flow_id.clone()?;
    let scope = FlowScope {
        state,
        at,
        attempt: state.steps[at].attempt,
        by_id: None,
        parsed: Default::default(),
    };
    Some(launch_of(&scope, at, flow_id))
}

fn launch_of(scope: &FlowScope, at: usize, flow_id: FlowId) -> Result<ChildLaunch, EvalError> {
    let state = scope.state;
    let command = prepare(scope, at)?.command;
    let mut launch = ChildLaunch {
        flow_id,
        step_id: state.steps[at].step_id.clone(),
        path: String::new(),
        args: Object::new(),
        cwd: command.cwd,
        env: command.env,
        key_root: format!("{}/{}", state.spec.key_root, state.steps[at].step_id),
        above: state.spec.above.iter().chain([&state.spec.path]).cloned().collect(),
        counts_use: cost::counts(state),
    };
    if let Action::Flow(wanted) = &state.def(at).action {
        launch.path = beside(&state.spec.path, &wanted.file.render(scope)?);
        for (name, value) in &wanted.args {
            launch.args.insert(name.clone(), value.resolve(scope)?);
        }
    }
    Ok(launch)
}

/// Begins the step's next attempt: a flow of its own, whose end it waits for.
pub(super) fn new_child(draft: &mut Draft, at: usize) {
    let attempt = draft.step(at).attempt + 1;
    let flow_id = FlowId::new(draft.ctx.ids);
    if let Err(error) = launch_of(&draft.scope_of(at, attempt), at, flow_id.clone()) {
        return fail_by_eval(draft, at, &error);
    }
    let ms = draft.def(at).timeout_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
    let due = ms.map(|ms| draft.now().saturating_add(ms));
    let mut wait = new_wait(draft, at, WaitKind::Flow, due);
    wait.target = Some(flow_id.0.clone());
    draft.event("step.started", Some(at), None, json!({ "attempt": attempt, "flowId": flow_id }));
    let step = draft.step_mut(at);
    step.attempt = attempt;
    step.child_flow_id = Some(flow_id);
    step.error = None;
    let wait_id = wait.wait_id.clone();
    open_wait(draft, at, wait);
    draft.effect(Effect::Child { wait_id, again: false });
}

/// The open wait for the step's child flow.
fn wait_of<'d>(draft: &'d Draft, at: usize) -> Option<&'d Wait> {
    let wait = draft.state.waits.get(draft.step(at).wait_id.as_ref()?)?;
    (wait.kind == WaitKind::Flow).then_some(&**wait)
}

/// Whether the step waits for a child flow.
pub(super) fn awaits_child(draft: &Draft, at: usize) -> bool {
    wait_of(draft, at).is_some()
}

/// Wants the end of the step's child flow, and says whether that is news. `again`: a further cancel
/// reaches the child as well.
pub(super) fn stop_child(draft: &mut Draft, at: usize, again: bool) -> bool {
    let Some(wait) = wait_of(draft, at).cloned() else { return false };
    let wait_id = wait.wait_id.clone();
    let was_wanted = wait.cancel_requested_at.is_some();
    if was_wanted && !again {
        return false;
    }
    if !was_wanted {
        let now = draft.now();
        draft.put_wait(Wait { cancel_requested_at: Some(now), due_at: None, ..wait });
    }
    draft.effect(Effect::Child { wait_id, again: was_wanted });
    !was_wanted
}

/// The time of the attempt is over: the child is cancelled, and its end is the attempt's.
pub(super) fn child_overdue(draft: &mut Draft, at: usize) {
    let ms = draft.def(at).timeout_ms.unwrap_or_default();
    let why = format!("timed out after {}", crate::duration::format_ms(ms));
    draft.step_mut(at).error = Some(StepError::new("timed_out", why));
    stop_child(draft, at, false);
}

/// The child flow of a step has ended, or will never be: its end is that of the step's attempt.
///
/// # Errors
/// `invalid_state` if no step waits for that flow (any more); `terminal` for an ended flow.
pub fn child_ended(state: &FlowState, ctx: &mut Ctx, end: &ChildEnd) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let at = state.steps.iter().position(|step| {
        let wait = step.wait_id.as_ref().and_then(|id| state.waits.get(id));
        let named = wait.filter(|wait| wait.kind == WaitKind::Flow);
        named.is_some_and(|wait| wait.target.as_deref() == Some(end.flow_id.as_str()))
    });
    let Some(at) = at else {
        return Err(Refusal::state("report a child flow to", "not waiting for it"));
    };
    let by = end.flow_id.0.clone();
    let status = end.outcome.status();
    let answer = json!({ "flowId": end.flow_id, "status": status });
    let told = draft.step(at).wait_id.as_ref().and_then(|id| state.waits.get(id)?.used.clone());
    let used = Usage::newest(told, end.used.clone());
    let data = json!({ "waitId": draft.step(at).wait_id, "answer": answer });
    draft.close_wait(at, WaitState::Resolved, Some((answer, by)));
    draft.event("wait.resolved", Some(at), None, data);
    // What earlier attempts have used is there already.
    cost::keep(&mut draft, at, used);
    settle(&mut draft, at, end);
    cost::check(&mut draft, at);
    advance(&mut draft)?;
    Ok(draft.finish())
}

impl Outcome {
    fn status(&self) -> FlowStatus {
        match self {
            Self::Succeeded(_) => FlowStatus::Succeeded,
            Self::Cancelled(_) => FlowStatus::Cancelled,
            Self::Failed(_) | Self::Unmade(_) => FlowStatus::Failed,
        }
    }
}

/// What the end means for the step. What a timeout stopped has timed out; what a cancel stopped is
/// not tried again, nor what somebody cancelled himself.
fn settle(draft: &mut Draft, at: usize, end: &ChildEnd) {
    let overdue = draft.step_mut(at).error.take();
    if let Outcome::Unmade(_) = &end.outcome {
        draft.step_mut(at).child_flow_id = None;
    }
    if let Some(why) = unwanted(draft, at) {
        return draft.end_step(at, StepStatus::Cancelled, Some(why));
    }
    let id = &end.flow_id;
    let (how, error) = match (&end.outcome, overdue) {
        (Outcome::Succeeded(result), _) => {
            let result = taken(draft.state.definition.dialect, result);
            let usage = draft.step(at).result.as_ref().and_then(|all| all.usage.clone());
            return succeed(draft, at, StepResult { usage, ..result });
        }
        (Outcome::Cancelled(_) | Outcome::Unmade(_), Some(overdue)) if !draft.cancelling() => {
            (TaskMove::TimeOut, overdue)
        }
        (Outcome::Cancelled(why), _) => {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            (TaskMove::Cancel, StepError::new("cancelled", format!("{id} was cancelled{why}")))
        }
        (Outcome::Unmade(why), _) if draft.cancelling() => {
            (TaskMove::Cancel, StepError::new("cancelled", why.clone()))
        }
        (Outcome::Unmade(why), _) => (TaskMove::Fail, StepError::new("flow", why.clone())),
        (Outcome::Failed(why), _) => {
            (TaskMove::Fail, StepError::new("flow", format!("{id} failed: {why}")))
        }
    };
    let again = draft.def(at).retry.applies(None, &[error.message.as_str()]);
    after_failure(draft, at, how, error, again);
}

/// What the step takes over from its child. To Lobster it is the list of what came out, or the one
/// thing in it, and always a value too.
fn taken(dialect: Dialect, result: &StepResult) -> StepResult {
    if dialect == Dialect::Strict || result.truncated {
        return result.clone();
    }
    let said = || result.stdout.as_ref().filter(|said| !said.is_empty());
    let said = || said().map(|said| json_of_stdout(said).unwrap_or_else(|| json!(said)));
    let json = match result.json.clone().or_else(said) {
        None => json!([]),
        Some(Value::Array(mut items)) if items.len() == 1 => items.remove(0),
        Some(value) => value,
    };
    let stdout = match &json {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => String::new(),
        value => value.to_string(),
    };
    StepResult { stdout: Some(stdout.into()), json: Some(json), ..StepResult::default() }
}

/// How an ended flow ended, for its parent. What it left is the result of the last step of its file
/// that succeeded and left something.
#[must_use]
pub fn outcome_of(state: &FlowState) -> Outcome {
    let flow = &state.flow;
    match flow.status {
        FlowStatus::Succeeded => Outcome::Succeeded(Box::new(left(state))),
        FlowStatus::Cancelled => Outcome::Cancelled(flow.cancel_reason.clone().unwrap_or_default()),
        _ => Outcome::Failed(flow.error.clone().unwrap_or_else(|| flow.status.to_string())),
    }
}

fn left(state: &FlowState) -> StepResult {
    let fixed = state.definition.steps.iter().zip(&state.steps);
    let forward = fixed.filter(|(def, _)| def.phase == Phase::Forward).map(|(_, step)| step);
    let mut done = forward.rev().filter(|step| step.status == StepStatus::Succeeded);
    done.find_map(|step| something(step)).unwrap_or_default()
}

fn something(step: &Step) -> Option<StepResult> {
    let result = step.result.as_ref()?;
    let json = result.json.clone().or_else(|| result.response.clone());
    let stdout = result.stdout.clone();
    let nothing =
        json.as_ref().is_none_or(Value::is_null) && stdout.as_deref().is_none_or(str::is_empty);
    let truncated = result.truncated;
    (!nothing).then(|| StepResult { stdout, json, truncated, ..StepResult::default() })
}

/// Cancels a child flow on behalf of its parent: once, unless it is asked for `again`, which gives
/// its unwinding up as well.
///
/// # Errors
/// `cancel_requested` if that was done before; `terminal` for an ended flow.
pub fn cancel_child(
    state: &FlowState,
    ctx: &mut Ctx,
    reason: &str,
    again: bool,
) -> Result<Decision, Refusal> {
    if state.flow.cancel_requested_at.is_some() && !again && !state.flow.is_terminal() {
        return Err(Refusal::new(Code::CancelRequested, "a cancel was requested"));
    }
    cancel(state, ctx, None, reason)
}
