//! Permissions that an agent asks for: a person decides while the turn waits, and nobody once it is
//! over.

use super::Draft;
use super::answer::Answer;
use super::progress::running;
use super::state::{Ctx, Decision, FlowState};
use crate::acp::AskedFor;
use crate::delivery::owed;
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow::Flow;
use crate::ids::{TaskId, WaitId};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::task::Task;
use crate::wait::{Wait, WaitKind, WaitState, shown_hash};
use serde_json::{Value, json};

/// What tells a request of an agent from all others.
#[must_use]
pub fn permission_target(task_id: &TaskId, fence: u64, key: &str) -> String {
    format!("{task_id}.{fence} {key}")
}

/// Asks a person, once for each request. The step goes on: its agent is at work until it has ended.
///
/// # Errors
/// `invalid_state` for a task that is not running under this fence.
pub fn ask_permission(
    state: &FlowState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    asked: &AskedFor,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let task = running(state, task_id, fence)?;
    let target = permission_target(task_id, fence, &asked.key);
    if state.waits.values().any(|wait| wait.target.as_ref() == Some(&target)) {
        return Ok(draft.finish());
    }
    let at = state.steps.iter().position(|step| step.task_id.as_ref() == Some(task_id));
    let step_id = at.map(|at| draft.step(at).step_id.clone());
    let wait = Wait { step_id, ..question(&state.flow, &task, target, asked, draft.ctx) };
    let (wait_id, data) = (wait.wait_id.clone(), told_of(&wait, asked));
    draft.event("wait.opened", at, Some(task_id), data);
    let owed = owed::of_permission(&draft.state.flow, &wait, draft.ctx);
    draft.owe(owed);
    draft.put_wait(wait);
    if draft.state.spec.auto_approve {
        let yes = Answer { approve: true, by: "--yes".to_owned(), shown_hash: None };
        decide(&mut draft, &wait_id, &yes);
    }
    Ok(draft.finish())
}

/// The wait for the answer to what the agent of this task asks.
pub(crate) fn question(
    flow: &Flow,
    task: &Task,
    target: String,
    asked: &AskedFor,
    ctx: &mut Ctx,
) -> Wait {
    let agent = task.agent_id.as_deref().unwrap_or("the agent");
    let title = match asked.tool.title.trim() {
        "" => "use a tool without a name",
        title => title,
    };
    let prompt = cut(&format!("{agent} asks ({}): {title}", asked.tool.kind), SUMMARY_CHARS_MAX);
    let wait_id = WaitId::new(ctx.ids);
    Wait {
        target: Some(target),
        shown_hash: Some(shown_hash(&prompt, asked.preview.as_deref())),
        prompt: Some(prompt),
        preview: asked.preview.clone(),
        ..Wait::fresh(wait_id, flow.flow_id.clone(), WaitKind::Permission, ctx.now)
    }
}

/// What history tells of the question.
pub(crate) fn told_of(wait: &Wait, asked: &AskedFor) -> Value {
    json!({
        "waitId": wait.wait_id, "kind": wait.kind, "prompt": wait.prompt,
        "tool": asked.tool.kind, "command": asked.tool.command, "paths": asked.tool.paths,
    })
}

/// Records the answer, and has the agent told.
pub(super) fn decide(draft: &mut Draft, wait_id: &WaitId, answer: &Answer) {
    let Some(wait) = draft.state.waits.get(wait_id) else { return };
    let mut wait = Wait::clone(wait);
    let value = json!({ "approved": answer.approve });
    wait.state = WaitState::Resolved;
    wait.closed_at = Some(draft.ctx.now);
    wait.answer = Some(value.clone());
    wait.answered_by = Some(answer.by.clone());
    let at = wait.step_id.as_deref().and_then(|id| draft.position(id));
    let task = at.and_then(|at| draft.step(at).task_id.clone());
    draft.put_wait(wait);
    let data = json!({ "answer": value, "by": answer.by, "waitId": wait_id });
    draft.event("wait.resolved", at, task.as_ref(), data);
    draft.effect_told(task);
}

impl Draft<'_, '_> {
    fn effect_told(&mut self, task: Option<TaskId>) {
        if let Some(task) = task {
            self.effect(Effect::Told(task));
        }
    }

    /// What the agent of this task asks, nobody can answer any more.
    pub(super) fn void_permissions(&mut self, task_id: &TaskId) {
        let begin = format!("{task_id}.");
        let of_it = |wait: &&Wait| {
            wait.kind == WaitKind::Permission
                && wait.target.as_ref().is_some_and(|target| target.starts_with(&begin))
        };
        let waits = self.state.waits.values().map(AsRef::as_ref);
        let open: Vec<Wait> = waits.filter(of_it).cloned().collect();
        for mut wait in open {
            wait.state = WaitState::Cancelled;
            wait.closed_at = Some(self.ctx.now);
            self.put_wait(wait);
        }
    }
}
