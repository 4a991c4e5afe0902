//! Begins a step whose turn has come.

use super::Draft;
use super::answer::open_gate;
use super::attempt::new_attempt;
use super::blocks::begin_block;
use super::cost;
use super::ended::fail_step;
use super::input::ask;
use super::signal::await_event;
use crate::definition::{Action, Condition, EvalError, SleepDef};
use crate::effect::Effect;
use crate::ids::WaitId;
use crate::step::{StepError, StepResult, StepStatus};
use crate::wait::{Wait, WaitKind};
use serde_json::{Value, json};

/// Begins the step: skips it, runs it, puts it to sleep, or records its value.
pub(super) fn begin(draft: &mut Draft, at: usize) {
    let now = draft.now();
    if draft.step(at).attempt > 0 && !draft.def(at).is_block() {
        // A further attempt that a pause held back. Whether the step runs was decided before.
        return new_attempt(draft, at);
    }
    let attempt = 1;
    let wanted = draft.def(at).when.clone();
    match wanted.map(|when| wants(draft, at, &when, attempt)).transpose() {
        Err(error) => return fail_by_eval(draft, at, &error),
        Ok(Some(false)) => {
            let why = StepError::new("condition", "its condition is false");
            return draft.end_step(at, StepStatus::Skipped, Some(why));
        }
        Ok(Some(true) | None) => {}
    }
    draft.step_mut(at).started_at.get_or_insert(now);
    match draft.def(at).action.clone() {
        Action::Shell(_) | Action::Argv(_) | Action::Pipeline(_) => new_attempt(draft, at),
        Action::Http(_) | Action::Llm(_) | Action::Acp(_) | Action::Flow(_) => {
            new_attempt(draft, at);
        }
        Action::Sleep(sleep) => fall_asleep(draft, at, &sleep),
        Action::ForEach(_) | Action::Parallel(_) => begin_block(draft, at),
        Action::Input(input) => ask(draft, at, &input),
        Action::WaitFor(wanted) => await_event(draft, at, &wanted),
        Action::Synthetic => {
            let value = draft
                .def(at)
                .stdin
                .clone()
                .map(|stdin| stdin.resolve(&draft.scope_of(at, attempt)));
            match value.transpose() {
                Err(error) => fail_by_eval(draft, at, &error),
                Ok(value) => succeed(draft, at, synthetic(value)),
            }
        }
    }
}

fn wants(draft: &Draft, at: usize, when: &Condition, attempt: u32) -> Result<bool, EvalError> {
    when.eval(&draft.scope_of(at, attempt))
}

/// The result of a step that only passes its input on.
fn synthetic(value: Option<Value>) -> StepResult {
    match value {
        None | Some(Value::Null) => StepResult::default(),
        Some(Value::String(text)) => {
            StepResult { stdout: Some(text.into()), ..StepResult::default() }
        }
        Some(value) => StepResult { json: Some(value), ..StepResult::default() },
    }
}

/// A step fails because something that it refers to has no usable value.
pub(super) fn fail_by_eval(draft: &mut Draft, at: usize, error: &EvalError) {
    fail_step(draft, at, StepError::new(error.code.as_str(), error.message.clone()));
}

/// Records a good result, keeps it as the flow's output if the file says so, and asks if there is
/// a gate.
pub(super) fn succeed(draft: &mut Draft, at: usize, result: StepResult) {
    let result = cost::with_items(draft, at, result);
    if let Some(name) = draft.def(at).output.clone() {
        let value = output_value(&result);
        let kept = match value {
            Err(error) => Err(error),
            Ok(value) => super::ended::keep_output(draft, &name, value),
        };
        if let Err(error) = kept {
            draft.step_mut(at).result = Some(result);
            return fail_step(draft, at, error);
        }
    }
    draft.step_mut(at).result = Some(result);
    cost::check(draft, at);
    if draft.def(at).approval.is_none() {
        draft.end_step(at, StepStatus::Succeeded, None);
    } else if draft.cancelling() {
        let why = StepError::new("cancelled", "the flow was cancelled before it was approved");
        draft.end_step(at, StepStatus::Cancelled, Some(why));
    } else if draft.stopping {
        let why = match draft.over_budget {
            true => StepError::new("cost_limit", "the flow costs too much"),
            false => StepError::new("stopped", "another step failed before it was approved"),
        };
        draft.end_step(at, StepStatus::Cancelled, Some(why));
    } else {
        open_gate(draft, at);
    }
}

/// The value that a result has in the output bag: its JSON, else its text.
pub(super) fn output_value(result: &StepResult) -> Result<Value, StepError> {
    if result.truncated {
        return Err(StepError::new("output_too_large", "its output was cut at the limit"));
    }
    Ok(match (&result.json.as_ref().or(result.response.as_ref()), &result.stdout) {
        (Some(value), _) => Value::clone(value),
        (None, Some(text)) => {
            crate::definition::json_of_stdout(text).unwrap_or_else(|| json!(text))
        }
        (None, None) => Value::Null,
    })
}

/// Waits for a point in time; one that has passed is not waited for.
fn fall_asleep(draft: &mut Draft, at: usize, sleep: &SleepDef) {
    let now = draft.now();
    let due = match sleep {
        SleepDef::For(ms) => now.saturating_add(i64::try_from(*ms).unwrap_or(i64::MAX)),
        SleepDef::Until(at) => *at,
    };
    if due <= now {
        return succeed(draft, at, StepResult::default());
    }
    let wait = new_wait(draft, at, WaitKind::Timer, Some(due));
    open_wait(draft, at, wait);
}

/// A wait of this step, not yet recorded.
pub(super) fn new_wait(draft: &mut Draft, at: usize, kind: WaitKind, due: Option<i64>) -> Wait {
    let flow_id = draft.state.flow.flow_id.clone();
    let step_id = Some(draft.step(at).step_id.clone());
    let (wait_id, now) = (WaitId::new(draft.ctx.ids), draft.now());
    Wait { step_id, due_at: due, ..Wait::fresh(wait_id, flow_id, kind, now) }
}

/// Records a wait and makes the step wait on it.
pub(super) fn open_wait(draft: &mut Draft, at: usize, wait: Wait) {
    let status = match wait.kind {
        WaitKind::InDoubt => StepStatus::InDoubt,
        _ => StepStatus::Waiting,
    };
    let data = json!({
        "waitId": wait.wait_id, "kind": wait.kind, "dueAt": wait.due_at, "prompt": wait.prompt,
    });
    let task = draft.step(at).task_id.clone();
    draft.set_status(at, status);
    let step = draft.step_mut(at);
    step.due_at = None;
    step.wait_id = Some(wait.wait_id.clone());
    if wait.due_at.is_some() {
        draft.effect(Effect::Timer);
    }
    draft.event("wait.opened", Some(at), task.as_ref(), data);
    draft.put_wait(wait);
}
