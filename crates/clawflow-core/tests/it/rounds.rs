//! Loops and branches of Lobster files that are tried again as a whole.

use super::world::{World, new_flow};
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::drive::NewFlow;
use serde_json::json;
use std::sync::Arc;

fn lobster(steps: &str) -> World {
    let text = format!("steps: [{steps}]");
    let definition = Definition::parse("f.lobster", text.as_bytes(), Dialect::Lobster).unwrap();
    let new = new_flow("steps: [{id: a, run: x}]");
    World::make(NewFlow { definition: Arc::new(definition), ..new }, 1000).unwrap()
}

const LOOP: &str = "{id: list, run: x}, {id: l, for_each: $list.json, \
                    steps: [{id: a, run: y, stdin: $item.json}], \
                    retry: {max: 3, delay_ms: 5}}, {id: z, run: z, stdin: $l.json}";

#[test]
fn a_loop_begins_again_with_its_first_item() {
    let mut w = lobster(LOOP);
    w.print("list", "[1,2]");
    w.print("l[0].a", "10");
    w.fail("l[1].a");
    assert_eq!(w.step("l").status.as_str(), "retrying");
    w.retry_due("l").unwrap();
    assert_eq!(w.step("l[~1.0].a").status.as_str(), "starting");
    w.fail("l[~1.0].a");
    w.retry_due("l").unwrap();
    w.print("l[~2.0].a", "11");
    // After a restart the list is found again.
    w.state.items.clear();
    w.print("l[~2.1].a", "12");
    let result = w.step("l").result.as_ref().unwrap().json.clone().unwrap();
    let both = json!([{ "item": 1, "index": 0, "a": 11 }, { "item": 2, "index": 1, "a": 12 }]);
    assert_eq!((result, w.step("z").status.as_str()), (both, "starting"));
}

#[test]
fn a_loop_fails_after_its_last_round_and_its_policy_applies() {
    let mut w =
        lobster(&LOOP.replace("max: 3", "max: 2").replace("retry:", "on_error: continue, retry:"));
    w.print("list", "[1]");
    w.fail("l[0].a");
    w.retry_due("l").unwrap();
    w.fail("l[~1.0].a");
    let status = |id: &str| w.step(id).status.as_str();
    assert_eq!((status("l"), status("z")), ("failed", "starting"));
}

#[test]
fn a_round_has_the_whole_time() {
    let mut w = lobster(&LOOP.replace("retry:", "timeout_ms: 1000, retry:"));
    w.print("list", "[1]");
    w.now += 900;
    w.fail("l[0].a");
    w.retry_due("l").unwrap();
    w.now += 900;
    w.print("l[~1.0].a", "1");
    assert_eq!(w.step("l").status.as_str(), "succeeded");
    let mut w = lobster(&LOOP.replace("retry:", "timeout_ms: 1000, retry:"));
    w.print("list", "[1]");
    w.wait_due("l").unwrap();
    w.stopped("l[0].a");
    assert_eq!(w.step("l").status.as_str(), "retrying");
}

#[test]
fn between_rounds_a_flow_may_be_paused_or_cancelled() {
    let mut w = lobster(LOOP);
    w.print("list", "[1]");
    w.fail("l[0].a");
    w.pause();
    w.retry_due("l").unwrap();
    assert_eq!(w.step("l").status.as_str(), "pending");
    w.unpause();
    assert_eq!(w.step("l[~1.0].a").status.as_str(), "starting");
    let mut w = lobster(LOOP);
    w.print("list", "[1]");
    w.fail("l[0].a");
    w.cancel();
    assert_eq!(w.state.flow.status.as_str(), "cancelled");
}

#[test]
fn branches_are_tried_again_and_found_by_their_ids() {
    let mut w = lobster(
        "{id: p, parallel: {branches: [{id: one, run: x}, {id: two, run: y}]}, retry: {max: 2}}, \
         {id: z, run: z, stdin: $two.json}",
    );
    w.print("one", "1");
    w.fail("two");
    w.retry_due("p").unwrap();
    w.print("p[~1].one", "3");
    w.print("p[~1].two", "4");
    let launch = clawflow_core::drive::launch(&w.state, &w.task("z").task_id).unwrap().unwrap();
    assert_eq!(launch.stdin.unwrap(), b"4");
}
