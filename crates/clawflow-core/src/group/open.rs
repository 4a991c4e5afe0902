//! A window begins.

use super::draft::Draft;
use super::run::MemberRun;
use super::saw::take;
use super::state::{GroupDecision, GroupState, Window};
use crate::Millis;
use crate::drive::Ctx;
use crate::flow::{Flow, FlowStatus, NotifyPolicy, Origin, SyncMode, blank};
use crate::ids::{FlowId, ScheduleId, WaitId};
use crate::schedule::FLOW_LABEL;
use crate::step::{Step, StepError, StepStatus};
use crate::wait::{OnTimeout, Wait, WaitKind, WaitState};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A member of a new group flow.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// What the group calls it.
    pub id: String,
    /// What it watches, for people.
    pub title: String,
    /// When it must have begun.
    pub deadline: Millis,
    /// What is known of its runs, in any order.
    pub runs: Vec<MemberRun>,
}

/// What a group flow is made from.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Session key of the owner.
    pub owner_key: String,
    /// Where the request came from.
    pub requester_origin: Option<Origin>,
    /// The schedule that opens its windows.
    pub schedule_id: ScheduleId,
    /// When that was made: a deadline before it counts only for runs that are known.
    pub made_at: Millis,
    /// What the group is called.
    pub name: String,
    /// What it is for; else its name.
    pub goal: Option<String>,
    /// Human name of this window's flow, if it is free.
    pub key: Option<String>,
    /// What the owner is told.
    pub notify_policy: NotifyPolicy,
    /// The time that it is about.
    pub window: Window,
    /// Its members.
    pub members: Vec<NewMember>,
}

/// Makes the flow of a window, with the runs that are known already. Deadlines that have passed are
/// left to [`super::due`], so that reports on their way come first.
#[must_use]
pub fn open(new: NewGroup, ctx: &mut Ctx) -> GroupDecision {
    let now = ctx.now;
    let flow_id = FlowId::new(ctx.ids);
    let created_at = new.window.start.clamp(0, now.max(0));
    let flow = Flow {
        sync_mode: SyncMode::GroupMirrored,
        controller_id: None,
        requester_origin: new.requester_origin,
        status: FlowStatus::Running,
        notify_policy: new.notify_policy,
        goal: new.goal.unwrap_or_else(|| new.name.clone()),
        key: new.key,
        name: Some(new.name),
        labels: BTreeMap::from([(FLOW_LABEL.to_owned(), new.schedule_id.0)]),
        state_json: Some(json!({ "window": new.window })),
        updated_at: now,
        ..blank(flow_id.clone(), new.owner_key, String::new(), created_at)
    };
    let mut waits = BTreeMap::new();
    let mut steps = Vec::with_capacity(new.members.len());
    let mut known = Vec::with_capacity(new.members.len());
    for (at, member) in (0..).zip(new.members) {
        let NewMember { id, title, deadline, runs } = member;
        let mut step = Step::fresh(flow_id.clone(), id, at);
        step.due_at = Some(deadline);
        if deadline <= new.made_at && runs.is_empty() {
            step.status = StepStatus::Skipped;
            step.ended_at = Some(now);
            let why = "its deadline had passed when the group was made";
            step.error = Some(StepError::new("passed", why));
        } else {
            let wait = awaits(&flow_id, &step, title, ctx);
            step.status = StepStatus::Waiting;
            step.wait_id = Some(wait.wait_id.clone());
            waits.insert(wait.wait_id.clone(), Arc::new(wait));
        }
        steps.push(Arc::new(step));
        known.push(runs);
    }
    let state = GroupState { flow, steps, waits, last_event: 0 };
    let mut draft = Draft::create(&state, ctx);
    let data = json!({ "to": FlowStatus::Running, "window": new.window });
    draft.event("flow.created", None, data);
    for (at, mut runs) in known.into_iter().enumerate() {
        runs.sort_by_key(|run| run.started_at);
        for run in runs {
            take(&mut draft, at, &run);
        }
    }
    draft.settle();
    draft.finish()
}

fn awaits(flow_id: &FlowId, step: &Step, title: String, ctx: &mut Ctx) -> Wait {
    let id = WaitId::new(ctx.ids);
    Wait {
        step_id: Some(step.step_id.clone()),
        target: Some(title),
        due_at: step.due_at,
        on_timeout: Some(OnTimeout::Fail),
        state: WaitState::Open,
        ..Wait::fresh(id, flow_id.clone(), WaitKind::Task, ctx.now)
    }
}
