//! `flow.why` for steps that wait in a queue: their place, and what is in the way of it.

use super::flow_why::Why;
use super::{Api, FlowView};
use crate::held::Held;
use clawflow_core::flow::Flow;
use clawflow_core::queue::{self, Standing};
use clawflow_core::step::StepStatus;
use clawflow_core::task::{Task, TaskStatus};

impl Api {
    /// Says more of the waiting steps than their records know.
    pub(super) fn queues(&self, view: &FlowView, why: &mut Why) {
        self.in_line(view, why);
        let queued = |task: &&Task| task.status == TaskStatus::Queued && !task.reported;
        let mut stands = false;
        for task in view.tasks.iter().filter(queued) {
            let Some(queue) = &task.queue else { continue };
            stands = true;
            let standing = self.engine.inner.slots.standing(&task.task_id);
            let reason = why
                .reasons
                .iter_mut()
                .find(|reason| reason.kind == "queue" && reason.step == task.step_id);
            if let Some(reason) = reason {
                reason.text.push_str(&self.words(queue, standing.as_ref()));
                reason.until = match standing {
                    Some(Standing { before: 0, held: Some(queue::Held::Rate(at)) }) => at,
                    _ => None,
                };
            }
        }
        if view.flow.is_engine() && view.steps.iter().any(|s| s.status == StepStatus::Pending) {
            self.at_once(view, why);
        }
        if stands {
            why.commands.push("clawflow queues".to_owned());
        }
    }

    /// Says for whom a flow waits that has not begun.
    fn in_line(&self, view: &FlowView, why: &mut Why) {
        let flow = &view.flow;
        let Some(since) = flow.in_line_since else { return };
        let holder = self.holder(flow);
        let text = match &holder {
            Some(holder) => format!("it waits in line for {} to end", holder.flow_id),
            None => "it waits in line for its turn".to_owned(),
        };
        why.reason("in_line", None, text).since = Some(since);
        why.commands.extend(holder.map(|holder| format!("clawflow flows why {}", holder.flow_id)));
    }

    /// Who has the key for which the flow stands in line.
    pub(super) fn holder(&self, flow: &Flow) -> Option<Flow> {
        let key = flow.key.as_ref().filter(|_| flow.in_line_since.is_some())?;
        let found = self.engine.store().flow_of_key(&flow.owner_key, key);
        found.ok().flatten().filter(Flow::holds_key)
    }

    /// Says that no more steps of the flow may be at work, where that is so.
    fn at_once(&self, view: &FlowView, why: &mut Why) {
        let Ok(Held::File(state)) = self.engine.load(&view.flow.flow_id) else { return };
        if let Some(most) = state.definition.concurrency.filter(|most| state.tasks.len() >= *most) {
            let text = format!("{most} of its steps are at work, as many as its file allows");
            why.reason("concurrency", None, text);
        }
    }

    pub(super) fn words(&self, name: &str, standing: Option<&Standing>) -> String {
        let limits = self.engine.settings().queue(name);
        let gone = match limits {
            Some(_) => "",
            None => "; it is not configured any more, and limits nothing",
        };
        let Some(standing) = standing else { return gone.to_owned() };
        let before = match standing.before {
            0 => "; it is next".to_owned(),
            1 => "; one is before it".to_owned(),
            before => format!("; {before} are before it"),
        };
        let most = limits.as_ref().and_then(|limits| limits.concurrency).unwrap_or_default();
        let rate = limits.and_then(|limits| limits.rate);
        let held = match (standing.held, rate) {
            (Some(queue::Held::Concurrency), _) => format!(": {most} of {most} run"),
            (Some(queue::Held::Rate(_)), Some(rate)) => format!(": its rate is {rate}"),
            (Some(queue::Held::Rate(_)), None) | (None, _) => String::new(),
            (Some(queue::Held::Slots), _) => ": no slot is free".to_owned(),
        };
        format!("{before}{held}{gone}")
    }
}
