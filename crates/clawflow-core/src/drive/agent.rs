//! Turns of coding agents: what an attempt asks for, what becomes of its step at its end, and on
//! which session the next one goes on.

use super::Draft;
use super::begin::{new_wait, open_wait};
use super::ended::Report;
use super::launch::text;
use super::progress::running;
use super::scope::FlowScope;
use super::state::{Ctx, Decision, FlowState};
use crate::acp::{AcpRequest, AgentEnd, AgentSession, End, OnStop, Why};
use crate::definition::{AgentCall, EvalError, Template};
use crate::error::Refusal;
use crate::ids::TaskId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::step::{StepError, StepResult};
use crate::task::{Task, TaskMove};
use crate::text::Text;
use crate::wait::WaitKind;
use serde_json::json;

/// What the step at `at` asks its agent. An attempt that goes on where another was broken off does
/// so in the session of that one.
pub(super) fn request(
    call: &AgentCall,
    scope: &FlowScope<'_>,
    at: usize,
) -> Result<AcpRequest, EvalError> {
    let some = |text: &Option<Template>| text.as_ref().map(|text| text.render(scope)).transpose();
    let steps = &scope.state.steps;
    let own = steps[at].result.as_ref().and_then(|result| result.session.clone());
    let own = own.filter(|_| scope.attempt > 1);
    let session = match &own {
        Some(own) => Some(own.id.clone()),
        None => some(&call.session)?.map(|id| id.trim().to_owned()),
    };
    let known = steps.iter().filter_map(|step| step.result.as_ref()?.session.as_ref());
    let known = known.filter(|known| Some(&known.id) == session.as_ref());
    Ok(AcpRequest {
        agent: call.agent.render(scope)?.trim().to_owned(),
        prompt: text(&call.prompt.resolve(scope)?),
        context: call.stdin.as_ref().map(|stdin| stdin.resolve(scope)).transpose()?,
        files: call.files.iter().map(|file| file.render(scope)).collect::<Result<_, _>>()?,
        schema: call.schema.as_ref().map(|schema| schema.value().clone()),
        corrections: call.corrections,
        mode: some(&call.mode)?,
        model: some(&call.model)?,
        permissions: call.permissions.clone(),
        mcp: call.mcp.clone(),
        file_access: call.file_access,
        terminals: call.terminals,
        on_stop: call.on_stop,
        anywhere: scope.state.def(at).cwd.is_none() && scope.state.definition.cwd.is_none(),
        cost_before: known.filter_map(|known| known.cost_usd).reduce(f64::max),
        resume: own.is_some(),
        session,
    })
}

/// The request in a line, for people.
pub(super) fn shown(request: &AcpRequest) -> String {
    format!("{}: {}", request.agent, request.prompt)
}

/// What the end of the conversation means for the task.
pub(super) fn verdict(task: &Task, cancelling: bool, agent: &AgentEnd) -> TaskMove {
    match &agent.end {
        End::Done => TaskMove::Succeed,
        End::Short(_) if agent.on_stop == OnStop::Block => TaskMove::Succeed,
        End::Stopped(Why::TimedOut) => TaskMove::TimeOut,
        End::Stopped(Why::Cancelled) if cancelling || task.cancel_requested_at.is_some() => {
            TaskMove::Cancel
        }
        End::Stopped(Why::Cancelled) | End::Short(_) | End::Failed(_) => TaskMove::Fail,
        End::NoSession(_) | End::Lost(_) => TaskMove::Lose,
    }
}

/// Why it is no good; of one that blocks, why it does.
pub(super) fn error(agent: &AgentEnd) -> Option<StepError> {
    Some(match &agent.end {
        End::Done => return None,
        End::Stopped(Why::Cancelled) => StepError::new("cancelled", "stopped by a cancel"),
        End::Stopped(Why::TimedOut) => StepError::new("timed_out", "timed out"),
        End::Short(why) | End::Failed(why) => {
            StepError { message: cut(&why.message, SUMMARY_CHARS_MAX), ..why.clone() }
        }
        End::NoSession(why) => StepError::new("no_session", cut(why, SUMMARY_CHARS_MAX)),
        End::Lost(why) => StepError::new("lost", cut(why, SUMMARY_CHARS_MAX)),
    })
}

/// What the attempt leaves to its step. What failed begins anew; what was broken off goes on.
pub(super) fn result(draft: &Draft, at: usize, agent: &AgentEnd) -> StepResult {
    let was = draft.step(at).result.as_ref().and_then(|result| result.session.clone());
    let session = match &agent.end {
        End::Failed(_) | End::NoSession(_) => None,
        End::Done | End::Stopped(_) | End::Short(_) | End::Lost(_) => was,
    };
    StepResult {
        stdout: agent.text.as_deref().map(Text::from),
        truncated: agent.truncated,
        usage: agent.usage.clone(),
        session: session.map(|session| AgentSession {
            cost_usd: agent.session_cost.or(session.cost_usd),
            ..session
        }),
        ..StepResult::default()
    }
}

/// Whether the agent has stopped and a person is to say how it goes on.
pub(super) fn blocks(report: &Report) -> bool {
    let short =
        |agent: &AgentEnd| agent.on_stop == OnStop::Block && matches!(agent.end, End::Short(_));
    report.agent.as_deref().is_some_and(short)
}

/// Asks how the step goes on.
pub(super) fn block(draft: &mut Draft, at: usize, result: StepResult, error: StepError) {
    draft.step_mut(at).result = Some(result);
    super::cost::check(draft, at);
    let mut wait = new_wait(draft, at, WaitKind::InDoubt, None);
    let step = draft.step(at);
    wait.target = step.task_id.as_ref().map(|id| id.0.clone());
    wait.prompt = Some(format!(
        "attempt {} of {} stopped early: {}; how does it go on?",
        step.attempt, step.step_id, error.message
    ));
    let said = step.result.as_ref().and_then(|result| result.stdout.as_deref());
    wait.preview = said.map(|text| cut(text, SUMMARY_CHARS_MAX));
    draft.step_mut(at).error = Some(error);
    open_wait(draft, at, wait);
}

/// The agent has a session: from now on a further attempt goes on in it.
///
/// # Errors
/// `invalid_state` for a task that is not running under this fence.
pub fn agent_session(
    state: &FlowState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    session: &str,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let mut task = running(state, task_id, fence)?;
    let at = state.steps.iter().position(|step| step.task_id.as_ref() == Some(task_id));
    let Some(at) = at else { return Ok(draft.finish()) };
    let known = state.steps[at].result.as_ref().and_then(|result| result.session.as_ref());
    if known.is_some_and(|known| known.id == session) {
        return Ok(draft.finish());
    }
    let agent = task.agent_id.clone().unwrap_or_default();
    task.child_session_key = Some(format!("agent:{agent}:acp:{session}"));
    task.last_event_at = draft.now();
    draft.put_task(task);
    let found = AgentSession { agent, id: session.to_owned(), cost_usd: None };
    draft.step_mut(at).result.get_or_insert_default().session = Some(found);
    draft.event("agent.session", Some(at), Some(task_id), json!({ "session": session }));
    Ok(draft.finish())
}
