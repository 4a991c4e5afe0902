//! `flow.why` for flows that code drives: waits of the flow as a whole, children, the controller.

use super::FlowView;
use super::flow_why::{Why, asked, signal};
use clawflow_core::control::DEADLINE;
use clawflow_core::flow::{FlowStatus, SyncMode};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::wait::{OnTimeout, Wait, WaitKind, WaitState};

impl Why {
    /// What holds a flow that code drives.
    pub(super) fn code(&mut self, view: &FlowView) {
        if view.flow.status == FlowStatus::Blocked {
            let why = view.flow.blocked_summary.as_deref().unwrap_or("by a task");
            let text = format!("its controller has it blocked: {why}");
            self.reason("blocked", None, text).since = Some(view.flow.updated_at);
        }
        let open = |wait: &&Wait| {
            wait.state == WaitState::Open
                && wait.step_id.is_none()
                && wait.kind != WaitKind::Budget
                && wait.target.as_deref() != Some("budget")
        };
        view.waits.iter().filter(open).for_each(|wait| self.flow_wait(wait));
        let open = |task: &&Task| !task.status.is_terminal();
        view.tasks.iter().filter(open).for_each(|task| self.child(task));
        if view.flow.cancel_requested_at.is_some() {
            return;
        }
        match view.flow.sync_mode {
            SyncMode::Managed => self.controller(view),
            // Its task says it all; a cancel reaches that.
            SyncMode::TaskMirrored | SyncMode::GroupMirrored => self.command("cancel", ""),
        }
    }

    fn flow_wait(&mut self, wait: &Wait) {
        let prompt = asked(wait);
        let target = wait.target.as_deref().unwrap_or_default();
        let is_deadline = wait.kind == WaitKind::Timer && target == DEADLINE;
        let (kind, mut text) = match wait.kind {
            WaitKind::Timer if is_deadline => ("timer", "it waits for its controller".to_owned()),
            WaitKind::Timer => ("timer", "it waits for a point in time".to_owned()),
            WaitKind::Event => match &wait.event_key {
                Some(key) => ("event", format!("it waits for the event {target} of {key}")),
                None => ("event", format!("it waits for the event {target}")),
            },
            WaitKind::Approval => ("approval", format!("it asks: {prompt}")),
            WaitKind::Input => ("input", format!("it asks for a value: {prompt}")),
            WaitKind::Permission => ("permission", prompt),
            WaitKind::Task => ("task", format!("it waits for the end of {target}")),
            other => (other.as_str(), format!("it waits for {other}")),
        };
        if wait.due_at.is_some() && (is_deadline || wait.kind != WaitKind::Timer) {
            text.push_str(match wait.on_timeout {
                Some(OnTimeout::Fail) => "; it fails at its deadline",
                Some(OnTimeout::Cancel) => "; it is cancelled at its deadline",
                Some(OnTimeout::Continue) | None => "; it goes on at its deadline",
            });
        }
        let reason = self.reason(kind, None, text);
        reason.since = Some(wait.created_at);
        reason.until = wait.due_at;
        match wait.kind {
            WaitKind::Approval => {
                self.command("approve", "");
                self.command("deny", "");
            }
            WaitKind::Permission => self.permit(wait),
            WaitKind::Input => self.command("answer", " --response JSON"),
            WaitKind::Event => self.commands.push(signal(wait)),
            _ => {}
        }
    }

    fn child(&mut self, task: &Task) {
        let id = &task.task_id;
        let name = task.label.as_deref().unwrap_or(&task.task);
        let name = clawflow_core::limits::cut(name, 80);
        let (kind, text) = match (task.reported, task.status) {
            (true, status) => ("task", format!("{id} is {status} at its caller: {name}")),
            (false, TaskStatus::Queued) => ("slot", format!("{id} waits for a free slot: {name}")),
            (false, _) => ("task", format!("{id} runs: {name}")),
        };
        let since = task.started_at.unwrap_or(task.created_at);
        self.reason(kind, None, text).since = Some(since);
    }

    /// Nobody but the controller moves the flow.
    fn controller(&mut self, view: &FlowView) {
        let who = view.flow.controller_id.as_deref().unwrap_or("nobody");
        let text = match view.flow.status {
            FlowStatus::Queued => format!("it is up to its controller {who} to begin"),
            FlowStatus::Running => format!("its controller {who} is at work on it"),
            _ if self.reasons.is_empty() => format!("it waits for its controller {who}"),
            _ => return,
        };
        self.reason("controller", None, text).since = Some(view.flow.updated_at);
        if view.flow.status != FlowStatus::Running {
            self.command("resume", "");
        }
    }
}
