//! What holds for every decision and in every state.

use clawflow_core::definition::{OnError, Phase};
use clawflow_core::drive::FlowState;
use clawflow_core::effect::Effect;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::TaskStatus;
use clawflow_core::unit::Unit;
use clawflow_core::wait::{Wait, WaitKind};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The flow's row is written with the next revision exactly when it changes; else it is guarded.
/// A cancel is never taken back, and an end is for good.
pub(crate) fn check_flow(was: &FlowState, now: &FlowState, unit: &Unit) {
    assert!(!was.flow.is_terminal(), "an ended flow refuses everything");
    let (was, now) = (&was.flow, &now.flow);
    match unit.flows.as_slice() {
        [] => {
            assert_eq!(was, now);
            assert_eq!(unit.guards.len(), 1, "a unit that only reads the flow guards it");
            assert_eq!(unit.guards[0].flow_id, was.flow_id);
            assert_eq!(unit.guards[0].revision, was.revision);
        }
        [change] => {
            assert_eq!(change.expected, Some(was.revision));
            assert_eq!(&change.row, now);
            assert_eq!(now.revision, was.revision + 1);
            assert!(now.updated_at >= was.updated_at);
            let same = Flow { revision: was.revision, updated_at: was.updated_at, ..now.clone() };
            assert_ne!(&same, was, "a revision for no change");
        }
        more => panic!("{} rows of one flow", more.len()),
    }
    if was.cancel_requested_at.is_some() {
        assert_eq!(was.cancel_requested_at, now.cancel_requested_at, "a cancel is sticky");
        assert!(!now.is_terminal() || now.status == FlowStatus::Cancelled);
    }
    assert_eq!(
        now.status == FlowStatus::Cancelled,
        now.is_terminal() && { now.cancel_requested_at.is_some() }
    );
    assert_eq!(now.ended_at.is_some(), now.is_terminal());
}

/// Step rows are written exactly when they change, and an ended step never does.
pub(crate) fn check_steps(was: &FlowState, now: &FlowState, unit: &Unit) {
    let mut written = BTreeSet::new();
    for change in &unit.steps {
        let at = change.row.position as usize;
        assert!(written.insert(at), "a step is written once");
        assert_eq!(change.row, now.steps[at]);
        let Some(before) = was.steps.get(at) else {
            assert_eq!((change.expected, change.row.version), (None, 0), "a new inner step");
            continue;
        };
        assert_eq!(change.expected, Some(before.version));
        assert_eq!(change.row.version, before.version + 1);
        assert!(!was.steps[at].status.is_terminal(), "an ended step changed: {change:?}");
    }
    for (at, step) in now.steps.iter().enumerate().filter(|(at, _)| !written.contains(at)) {
        assert_eq!(Some(step), was.steps.get(at));
    }
}

/// Whether a failure or the end of its time has stopped the flow, from the rows alone.
pub(crate) fn is_stopped(state: &FlowState) -> bool {
    let timed_out = state.flow.error.as_ref().is_some_and(|why| why.starts_with("timed out"));
    timed_out
        || state.steps.iter().zip(&state.definition.steps).any(|(step, def)| {
            def.phase == Phase::Forward
                && def.on_error == OnError::Stop
                && step.status == StepStatus::Failed
        })
}

/// Nothing forward starts or begins to wait after a cancel, while paused or after a stop; nothing
/// of the unwinding starts before everything forward has ended.
pub(crate) fn check_moves(was: &FlowState, now: &FlowState, unit: &Unit) {
    let over = |(at, step): (usize, &Arc<Step>)| {
        now.def(at).phase == Phase::Finally || step.status.is_terminal()
    };
    let forward_over = now.steps.iter().enumerate().all(over);
    let places = now.steps.iter().enumerate().map(|(at, step)| (step.step_id.as_str(), at));
    let places: HashMap<&str, usize> = places.collect();
    for change in &unit.tasks {
        let task = &change.row;
        let before = was.tasks.get(&task.task_id).map(|task| task.status);
        let begins = before.is_none()
            || before == Some(TaskStatus::Queued) && task.status == TaskStatus::Running;
        if !begins {
            continue;
        }
        let at = places[task.step_id.as_deref().unwrap()];
        let claimed = before.is_some() || task.status != TaskStatus::Running;
        assert!(claimed || task.queue.is_none(), "started beside its queue");
        let unwinding = now.def(at).phase == Phase::Finally;
        let cancelling = now.flow.cancel_requested_at.is_some();
        assert!(!unwinding || forward_over, "unwound too early");
        assert!(unwinding || !cancelling, "started after a cancel");
        assert!(unwinding || !is_stopped(was), "started after a stop");
        let paused = now.flow.paused_at.is_some() && !(unwinding && cancelling);
        assert!(!paused, "started while paused");
        assert!(unwinding || now.flow.held_at.is_none(), "started without a budget");
        assert!(now.flow.in_line_since.is_none(), "started in line");
        assert_eq!(now.steps[at].task_id.as_ref(), Some(&task.task_id));
    }
    for change in unit.waits.iter().filter(|change| change.expected.is_none()) {
        let asks = change.row.kind == WaitKind::InDoubt;
        let budget = change.row.kind == WaitKind::Budget || change.row.step_id.is_none();
        let stopped = is_stopped(was) && !asks && !budget;
        let held = was.flow.cancel_requested_at.is_some() || stopped;
        assert!(!held, "waits after a cancel or a stop");
        let child = change.row.kind == WaitKind::Flow;
        assert!(!child || !now.flow.holds_starts(), "a child begins while nothing may");
    }
}

/// Effects name rows that are in the state for which they are meant.
pub(crate) fn check_effects(was: &FlowState, now: &FlowState, effects: &[Effect]) {
    let running = |state: &FlowState| -> BTreeSet<_> {
        let all = state.tasks.values().filter(|task| task.status == TaskStatus::Running);
        all.map(|task| task.task_id.clone()).collect()
    };
    let started: BTreeSet<_> = running(now).difference(&running(was)).cloned().collect();
    let mut effect_starts = BTreeSet::new();
    for effect in effects {
        match effect {
            Effect::Start(id) => assert!(effect_starts.insert(id.clone())),
            Effect::Stop(id) => assert_eq!(now.tasks[id].status, TaskStatus::Running),
            Effect::Queued(id) => assert_eq!(now.tasks[id].status, TaskStatus::Queued),
            Effect::Ended(_) => assert!(now.flow.is_terminal()),
            Effect::Awaits(id) => assert!(now.waits.contains_key(id)),
            Effect::Child { wait_id, .. } => assert_eq!(now.waits[wait_id].kind, WaitKind::Flow),
            Effect::Timer | Effect::Told(_) => {}
        }
    }
    assert_eq!(started, effect_starts, "what runs is what is to be started");
    let ends = effects.iter().filter(|effect| matches!(effect, Effect::Ended(_))).count();
    assert_eq!(ends, usize::from(now.flow.is_terminal()));
}

/// The rules of a state by itself.
pub(crate) fn rules(state: &FlowState) {
    let mut open_tasks: HashMap<&str, Vec<_>> = HashMap::new();
    for task in state.tasks.values() {
        open_tasks.entry(task.step_id.as_deref().unwrap()).or_default().push(&task.task_id);
    }
    let mut open_waits: HashMap<&str, Vec<_>> = HashMap::new();
    let of_flow = |wait: &&Arc<Wait>| wait.step_id.is_none() && wait.kind == WaitKind::Timer;
    let alarms = state.waits.values().filter(of_flow).count();
    let timed = state.flow.budget.is_some_and(|budget| budget.wall_ms.is_some());
    let timed = usize::from(timed) + usize::from(state.definition.timeout_ms.is_some());
    assert!(alarms <= timed, "more alarms than there are limits of time");
    let holds = state.waits.values().filter(|wait| wait.kind == WaitKind::Budget);
    let holds: BTreeSet<_> = holds.map(|wait| wait.target.as_ref()).collect();
    let all = state.waits.values().filter(|wait| wait.kind == WaitKind::Budget).count();
    assert_eq!((holds.len(), all > 0), (all, state.flow.held_at.is_some()), "held by its waits");
    for wait in state.waits.values().filter(|wait| wait.step_id.is_some()) {
        open_waits.entry(wait.step_id.as_deref().unwrap()).or_default().push(wait);
    }
    for (at, step) in state.steps.iter().enumerate() {
        let tasks = open_tasks.remove(step.step_id.as_str()).unwrap_or_default();
        let is_block = state.def(at).is_block();
        match step.status.is_active() && !is_block {
            true => assert_eq!(tasks, [step.task_id.as_ref().unwrap()], "{step:?}"),
            false => assert!(tasks.is_empty(), "{step:?}"),
        }
        let waits = open_waits.remove(step.step_id.as_str()).unwrap_or_default();
        match step.status {
            StepStatus::Waiting | StepStatus::InDoubt => {
                assert_eq!(waits.len(), 1);
                assert_eq!(Some(&waits[0].wait_id), step.wait_id.as_ref());
                let doubt = step.status == StepStatus::InDoubt;
                assert_eq!(waits[0].kind == WaitKind::InDoubt, doubt);
                if waits[0].kind == WaitKind::Flow {
                    check_child(state, step, waits[0]);
                }
            }
            StepStatus::Running if is_block => {
                assert!(waits.len() <= 1 && waits.iter().all(|w| w.kind == WaitKind::Timer));
                assert_eq!(waits.first().map(|w| &w.wait_id), step.wait_id.as_ref());
            }
            _ => assert!(waits.is_empty() && step.wait_id.is_none(), "{step:?}"),
        }
        assert_eq!(step.due_at.is_some(), step.status == StepStatus::Retrying, "{step:?}");
        assert_eq!(step.ended_at.is_some(), step.status.is_terminal(), "{step:?}");
        if matches!(step.status, StepStatus::Failed | StepStatus::Skipped | StepStatus::Cancelled) {
            assert!(step.error.is_some(), "an end without a reason: {step:?}");
        }
    }
    assert!(open_tasks.is_empty() && open_waits.is_empty(), "rows of no step");
    // The unwinding is not held up: a cancel may begin it while a `finally` step runs.
    let at_work = |(at, step): &(usize, &Arc<Step>)| {
        let def = state.def(*at);
        step.status.is_active() && !def.is_block() && def.phase == Phase::Forward
    };
    let at_work = state.steps.iter().enumerate().filter(at_work).count();
    let most = state.definition.concurrency;
    assert!(most.is_none_or(|most| at_work <= most), "too many at work");
    check_status(state);
}

/// A wait for a child flow names it, and says whether its end is wanted.
fn check_child(state: &FlowState, step: &Step, wait: &Wait) {
    let child = step.child_flow_id.as_ref().map(clawflow_core::ids::FlowId::as_str);
    assert_eq!(wait.target.as_deref(), child);
    let over = state.flow.cancel_requested_at.is_some() || state.flow.error.is_some();
    assert!(!over || wait.cancel_requested_at.is_some(), "a child goes on: {wait:?}");
    assert!(wait.cancel_requested_at.is_none() || wait.due_at.is_none(), "due twice: {wait:?}");
    assert!(step.error.is_none() || wait.cancel_requested_at.is_some(), "{step:?}");
}

/// The status follows from the rows (`model.md`, flow record).
fn check_status(state: &FlowState) {
    let flow = &state.flow;
    let over = state.steps.iter().all(|step| step.status.is_terminal());
    assert_eq!(flow.is_terminal(), over && state.tasks.is_empty());
    if flow.is_terminal() {
        assert!(state.waits.is_empty() && !flow.holds_starts() && flow.current_step.is_none());
        if flow.cancel_requested_at.is_none() {
            let costs = flow.error.as_deref().is_some_and(|error| error.starts_with("Cost limit"));
            let stopped = is_stopped(state) || costs;
            assert_eq!(flow.status == FlowStatus::Failed, stopped);
            assert_eq!(flow.error.is_some(), stopped);
        }
        assert!(matches!(
            flow.status,
            FlowStatus::Succeeded | FlowStatus::Failed | FlowStatus::Cancelled
        ));
        return;
    }
    let any = |status| state.steps.iter().any(|step| step.status == status);
    let begun = state.steps.iter().any(|s| s.status != StepStatus::Pending || s.attempt > 0);
    let wanted = match () {
        () if !state.tasks.is_empty() => FlowStatus::Running,
        () if any(StepStatus::InDoubt) => FlowStatus::Blocked,
        () if begun => FlowStatus::Waiting,
        () => FlowStatus::Queued,
    };
    assert_eq!(flow.status, wanted);
    assert_eq!(flow.blocked_summary.is_some(), wanted == FlowStatus::Blocked);
    let current = state
        .steps
        .iter()
        .find(|step| !step.status.is_terminal() && step.status != StepStatus::Pending);
    assert_eq!(flow.current_step.as_ref(), current.map(|step| &step.step_id));
}
