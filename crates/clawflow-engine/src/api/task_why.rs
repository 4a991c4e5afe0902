//! `task.why`: what a task waits for, and what would move it.

use super::flow_why::{RAISE, Why, name};
use super::{Api, ApiError, FlowView, TaskRef, TaskWhyResponse};
use clawflow_core::Millis;
use clawflow_core::definition::limits::FLOW_DEPTH_MAX;
use clawflow_core::drive::permission_target;
use clawflow_core::ids::{FlowId, ScheduleId};
use clawflow_core::queue;
use clawflow_core::schedule::{FLOW_LABEL, RunStatus};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::wait::{Wait, WaitKind, WaitState};

/// Tasks of a queue that are named as being in the way.
const AHEAD_MAX: usize = 5;

impl Api {
    pub(super) async fn task_why(&self, request: TaskRef) -> Result<TaskWhyResponse, ApiError> {
        let task = self.find_task(&request.task)?;
        let mut why = Why::of_task(&task);
        if task.status.is_terminal() {
            why.task_ended(&task);
            self.schedule_of(task.task_id.as_str(), task.source_id.as_deref(), &mut why)?;
        } else if task.reported {
            why.task_reported(&task);
        } else if task.status == TaskStatus::Running {
            self.task_runs(&task, &mut why);
        } else {
            self.task_stands(&task, &mut why);
        }
        if let Some(flow_id) = task.parent_flow_id.as_ref().filter(|_| !task.status.is_terminal()) {
            self.flow_of_task(flow_id, &task, &mut why)?;
        }
        let summary = why.summary(task.status.as_str());
        let earliest = why.earliest();
        why.commands.dedup();
        let (reasons, commands) = (why.reasons, why.commands);
        Ok(TaskWhyResponse { task, summary, reasons, earliest, commands })
    }

    fn task_runs(&self, task: &Task, why: &mut Why) {
        let begun = task.started_at.unwrap_or(task.created_at);
        let pid = task.executor.as_ref().and_then(|executor| executor.pid);
        let text = match pid {
            Some(pid) => format!("it runs as process {pid}"),
            None => "it runs".to_owned(),
        };
        let limit = task.command.as_ref().and_then(|command| command.timeout_ms);
        let limit = limit.and_then(|ms| Millis::try_from(ms).ok());
        let reason = why.reason("task", None, text);
        reason.since = Some(begun);
        reason.until = limit.map(|ms| begun.saturating_add(ms));
        match task.cancel_requested_at {
            Some(at) => {
                let text = "it was told to stop, and ends once its processes are gone".to_owned();
                why.reason("cancel", None, text).since = Some(at);
            }
            None => why.commands.push(format!("clawflow tasks cancel {}", task.task_id)),
        }
        if !self.engine.inner.running.is_watched(&task.task_id) {
            why.undriven();
        }
    }

    /// It waits: where it stands, who is at work before it, and who would start it.
    fn task_stands(&self, task: &Task, why: &mut Why) {
        let slots = &self.engine.inner.slots;
        let standing = slots.standing(&task.task_id);
        let (kind, mut text) = match &task.queue {
            Some(queue) => ("queue", format!("it waits in the queue {queue}")),
            None => ("slot", "it waits for a free slot".to_owned()),
        };
        match &task.queue {
            Some(queue) => text.push_str(&self.words(queue, standing.as_ref())),
            None => {
                let before = standing.as_ref().map_or(0, |standing| standing.before);
                text.push_str(&format!("; {before} are before it"));
            }
        }
        let reason = why.reason(kind, None, text);
        reason.since = Some(task.created_at);
        reason.until = match &standing {
            Some(queue::Standing { before: 0, held: Some(queue::Held::Rate(at)) }) => *at,
            _ => None,
        };
        if let Some(queue) = &task.queue {
            for ahead in slots.line(Some(queue), 0).running.into_iter().take(AHEAD_MAX) {
                let text = format!("{ahead} has a place in it");
                why.reason("ahead", None, text);
                why.commands.push(format!("clawflow tasks why {ahead}"));
            }
            why.commands.push(format!("clawflow queues {queue}"));
        }
        why.commands.push(format!("clawflow tasks cancel {}", task.task_id));
        if !self.engine.drives_task(task) {
            why.undriven();
        }
    }

    /// What holds its flow back holds it back too.
    fn flow_of_task(&self, flow_id: &FlowId, task: &Task, why: &mut Why) -> Result<(), ApiError> {
        let Ok(view) = self.view(flow_id) else { return Ok(()) };
        why.asks(task, &view);
        let inner = self.explained(&view);
        let holds = ["paused", "cancel", "in_line", "budget"];
        for mut reason in inner.reasons.into_iter().filter(|r| holds.contains(&r.kind.as_str())) {
            reason.text = format!("in {flow_id}: {}", reason.text);
            reason.flow_id = Some(flow_id.clone());
            if reason.kind == "paused" {
                why.commands.push(format!("clawflow flows unpause {}", name(&view)));
            }
            why.reasons.push(reason);
        }
        self.raises(&view, why, FLOW_DEPTH_MAX);
        why.commands.push(format!("clawflow flows why {}", name(&view)));
        Ok(())
    }

    /// The commands for the budgets that hold a flow: its own, or those from which it draws.
    fn raises(&self, view: &FlowView, why: &mut Why, depth: usize) {
        let held = |w: &&Wait| w.state == WaitState::Open && w.kind == WaitKind::Budget;
        for wait in view.waits.iter().filter(held) {
            match (&wait.prompt, &wait.target) {
                (Some(_), _) => {
                    why.commands.push(format!("clawflow flows budget {}{RAISE}", name(view)));
                }
                (None, Some(above)) if depth > 0 => {
                    let Ok(above) = self.view(&FlowId(above.clone())) else { continue };
                    self.raises(&above, why, depth - 1);
                }
                (None, _) => {}
            }
        }
    }

    /// What a schedule will do about work that has ended: try it again, or fire at its next slot.
    pub(super) fn schedule_of(
        &self,
        work: &str,
        source: Option<&str>,
        why: &mut Why,
    ) -> Result<(), ApiError> {
        let schedules = self.engine.store().schedules();
        let again = schedules.runs_of_work(work)?;
        let again = again.into_iter().find(|run| run.status == RunStatus::Retrying);
        let id = again.as_ref().map(|run| run.schedule_id.clone());
        let id = id.or_else(|| source.map(|id| ScheduleId(id.to_owned())));
        let Some(id) = id else { return Ok(()) };
        let Some(schedule) = schedules.schedule(&id)? else { return Ok(()) };
        let (text, until) = match (again, schedule.next_at) {
            (Some(run), _) => {
                (format!("its schedule {} tries it again", schedule.name), run.due_at)
            }
            (None, Some(at)) => (format!("its schedule {} fires again", schedule.name), Some(at)),
            (None, None) => (format!("its schedule {} fires no more", schedule.name), None),
        };
        why.reason("schedule", None, text).until = until;
        why.commands.push(format!("clawflow cron show {id}"));
        Ok(())
    }
}

/// The schedule that a flow was started by.
pub(super) fn schedule_label(labels: &std::collections::BTreeMap<String, String>) -> Option<&str> {
    labels.get(FLOW_LABEL).map(String::as_str)
}

impl Why {
    fn of_task(task: &Task) -> Self {
        Self { name: task.task_id.0.clone(), reasons: Vec::new(), commands: Vec::new() }
    }

    fn task_ended(&mut self, task: &Task) {
        let error = task.error.as_ref().map_or(String::new(), |error| format!(": {error}"));
        let text = format!("it ended as {}{error}", task.status);
        self.reason("ended", None, text).since = task.ended_at;
        if task.command.is_some() {
            self.commands.push(format!("clawflow tasks rerun {}", task.task_id));
        }
    }

    /// What its agent asks people.
    fn asks(&mut self, task: &Task, view: &FlowView) {
        let begin = permission_target(&task.task_id, task.fence, "");
        let of_it = |wait: &&Wait| {
            wait.state == WaitState::Open
                && wait.kind == WaitKind::Permission
                && wait.target.as_ref().is_some_and(|target| target.starts_with(&begin))
        };
        for wait in view.waits.iter().filter(of_it) {
            let text = wait.prompt.clone().unwrap_or_default();
            self.reason("permission", None, text).since = Some(wait.created_at);
            for verb in ["approve", "deny"] {
                let name = name(view);
                self.commands
                    .push(format!("clawflow flows {verb} {name} --wait-id {}", wait.wait_id));
            }
        }
    }

    fn task_reported(&mut self, task: &Task) {
        let text = match task.executor.as_ref().and_then(|executor| executor.pid) {
            Some(pid) => format!("its caller runs it, as process {pid}, and reports its end"),
            None => "its caller runs it, and reports its end".to_owned(),
        };
        self.reason("caller", None, text).since = Some(task.last_event_at);
        self.commands.push(format!("clawflow tasks report done {}", task.task_id));
        self.commands.push(format!("clawflow tasks report fail {}", task.task_id));
    }

    fn undriven(&mut self) {
        self.reason("driver", None, "nothing drives it now: no gateway and no run".to_owned());
        self.commands.push("clawflow gateway run".to_owned());
    }
}
