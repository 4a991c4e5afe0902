//! Cancel: intent, children, end.

use super::world::{Code, command, stopped};
use crate::world::{code, exit};
use clawflow_core::control::{self, NewChild};
use clawflow_core::effect::Effect;
use clawflow_core::error::Code as Refused;
use clawflow_core::flow::{Field, FlowStatus, Patch};
use clawflow_core::task::{Runtime, TaskStatus};
use serde_json::json;

#[test]
fn without_children_both_end_at_once() {
    for cancel in [Code::cancel, Code::request_cancel] {
        let mut w = Code::new();
        let seen = w.events.len();
        cancel(&mut w).unwrap();
        assert_eq!((w.status(), w.flow().revision), (FlowStatus::Cancelled, 1));
        assert_eq!(w.flow().error.as_deref(), Some("enough"));
        assert_eq!(w.since(seen), ["flow.cancel_requested", "flow.ended"]);
        assert_eq!(code(w.cancel()), Refused::Terminal);
    }
}

#[test]
fn a_cancel_stops_what_was_launched_and_detaches_what_was_recorded() {
    let mut w = Code::new();
    w.launch().unwrap();
    w.slots = 0;
    w.launch().unwrap();
    w.record().unwrap();
    w.cancel().unwrap();
    let statuses: Vec<TaskStatus> = w.tasks.values().map(|task| task.status).collect();
    use TaskStatus::{Cancelled, Running};
    assert_eq!(statuses, [Running, Cancelled, Cancelled]);
    assert_eq!(w.child(2).terminal_summary.as_deref(), Some("told to stop, then detached"));
    assert!(w.events.iter().any(|event| {
        event.kind == "task.cancel_requested"
            && event.task_id.as_deref() == Some(w.child(2).task_id.as_str())
    }));
    assert!(w.effects.contains(&Effect::Stop(w.child(0).task_id.clone())));
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Queued, 1));
    assert!(w.flow().cancel_requested_at.is_some());
    // Asked again, it stops again, and nothing else.
    w.cancel().unwrap();
    assert_eq!(w.effects, [Effect::Stop(w.child(0).task_id.clone())]);
    assert_eq!(w.flow().revision, 1);
    w.end(0, &stopped()).unwrap();
    assert_eq!(w.child(0).status, TaskStatus::Cancelled);
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Cancelled, 2));
}

#[test]
fn a_request_lets_children_be_and_nothing_new_starts() {
    let mut w = Code::new();
    w.launch().unwrap();
    w.slots = 0;
    w.launch().unwrap();
    w.record().unwrap();
    let patch = Patch { state_json: Field::Set(json!({"at": 3})), ..Patch::default() };
    w.act(|s, ctx| control::request_cancel(s, ctx, Some(0), patch, "late")).unwrap();
    assert_eq!(w.flow().state_json, Some(json!({"at": 3})));
    assert!(w.effects.is_empty());
    assert_eq!(w.child(1).status, TaskStatus::Cancelled);
    assert_eq!((w.child(0).status, w.child(2).status), (TaskStatus::Running, TaskStatus::Queued));
    assert_eq!(code(w.record()), Refused::CancelRequested);
    w.end(0, &exit(0, "")).unwrap();
    assert_eq!(w.child(0).status, TaskStatus::Succeeded);
    assert_eq!(w.status(), FlowStatus::Queued);
    let last = w.child(2).task_id.clone();
    w.act(|s, ctx| control::cancel_task(s, ctx, &last, "")).unwrap();
    assert_eq!(w.status(), FlowStatus::Cancelled);
    assert_eq!(w.flow().cancel_reason.as_deref(), Some("late"));
}

#[test]
fn one_child_is_stopped_without_its_flow() {
    let mut w = Code::new();
    w.run(NewChild { wait: true, ..NewChild::new(Runtime::Acp, "think") }).unwrap();
    w.launch().unwrap();
    let ids: Vec<_> = w.tasks.keys().cloned().collect();
    let made = w.act(|s, ctx| control::cancel_task(s, ctx, &ids[0], "wrong")).unwrap();
    assert_eq!(made.task.unwrap(), w.child(0));
    assert_eq!(w.child(0).error.as_deref(), Some("wrong"));
    assert_eq!(w.status(), FlowStatus::Running);
    let again = w.act(|s, ctx| control::cancel_task(s, ctx, &ids[0], "wrong"));
    assert_eq!(code(again), Refused::InvalidState);
    w.act(|s, ctx| control::cancel_task(s, ctx, &ids[1], "wrong")).unwrap();
    assert_eq!(w.effects, [Effect::Stop(ids[1].clone())]);
    w.end(1, &stopped()).unwrap();
    assert_eq!(w.child(1).status, TaskStatus::Cancelled);
    assert_eq!(w.status(), FlowStatus::Running);
}

#[test]
fn an_end_withdraws_what_is_queued_and_leaves_what_runs() {
    for end in [Code::finish, Code::fail] {
        let mut w = Code::new();
        w.launch().unwrap();
        w.record().unwrap();
        w.slots = 0;
        w.launch().unwrap();
        end(&mut w).unwrap();
        assert_eq!(w.child(2).status, TaskStatus::Cancelled);
        assert_eq!(w.state.tasks.len(), 2);
        let revision = w.flow().revision;
        w.end(0, &exit(1, "")).unwrap();
        let id = w.child(1).task_id.clone();
        w.act(|s, ctx| control::cancel_task(s, ctx, &id, "")).unwrap();
        assert!(w.state.tasks.is_empty());
        assert_eq!(w.flow().revision, revision);
    }
}

#[test]
fn a_stale_revision_is_refused_by_every_command_that_names_one() {
    let mut w = Code::new();
    w.resume().unwrap();
    let stale = Some(0);
    let patch = Patch::default;
    let refused = [
        code(w.act(|s, ctx| control::resume(s, ctx, stale, patch(), false))),
        code(w.act(|s, ctx| control::finish(s, ctx, stale, patch()))),
        code(w.act(|s, ctx| control::fail(s, ctx, stale, patch(), None, Default::default()))),
        code(w.act(|s, ctx| control::request_cancel(s, ctx, stale, patch(), ""))),
        code(w.act(|s, ctx| control::cancel(s, ctx, stale, ""))),
        code(w.act(|s, ctx| control::pause(s, ctx, stale, ""))),
        code(w.act(|s, ctx| control::unpause(s, ctx, stale))),
        code(w.act(|s, ctx| control::set_output(s, ctx, stale, "n", json!(1)))),
        code(w.act(|s, ctx| control::append_output(s, ctx, stale, "n", json!(1)))),
        code(w.act(|s, ctx| {
            let (blocker, found) = (Default::default(), Default::default());
            control::set_waiting(s, ctx, stale, patch(), blocker, Default::default(), found)
        })),
    ];
    assert_eq!(refused, [Refused::RevisionConflict; 10]);
}

#[test]
fn a_pause_holds_back_starts_and_unpause_queues_them() {
    let mut w = Code::new();
    w.slots = 0;
    w.launch().unwrap();
    let id = w.child(0).task_id.clone();
    w.pause().unwrap();
    assert_eq!(code(w.act(|s, ctx| control::claim(s, ctx, &id))), Refused::Paused);
    assert_eq!(code(w.launch()), Refused::Paused);
    let child = NewChild { command: Some(command()), ..NewChild::new(Runtime::Acp, "x") };
    assert_eq!(code(w.run(child)), Refused::Paused);
    w.act(|s, ctx| control::unpause(s, ctx, None)).unwrap();
    assert_eq!(w.effects, [Effect::Queued(id.clone())]);
    w.act(|s, ctx| control::claim(s, ctx, &id)).unwrap();
    assert_eq!((w.child(0).status, w.child(0).fence), (TaskStatus::Running, 1));
    assert_eq!(w.flow().revision, 2);
}

#[test]
fn reasons_are_cut() {
    let long = format!(" {} ", "x".repeat(3000));
    let mut w = Code::new();
    w.launch().unwrap();
    w.act(|s, ctx| control::pause(s, ctx, None, &long)).unwrap();
    let id = w.child(0).task_id.clone();
    w.act(|s, ctx| control::cancel_task(s, ctx, &id, &long)).unwrap();
    w.act(|s, ctx| control::cancel(s, ctx, None, &long)).unwrap();
    for kind in ["flow.paused", "task.cancel_requested", "flow.cancel_requested"] {
        let kept = w.last(kind)["reason"].as_str().unwrap();
        assert_eq!((kept.chars().count(), kept.starts_with('x')), (2001, true), "{kind}");
    }
}
