//! Flows that mirror one task, whatever becomes of it.

use super::moves::Move;
use super::world::{Code, OWNER, command, stopped};
use crate::world::exit;
use clawflow_core::control::{self, ChildReport};
use clawflow_core::error::Code as Refused;
use clawflow_core::flow::{FlowStatus, NotifyPolicy, SyncMode};
use clawflow_core::task::recorded::{self, NewRecorded};
use clawflow_core::task::solo::{self, NewTask};
use clawflow_core::task::{Runtime, Task, TaskReport, TaskStatus, TerminalOutcome};
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;

fn new(runtime: Runtime) -> NewRecorded {
    NewRecorded {
        task_id: None,
        owner_key: OWNER.to_owned(),
        runtime,
        kind: None,
        source_id: None,
        run_id: Some("run-1".to_owned()),
        label: Some("review".to_owned()),
        task: "Check the figures".to_owned(),
        executor: None,
        requester_origin: None,
        notify_policy: Some(NotifyPolicy::DoneOnly),
        unlinked: None,
    }
}

/// A task that its caller runs.
fn told(report: &TaskReport) -> Code {
    Code::begin(Vec::new(), 0, |ctx| {
        let made = recorded::record(new(Runtime::Acp), report, ctx)?;
        assert!(control::gets_mirror(&made.solo.task));
        Ok(control::mirrored(made, ctx))
    })
    .unwrap()
}

/// A task that the engine runs.
fn launched(slots: usize) -> Code {
    Code::begin(Vec::new(), slots, |ctx| {
        let mut made = solo::create(
            NewTask {
                owner_key: OWNER.to_owned(),
                label: None,
                command: command(),
                requester_origin: None,
                notify_policy: None,
                parent_task_id: None,
                budget: None,
                agent: None,
            },
            ctx,
        )?;
        Arc::make_mut(&mut made.solo.task).runtime = Runtime::Subagent;
        Ok(control::mirrored(made, ctx))
    })
    .unwrap()
}

fn is(status: TaskStatus) -> TaskReport {
    TaskReport { status: Some(status), ..TaskReport::default() }
}

/// The flow says what its task says.
fn agrees(w: &Code) {
    let (flow, task) = (w.flow(), w.child(0));
    let blocked = task.terminal_outcome == Some(TerminalOutcome::Blocked);
    let status = match task.status {
        TaskStatus::TimedOut => "failed",
        TaskStatus::Succeeded if blocked => "blocked",
        other => other.as_str(),
    };
    assert_eq!(flow.status.as_str(), status);
    assert_eq!((flow.ended_at, flow.sync_mode), (task.ended_at, SyncMode::TaskMirrored));
    assert_eq!(task.parent_flow_id.as_ref(), Some(&flow.flow_id));
    assert_eq!(flow.is_terminal(), task.status.is_terminal());
    assert_eq!((flow.notify_policy, &flow.owner_key), (task.notify_policy, &task.owner_key));
    assert!(task.cancel_requested_at.is_none() || flow.cancel_requested_at.is_some());
    assert!(w.deliveries.iter().all(|one| one.kind == "task.ended"), "the task tells");
    assert!(w.deliveries.iter().all(|one| one.flow_id.as_ref() == Some(&flow.flow_id)));
}

#[test]
fn only_agents_work_of_an_owner_and_of_no_flow_is_mirrored() {
    let row = |change: &dyn Fn(&mut Task)| {
        let mut task = Task { parent_flow_id: None, ..Task::clone(&launched(0).child(0)) };
        change(&mut task);
        control::gets_mirror(&task)
    };
    for runtime in Runtime::ALL {
        let agents = matches!(runtime, Runtime::Acp | Runtime::Subagent);
        assert_eq!(row(&|task| task.runtime = *runtime), agents, "{runtime}");
    }
    assert!(!row(&|task| task.owner_key = " ".to_owned()));
    assert!(!row(&|task| task.scope_kind = clawflow_core::task::ScopeKind::System));
    assert!(!row(&|task| task.parent_flow_id = Some("flow_1".into())));
}

#[test]
fn a_task_may_be_over_when_it_is_first_told_of() {
    for (status, outcome, becomes) in [
        (TaskStatus::Succeeded, None, FlowStatus::Succeeded),
        (TaskStatus::Succeeded, Some(TerminalOutcome::Blocked), FlowStatus::Blocked),
        (TaskStatus::Failed, None, FlowStatus::Failed),
        (TaskStatus::TimedOut, None, FlowStatus::Failed),
        (TaskStatus::Cancelled, None, FlowStatus::Cancelled),
        (TaskStatus::Lost, None, FlowStatus::Lost),
    ] {
        let report = TaskReport {
            started_at: Some(10),
            ended_at: Some(30),
            terminal_outcome: outcome,
            ..is(status)
        };
        let mut w = told(&report);
        agrees(&w);
        let flow = w.flow().clone();
        assert_eq!((flow.status, flow.created_at, flow.ended_at), (becomes, 10, Some(30)));
        assert_eq!((flow.revision, flow.goal.as_str()), (0, "review"));
        assert_eq!(w.since(0), ["flow.created", "task.created", "task.ended"]);
        assert_eq!(flow.blocked_summary.is_some(), outcome.is_some());
        assert_eq!(w.deliveries.len(), 1);
        assert_eq!(w.cancel().unwrap_err().code, Refused::Terminal);
    }
}

#[test]
fn a_flow_follows_its_task_in_the_same_unit() {
    let mut w = told(&is(TaskStatus::Queued));
    assert_eq!((w.status(), w.since(0).len()), (FlowStatus::Queued, 2));
    let task = w.child(0);
    let mut report = |report: ChildReport| {
        w.act(|s, ctx| control::report(s, ctx, &task, &report)).unwrap();
        agrees(&w);
        (w.flow().clone(), w.events.last().unwrap().kind.clone())
    };
    let (flow, last) = report(is(TaskStatus::Running));
    assert_eq!(
        (flow.status, flow.revision, last.as_str()),
        (FlowStatus::Running, 1, "flow.mirrored")
    );
    let half = TaskReport { progress_summary: Some("half".to_owned()), ..TaskReport::default() };
    let (flow, last) = report(half);
    assert_eq!((flow.revision, last.as_str()), (1, "task.progress"), "no change is no revision");
    let bad = TaskReport { error: Some("no key".to_owned()), ..is(TaskStatus::Failed) };
    let (flow, last) = report(bad);
    assert_eq!(
        (flow.status, flow.revision, last.as_str()),
        (FlowStatus::Failed, 2, "flow.mirrored")
    );
    assert_eq!(flow.error.as_deref(), Some("no key"));
}

#[test]
fn a_cancel_reaches_the_task_and_the_flow_ends_with_it() {
    let mut w = launched(1);
    let made = w.cancel().unwrap();
    assert_eq!(made.effects.len(), 1, "the stop: {:?}", made.effects);
    agrees(&w);
    assert_eq!(w.status(), FlowStatus::Running);
    assert_eq!(w.flow().cancel_reason.as_deref(), Some("enough"));
    w.end(0, &stopped()).unwrap();
    agrees(&w);
    assert_eq!(w.status(), FlowStatus::Cancelled);
    // One that waits for a slot, and one that its caller runs, end at once.
    for mut w in [launched(0), told(&is(TaskStatus::Running))] {
        w.cancel().unwrap();
        agrees(&w);
        assert_eq!((w.status(), w.flow().revision), (FlowStatus::Cancelled, 1));
    }
    // A cancel of the task is the flow's.
    let mut w = launched(1);
    w.make_move(Move::CancelChild(0), 1).unwrap();
    assert!(w.flow().cancel_requested_at.is_some());
    agrees(&w);
}

#[test]
fn the_truth_about_a_lost_task_turns_up() {
    let mut w = told(&is(TaskStatus::Running));
    let task = w.child(0);
    w.act(|s, ctx| control::report(s, ctx, &task, &is(TaskStatus::Lost))).unwrap();
    assert_eq!(w.status(), FlowStatus::Lost);
    let task = w.child(0);
    w.act(|s, ctx| control::report(s, ctx, &task, &is(TaskStatus::Succeeded))).unwrap();
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Succeeded, 2));
    agrees(&w);
    assert_eq!(w.deliveries.len(), 1, "an end is told once");
}

/// A refusal of whatever is for controllers.
fn is_refused(one: Move, code: Refused) -> bool {
    use Refused as R;
    match one {
        Move::Cancel => code == R::Terminal,
        Move::Claim(_) | Move::Ask(_) => {
            matches!(code, R::Terminal | R::InvalidState | R::CancelRequested)
        }
        one if one.is_of_flow() => matches!(code, R::NotManaged | R::InvalidState),
        _ => matches!(code, R::Terminal | R::InvalidState | R::EngineOwned),
    }
}

#[test]
fn every_interleaving_keeps_the_flow_with_its_task() {
    for start in [launched(0), launched(1), told(&is(TaskStatus::Queued))] {
        agrees(&start);
        let mut seen = HashSet::from([start.word()]);
        let mut queue = vec![start];
        while let Some(world) = queue.pop() {
            for one in Move::all(1) {
                let mut next = world.clone();
                match next.make_move(one, 1) {
                    Ok(_) => agrees(&next),
                    Err(refusal) => {
                        assert!(is_refused(one, refusal.code), "{one:?}: {refusal:?}");
                        assert_eq!(next.flow(), world.flow());
                        continue;
                    }
                }
                if seen.insert(next.word()) {
                    queue.push(next);
                }
            }
        }
        assert!(seen.len() >= 6, "{seen:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_life_of_a_mirrored_task_has_its_end(
        launch: bool,
        slots in 0..2_usize,
        moves in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut world = if launch { launched(slots) } else { told(&is(TaskStatus::Running)) };
        let all = Move::all(1);
        for index in moves {
            let _ = world.make_move(*index.get(&all), 1);
            agrees(&world);
        }
        if !world.flow().is_terminal() {
            world.cancel().unwrap();
        }
        if !world.child(0).status.is_terminal() {
            world.end(0, &exit(0, "")).unwrap();
        }
        agrees(&world);
        prop_assert!(world.flow().is_terminal());
        prop_assert_eq!(world.tasks.len(), 1, "it takes no other task");
    }
}
