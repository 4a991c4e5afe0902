//! The end of an attempt, as its shim reports it.

use super::Draft;
use super::advance::advance;
use super::agent;
use super::begin::succeed;
use super::blocks::unwanted;
use super::call;
use super::cost;
use super::lost::lose_step;
use super::pipeline;
use super::progress::running;
use super::state::{Ctx, Decision, FlowState};
use super::words;
use crate::acp::{AgentEnd, End, Why};
use crate::definition::{Action, OnLost, Phase};
use crate::effect::Effect;
use crate::error::Refusal;
use crate::ids::TaskId;
use crate::json::fits;
use crate::limits::{
    JSON_BYTES_MAX, OUTPUTS_BYTES_MAX, RETRY_AFTER_MS_MAX, SUMMARY_CHARS_MAX, cut,
};
use crate::step::{StepError, StepResult, StepStatus};
use crate::task::{Exit, Task, TaskMove, Usage, settle};
use crate::text::Text;
use serde_json::{Value, json};

/// How an attempt ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Exit code or signal; `None` if it never executed.
    pub exit: Option<Exit>,
    /// It was stopped at its timeout.
    pub timed_out: bool,
    /// It was stopped because somebody asked for it.
    pub stopped: bool,
    /// It wrote more to a stream than so many bytes, which was all that it might.
    pub over_output: Option<u64>,
    /// Why it could not be executed.
    pub exec_error: Option<String>,
    /// Standard output as text.
    pub stdout: Option<Text>,
    /// Whether that was cut.
    pub truncated: bool,
    /// End of standard error, for the message about a failure.
    pub stderr_tail: String,
    /// When it ended, by the clock of the machine that ran it.
    pub ended_at: Option<i64>,
    /// How long an agent has worked, in milliseconds, without the time in which people were asked.
    pub worked_ms: Option<u64>,
    /// How the conversation with it ended, for an agent.
    pub agent: Option<Box<AgentEnd>>,
    /// What was done to stop it: signals sent, what ignored them, what was gone already.
    pub notes: Value,
}

impl Report {
    fn exit_code(&self) -> Option<i32> {
        match self.exit {
            Some(Exit::Code(code)) => Some(code),
            _ => None,
        }
    }
}

/// Settles an attempt, and lets the flow go on.
///
/// # Errors
/// `invalid_state` for a report with another fence or about a task that has ended.
pub fn ended(
    state: &FlowState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    report: Report,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let task = running(state, task_id, fence)?;
    let (how, error) = outcome(&task, draft.cancelling(), &report);
    let why = error.as_ref().map(|error| error.message.as_str());
    let at = state.steps.iter().position(|s| s.task_id.as_ref() == Some(task_id));
    let said = at.map(|at| said(&mut draft, at, how, &report, error.clone()));
    let usage = said.as_ref().and_then(|(_, result, _)| result.usage.clone());
    let usage = Usage::newest(usage, task.usage.clone());
    draft.told_use = at.filter(|_| task.usage.is_some());
    draft.end_task(task_id, how, |row| {
        settle(row, &report, why);
        row.usage.clone_from(&usage);
    })?;
    let data = json!({
        "outcome": how, "exit": report.exit, "attempt": task.attempt,
        "error": error.as_ref().map(|e| &e.message), "stop": report.notes,
    });
    draft.event("task.ended", at, Some(task_id), data);
    if let (Some(at), Some((how, result, error))) = (at, said) {
        let exit = report.exit_code();
        let result = StepResult { usage, ..result };
        let result = with_earlier(&draft, at, how, result);
        match (how, error) {
            _ if unwanted(&draft, at).is_some() => {
                let why = unwanted(&draft, at);
                draft.step_mut(at).result.get_or_insert_default().usage = result.usage;
                draft.end_step(at, StepStatus::Cancelled, why);
            }
            (TaskMove::Succeed, _) if result.rest.is_some() => {
                pipeline::ask(&mut draft, at, result);
            }
            (TaskMove::Succeed, error) if agent::blocks(&report) => {
                let error = error.unwrap_or_else(|| StepError::new("stopped", "it stopped"));
                agent::block(&mut draft, at, result, error);
            }
            (TaskMove::Succeed, _) => succeed(&mut draft, at, result),
            (TaskMove::Lose, error) => {
                draft.step_mut(at).result = Some(result);
                cost::check(&mut draft, at);
                let why = error.map_or_else(String::new, |error| error.message);
                lose_step(&mut draft, at, &why, task.cancel_requested_at.is_some());
            }
            (_, error) => {
                let error = error.unwrap_or_else(|| StepError::new("failed", "it failed"));
                let seen = (report.exit.as_ref(), report.stderr_tail.as_str(), &result);
                let error = words::of_attempt(&draft, at, &task, seen, error);
                draft.step_mut(at).result = Some(result);
                cost::check(&mut draft, at);
                let texts = [report.stderr_tail.as_str(), error.message.as_str()];
                let again = !is_final(&error) && draft.def(at).retry.applies(exit, &texts);
                after_failure(&mut draft, at, how, error, again);
            }
        }
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// The end of the attempt as its step sees it, for some kinds of steps another one than that of
/// the process.
fn said(
    draft: &mut Draft,
    at: usize,
    how: TaskMove,
    report: &Report,
    error: Option<StepError>,
) -> (TaskMove, StepResult, Option<StepError>) {
    let result = StepResult {
        stdout: report.stdout.clone(),
        truncated: report.truncated,
        exit_code: report.exit_code(),
        ..StepResult::default()
    };
    match &draft.def(at).action {
        Action::Pipeline(_) => pipeline::said(draft, at, how, result, error),
        Action::Http(_) | Action::Llm(_) => call::said(how, result, error),
        Action::Acp(_) => match &report.agent {
            Some(end) => (how, agent::result(draft, at, end), error),
            None => (how, StepResult::default(), error),
        },
        _ => (how, result, error),
    }
}

/// The result, with what earlier attempts of the step have used, and, after a failure, with the
/// question that the next one need not ask again.
fn with_earlier(draft: &Draft, at: usize, how: TaskMove, result: StepResult) -> StepResult {
    let Some(earlier) = draft.step(at).result.clone() else { return result };
    let usage = Usage::sum(earlier.usage, result.usage.clone());
    if how == TaskMove::Succeed {
        let asked = result.asked + earlier.asked;
        return StepResult { usage, asked, ..result };
    }
    StepResult {
        usage,
        asked: earlier.asked,
        rest: earlier.rest,
        response: earlier.response,
        ..result
    }
}

/// Whether another attempt would only do it again.
fn is_final(error: &StepError) -> bool {
    error.code == pipeline::DISPATCHED || error.code == SPENT
}

/// The code of an attempt that has used up its own budget.
const SPENT: &str = "budget";

/// What the report means for the task, and why it failed if it did.
pub(crate) fn outcome(
    task: &Task,
    cancelling: bool,
    report: &Report,
) -> (TaskMove, Option<StepError>) {
    let ended = report.agent.as_ref().map(|agent| &agent.end);
    let stopped = report.stopped || matches!(ended, Some(End::Stopped(Why::Cancelled)));
    if let Some(up) = task.used_up().filter(|_| stopped && !cancelling) {
        let why = format!("its budget is used up: {up}");
        return (TaskMove::Fail, Some(StepError::new(SPENT, why)));
    }
    let how = verdict(task, cancelling, report);
    (how, message(how, report))
}

/// How the task ends by this report.
fn verdict(task: &Task, cancelling: bool, report: &Report) -> TaskMove {
    if report.exec_error.is_some() {
        TaskMove::Fail
    } else if let Some(agent) = &report.agent {
        agent::verdict(task, cancelling, agent)
    } else if report.stopped && (task.cancel_requested_at.is_some() || cancelling) {
        TaskMove::Cancel
    } else if report.timed_out {
        TaskMove::TimeOut
    } else if report.over_output.is_none() && report.exit == Some(Exit::Code(0)) {
        TaskMove::Succeed
    } else {
        TaskMove::Fail
    }
}

/// Why an attempt failed, for the step.
fn message(how: TaskMove, report: &Report) -> Option<StepError> {
    if let (Some(agent), None) = (&report.agent, &report.exec_error) {
        return agent::error(agent);
    }
    let tail = report.stderr_tail.trim();
    let with_tail = |text: String| {
        let text = if tail.is_empty() { text } else { format!("{text}: {tail}") };
        cut(&text, SUMMARY_CHARS_MAX)
    };
    if let (TaskMove::Fail, None, Some(max)) = (how, &report.exec_error, report.over_output) {
        let why = format!("Process output exceeded {max} bytes");
        return Some(StepError::new("output_too_large", why));
    }
    Some(match (how, &report.exec_error, &report.exit) {
        (TaskMove::Succeed, _, _) => return None,
        (TaskMove::Cancel, _, _) => StepError::new("cancelled", "stopped by a cancel"),
        (TaskMove::TimeOut, _, _) => StepError::new("timed_out", with_tail("timed out".into())),
        (_, Some(why), _) => StepError::new("exec", cut(why, SUMMARY_CHARS_MAX)),
        (_, None, Some(Exit::Code(code))) => {
            StepError::new("exit", with_tail(format!("exit code {code}")))
        }
        (_, None, Some(Exit::Signal(signal))) => {
            StepError::new("signal", with_tail(format!("killed by signal {signal}")))
        }
        (_, None, Some(Exit::StopReason(reason))) => StepError::new("stopped", reason.clone()),
        (_, None, None) => StepError::new("failed", "it never executed"),
    })
}

/// A failed attempt: the next one if there is one, else the step's failure. What an operator or a
/// cancel stopped is not tried again, nor what `retry` leaves out.
pub(super) fn after_failure(
    draft: &mut Draft,
    at: usize,
    how: TaskMove,
    mut error: StepError,
    again: bool,
) {
    let wanted = error.retry_after_ms.take().unwrap_or_default();
    if how == TaskMove::Cancel && draft.cancelling() {
        return draft.end_step(at, StepStatus::Cancelled, Some(error));
    }
    if how == TaskMove::Cancel && draft.timed_out() && draft.def(at).phase == Phase::Forward {
        let why = StepError::new("timed_out", "the time of the flow was over");
        return draft.end_step(at, StepStatus::Cancelled, Some(why));
    }
    let step = draft.step(at);
    let asked = step.result.as_ref().map_or(0, |result| result.asked);
    let failures = step.attempt - step.lost_attempts - asked;
    let retry = &draft.def(at).retry;
    let may = again
        && how != TaskMove::Cancel
        && failures < retry.max
        && (!(draft.stopping || draft.cancelling()) || draft.def(at).phase == Phase::Finally);
    if !may {
        return fail_step(draft, at, error);
    }
    let (delay, max) = (retry.delay_ms(failures, draft.ctx.jitter), retry.max);
    // Not earlier than a server wants it.
    let delay = delay.max(wanted.min(RETRY_AFTER_MS_MAX));
    retry_at(draft, at, delay, error, Some((failures, max)));
}

/// Puts the step aside until its next attempt. `failures`: how many there were, and how many end
/// it; none of that where an attempt was lost.
pub(super) fn retry_at(
    draft: &mut Draft,
    at: usize,
    delay_ms: u64,
    error: StepError,
    failures: Option<(u32, u32)>,
) {
    let due = draft.now().saturating_add(i64::try_from(delay_ms).unwrap_or(i64::MAX));
    let mut data = json!({
        "dueAt": due, "delayMs": delay_ms, "code": error.code, "message": error.message,
    });
    if let Some((failures, max)) = failures {
        data["failures"] = json!(failures);
        data["max"] = json!(max);
    }
    let task = draft.step(at).task_id.clone();
    draft.set_status(at, StepStatus::Retrying);
    let step = draft.step_mut(at);
    step.due_at = Some(due);
    step.error = Some(error);
    draft.event("step.retrying", Some(at), task.as_ref(), data);
    draft.effect(Effect::Timer);
}

/// The step's failure, after its retries.
pub(super) fn fail_step(draft: &mut Draft, at: usize, error: StepError) {
    draft.end_step(at, StepStatus::Failed, Some(error));
}

/// Keeps a value in the flow's output bag.
pub(super) fn keep_output(draft: &mut Draft, name: &str, value: Value) -> Result<(), StepError> {
    let too_large = |what: &str, max: usize| {
        let message = format!("{what} is larger than {max} bytes");
        Err(StepError::new("output_too_large", message))
    };
    if !fits(&value, JSON_BYTES_MAX) {
        return too_large(&format!("the output {name}"), JSON_BYTES_MAX);
    }
    let outputs = &mut draft.state.flow.outputs;
    let count = || outputs.iter().map(|(name, value)| entry_bytes(name, value)).sum();
    let others: usize = draft.outputs_bytes.unwrap_or_else(count)
        - outputs.get(name).map_or(0, |old| entry_bytes(name, old));
    let all = others + entry_bytes(name, &value);
    // One brace more than entries with their commas.
    if all + 1 > OUTPUTS_BYTES_MAX {
        return too_large("the flow's outputs together", OUTPUTS_BYTES_MAX);
    }
    outputs.insert(name.to_owned(), value);
    draft.outputs_bytes = Some(all);
    Ok(())
}

/// Bytes of an entry of an object in JSON, with its colon and its comma.
fn entry_bytes(name: &str, value: &Value) -> usize {
    json!(name).to_string().len() + value.to_string().len() + 2
}

/// What happens to a lost attempt of this step.
pub(super) fn on_lost(draft: &Draft, at: usize) -> OnLost {
    match draft.def(at).phase {
        // The unwinding must come to its end by itself.
        Phase::Finally => OnLost::Fail,
        Phase::Forward => draft.def(at).on_lost,
    }
}
