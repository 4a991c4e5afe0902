//! `flow.why`: what a flow waits for, and what would move it.

use super::task_why::schedule_label;
use super::{Api, ApiError, FlowRef, FlowView, FlowWhyResponse, WhyReason};
use clawflow_core::Millis;
use clawflow_core::definition::limits::FLOW_DEPTH_MAX;
use clawflow_core::flow::{FlowStatus, SyncMode};
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::TaskStatus;
use clawflow_core::wait::{Wait, WaitKind, WaitState};

/// Child flows of one flow that an answer follows.
const CHILDREN_MAX: usize = 20;
/// Reasons after which no further child is looked at.
const REASONS_MAX: usize = 100;

impl Api {
    pub(super) async fn flow_why(&self, request: FlowRef) -> Result<FlowWhyResponse, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let view = self.view(&flow_id)?;
        let mut why = self.explained(&view);
        self.explain_children(&view, &mut why, FLOW_DEPTH_MAX)?;
        self.explain_holder(&view, &mut why)?;
        if view.flow.is_terminal() {
            let source = schedule_label(&view.flow.labels);
            self.schedule_of(flow_id.as_str(), source, &mut why)?;
        }
        let earliest = why.earliest();
        let summary = why.summary(view.flow.status.as_str());
        why.commands.dedup();
        let (reasons, commands) = (why.reasons, why.commands);
        Ok(FlowWhyResponse { flow: view.flow, summary, reasons, earliest, commands })
    }

    /// What the flow itself waits for.
    pub(super) fn explained(&self, view: &FlowView) -> Why {
        let driven = self.engine.drives(&view.flow.flow_id);
        let mut why = Why { name: name(view), reasons: Vec::new(), commands: Vec::new() };
        if view.flow.is_terminal() {
            why.ended(view);
            return why;
        }
        why.flow(view, driven);
        if view.flow.is_engine() {
            view.steps.iter().for_each(|step| why.step(view, step));
        } else if view.flow.sync_mode == SyncMode::GroupMirrored {
            why.group(view);
        } else {
            why.code(view);
        }
        self.queues(view, &mut why);
        why
    }

    /// What the child flows wait for that the flow waits for, as far down as there are any.
    fn explain_children(
        &self,
        view: &FlowView,
        why: &mut Why,
        depth: usize,
    ) -> Result<(), ApiError> {
        let waits = view.waits.iter();
        let waits = waits.filter(|w| w.state == WaitState::Open && w.kind == WaitKind::Flow);
        for child in waits.filter_map(|wait| wait.target.clone()).take(CHILDREN_MAX) {
            if depth == 0 || why.reasons.len() >= REASONS_MAX {
                break;
            }
            let child = FlowId(child);
            let Ok(view) = self.view(&child) else { continue };
            let mut inner = self.explained(&view);
            self.explain_children(&view, &mut inner, depth - 1)?;
            why.take(inner, &child);
        }
        Ok(())
    }

    /// What the flow waits for that has the key for which it stands in line. That one stands in no
    /// line itself, so this is no chain.
    fn explain_holder(&self, view: &FlowView, why: &mut Why) -> Result<(), ApiError> {
        let Some(holder) = self.holder(&view.flow).filter(|flow| self.sees(&flow.owner_key)) else {
            return Ok(());
        };
        let Ok(view) = self.view(&holder.flow_id) else { return Ok(()) };
        let mut inner = self.explained(&view);
        self.explain_children(&view, &mut inner, FLOW_DEPTH_MAX)?;
        why.take(inner, &holder.flow_id);
        Ok(())
    }
}

/// How the flow is called in the commands that are shown.
pub(super) fn name(view: &FlowView) -> String {
    view.flow.key.clone().unwrap_or_else(|| view.flow.flow_id.0.clone())
}

/// The options of `flows budget`.
pub(super) const RAISE: &str = " --tokens N | --usd N | --turns N | --time DURATION";

/// The answer as it is made.
pub(super) struct Why {
    pub(super) name: String,
    pub(super) reasons: Vec<WhyReason>,
    pub(super) commands: Vec<String>,
}

impl Why {
    /// Takes over what another flow waits for.
    fn take(&mut self, mut inner: Self, of: &FlowId) {
        // Who drives the flow drives what is below it.
        inner.reasons.retain(|reason| reason.kind != "driver");
        for mut reason in inner.reasons {
            if reason.flow_id.is_none() {
                reason.text = format!("in {of}: {}", reason.text);
                reason.flow_id = Some(of.clone());
            }
            self.reasons.push(reason);
        }
        let drives = |command: &str| {
            command.starts_with("clawflow run ") || command == "clawflow gateway run"
        };
        inner.commands.retain(|command| !drives(command));
        self.commands.extend(inner.commands);
    }

    /// The first of the reasons, in one sentence.
    pub(super) fn summary(&self, status: &str) -> String {
        match self.reasons.first() {
            Some(first) => first.text.clone(),
            None => format!("it is {status} and nothing holds it"),
        }
    }

    /// The earliest moment at which anything of it moves by itself.
    pub(super) fn earliest(&self) -> Option<Millis> {
        self.reasons.iter().filter_map(|reason| reason.until).min()
    }

    pub(super) fn reason(
        &mut self,
        kind: &str,
        step: Option<&Step>,
        text: String,
    ) -> &mut WhyReason {
        self.reasons.push(WhyReason {
            kind: kind.to_owned(),
            flow_id: None,
            step: step.map(|step| step.step_id.clone()),
            text,
            since: None,
            until: None,
        });
        // invariant: one was just pushed.
        let last = self.reasons.len() - 1;
        &mut self.reasons[last]
    }

    pub(super) fn command(&mut self, verb: &str, rest: &str) {
        self.commands.push(format!("clawflow flows {verb} {}{rest}", self.name));
    }

    fn ended(&mut self, view: &FlowView) {
        let flow = &view.flow;
        let error = flow.error.as_ref().map_or(String::new(), |e| format!(": {e}"));
        let text = format!("it ended as {}{error}", flow.status);
        self.reason("ended", None, text).since = flow.ended_at;
        if flow.status != FlowStatus::Succeeded && flow.sync_mode == SyncMode::Managed {
            self.command("retry", "");
        }
    }

    fn flow(&mut self, view: &FlowView, driven: bool) {
        let flow = &view.flow;
        if flow.cancel_requested_at.is_some() {
            let text = "a cancel was requested; it ends when its tasks are stopped".to_owned();
            self.reason("cancel", None, text).since = flow.cancel_requested_at;
        } else if flow.paused_at.is_some() {
            let text = "it is paused: nothing starts until it is unpaused".to_owned();
            self.reason("paused", None, text).since = flow.paused_at;
            self.command("unpause", "");
        }
        let needs_driver = view.flow.is_engine()
            || view.waits.iter().any(|w| w.state == WaitState::Open && w.due_at.is_some())
            || view.tasks.iter().any(|task| !task.reported && !task.status.is_terminal());
        let held = |wait: &&Wait| wait.state == WaitState::Open && wait.kind == WaitKind::Budget;
        view.waits.iter().filter(held).for_each(|wait| self.budget(wait));
        if !driven && needs_driver {
            let text = "nothing drives it now: no gateway and no run".to_owned();
            self.reason("driver", None, text);
            if view.flow.is_engine() {
                self.commands.push(format!("clawflow run --continue {}", self.name));
            }
            self.commands.push("clawflow gateway run".to_owned());
        }
    }

    /// Why nothing starts: the flow's own question, or that of the flow above.
    fn budget(&mut self, wait: &Wait) {
        let text = match &wait.prompt {
            Some(prompt) => prompt.clone(),
            None => {
                let above = wait.target.as_deref().unwrap_or_default();
                format!("the budget of {above}, from which it draws, is used up")
            }
        };
        self.reason("budget", None, text).since = Some(wait.created_at);
        if wait.prompt.is_some() {
            self.command("budget", RAISE);
            self.command("cancel", "");
        } else if let Some(above) = &wait.target {
            self.commands.push(format!("clawflow flows why {above}"));
        }
    }

    /// The members that have not ended; nobody here starts them.
    fn group(&mut self, view: &FlowView) {
        for step in &view.steps {
            let id = &step.step_id;
            let run = step.task_id.as_ref().map(TaskId::as_str);
            let run = run.or_else(|| step.child_flow_id.as_ref().map(FlowId::as_str));
            match step.status {
                StepStatus::Waiting => {
                    let wait =
                        view.waits.iter().find(|w| Some(&w.wait_id) == step.wait_id.as_ref());
                    let what = wait.and_then(|wait| wait.target.as_deref()).unwrap_or_default();
                    let text = format!("member {id} has not begun: nothing with {what} was seen");
                    self.reason("member", Some(step), text).until = step.due_at;
                }
                StepStatus::Running => {
                    let text = format!("member {id} runs as {}", run.unwrap_or_default());
                    self.reason("member", Some(step), text).since = step.started_at;
                }
                _ => {}
            }
        }
        self.command("cancel", "");
    }

    fn step(&mut self, view: &FlowView, step: &Step) {
        let id = &step.step_id;
        match step.status {
            StepStatus::Starting | StepStatus::Running => {
                self.permissions(view, step);
                self.task(view, step);
            }
            StepStatus::Retrying => {
                let error = step.error.as_ref().map_or("", |e| e.message.as_str());
                let text = format!("step {id} is tried again later: {error}");
                self.reason("retry", Some(step), text).until = step.due_at;
            }
            StepStatus::Waiting | StepStatus::InDoubt => {
                let open = |w: &&Wait| Some(&w.wait_id) == step.wait_id.as_ref();
                let wait = view.waits.iter().find(open).filter(|w| w.state == WaitState::Open);
                if let Some(wait) = wait {
                    self.wait(step, wait);
                }
            }
            StepStatus::Pending
            | StepStatus::Succeeded
            | StepStatus::Failed
            | StepStatus::Skipped
            | StepStatus::Cancelled => {}
        }
    }

    /// What its agent asks people.
    fn permissions(&mut self, view: &FlowView, step: &Step) {
        let id = &step.step_id;
        let asks = |wait: &&Wait| {
            wait.kind == WaitKind::Permission
                && wait.state == WaitState::Open
                && wait.step_id.as_ref() == Some(id)
        };
        for wait in view.waits.iter().filter(asks) {
            let prompt = wait.prompt.as_deref().unwrap_or_default();
            let text = format!("step {id}: {prompt}");
            self.reason("permission", Some(step), text).since = Some(wait.created_at);
            self.permit(wait);
        }
    }

    /// How a person answers what an agent asks: it may ask more than one thing.
    pub(super) fn permit(&mut self, wait: &Wait) {
        self.command("approve", &format!(" --wait-id {}", wait.wait_id));
        self.command("deny", &format!(" --wait-id {}", wait.wait_id));
    }

    fn task(&mut self, view: &FlowView, step: &Step) {
        let Some(task) = view.tasks.iter().find(|t| Some(&t.task_id) == step.task_id.as_ref())
        else {
            return;
        };
        let id = &step.step_id;
        let (kind, text) = match task.status {
            TaskStatus::Queued => match &task.queue {
                Some(queue) => ("queue", format!("step {id} waits in the queue {queue}")),
                None => ("slot", format!("step {id} waits for a free slot")),
            },
            _ => ("task", format!("step {id} runs as {}", task.task_id)),
        };
        let since = task.started_at.unwrap_or(task.created_at);
        self.reason(kind, Some(step), text).since = Some(since);
        if task.cancel_requested_at.is_none() {
            self.command("cancel", "");
        }
    }

    fn wait(&mut self, step: &Step, wait: &Wait) {
        let id = &step.step_id;
        let prompt = asked(wait);
        let target = wait.target.as_deref().unwrap_or_default();
        let (kind, text) = match wait.kind {
            WaitKind::Timer => ("timer", format!("step {id} sleeps")),
            WaitKind::Approval => ("approval", format!("step {id} asks: {prompt}")),
            WaitKind::InDoubt => ("in_doubt", format!("step {id} is in doubt: {prompt}")),
            WaitKind::Flow => ("flow", format!("step {id} waits for the end of {target}")),
            WaitKind::Input => ("input", format!("step {id} asks for a value: {prompt}")),
            WaitKind::Event => match &wait.event_key {
                Some(key) => ("event", format!("step {id} waits for the event {target} of {key}")),
                None => ("event", format!("step {id} waits for the event {target}")),
            },
            other => (other.as_str(), format!("step {id} waits for {other}")),
        };
        let reason = self.reason(kind, Some(step), text);
        reason.since = Some(wait.created_at);
        reason.until = wait.due_at;
        match wait.kind {
            WaitKind::Approval => {
                self.command("approve", &format!(" --step {id}"));
                self.command("deny", &format!(" --step {id}"));
            }
            WaitKind::Input => self.command("answer", &format!(" --step {id} --response JSON")),
            WaitKind::Event => self.commands.push(signal(wait)),
            WaitKind::InDoubt => {
                for how in ["--rerun", "--succeeded", "--skip", "--fail"] {
                    self.command("settle", &format!(" --step {id} {how}"));
                }
            }
            _ => {}
        }
    }
}

/// What is asked, and of whom, where not everybody may answer.
pub(super) fn asked(wait: &Wait) -> String {
    let prompt = wait.prompt.as_deref().unwrap_or_default();
    match wait.approvers.is_empty() {
        true => prompt.to_owned(),
        false => format!("{prompt} (only {} may answer)", wait.approvers.join(", ")),
    }
}

/// The command that sends the event that is waited for.
pub(super) fn signal(wait: &Wait) -> String {
    let target = wait.target.as_deref().unwrap_or_default();
    let key = wait.event_key.as_ref();
    let key = key.map_or(String::new(), |key| format!(" --key {key}"));
    format!("clawflow flows signal {target}{key}")
}
