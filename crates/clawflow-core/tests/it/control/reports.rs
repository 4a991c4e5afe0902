//! What callers report of children that they run.

use super::world::Code;
use crate::world::{code, exit};
use clawflow_core::control::{self, ChildReport, ControlDecision, NewChild};
use clawflow_core::error::{Code as Refused, Refusal};
use clawflow_core::flow::{FlowStatus, OnChildrenDone};
use clawflow_core::task::{Runtime, TaskStatus, TerminalOutcome, Usage};
use serde_json::json;

fn report(w: &mut Code, report: ChildReport) -> Result<ControlDecision, Refusal> {
    let task = w.child(0);
    w.act(|s, ctx| control::report(s, ctx, &task, &report))
}

fn is(status: TaskStatus) -> ChildReport {
    ChildReport { status: Some(status), ..ChildReport::default() }
}

fn recorded(status: TaskStatus) -> Code {
    let mut w = Code::new();
    w.run(NewChild { status: Some(status), ..NewChild::new(Runtime::Acp, "think") }).unwrap();
    w
}

#[test]
fn progress_is_kept_and_told_and_a_sign_of_life_is_kept() {
    let mut w = recorded(TaskStatus::Queued);
    let created_at = w.child(0).created_at;
    let made = report(&mut w, ChildReport { started_at: Some(9), ..is(TaskStatus::Running) });
    assert_eq!(made.unwrap().task.unwrap(), w.child(0));
    assert_eq!((w.child(0).status, w.child(0).started_at), (TaskStatus::Running, Some(created_at)));
    // What is recorded of its creation stays, whatever a reporter says.
    assert_eq!(w.child(0).created_at, created_at);
    let seen = w.events.len();
    let usage = Usage { tokens: Some(5), ..Usage::default() };
    let half = ChildReport {
        progress_summary: Some(" half\nway".to_owned()),
        usage: Some(usage.clone()),
        ..ChildReport::default()
    };
    report(&mut w, half).unwrap();
    assert_eq!(w.child(0).progress_summary.as_deref(), Some("half way"));
    assert_eq!((w.child(0).usage.as_ref(), w.since(seen)), (Some(&usage), vec!["task.progress"]));
    report(&mut w, ChildReport::default()).unwrap();
    assert_eq!((w.child(0).last_event_at, w.events.len()), (w.now, seen + 1));
    // One that was overtaken does not take the sign of life back.
    report(&mut w, ChildReport { last_event_at: Some(3), ..ChildReport::default() }).unwrap();
    assert!(w.child(0).last_event_at > 3);
    assert_eq!(w.flow().revision, 0);
}

#[test]
fn ends_are_settled_with_their_times_in_order() {
    for (from, end) in [
        (TaskStatus::Running, TaskStatus::Succeeded),
        (TaskStatus::Running, TaskStatus::TimedOut),
        (TaskStatus::Queued, TaskStatus::Succeeded),
        (TaskStatus::Queued, TaskStatus::Failed),
        (TaskStatus::Running, TaskStatus::Cancelled),
        (TaskStatus::Queued, TaskStatus::Lost),
    ] {
        let mut w = recorded(from);
        let created_at = w.child(0).created_at;
        let told = ChildReport {
            error: Some(" why ".to_owned()),
            terminal_summary: Some("sum".to_owned()),
            started_at: Some(created_at + 2000),
            ended_at: Some(created_at - 500),
            ..is(end)
        };
        report(&mut w, told).unwrap();
        let task = w.child(0);
        assert_eq!((task.status, task.error.as_deref()), (end, Some("why")));
        assert_eq!((task.created_at, task.started_at), (created_at, Some(created_at + 2000)));
        assert_eq!(task.ended_at, Some(created_at + 2000));
        assert_eq!(task.last_event_at, created_at + 2000);
        assert_eq!(w.last("task.ended")["status"], json!(end));
        // Nothing is said of times: now.
        let mut w = recorded(from);
        report(&mut w, is(end)).unwrap();
        assert_eq!(w.child(0).ended_at, Some(w.now));
    }
}

#[test]
fn an_end_moves_the_flow_as_that_of_a_launched_child() {
    let mut w = Code::with_policy(OnChildrenDone::Finish);
    w.run(NewChild { wait: true, ..NewChild::new(Runtime::Subagent, "think") }).unwrap();
    let blocked = ChildReport {
        terminal_outcome: Some(TerminalOutcome::Blocked),
        terminal_summary: Some("no key".to_owned()),
        ..is(TaskStatus::Succeeded)
    };
    report(&mut w, blocked).unwrap();
    // It woke and ended in one unit, badly: an obstacle is no success.
    assert_eq!((w.status(), w.flow().revision), (FlowStatus::Failed, 2));
    assert!(w.flow().error.as_ref().unwrap().contains("no key"));
}

#[test]
fn a_late_end_of_a_detached_child_is_an_event() {
    let mut w = recorded(TaskStatus::Running);
    w.cancel().unwrap();
    let (was, seen) = (w.child(0), w.events.len());
    assert_eq!(code(report(&mut w, is(TaskStatus::Running))), Refused::Terminal);
    assert_eq!(code(report(&mut w, ChildReport::default())), Refused::Terminal);
    let made = report(&mut w, is(TaskStatus::Succeeded)).unwrap();
    assert_eq!((made.task.unwrap(), w.child(0)), (was.clone(), was));
    assert_eq!(w.since(seen), ["task.late_end"]);
    assert_eq!(w.last("task.late_end")["status"], json!("succeeded"));
}

#[test]
fn an_end_that_is_reported_again_changes_nothing() {
    for end in TaskStatus::ALL.iter().filter(|status| status.is_terminal()) {
        let mut w = recorded(TaskStatus::Running);
        let told = ChildReport {
            progress_summary: Some("all\nread".to_owned()),
            terminal_summary: Some(" sum ".to_owned()),
            error: Some("why".to_owned()),
            usage: Some(Usage { tokens: Some(5), ..Usage::default() }),
            ..is(*end)
        };
        report(&mut w, told.clone()).unwrap();
        let (was, seen) = (w.child(0), w.events.len());
        let again = report(&mut w, told.clone()).unwrap();
        assert_eq!((again.task.unwrap(), w.child(0)), (was.clone(), was));
        assert!(again.unit.is_empty() && again.effects.is_empty() && w.events.len() == seen);
        if matches!(end, TaskStatus::Cancelled | TaskStatus::Lost) {
            continue;
        }
        let text = || Some("other".to_owned());
        let more = Some(Usage { tokens: Some(6), ..Usage::default() });
        for other in [
            ChildReport { progress_summary: text(), ..told.clone() },
            ChildReport { terminal_summary: text(), ..told.clone() },
            ChildReport { error: text(), ..told.clone() },
            ChildReport { usage: more.clone(), ..told.clone() },
            ChildReport { terminal_summary: None, ..told },
        ] {
            assert_eq!(code(report(&mut w, other)), Refused::Terminal);
        }
    }
}

#[test]
fn a_lost_child_takes_its_true_outcome_and_moves_nothing() {
    let mut w = Code::with_policy(OnChildrenDone::Finish);
    w.record().unwrap();
    w.record().unwrap();
    report(&mut w, is(TaskStatus::Lost)).unwrap();
    assert_eq!(w.state.ended.bad_of_all().0, 1);
    assert!(report(&mut w, is(TaskStatus::Lost)).unwrap().unit.is_empty());
    assert_eq!(code(report(&mut w, is(TaskStatus::Cancelled))), Refused::Terminal);
    let made = report(&mut w, is(TaskStatus::Succeeded)).unwrap();
    assert_eq!(made.unit.tasks.len(), 1);
    assert_eq!(w.state.ended.bad_of_all().0, 0);
    assert_eq!(w.child(0).status, TaskStatus::Succeeded);
    assert_eq!(w.status(), FlowStatus::Queued);
    assert_eq!(w.last("task.corrected")["was"], json!("lost"));
    assert_eq!(code(report(&mut w, is(TaskStatus::Failed))), Refused::Terminal);
}

#[test]
fn reports_that_cannot_be_are_refused() {
    let mut w = recorded(TaskStatus::Running);
    assert_eq!(code(report(&mut w, is(TaskStatus::Queued))), Refused::InvalidState);
    let usage = Usage { cost_usd: Some(-1.0), ..Usage::default() };
    for bad in [
        ChildReport { terminal_outcome: Some(TerminalOutcome::Blocked), ..is(TaskStatus::Failed) },
        ChildReport { ended_at: Some(1), ..is(TaskStatus::Running) },
        ChildReport { started_at: Some(-1), ..ChildReport::default() },
        ChildReport { usage: Some(usage), ..ChildReport::default() },
    ] {
        assert_eq!(code(report(&mut w, bad)), Refused::Invalid);
    }
    report(&mut w, is(TaskStatus::Failed)).unwrap();
    assert_eq!(code(report(&mut w, is(TaskStatus::Succeeded))), Refused::Terminal);
    let mut w = Code::new();
    w.launch().unwrap();
    assert_eq!(code(report(&mut w, is(TaskStatus::Succeeded))), Refused::EngineOwned);
    w.end(0, &exit(0, "")).unwrap();
    assert_eq!(code(report(&mut w, is(TaskStatus::Succeeded))), Refused::EngineOwned);
    let mut other = recorded(TaskStatus::Running);
    let mut task = (*other.child(0)).clone();
    task.task_id = "task_x".into();
    task.parent_flow_id = Some("flow_x".into());
    let task = std::sync::Arc::new(task);
    let done = is(TaskStatus::Succeeded);
    let foreign = other.act(|s, ctx| control::report(s, ctx, &task, &done));
    assert_eq!(code(foreign), Refused::Invalid);
}

#[test]
fn a_child_of_an_ended_flow_is_still_reported_about() {
    let mut w = recorded(TaskStatus::Running);
    w.finish().unwrap();
    report(&mut w, is(TaskStatus::Failed)).unwrap();
    assert_eq!((w.child(0).status, w.flow().revision), (TaskStatus::Failed, 1));
}
