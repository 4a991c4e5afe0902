//! What holds for every decision and in every state of a flow that code drives.

use clawflow_core::control::ControlState;
use clawflow_core::effect::Effect;
use clawflow_core::flow::{Flow, FlowStatus, SyncMode};
use clawflow_core::ids::TaskId;
use clawflow_core::task::TaskStatus;
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The flow's row is written with the next revision exactly when a command moves it; else it is
/// guarded. A cancel is never taken back, and an end is for good.
pub(crate) fn flow_row(was: &ControlState, now: &ControlState, unit: &Unit) {
    let (was, now) = (&was.flow, &now.flow);
    let anew = |wait: &Change<Arc<Wait>>| {
        wait.row.kind != WaitKind::Permission
            && (wait.expected.is_none() || wait.row.state == WaitState::Cancelled)
    };
    let waits_anew = unit.waits.iter().any(anew);
    assert!(!waits_anew || unit.flows.len() == 1, "the revision protects the wait");
    match unit.flows.as_slice() {
        [] => {
            assert_eq!(was, now);
            assert_eq!(unit.guards.len(), 1, "a unit that only reads the flow guards it");
            assert_eq!(unit.guards[0].flow_id, was.flow_id);
            assert_eq!(unit.guards[0].revision, was.revision);
        }
        [change] => {
            let corrected = is_mirror(was) && was.status == FlowStatus::Lost;
            assert!(!was.is_terminal() || corrected, "an ended flow moved");
            assert_eq!((change.expected, &change.row), (Some(was.revision), now));
            assert_eq!(now.revision, was.revision + 1);
            assert!(now.updated_at >= was.updated_at);
            let same = Flow { revision: was.revision, updated_at: was.updated_at, ..now.clone() };
            let back = unit.events.iter().any(|event| event.kind == "flow.woken");
            assert!(same != *was || back || waits_anew, "a revision for no change");
        }
        more => panic!("{} rows of one flow", more.len()),
    }
    if was.cancel_requested_at.is_some() {
        assert_eq!(was.cancel_requested_at, now.cancel_requested_at, "a cancel is sticky");
        assert!(!now.is_terminal() || is_mirror(now) || now.status == FlowStatus::Cancelled);
    }
    let cancelled = now.is_terminal() && now.cancel_requested_at.is_some();
    assert!(is_mirror(now) || (now.status == FlowStatus::Cancelled) == cancelled);
    assert_eq!(now.ended_at.is_some(), now.is_terminal());
}

/// Whether the flow says what its one task says.
fn is_mirror(flow: &Flow) -> bool {
    flow.sync_mode == SyncMode::TaskMirrored
}

/// Each change of the status is told once, by events that lead from one to the other; what tells of
/// the row carries its revision.
pub(crate) fn events(was: &ControlState, now: &ControlState, unit: &Unit) {
    let mut status = json!(was.flow.status);
    for event in &unit.events {
        assert_eq!(event.owner_key, now.flow.owner_key);
        assert_eq!(event.actor.as_deref(), Some("ann"));
        let of_flow = event.kind.starts_with("flow.") && event.kind != "flow.update";
        assert_eq!(of_flow, event.data.get("revision").is_some(), "{event:?}");
        if of_flow {
            assert_eq!(event.data["revision"], json!(now.flow.revision));
            assert_eq!(unit.flows.len(), 1, "{event:?}");
        }
        if let Some(to) = event.data.get("to") {
            assert_eq!(event.data["from"], status, "{event:?}");
            status = to.clone();
        }
    }
    assert_eq!(status, json!(now.flow.status));
    assert!(unit.flows.is_empty() || !unit.events.is_empty(), "a change that nothing tells of");
    assert!(unit.waits.is_empty() || !unit.events.is_empty(), "a wait that nothing tells of");
}

/// Nothing starts after a cancel, an end or while paused; effects name rows that are in the state
/// for which they are meant.
pub(crate) fn starts(was: &ControlState, now: &ControlState, effects: &[Effect]) {
    let launched = |state: &ControlState| -> BTreeSet<TaskId> {
        let all = state.tasks.values();
        let all = all.filter(|task| task.status == TaskStatus::Running && !task.reported);
        all.map(|task| task.task_id.clone()).collect()
    };
    let started: BTreeSet<TaskId> = launched(now).difference(&launched(was)).cloned().collect();
    let mut told = BTreeSet::new();
    let mut ends = 0;
    for effect in effects {
        match effect {
            Effect::Start(id) => assert!(told.insert(id.clone())),
            Effect::Stop(id) => {
                let task = &now.tasks[id];
                assert!(task.status == TaskStatus::Running && !task.reported);
                assert!(task.cancel_requested_at.is_some());
            }
            Effect::Queued(id) => {
                let task = &now.tasks[id];
                assert!(task.status == TaskStatus::Queued && !task.reported);
            }
            Effect::Ended(id) => {
                assert_eq!(*id, now.flow.flow_id);
                ends += 1;
            }
            Effect::Awaits(_) => panic!("code asks for its signals itself"),
            Effect::Child { .. } => panic!("code makes its child flows itself"),
            Effect::Told(id) => {
                let task = &now.tasks[id];
                assert!(task.status == TaskStatus::Running && !task.reported);
                let asked = |wait: &Arc<Wait>| wait.kind == WaitKind::Permission;
                assert!(was.waits.values().any(asked), "told without a question");
            }
            Effect::Timer => {}
        }
    }
    assert_eq!(started, told, "what runs is what is to be started");
    let flow = &now.flow;
    let held = flow.is_terminal() || flow.cancel_requested_at.is_some();
    assert!(started.is_empty() || !held && !flow.holds_starts(), "started in spite of it");
    assert_eq!(ends, u32::from(flow.is_terminal() && !was.flow.is_terminal()));
    let new = now.tasks.keys().any(|id| !was.tasks.contains_key(id));
    let may = was.flow.paused_at.is_none() && was.flow.held_at.is_none();
    assert!(!new || !held && may, "a new child in spite of it");
}

/// The rules of a state by itself.
pub(crate) fn state(state: &ControlState) {
    let flow = &state.flow;
    let of_budget = |wait: &&std::sync::Arc<Wait>| {
        wait.kind == WaitKind::Budget || wait.target.as_deref() == Some("budget")
    };
    let holds = state.waits.values().filter(|wait| wait.kind == WaitKind::Budget).count();
    assert_eq!(holds, usize::from(flow.held_at.is_some()), "held by its wait");
    let asks = |wait: &&Arc<Wait>| wait.kind == WaitKind::Permission;
    for wait in state.waits.values().filter(asks) {
        let of_it = |id: &TaskId| wait.target.as_ref().unwrap().starts_with(&format!("{id}."));
        let mut tasks = state.tasks.values();
        let asker = tasks.find(|task| of_it(&task.task_id)).expect("its turn is over");
        assert_eq!(asker.status, TaskStatus::Running);
    }
    let of_controller = |wait: &&Arc<Wait>| !of_budget(wait) && !asks(wait);
    let waits = state.waits.values().filter(of_controller).count();
    assert!(waits <= 1, "one wait at a time: {:?}", state.waits);
    if !state.waits.is_empty() {
        assert!(waits == 0 || matches!(flow.status, FlowStatus::Waiting | FlowStatus::Blocked));
        assert!(flow.cancel_requested_at.is_none(), "waits after a cancel");
    }
    if flow.is_terminal() || flow.cancel_requested_at.is_some() {
        let mut tasks = state.tasks.values();
        let stuck = tasks.find(|task| task.status == TaskStatus::Queued && !task.reported);
        assert!(stuck.is_none(), "it never starts and never ends: {stuck:?}");
    }
    let idle_cancel = flow.cancel_requested_at.is_some() && state.tasks.is_empty();
    assert!(!idle_cancel || flow.is_terminal(), "nothing ends this cancel");
    if flow.is_terminal() {
        assert!(state.waits.is_empty() && !flow.holds_starts());
    }
    let is_blocked = flow.status == FlowStatus::Blocked;
    assert!(is_blocked || flow.blocked_summary.is_none() && flow.blocked_task_id.is_none());
    for task in state.tasks.values() {
        assert_eq!(task.reported, task.command.is_none());
        assert_eq!(task.started_at.is_some(), task.status == TaskStatus::Running, "{task:?}");
        assert!(task.created_at <= task.last_event_at);
        assert!(task.started_at.is_none_or(|at| at >= task.created_at));
    }
}
