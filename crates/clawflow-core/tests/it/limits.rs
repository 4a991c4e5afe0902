//! `queue` and `concurrency`: what the law of a flow has to do with limits.

use super::world::{World, code};
use clawflow_core::effect::Effect;
use clawflow_core::error::Code;
use clawflow_core::task::TaskStatus;

#[test]
fn a_step_in_a_queue_is_queued_whatever_is_free() {
    let mut w = World::new(
        "queue: slow\nsteps: [{id: a, run: x, queue: {name: q, priority: 7}, needs: []}, \
         {id: b, run: x, needs: []}]\nfinally: [{id: f, run: x}]",
    );
    assert_eq!(w.show(), "a=starting b=starting f=pending | running");
    let (a, b) = (w.task("a"), w.task("b"));
    assert_eq!((a.queue.as_deref(), a.priority), (Some("q"), Some(7)));
    assert_eq!((b.queue.as_deref(), b.priority), (Some("slow"), None));
    assert_eq!((a.status, b.status), (TaskStatus::Queued, TaskStatus::Queued));
    assert_eq!(w.effects, [Effect::Queued(a.task_id.clone()), Effect::Queued(b.task_id.clone())]);
    w.claim("a").unwrap();
    w.claim("b").unwrap();
    w.ok("a");
    w.ok("b");
    assert_eq!(w.task("f").queue, None);
    assert_eq!(w.task("f").status, TaskStatus::Running, "it is in no queue");
}

#[test]
fn a_further_attempt_waits_in_line_again_and_holds_no_place_before() {
    let mut w = World::new("steps: [{id: a, run: x, queue: q, retry: {max: 2}}]");
    w.claim("a").unwrap();
    w.fail("a");
    assert_eq!(w.show(), "a=retrying | waiting");
    assert!(w.state.tasks.is_empty());
    w.retry_due("a").unwrap();
    assert_eq!(w.task("a").status, TaskStatus::Queued);
    assert_eq!(w.task("a").queue.as_deref(), Some("q"));
}

#[test]
fn no_more_steps_than_the_file_says_are_at_work() {
    let mut w = World::new(
        "concurrency: 2\nsteps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: []}, \
         {id: s, sleep: 1h, needs: []}, {id: c, run: x, needs: []}, {id: d, run: x, needs: [a]}]",
    );
    assert_eq!(w.show(), "a=starting b=starting s=waiting c=pending d=pending | running");
    w.ok("b");
    assert_eq!(w.show(), "a=starting b=succeeded s=waiting c=starting d=pending | running");
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded b=succeeded s=waiting c=starting d=starting | running");
}

#[test]
fn a_further_attempt_waits_until_there_is_room() {
    let mut w = World::new(
        "concurrency: 1\nsteps: [{id: a, run: x, needs: [], retry: {max: 2}}, \
         {id: b, run: x, needs: []}]",
    );
    w.fail("a");
    assert_eq!(w.show(), "a=retrying b=starting | running");
    w.retry_due("a").unwrap();
    assert_eq!(w.show(), "a=pending b=starting | running");
    w.ok("b");
    assert_eq!(w.show(), "a=starting b=succeeded | running");
    assert_eq!(w.step("a").attempt, 2);
    w.ok("a");
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
}

#[test]
fn the_steps_of_loops_and_branches_count_too() {
    let mut w = World::new(
        "concurrency: 2\nsteps: [{id: l, needs: [], for_each: [1, 2, 3], concurrency: 3, steps: \
         [{id: i, run: x}]}, {id: p, needs: [], parallel: {branches: [{id: x, run: x}]}}]",
    );
    let all = "l=running p=running l[0].i=starting l[1].i=starting l[2].i=pending x=pending";
    assert_eq!(w.show(), format!("{all} | running"));
    for id in ["l[0].i", "l[1].i", "l[2].i", "x"] {
        w.ok(id);
    }
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
}

const KEYED: &str = "timeout: 1h\nkey: k\non_conflict: queue\n\
                     steps: [{id: a, run: x}]\nfinally: [{id: f, run: f}]";

#[test]
fn a_flow_in_line_begins_with_its_turn() {
    let mut w = World::in_line(KEYED, 9);
    assert_eq!(w.show(), "a=pending f=pending | queued");
    assert!(w.waits.is_empty() && w.tasks.is_empty() && w.effects.is_empty());
    assert!(!w.state.flow.holds_key());
    w.pause();
    w.unpause();
    assert_eq!(w.show(), "a=pending f=pending | queued", "nothing else starts it");
    assert_eq!(code(w.retry_due("a")), Code::InvalidState);
    w.now += 7_200_000;
    w.admit().unwrap();
    assert_eq!(w.show(), "a=starting f=pending | running");
    assert!(w.state.flow.holds_key());
    let alarm = w.state.waits.values().next().unwrap();
    assert_eq!(alarm.due_at, Some(w.now + 3_600_000), "its time counts from its turn on");
    assert_eq!(code(w.admit()), Code::InvalidState, "once");
    assert_eq!(w.history(None)[..2], ["flow.created", "flow.paused"]);
    assert!(w.history(None).contains(&"flow.admitted"));
}

#[test]
fn a_cancel_in_line_unwinds_nothing() {
    let mut w = World::in_line(KEYED, 9);
    w.cancel();
    assert_eq!(w.show(), "a=cancelled f=cancelled | cancelled");
    assert!(w.tasks.is_empty());
    assert_eq!(w.state.flow.in_line_since, None);
}

#[test]
fn a_flow_that_is_paused_in_line_starts_nothing_at_its_turn() {
    let mut w = World::in_line(KEYED, 9);
    w.pause();
    w.admit().unwrap();
    assert_eq!(w.show(), "a=pending f=pending | queued");
    w.unpause();
    assert_eq!(w.show(), "a=starting f=pending | running");
}
