//! Children: how they are made, and what their ends mean.

use super::world::{Code, command, new, stopped};
use crate::world::{code, exit};
use clawflow_core::control::{self, ControlState, NewChild};
use clawflow_core::effect::Effect;
use clawflow_core::error::Code as Refused;
use clawflow_core::flow::{
    ENGINE_CONTROLLER, Flow, FlowStatus, NewManaged, NotifyPolicy, OnChildrenDone, Origin, SyncMode,
};
use clawflow_core::task::{DeliveryStatus, Runtime, TaskCommand, TaskStatus};
use clawflow_core::wait::WaitKind;
use serde_json::{Value, json};

#[test]
fn a_command_is_launched_at_once_or_queued_for_a_slot() {
    let mut w = Code::new();
    let made = w.launch().unwrap();
    let task = made.task.unwrap();
    assert_eq!(task, w.child(0));
    assert_eq!((task.status, task.fence, task.reported), (TaskStatus::Running, 1, false));
    assert_eq!(w.effects, [Effect::Start(task.task_id.clone())]);
    assert_eq!(made.unit.guards.len(), 1);
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Queued, 0));
    w.slots = 0;
    let task = w.launch().unwrap().task.unwrap();
    assert_eq!((task.status, task.fence), (TaskStatus::Queued, 0));
    assert_eq!(w.effects, [Effect::Queued(task.task_id.clone())]);
    let launch = control::launch(&w.state, &task.task_id).unwrap();
    assert_eq!(launch.command, command());
    assert!(launch.idempotency_key.contains(task.task_id.as_str()));
}

#[test]
fn a_recorded_child_is_its_callers() {
    let mut w = Code::new();
    let task = w.record().unwrap().task.unwrap();
    assert_eq!((task.status, task.reported, task.fence), (TaskStatus::Queued, true, 0));
    assert!(w.effects.is_empty() && control::launch(&w.state, &task.task_id).is_none());
    let running = NewChild {
        status: Some(TaskStatus::Running),
        started_at: Some(500),
        last_event_at: Some(400),
        progress_summary: Some(" half ".to_owned()),
        ..NewChild::new(Runtime::Cli, " a  task ")
    };
    let task = w.run(running).unwrap().task.unwrap();
    assert_eq!((task.created_at, task.started_at, task.last_event_at), (400, Some(500), 500));
    assert_eq!((task.progress_summary.as_deref(), task.task.as_str()), (Some("half"), "a  task"));
    for id in w.tasks.keys().cloned().collect::<Vec<_>>() {
        let refused = [
            code(w.act(|s, ctx| control::claim(s, ctx, &id))),
            code(w.act(|s, ctx| control::started(s, ctx, &id, 0, 7, 70))),
            code(w.act(|s, ctx| control::progress(s, ctx, &id, 0, "x"))),
            code(w.act(|s, ctx| control::ended(s, ctx, &id, 0, &exit(0, "")))),
            code(w.act(|s, ctx| control::lost(s, ctx, &id, 0, "gone", Value::Null))),
        ];
        assert_eq!(refused, [Refused::InvalidState; 5]);
    }
}

#[test]
fn a_child_is_the_flows_and_owes_only_what_was_asked_for() {
    let origin = Origin { channel: Some("slack".to_owned()), ..Origin::default() };
    let mut w =
        Code::make(NewManaged { requester_origin: Some(origin.clone()), ..new() }, Vec::new())
            .unwrap();
    let task = w.record().unwrap().task.unwrap();
    assert_eq!(task.parent_flow_id.as_ref(), Some(&w.flow().flow_id));
    assert_eq!(
        (&task.owner_key, task.requester_origin.as_ref()),
        (&w.flow().owner_key, Some(&origin))
    );
    assert_eq!(
        (task.notify_policy, task.delivery_status),
        (NotifyPolicy::Silent, DeliveryStatus::NotApplicable)
    );
    let told = NewChild {
        notify_policy: Some(NotifyPolicy::DoneOnly),
        ..NewChild::new(Runtime::Acp, "x")
    };
    let task = w.run(told).unwrap().task.unwrap();
    assert_eq!(task.delivery_status, DeliveryStatus::Pending);
    let id = task.task_id.clone();
    let silent = NotifyPolicy::Silent;
    let task = w.act(|s, ctx| control::notify_task(s, ctx, &id, silent)).unwrap().task.unwrap();
    assert_eq!(task.delivery_status, DeliveryStatus::NotApplicable);
    // Once more is no change.
    let version = w.child(1).version;
    w.act(|s, ctx| control::notify_task(s, ctx, &id, silent)).unwrap();
    assert_eq!(w.child(1).version, version);
}

#[test]
fn the_same_run_is_the_same_child() {
    let mut w = Code::new();
    let run = |runtime| NewChild { run_id: Some(" r1 ".to_owned()), ..NewChild::new(runtime, "x") };
    let first = w.run(run(Runtime::Acp)).unwrap().task.unwrap();
    let seen = w.events.len();
    let again = w.run(run(Runtime::Acp)).unwrap();
    assert_eq!((again.task.unwrap(), w.events.len()), (first.clone(), seen));
    assert!(again.unit.is_empty() && again.effects.is_empty());
    w.run(run(Runtime::Cron)).unwrap();
    w.run(NewChild::new(Runtime::Acp, "x")).unwrap();
    w.run(NewChild::new(Runtime::Acp, "x")).unwrap();
    assert_eq!(w.tasks.len(), 4);
    // One that has ended comes from the store.
    let found = w.act(|s, ctx| control::run_task(s, ctx, run(Runtime::Cli), Some(&first)));
    assert_eq!(found.unwrap().task.unwrap(), first);
}

#[test]
fn refusals_of_a_child_come_in_the_order_of_the_original() {
    let mut w = Code::new();
    let bad = || NewChild::new(Runtime::Cli, " ");
    let refuse = |w: &mut Code, change: &dyn Fn(&mut Flow)| {
        let mut state: ControlState = w.state.clone();
        change(&mut state.flow);
        let result = w.act(|_, ctx| control::run_task(&state, ctx, bad(), None));
        let refusal = result.expect_err("a refusal");
        (refusal.code, refusal.message)
    };
    let says = |code, message: &str| (code, message.to_owned());
    let mirror = |flow: &mut Flow| {
        flow.sync_mode = SyncMode::TaskMirrored;
        flow.controller_id = Some(ENGINE_CONTROLLER.to_owned());
    };
    let managed = "Flow does not accept managed child tasks.";
    assert_eq!(refuse(&mut w, &mirror), says(Refused::NotManaged, managed));
    let engine = |flow: &mut Flow| flow.controller_id = Some(ENGINE_CONTROLLER.to_owned());
    assert_eq!(refuse(&mut w, &engine).0, Refused::EngineOwned);
    let cancelled = |flow: &mut Flow| {
        flow.cancel_requested_at = Some(1);
        flow.status = FlowStatus::Cancelled;
    };
    let requested = "Flow cancellation has already been requested.";
    assert_eq!(refuse(&mut w, &cancelled), says(Refused::CancelRequested, requested));
    let done = |flow: &mut Flow| {
        flow.status = FlowStatus::Succeeded;
        flow.paused_at = Some(1);
    };
    assert_eq!(refuse(&mut w, &done), says(Refused::Terminal, "Flow is already succeeded."));
    let paused = |flow: &mut Flow| flow.paused_at = Some(1);
    assert_eq!(refuse(&mut w, &paused).0, Refused::Paused);
    assert_eq!(refuse(&mut w, &|_| {}).0, Refused::Invalid);
}

#[test]
fn a_child_that_cannot_be_is_refused() {
    let with = |argv: &[&str], cwd: &str, env: &[(&str, &str)]| TaskCommand {
        argv: argv.iter().map(|arg| (*arg).to_owned()).collect(),
        cwd: cwd.to_owned(),
        env: env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..TaskCommand::default()
    };
    let cli = || NewChild::new(Runtime::Cli, "x");
    let mut w = Code::new();
    for bad in [
        NewChild { task: "a\0".to_owned(), ..cli() },
        NewChild { command: Some(with(&[], "/", &[])), ..cli() },
        NewChild { command: Some(with(&[""], "/", &[])), ..cli() },
        NewChild { command: Some(with(&["a", "\0"], "/", &[])), ..cli() },
        NewChild { command: Some(with(&["a"], "/\0", &[])), ..cli() },
        NewChild { command: Some(with(&["a"], "/", &[("A=B", "")])), ..cli() },
        NewChild { command: Some(with(&["a"], "/", &[("", "")])), ..cli() },
        NewChild { command: Some(with(&["a"], "/", &[("A", "\0")])), ..cli() },
        NewChild { command: Some(command()), ..NewChild::new(Runtime::Acp, "x") },
        NewChild { status: Some(TaskStatus::Succeeded), ..cli() },
        NewChild { run_id: Some(" ".to_owned()), ..cli() },
        NewChild { label: Some("x".repeat(5000)), ..cli() },
        NewChild { started_at: Some(-1), ..cli() },
    ] {
        assert_eq!(code(w.run(bad)), Refused::Invalid);
    }
    assert!(w.tasks.is_empty());
}

#[test]
fn await_parks_the_flow_until_the_child_has_ended() {
    let mut w = Code::new();
    w.park(control::WaitSpec { deadline_at: Some(w.now + 9), ..Default::default() }).unwrap();
    let child = |step: Option<&str>| NewChild {
        command: Some(command()),
        wait: true,
        current_step: step.map(str::to_owned),
        ..NewChild::new(Runtime::Cli, "work")
    };
    let made = w.run(child(None)).unwrap();
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Waiting, 2));
    assert_eq!(w.flow().current_step.as_deref(), Some("wait_for_task"));
    assert_eq!(made.waits, [w.wait().wait_id.clone()]);
    assert_eq!(w.wait().kind, WaitKind::Task);
    let id = w.child(0).task_id.clone();
    w.act(|s, ctx| control::started(s, ctx, &id, 1, 7, 70)).unwrap();
    w.act(|s, ctx| control::progress(s, ctx, &id, 1, " a\nb ")).unwrap();
    assert_eq!(w.child(0).progress_summary.as_deref(), Some("a b"));
    let old = w.act(|s, ctx| control::ended(s, ctx, &id, 0, &exit(0, "")));
    assert_eq!(code(old), Refused::InvalidState);
    w.end(0, &exit(0, "")).unwrap();
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Running, 3));
    assert_eq!(w.last("flow.woken")["answer"]["status"], json!("succeeded"));
    w.run(child(Some("b"))).unwrap();
    assert_eq!(w.flow().current_step.as_deref(), Some("b"));
    w.run(child(None)).unwrap();
    assert_eq!(w.flow().current_step.as_deref(), Some("b"));
    // Only the newest is waited for.
    w.end(1, &exit(0, "")).unwrap();
    assert_eq!(w.status(), FlowStatus::Waiting);
}

#[test]
fn a_stopped_child_of_a_live_flow_failed_unless_it_was_asked_for() {
    let mut w = Code::new();
    w.launch().unwrap();
    w.end(0, &stopped()).unwrap();
    assert_eq!(w.child(0).status, TaskStatus::Failed);
}

#[test]
fn children_that_end_move_the_flow_only_by_its_policy() {
    for (policy, good, bad) in [
        (OnChildrenDone::Nothing, FlowStatus::Queued, FlowStatus::Queued),
        (OnChildrenDone::Resume, FlowStatus::Running, FlowStatus::Running),
        (OnChildrenDone::Finish, FlowStatus::Succeeded, FlowStatus::Failed),
        (OnChildrenDone::FailFast, FlowStatus::Succeeded, FlowStatus::Failed),
    ] {
        for (report, end) in [(exit(0, ""), good), (exit(1, ""), bad)] {
            let mut w = Code::with_policy(policy);
            w.launch().unwrap();
            w.launch().unwrap();
            w.end(0, &report).unwrap();
            let fast = policy == OnChildrenDone::FailFast && end == FlowStatus::Failed;
            let now = if fast { FlowStatus::Failed } else { FlowStatus::Queued };
            assert_eq!(w.status(), now, "{policy}");
            w.end(1, &exit(0, "")).unwrap();
            assert_eq!(w.status(), end, "{policy}");
        }
    }
}

#[test]
fn fail_fast_stops_the_others() {
    let mut w = Code::with_policy(OnChildrenDone::FailFast);
    for _ in 0..2 {
        w.launch().unwrap();
    }
    w.record().unwrap();
    w.slots = 0;
    w.launch().unwrap();
    w.park_for(super::world::event("x", None)).unwrap();
    w.end(0, &exit(1, "")).unwrap();
    assert_eq!(w.status(), FlowStatus::Failed);
    assert!(w.flow().error.as_ref().unwrap().contains("work: exit code 1"));
    assert!(w.effects.contains(&Effect::Stop(w.child(1).task_id.clone())));
    assert_eq!(w.child(2).status, TaskStatus::Cancelled);
    assert_eq!(w.child(3).status, TaskStatus::Cancelled);
    w.end(1, &stopped()).unwrap();
    assert_eq!(w.child(1).status, TaskStatus::Cancelled);
}

#[test]
fn a_flow_that_finishes_by_its_children_counts_those_of_before() {
    let mut w = Code::with_policy(OnChildrenDone::Finish);
    assert!(ControlState::counts_ended(w.flow()));
    w.launch().unwrap();
    w.launch().unwrap();
    w.end(0, &exit(1, "")).unwrap();
    w.end(1, &exit(0, "")).unwrap();
    assert_eq!(w.flow().error.as_deref(), Some("1 of 2 children ended badly"));
    assert!(!ControlState::counts_ended(Code::new().flow()));
}

#[test]
fn a_child_that_was_tried_again_counts_as_its_last_try() {
    for (last, error) in
        [(0, None), (1, Some("1 of 2 children ended badly, the last of them: w: "))]
    {
        let mut w = Code::with_policy(OnChildrenDone::Finish);
        w.launch().unwrap();
        w.launch().unwrap();
        w.end(0, &exit(1, "")).unwrap();
        let again = |of: &Code, at: usize| NewChild {
            command: Some(command()),
            parent_task_id: Some(of.child(at).task_id.clone()),
            ..NewChild::new(Runtime::Cli, "w")
        };
        // Twice, and the order in which they are counted does not matter.
        w.run(again(&w, 0)).unwrap();
        w.end(2, &exit(1, "")).unwrap();
        w.run(again(&w, 2)).unwrap();
        w.end(1, &exit(0, "")).unwrap();
        w.end(3, &exit(last, "")).unwrap();
        assert!(w.flow().is_terminal());
        let said = w.flow().error.as_deref();
        assert!(said.is_none() == error.is_none(), "{said:?}");
        assert!(said.unwrap_or_default().starts_with(error.unwrap_or_default()), "{said:?}");
    }
}

#[test]
fn a_lost_child_is_not_run_again() {
    let mut w = Code::new();
    w.run(NewChild { command: Some(command()), wait: true, ..NewChild::new(Runtime::Cli, "w") })
        .unwrap();
    let id = w.child(0).task_id.clone();
    w.act(|s, ctx| control::lost(s, ctx, &id, 1, "gone", json!({"pid": 7}))).unwrap();
    assert_eq!((w.child(0).status, w.child(0).error.as_deref()), (TaskStatus::Lost, Some("gone")));
    assert_eq!(w.status(), FlowStatus::Running);
    assert_eq!(w.last("task.ended")["evidence"], json!({"pid": 7}));
    assert!(w.effects.is_empty());
}
