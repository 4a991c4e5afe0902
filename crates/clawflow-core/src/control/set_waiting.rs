//! A controller parks its flow, and may say what the engine is to wait for on its behalf.

use super::children::outcome;
use super::draft::{Answered, Draft};
use super::state::{ControlDecision, ControlState};
use super::wake::resolve;
use crate::Millis;
use crate::drive::Ctx;
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::flow::{self, Blocker, Patch, check_text};
use crate::ids::{TaskId, WaitId};
use crate::limits::{APPROVERS_MAX, PREVIEW_CHARS_MAX, cut};
use crate::signal::Signal;
use crate::task::Task;
use crate::wait::{OnResolved, OnTimeout, Wait, WaitKind, WaitState, shown_hash};
use serde_json::json;

/// Target of a wait of kind `timer` that is only the deadline of an opaque `waitJson`.
pub const DEADLINE: &str = "deadline";

/// What a flow waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// A point in time.
    Timer {
        /// When.
        due_at: Millis,
    },
    /// A signal of the owner.
    Event {
        /// Its name.
        name: String,
        /// Its key; any, if absent.
        key: Option<String>,
    },
    /// A person's yes or no, or any JSON.
    Person {
        /// What is asked.
        prompt: String,
        /// What is shown.
        preview: Option<String>,
        /// Whether any JSON is asked for instead of yes or no.
        input: bool,
        /// Who may answer; empty: anybody who may operate the flow.
        approvers: Vec<String>,
    },
    /// The end of one of the flow's children.
    Task {
        /// The child.
        task_id: TaskId,
    },
}

/// What the engine waits for on behalf of a flow: something, until a deadline, or only the deadline
/// of an opaque `waitJson`. With neither there is nothing to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitSpec {
    /// For what.
    pub wait_for: Option<WaitFor>,
    /// What its resolution does.
    pub on_resolved: OnResolved,
    /// Until when.
    pub deadline_at: Option<Millis>,
    /// What happens then.
    pub on_deadline: OnTimeout,
}

impl Default for WaitSpec {
    fn default() -> Self {
        Self {
            wait_for: None,
            on_resolved: OnResolved::Resume,
            deadline_at: None,
            on_deadline: OnTimeout::Continue,
        }
    }
}

/// What is there already of what a flow begins to wait for, from the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found<'a> {
    /// The oldest kept signal of the owner that matches, for a wait for an event.
    pub signal: Option<&'a Signal>,
    /// The task, for a wait for one that is not open any more.
    pub task: Option<&'a Task>,
}

/// Parks the flow: blocked if there is a blocker, else waiting. Its older waits are closed, and the
/// new one is opened; if what it is for is there already it is resolved in the same unit. That wait
/// is [`ControlDecision::waits`]. Waiting for something else is a change of the flow, also if its
/// row stays the same: the revision that a decision was made on stands for what it waited for then.
///
/// # Errors
/// As every command of a controller; `invalid` for a patch, summary or wait that cannot be stored,
/// for a task that is not the flow's, and for a timer with a deadline besides.
pub fn set_waiting(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    patch: Patch,
    blocker: Blocker,
    spec: WaitSpec,
    found: Found,
) -> Result<ControlDecision, Refusal> {
    let moved = flow::set_waiting(&state.flow, expected_revision, patch, blocker, ctx.now)?;
    let what = spec.wait_for.map(checked).transpose()?;
    check_target(state, what.as_ref(), found)?;
    let mut draft = Draft::new(state, ctx);
    let opens = what.is_some() || spec.deadline_at.is_some();
    draft.park(moved, opens);
    if !opens {
        return Ok(draft.finish());
    }
    let is_timer = matches!(what, Some(WaitFor::Timer { .. }));
    if is_timer && spec.deadline_at.is_some() {
        return Err(Refusal::new(Code::Invalid, "a timer has no deadline besides"));
    }
    if spec.deadline_at.is_some_and(|at| at < 0) {
        return Err(Refusal::new(Code::Invalid, "the deadline is before 1970"));
    }
    let mut wait = new_wait(&mut draft, what, spec.on_resolved);
    if spec.deadline_at.is_some() {
        wait.due_at = spec.deadline_at;
        wait.on_timeout = Some(spec.on_deadline);
    }
    let there = already(&wait, found);
    if wait.kind == WaitKind::Event
        && let Some(signal) = found.signal
    {
        draft.take(signal);
    }
    open_wait(&mut draft, wait.clone());
    if let Some(answer) = there {
        resolve(&mut draft, &wait, WaitState::Resolved, Some(&answer))?;
    }
    Ok(draft.finish())
}

/// What is waited for, as it can be stored.
fn checked(what: WaitFor) -> Result<WaitFor, Refusal> {
    Ok(match what {
        WaitFor::Event { name, key } => WaitFor::Event {
            name: check_text("the name of the event", &name)?,
            key: key.map(|key| check_text("the key of the event", &key)).transpose()?,
        },
        WaitFor::Person { prompt, preview, input, approvers } => {
            if approvers.len() > APPROVERS_MAX {
                let message = format!("a question has at most {APPROVERS_MAX} approvers");
                return Err(Refusal::new(Code::Invalid, message));
            }
            let named = approvers.iter().map(|who| check_text("an approver", who));
            let preview = preview.filter(|text| !text.is_empty());
            if preview.as_ref().is_some_and(|text| text.contains('\0')) {
                return Err(Refusal::new(Code::Invalid, "the preview contains a NUL character"));
            }
            WaitFor::Person {
                prompt: cut(&check_text("the prompt", &prompt)?, PREVIEW_CHARS_MAX),
                preview: preview.map(|text| cut(&text, PREVIEW_CHARS_MAX)),
                input,
                approvers: named.collect::<Result<_, _>>()?,
            }
        }
        WaitFor::Timer { due_at } if due_at < 0 => {
            return Err(Refusal::new(Code::Invalid, "the timer is due before 1970"));
        }
        other @ (WaitFor::Timer { .. } | WaitFor::Task { .. }) => other,
    })
}

/// A task that is waited for is the flow's, and what was found is what is looked for.
fn check_target(state: &ControlState, what: Option<&WaitFor>, found: Found) -> Result<(), Refusal> {
    let Some(WaitFor::Task { task_id }) = what else { return Ok(()) };
    let ended = found.task.filter(|task| {
        task.task_id == *task_id
            && task.parent_flow_id.as_ref() == Some(&state.flow.flow_id)
            && task.status.is_terminal()
    });
    if state.tasks.contains_key(task_id) || ended.is_some() {
        return Ok(());
    }
    let message = format!("Flow {} is not linked to task {task_id}", state.flow.flow_id);
    Err(Refusal::new(Code::Invalid, message))
}

/// The answer, if what is waited for has come before.
fn already(wait: &Wait, found: Found) -> Option<Answered> {
    match wait.kind {
        WaitKind::Event => {
            found.signal.map(|signal| Answered { value: signal.payload.clone(), by: None })
        }
        WaitKind::Task => found
            .task
            .filter(|task| task.status.is_terminal())
            .filter(|task| wait.target.as_deref() == Some(task.task_id.as_str()))
            .map(|task| Answered { value: outcome(task), by: None }),
        _ => None,
    }
}

/// A wait of the flow as a whole, not yet recorded; for nothing: the wait for its deadline.
pub(super) fn new_wait(draft: &mut Draft, what: Option<WaitFor>, on_resolved: OnResolved) -> Wait {
    let flow_id = draft.state.flow.flow_id.clone();
    let (wait_id, now) = (WaitId::new(draft.ctx.ids), draft.now());
    let mut wait = Wait::fresh(wait_id, flow_id, WaitKind::Timer, now);
    wait.on_resolved = Some(on_resolved);
    match what {
        None => wait.target = Some(DEADLINE.to_owned()),
        Some(WaitFor::Timer { due_at }) => wait.due_at = Some(due_at),
        Some(WaitFor::Event { name, key }) => {
            wait.kind = WaitKind::Event;
            wait.target = Some(name);
            wait.event_key = key;
        }
        Some(WaitFor::Person { prompt, preview, input, approvers }) => {
            wait.kind = if input { WaitKind::Input } else { WaitKind::Approval };
            wait.shown_hash = Some(shown_hash(&prompt, preview.as_deref()));
            wait.prompt = Some(prompt);
            wait.preview = preview;
            wait.approvers = approvers;
        }
        Some(WaitFor::Task { task_id }) => {
            wait.kind = WaitKind::Task;
            wait.target = Some(task_id.0);
        }
    }
    wait
}

/// Records a wait.
pub(super) fn open_wait(draft: &mut Draft, wait: Wait) {
    let data = json!({
        "waitId": wait.wait_id, "kind": wait.kind, "target": wait.target,
        "dueAt": wait.due_at, "prompt": wait.prompt,
    });
    draft.event("wait.opened", None, data);
    if wait.due_at.is_some() {
        draft.effect(Effect::Timer);
    }
    draft.waits.push(wait.wait_id.clone());
    draft.put_wait(wait);
}
