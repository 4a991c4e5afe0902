//! Branches side by side.

use super::world::World;
use clawflow_core::drive;
use serde_json::{Value, json};

fn both(keys: &str) -> World {
    World::new(&format!(
        "steps: [{{id: p, parallel: {{{keys}branches: [{{id: a, run: x}}, {{id: b, run: y}}]}}}}, \
         {{id: z, run: z, stdin: {{all: $p.json, a: $a.json}}}}]"
    ))
}

fn stdin(w: &World, id: &str) -> Value {
    let launch = drive::launch(&w.state, &w.task(id).task_id).unwrap().unwrap();
    serde_json::from_slice(&launch.stdin.unwrap()).unwrap()
}

#[test]
fn all_branches_are_waited_for_and_found_by_their_ids() {
    let mut w = both("");
    assert_eq!(w.show(), "p=running z=pending a=starting b=starting | running");
    w.print("b", "text");
    w.print("a", "{\"n\": 1}");
    assert_eq!(stdin(&w, "z"), json!({ "all": { "a": { "n": 1 }, "b": "text" }, "a": { "n": 1 } }));
}

#[test]
fn a_branch_that_fails_fails_the_step_once_the_others_have_ended() {
    let mut w = both("");
    w.fail("a");
    assert_eq!(w.show(), "p=running z=pending a=failed b=starting | running");
    w.ok("b");
    assert_eq!(w.show(), "p=failed z=skipped a=failed b=succeeded | failed");
}

#[test]
fn the_first_to_settle_wins_and_the_others_are_stopped() {
    let mut w = both("wait: any, ");
    w.print("b", "2");
    assert_eq!(w.show(), "p=running z=pending a=starting b=succeeded | running");
    assert!(w.task("a").cancel_requested_at.is_some());
    // Too late: what it says is not recorded.
    w.print("a", "1");
    assert_eq!(w.show(), "p=succeeded z=starting a=cancelled b=succeeded | running");
    assert_eq!(stdin(&w, "z"), json!({ "all": { "b": 2 }, "a": null }));
    let mut w = both("wait: any, ");
    w.fail("a");
    w.stopped("b");
    assert_eq!(w.show(), "p=failed z=skipped a=failed b=cancelled | failed");
}

#[test]
fn a_loser_that_waits_for_a_slot_or_is_lost_is_given_up() {
    let yaml = "steps: [{id: p, parallel: {wait: any, branches: [{id: a, run: x}, \
                {id: b, run: y}, {id: c, approval: true}]}}]";
    let mut w = World::with_slots(yaml, 1);
    w.ok("a");
    assert_eq!(w.show(), "p=succeeded a=succeeded b=cancelled c=cancelled | succeeded");
    let mut w = World::new(yaml);
    w.ok("a");
    w.lose("b");
    assert_eq!(w.show(), "p=succeeded a=succeeded b=cancelled c=cancelled | succeeded");
}

#[test]
fn branches_whose_time_is_over_are_stopped() {
    let mut w = both("timeout: 1m, ");
    w.print("a", "1");
    w.wait_due("p").unwrap();
    w.stopped("b");
    assert_eq!(w.show(), "p=failed z=skipped a=succeeded b=cancelled | failed");
    let mut w = World::new(
        "steps: [{id: p, timeout_ms: 9, parallel: {timeout: 1m, branches: [{id: a, run: x}]}}]",
    );
    assert_eq!(w.state.waits.values().next().unwrap().due_at, Some(w.now + 9));
    w.ok("a");
    assert_eq!(w.show(), "p=succeeded a=succeeded | succeeded");
}

#[test]
fn a_cancel_reaches_the_branches() {
    let mut w = both("");
    w.ok("a");
    w.cancel();
    w.stopped("b");
    assert_eq!(w.show(), "p=cancelled z=cancelled a=succeeded b=cancelled | cancelled");
}
