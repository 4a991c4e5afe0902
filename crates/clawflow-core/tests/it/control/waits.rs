//! Typed waits: who resolves them, when, and what that does.

use super::world::{Code, OWNER, event, person, signal};
use crate::world::code;
use clawflow_core::control::{self, DEADLINE, Found, NewChild, WaitFor, WaitSpec};
use clawflow_core::error::Code as Refused;
use clawflow_core::flow::{Blocker, Field, FlowStatus, Patch};
use clawflow_core::ids::TaskId;
use clawflow_core::task::Runtime;
use clawflow_core::wait::{OnResolved, OnTimeout, WaitKind, WaitState};
use serde_json::{Value, json};

#[test]
fn an_opaque_wait_has_no_row() {
    let mut w = Code::new();
    let patch = Patch { wait_json: Field::Set(json!({"kind": "mail"})), ..Patch::default() };
    let none = WaitSpec::default();
    let (blocker, found) = (Blocker::default(), Found::default());
    let made =
        w.act(|s, ctx| control::set_waiting(s, ctx, Some(0), patch, blocker, none, found)).unwrap();
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Waiting, 1));
    assert!(made.waits.is_empty() && w.waits.is_empty());
    assert_eq!(w.flow().wait_json, Some(json!({"kind": "mail"})));
}

#[test]
fn a_timer_wakes_the_flow_when_it_is_due_and_not_before() {
    let mut w = Code::new();
    let made = w.park_for(WaitFor::Timer { due_at: w.now + 500 }).unwrap();
    let id = made.waits[0].clone();
    assert_eq!(code(w.act(|s, ctx| control::wait_due(s, ctx, &id))), Refused::InvalidState);
    w.due().unwrap();
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Running, 2));
    assert_eq!(w.flow().wait_json, Some(Value::Null));
    assert_eq!(w.wait().state, WaitState::Resolved);
    let told = w.last("flow.woken");
    assert_eq!((&told["outcome"], &told["revision"]), (&json!("resolved"), &json!(2)));
    assert_eq!((&told["from"], &told["to"]), (&json!("waiting"), &json!("running")));
    assert_eq!(code(w.due()), Refused::InvalidState);
}

#[test]
fn a_deadline_goes_on_fails_or_cancels() {
    for (then, status, revision) in [
        (OnTimeout::Continue, FlowStatus::Running, 2),
        (OnTimeout::Fail, FlowStatus::Failed, 2),
        (OnTimeout::Cancel, FlowStatus::Cancelled, 2),
    ] {
        for wait_for in [None, Some(event("reply", None)), Some(person(true, &[]))] {
            let mut w = Code::new();
            let opaque = wait_for.is_none();
            let deadline_at = Some(w.now + 10);
            let spec = WaitSpec { wait_for, deadline_at, on_deadline: then, ..WaitSpec::default() };
            w.park(spec).unwrap();
            assert_eq!(opaque, w.wait().target.as_deref() == Some(DEADLINE));
            w.due().unwrap();
            assert_eq!((w.status(), w.flow().revision), (status, revision));
            assert_eq!(w.wait().state, WaitState::Expired);
            if then == OnTimeout::Continue {
                assert_eq!(w.last("flow.woken")["outcome"], json!("expired"));
            } else {
                assert_eq!(w.flow().error.as_deref(), Some("its deadline has passed"));
            }
        }
    }
}

#[test]
fn a_deadline_of_a_wait_that_only_tells_leaves_the_flow_alone() {
    let mut w = Code::new();
    let spec = WaitSpec {
        wait_for: Some(event("reply", None)),
        on_resolved: OnResolved::Tell,
        deadline_at: Some(w.now + 10),
        ..WaitSpec::default()
    };
    w.park(spec).unwrap();
    w.due().unwrap();
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Waiting, 1));
    assert_eq!(w.last("wait.expired")["outcome"], json!("expired"));
}

#[test]
fn a_signal_resolves_by_name_and_key() {
    for (wanted, given, taken) in [
        (None, None, true),
        (None, Some("7"), true),
        (Some("7"), Some("7"), true),
        (Some("7"), Some("8"), false),
        (Some("7"), None, false),
    ] {
        let mut w = Code::new();
        w.park_for(event("reply", wanted)).unwrap();
        assert_eq!(code(w.signal("other", given)), Refused::InvalidState);
        assert_eq!(w.signal("reply", given).is_ok(), taken, "{wanted:?} {given:?}");
        if taken {
            assert_eq!(w.status(), FlowStatus::Running);
            assert_eq!(w.wait().answer, Some(json!({"n": 1})));
            assert_eq!(w.last("flow.woken")["answer"], json!({"n": 1}));
            assert_eq!(code(w.signal("reply", given)), Refused::InvalidState);
        }
    }
}

#[test]
fn a_wait_that_only_tells_leaves_the_decision_to_the_controller() {
    let mut w = Code::new();
    let wait_for = Some(event("reply", None));
    w.park(WaitSpec { wait_for, on_resolved: OnResolved::Tell, ..WaitSpec::default() }).unwrap();
    w.signal("reply", None).unwrap();
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Waiting, 1));
    assert_eq!(w.last("wait.resolved")["answer"], json!({"n": 1}));
    w.resume().unwrap();
    assert_eq!(w.status(), FlowStatus::Running);
}

#[test]
fn a_kept_signal_is_taken_in_the_same_unit() {
    let mut w = Code::new();
    w.resume().unwrap();
    let kept = signal("reply", Some("7"));
    let spec = WaitSpec { wait_for: Some(event("reply", None)), ..WaitSpec::default() };
    let found = Found { signal: Some(&kept), task: None };
    let seen = w.events.len();
    let made = w.park_with(spec, Blocker::default(), found).unwrap();
    assert_eq!(made.unit.taken, [kept.signal_id]);
    assert_eq!(made.waits, [w.wait().wait_id.clone()]);
    assert_eq!((w.wait().state, w.wait().version), (WaitState::Resolved, 0));
    // It waited and goes on: a revision, although the status is what it was.
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Running, 2));
    assert_eq!(w.since(seen), ["flow.waiting", "wait.opened", "flow.woken"]);
}

#[test]
fn only_what_names_a_new_wait_replaces_the_older() {
    let mut w = Code::new();
    w.park_for(event("reply", None)).unwrap();
    let first = w.wait().wait_id.clone();
    w.pause().unwrap();
    assert_eq!(w.state.waits.len(), 1);
    w.park_for(WaitFor::Timer { due_at: w.now + 1 }).unwrap();
    assert_eq!(w.waits[&first].state, WaitState::Cancelled);
    assert_eq!(code(w.signal("reply", None)), Refused::InvalidState);
    // Times come while it is paused.
    w.due().unwrap();
    assert_eq!(w.status(), FlowStatus::Running);
    for end in [Code::resume, Code::finish, Code::fail, Code::request_cancel, Code::cancel] {
        let mut w = Code::new();
        w.park_for(WaitFor::Timer { due_at: w.now + 1 }).unwrap();
        end(&mut w).unwrap();
        assert_eq!(w.wait().state, WaitState::Cancelled);
        assert!(w.due().is_err(), "a timer of a closed wait is void");
    }
}

#[test]
fn the_revision_stands_for_the_wait() {
    let mut w = Code::new();
    w.park(WaitSpec::default()).unwrap();
    assert!(w.park(WaitSpec::default()).unwrap().unit.is_empty(), "nothing else is waited for");
    assert_eq!(w.flow().revision, 1);
    w.park_for(event("reply", None)).unwrap();
    assert_eq!(w.flow().revision, 2);
    let decided_on = Some(w.flow().revision);
    let seen = w.events.len();
    w.park_for(event("other", None)).unwrap();
    assert_eq!(w.flow().revision, 3);
    assert_eq!(w.since(seen), ["flow.waiting", "wait.cancelled", "wait.opened"]);
    assert_eq!(w.last("flow.waiting")["revision"], json!(3));
    let late = w.act(|s, ctx| control::resume(s, ctx, decided_on, Patch::default(), false));
    assert_eq!(code(late), Refused::RevisionConflict);
    // To wait for nothing that the engine sees is something else too.
    w.park(WaitSpec::default()).unwrap();
    assert_eq!((w.flow().revision, w.state.waits.len()), (4, 0));
}

#[test]
fn a_wait_for_a_child_is_resolved_by_its_end_or_at_once_if_that_has_come() {
    let mut w = Code::new();
    w.launch().unwrap();
    let task_id = w.child(0).task_id.clone();
    let spec = || {
        let wait_for = Some(WaitFor::Task { task_id: task_id.clone() });
        WaitSpec { wait_for, ..WaitSpec::default() }
    };
    w.park(spec()).unwrap();
    assert_eq!(w.status(), FlowStatus::Waiting);
    w.end(0, &crate::world::exit(3, "")).unwrap();
    assert_eq!(w.status(), FlowStatus::Running);
    let answer = w.wait().answer.clone().unwrap();
    assert_eq!((&answer["taskId"], &answer["status"]), (&json!(task_id), &json!("failed")));
    // The store has its row now.
    let ended = w.child(0);
    let found = Found { task: Some(&ended), signal: None };
    let revision = w.flow().revision;
    w.park_with(spec(), Blocker::default(), found).unwrap();
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Running, revision + 1));
    assert_eq!(code(w.park(spec())), Refused::Invalid);
}

#[test]
fn waits_that_cannot_be_are_refused_and_leave_all_as_it_was() {
    let mut w = Code::new();
    w.park_for(event("reply", None)).unwrap();
    let blank = |text: &str| event(text, None);
    let mut stranger = NewChild::new(Runtime::Acp, "x");
    stranger.run_id = Some("r".to_owned());
    let before = w.state.clone();
    for bad in [
        blank(" "),
        event("a", Some("")),
        event(&"x".repeat(5000), None),
        person(false, &[""]),
        person(false, &["ann"; 65]),
        person(false, &[&"x".repeat(4097)]),
        WaitFor::Person {
            prompt: String::new(),
            preview: None,
            input: true,
            approvers: Vec::new(),
        },
        WaitFor::Person {
            prompt: "p".to_owned(),
            preview: Some("\0".to_owned()),
            input: true,
            approvers: Vec::new(),
        },
        WaitFor::Timer { due_at: -1 },
        WaitFor::Task { task_id: TaskId::from("task_x") },
    ] {
        assert_eq!(code(w.park_for(bad)), Refused::Invalid);
    }
    let wait_for = Some(WaitFor::Timer { due_at: 1 });
    let both = WaitSpec { wait_for, deadline_at: Some(2), ..WaitSpec::default() };
    assert_eq!(code(w.park(both)), Refused::Invalid);
    let before_1970 = WaitSpec { deadline_at: Some(i64::MIN), ..WaitSpec::default() };
    assert_eq!(code(w.park(before_1970)), Refused::Invalid);
    assert_eq!((w.flow(), w.state.waits.len()), (&before.flow, 1));
}

#[test]
fn a_task_of_another_flow_is_not_waited_for() {
    let mut other = Code::make(super::world::new(), Vec::new()).unwrap();
    other.ids = crate::world::Count(1 << 40);
    other.launch().unwrap();
    other.end(0, &crate::world::exit(0, "")).unwrap();
    let mut foreign = (*other.child(0)).clone();
    foreign.parent_flow_id = Some("flow_other".into());
    assert_eq!(foreign.owner_key, OWNER);
    let mut w = Code::new();
    let found = Found { task: Some(&foreign), signal: None };
    let what = WaitFor::Task { task_id: foreign.task_id.clone() };
    let spec = WaitSpec { wait_for: Some(what), ..WaitSpec::default() };
    assert_eq!(code(w.park_with(spec, Blocker::default(), found)), Refused::Invalid);
}

#[test]
fn a_blocked_flow_is_woken_too() {
    let mut w = Code::new();
    let blocker = Blocker { task_id: None, summary: Some("no budget".to_owned()) };
    let spec = WaitSpec { wait_for: Some(person(false, &[])), ..WaitSpec::default() };
    w.park_with(spec, blocker, Found::default()).unwrap();
    assert_eq!(w.status(), FlowStatus::Blocked);
    assert_eq!(w.wait().kind, WaitKind::Approval);
    super::answers::yes(&mut w).unwrap();
    assert_eq!((w.status(), w.flow().blocked_summary.as_ref()), (FlowStatus::Running, None));
}
