//! Flows that code drives: single commands, and every sequence of five of them.

use super::world::{Count, code};
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::{
    self, Blocker, ENGINE_CONTROLLER, Field, Flow, FlowStatus, Moved, NewManaged, Patch, SyncMode,
};
use clawflow_core::ids::TaskId;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn new() -> NewManaged {
    NewManaged {
        owner_key: "agent:main:main".to_owned(),
        controller_id: "bot".to_owned(),
        goal: "Report".to_owned(),
        ..NewManaged::default()
    }
}

fn made(new: NewManaged) -> Result<Moved, Refusal> {
    flow::create_managed(new, &mut Count(0), 1000)
}

fn queued() -> Flow {
    made(new()).unwrap().flow
}

fn blocker(task: &str, summary: &str) -> Blocker {
    Blocker { task_id: Some(TaskId::from(task)), summary: Some(summary.to_owned()) }
}

fn state(value: Value) -> Patch {
    Patch { state_json: Field::Set(value), ..Patch::default() }
}

#[test]
fn a_flow_is_made_queued_at_revision_0() {
    let Moved { flow, event } = made(new()).unwrap();
    assert_eq!((flow.revision, flow.status), (0, FlowStatus::Queued));
    assert_eq!(event.unwrap().0, "flow.created");
    assert!(flow.state_json.is_none() && flow.wait_json.is_none());
    let running = made(NewManaged { status: Some(FlowStatus::Running), ..new() }).unwrap().flow;
    assert_eq!(running.status, FlowStatus::Running);
}

#[test]
fn a_flow_that_cannot_be_is_refused() {
    let large = json!("x".repeat(300_000));
    let label = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
    let labels = |count: usize| (0..count).map(|n| (n.to_string(), "x".to_owned())).collect();
    made(NewManaged { labels: labels(64), ..new() }).unwrap();
    for bad in [
        NewManaged { goal: " \n".into(), ..new() },
        NewManaged { goal: "x".repeat(5000), ..new() },
        NewManaged { owner_key: String::new(), ..new() },
        NewManaged { controller_id: " ".into(), ..new() },
        NewManaged { controller_id: ENGINE_CONTROLLER.into(), ..new() },
        NewManaged { key: Some(" ".into()), ..new() },
        NewManaged { state_json: Some(large.clone()), ..new() },
        NewManaged { wait_json: Some(large), ..new() },
        NewManaged { state_json: Some(json!({"a": ["\0"]})), ..new() },
        NewManaged { current_step: Some(String::new()), ..new() },
        NewManaged { labels: labels(65), ..new() },
        NewManaged { labels: label(&"x".repeat(4097), "a"), ..new() },
        NewManaged { labels: label("a", &"x".repeat(4097)), ..new() },
        NewManaged { labels: label("a", &format!("x{}", " ".repeat(4096))), ..new() },
        NewManaged { labels: label("a", " "), ..new() },
    ] {
        assert_eq!(code(made(bad)), Code::Invalid);
    }
}

#[test]
fn a_field_left_out_keeps_its_value_and_null_is_a_value() {
    let patch = Patch {
        current_step: Field::Set("ask".into()),
        state_json: Field::Set(json!({"n": 1})),
        wait_json: Field::Set(json!({"kind": "reply"})),
    };
    let one = flow::set_waiting(&queued(), Some(0), patch, Blocker::default(), 2000).unwrap().flow;
    assert_eq!((one.revision, one.status, one.updated_at), (1, FlowStatus::Waiting, 2000));
    let two = flow::resume(&one, Some(1), Patch::default(), false, 3000).unwrap().flow;
    assert_eq!(two.current_step.as_deref(), Some("ask"));
    assert_eq!(two.state_json, Some(json!({"n": 1})));
    assert_eq!(two.wait_json, Some(Value::Null));
    let patch = Patch { current_step: Field::Clear, ..state(Value::Null) };
    let three = flow::set_waiting(&two, Some(2), patch, Blocker::default(), 3000).unwrap().flow;
    assert_eq!((three.current_step, three.state_json), (None, Some(Value::Null)));
}

#[test]
fn a_blocker_blocks_until_the_flow_moves_on() {
    let why = blocker("task_1", "no budget");
    let blocked =
        flow::set_waiting(&queued(), Some(0), Patch::default(), why.clone(), 1).unwrap().flow;
    assert_eq!(blocked.status, FlowStatus::Blocked);
    let waiting =
        flow::set_waiting(&blocked, Some(1), Patch::default(), blocker(" ", ""), 1).unwrap().flow;
    assert_eq!((waiting.status, waiting.blocked_summary), (FlowStatus::Waiting, None));
    let running = flow::resume(&blocked, Some(1), Patch::default(), true, 1).unwrap().flow;
    assert_eq!((running.status, running.blocked_task_id), (FlowStatus::Queued, None));
}

#[test]
fn the_checks_come_in_their_order() {
    let finish = |flow: &Flow, revision, patch| flow::finish(flow, Some(revision), patch, 1);
    let large = || state(json!("x".repeat(300_000)));
    let mirrored = Flow { sync_mode: SyncMode::TaskMirrored, ..queued() };
    assert_eq!(code(finish(&mirrored, 9, large())), Code::NotManaged);
    let engine = Flow { controller_id: Some(ENGINE_CONTROLLER.into()), ..queued() };
    assert_eq!(code(finish(&engine, 9, large())), Code::EngineOwned);
    let ended = finish(&queued(), 0, Patch::default()).unwrap().flow;
    assert_eq!(code(finish(&ended, 9, large())), Code::RevisionConflict);
    assert_eq!(code(finish(&ended, 1, large())), Code::Terminal);
    let cancelling = flow::request_cancel(&queued(), Some(0), Patch::default(), "", 1).unwrap();
    assert_eq!(code(finish(&cancelling.flow, 1, large())), Code::CancelRequested);
    assert_eq!(code(finish(&queued(), 0, large())), Code::Invalid);
}

#[test]
fn a_second_request_to_cancel_changes_nothing_but_may_leave_a_patch() {
    let one = flow::request_cancel(&queued(), Some(0), Patch::default(), "late", 5).unwrap().flow;
    assert_eq!((one.cancel_requested_at, one.cancel_reason.as_deref()), (Some(5), Some("late")));
    let two = flow::request_cancel(&one, Some(1), Patch::default(), "again", 6).unwrap();
    assert_eq!((&two.flow, two.event), (&one, None));
    let three = flow::request_cancel(&one, Some(1), state(json!(1)), "again", 6).unwrap().flow;
    assert_eq!((three.revision, three.cancel_requested_at), (2, Some(5)));
    assert_eq!(three.cancel_reason.as_deref(), Some("late"));
    assert_eq!(code(flow::finalize_cancel(&three, 1, 2007)), Code::InvalidState);
    let ended = flow::finalize_cancel(&three, 0, 2007).unwrap().flow;
    assert_eq!((ended.status, ended.ended_at), (FlowStatus::Cancelled, Some(2007)));
    assert_eq!(ended.state_json, Some(json!(1)));
}

/// Everything that anybody may ask of a flow that code drives.
const COMMANDS: [&str; 13] = [
    "wait",
    "block",
    "resume",
    "requeue",
    "finish",
    "fail",
    "cancel",
    "cancel+patch",
    "finalize",
    "finalize with children",
    "pause",
    "unpause",
    "stale",
];

fn run(flow: &Flow, command: &str) -> Result<Moved, Refusal> {
    let (at, patch, now) = (flow.revision, Patch::default(), 2000);
    match command {
        "wait" => flow::set_waiting(flow, Some(at), patch, Blocker::default(), now),
        "block" => flow::set_waiting(flow, Some(at), patch, blocker("task_1", "why"), now),
        "resume" => flow::resume(flow, Some(at), patch, false, now),
        "requeue" => flow::resume(flow, Some(at), patch, true, now),
        "finish" => flow::finish(flow, Some(at), patch, now),
        "fail" => flow::fail(flow, Some(at), patch, Some("broken"), now),
        "cancel" => flow::request_cancel(flow, Some(at), patch, "enough", now),
        "cancel+patch" => flow::request_cancel(flow, None, state(json!("last")), "x", now),
        "finalize" => flow::finalize_cancel(flow, 0, now),
        "finalize with children" => flow::finalize_cancel(flow, 1, now),
        "pause" => flow::pause(flow, None, "hold", now),
        "unpause" => flow::unpause(flow, Some(at), now),
        "stale" => flow::set_waiting(flow, Some(at + 1), patch, Blocker::default(), now),
        other => unreachable!("{other}"),
    }
}

/// What must hold of every command on every flow.
fn check(was: &Flow, command: &str, result: Result<Moved, Refusal>) -> Option<Flow> {
    let allowed: &[Code] = match () {
        () if command == "stale" => &[Code::RevisionConflict],
        () if was.is_terminal() => &[Code::Terminal],
        () => &[Code::CancelRequested, Code::InvalidState],
    };
    let Moved { flow, event } = match result {
        Err(refusal) => {
            assert!(allowed.contains(&refusal.code), "{command}: {refusal:?} of {was:?}");
            return None;
        }
        Ok(moved) => moved,
    };
    assert!(!was.is_terminal() && command != "stale", "{command} moved {was:?}");
    assert_eq!(event.is_some(), flow != *was, "{command}");
    assert_eq!(flow.revision, was.revision + u64::from(event.is_some()));
    if was.cancel_requested_at.is_some() {
        assert_eq!(flow.cancel_requested_at, was.cancel_requested_at, "a cancel is sticky");
        assert!(command.starts_with("cancel") || command == "finalize" || command == "unpause");
    }
    let cancelled = flow.status == FlowStatus::Cancelled;
    assert!(!cancelled || flow.cancel_requested_at.is_some());
    assert_eq!(flow.ended_at.is_some(), flow.is_terminal());
    let is_blocked = flow.status == FlowStatus::Blocked;
    assert_eq!(flow.blocked_summary.is_some(), is_blocked);
    Some(flow)
}

#[test]
fn every_sequence_of_five_commands_keeps_the_rules() {
    fn walk(flow: &Flow, depth: usize, seen: &mut BTreeSet<String>) {
        for command in COMMANDS {
            let next = check(flow, command, run(flow, command));
            if next.is_some() {
                seen.insert(format!("{} {command}", flow.status));
            }
            if depth > 1 {
                walk(next.as_ref().unwrap_or(flow), depth - 1, seen);
            }
        }
    }
    let mut seen = BTreeSet::new();
    walk(&queued(), 5, &mut seen);
    // Eleven commands move something from each open status; `resume` does not from `running`.
    assert_eq!(seen.len(), 4 * 11 - 2);
}

#[test]
fn every_open_flow_has_a_way_to_every_end_that_it_may_have() {
    let mut open = vec![queued()];
    for depth in 0..3 {
        let next: Vec<Flow> = open
            .iter()
            .flat_map(|flow| COMMANDS.iter().filter_map(|c| check(flow, c, run(flow, c))))
            .filter(|flow| !flow.is_terminal())
            .collect();
        assert!(!next.is_empty(), "{depth}");
        open = next;
        for flow in &open {
            match flow.cancel_requested_at {
                Some(_) => assert!(run(flow, "finalize").is_ok()),
                None => assert!(run(flow, "finish").is_ok() && run(flow, "fail").is_ok()),
            }
        }
    }
}
