//! Steps that run child flows.

use super::world::{World, code, left, new_flow};
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::drive::{self, NewFlow, Outcome};
use clawflow_core::effect::Effect;
use clawflow_core::error::Code;
use clawflow_core::step::StepResult;
use clawflow_core::wait::{WaitKind, WaitState};
use serde_json::{Value, json};
use std::sync::Arc;

const ONE: &str = "steps: [{id: a, run: x}, {id: c, flow: {file: sub/c.yaml, args: \
                   {n: $a.json.n, all: [$a.json, \"t $a.stdout\"]}}, cwd: d, env: {E: e$a.exit}}, \
                   {id: b, run: y, stdin: $c.json}]";

fn cancelled() -> Outcome {
    Outcome::Cancelled("its parent".to_owned())
}

/// The one child that the last decision wants made or cancelled.
fn wanted(world: &World) -> (bool, bool) {
    let found: Vec<_> =
        world.effects.iter().filter(|e| matches!(e, Effect::Child { .. })).collect();
    let [Effect::Child { wait_id, again }] = found.as_slice() else { panic!("{found:?}") };
    (world.waits[wait_id].cancel_requested_at.is_some(), *again)
}

fn wants_nothing(world: &World) -> bool {
    !world.effects.iter().any(|effect| matches!(effect, Effect::Child { .. }))
}

#[test]
fn a_step_waits_for_a_flow_of_its_own() {
    let mut world = World::new(ONE);
    world.print("a", r#"{"n": 7}"#);
    assert_eq!(world.show(), "a=succeeded c=waiting b=pending | waiting");
    assert_eq!(wanted(&world), (false, false));
    let wait = world.state.waits.values().next().unwrap().clone();
    assert_eq!(wait.kind, WaitKind::Flow);
    assert_eq!(wait.target, world.step("c").child_flow_id.clone().map(|id| id.0));
    let launch = drive::child(&world.state, &wait.wait_id).unwrap().unwrap();
    assert_eq!(Some(&launch.flow_id), world.step("c").child_flow_id.as_ref());
    assert_eq!(
        (launch.path.as_str(), launch.cwd.rsplit('/').next().unwrap()),
        ("/flows/sub/c.yaml", "d")
    );
    let args = json!({ "n": 7, "all": [{ "n": 7 }, "t {\"n\": 7}"] });
    assert_eq!(Value::Object(launch.args), args);
    assert_eq!(launch.env["E"], "e0");
    assert_eq!(launch.above, ["/flows/test.flow.yaml"]);
    world.child_ends("c", left(json!({ "found": 1 }))).unwrap();
    assert_eq!(world.show(), "a=succeeded c=succeeded b=starting | running");
    assert_eq!(world.waits[&wait.wait_id].state, WaitState::Resolved);
    let again = world.child_ends("c", Outcome::Failed("late".to_owned()));
    assert_eq!(code(again), Code::InvalidState, "an end is told once");
    world.ok("b");
    assert_eq!(world.state.flow.status.as_str(), "succeeded");
    assert_eq!(
        world.history(Some("c")),
        ["step.started", "wait.opened", "wait.resolved", "step.ended"]
    );
}

#[test]
fn a_child_that_fails_is_tried_again_as_another_flow() {
    let mut world = World::new("steps: [{id: c, flow: {file: c.yaml}, retry: {max: 2}}]");
    let first = world.step("c").child_flow_id.clone();
    world.child_ends("c", Outcome::Failed("disk".to_owned())).unwrap();
    assert_eq!(world.show(), "c=retrying | waiting");
    world.retry_due("c").unwrap();
    assert_ne!(world.step("c").child_flow_id, first);
    assert_eq!((world.step("c").attempt, wanted(&world)), (2, (false, false)));
    world.child_ends("c", Outcome::Failed("disk".to_owned())).unwrap();
    assert_eq!(world.state.flow.status.as_str(), "failed");
    let error = world.state.flow.error.clone().unwrap();
    assert!(
        error.starts_with("step c failed: flow_") && error.ends_with("failed: disk"),
        "{error}"
    );
}

#[test]
fn a_child_that_somebody_cancels_is_not_tried_again() {
    let mut world = World::new(
        "steps: [{id: c, flow: {file: c.yaml}, retry: {max: 3}, on_error: {fallback: f}}, \
         {id: f, flow: {file: d.yaml}}]",
    );
    world.child_ends("c", cancelled()).unwrap();
    assert_eq!(world.show(), "c=failed f=waiting | waiting");
    assert_eq!(world.step("c").error.as_ref().unwrap().code, "cancelled");
    world.child_ends("f", left(json!(1))).unwrap();
    assert_eq!(world.state.flow.status.as_str(), "succeeded");
}

#[test]
fn a_cancel_waits_for_the_childrens_ends() {
    let mut world = World::new(
        "steps: [{id: c, flow: {file: c.yaml}, needs: []}, {id: d, flow: {file: d.yaml}, \
         needs: []}, {id: e, run: x, needs: [c, d]}]\nfinally: [{id: f, run: f}]",
    );
    world.cancel();
    assert_eq!(world.show(), "c=waiting d=waiting e=cancelled f=pending | waiting");
    assert!(world.state.waits.values().all(|wait| wait.cancel_requested_at.is_some()));
    assert_eq!(world.effects.iter().filter(|e| matches!(e, Effect::Child { .. })).count(), 2);
    world.child_ends("c", cancelled()).unwrap();
    world.cancel();
    assert_eq!(wanted(&world), (true, true), "a further cancel reaches the child as well");
    world.child_ends("d", left(json!(1))).unwrap();
    assert_eq!(world.show(), "c=cancelled d=succeeded e=cancelled f=starting | running");
    world.ok("f");
    assert_eq!(world.state.flow.status.as_str(), "cancelled");
}

#[test]
fn a_child_that_takes_too_long_is_cancelled_and_its_end_is_awaited() {
    let mut world =
        World::new("steps: [{id: c, flow: {file: c.yaml}, timeout: 1h, retry: {max: 2}}]");
    world.wait_due("c").unwrap();
    assert_eq!(world.show(), "c=waiting | waiting");
    assert_eq!(wanted(&world), (true, false));
    world.child_ends("c", cancelled()).unwrap();
    assert_eq!(world.show(), "c=retrying | waiting", "a timeout is tried again");
    world.retry_due("c").unwrap();
    world.wait_due("c").unwrap();
    world.child_ends("c", left(json!(1))).unwrap();
    assert_eq!(world.show(), "c=succeeded | succeeded", "it was faster");
}

#[test]
fn the_failure_of_another_step_lets_a_child_come_to_its_end() {
    let mut world =
        World::new("steps: [{id: c, flow: {file: c.yaml}, needs: []}, {id: a, run: x, needs: []}]");
    world.fail("a");
    assert_eq!(world.show(), "c=waiting a=failed | waiting");
    assert!(wants_nothing(&world));
    world.child_ends("c", left(json!(1))).unwrap();
    assert_eq!(world.show(), "c=succeeded a=failed | failed");
}

#[test]
fn the_time_of_the_flow_ends_its_children() {
    let mut world = World::new("timeout: 1h\nsteps: [{id: c, flow: {file: c.yaml}}]");
    world.deadline().unwrap();
    assert_eq!((world.show().as_str(), wanted(&world)), ("c=waiting | waiting", (true, false)));
    world.child_ends("c", cancelled()).unwrap();
    assert_eq!(world.show(), "c=cancelled | failed");
}

#[test]
fn a_pause_holds_back_the_next_child_only() {
    let mut world = World::new(
        "steps: [{id: c, flow: {file: c.yaml}, retry: {max: 2, delay_ms: 0}}, \
         {id: d, flow: {file: d.yaml}}]",
    );
    world.pause();
    assert!(wants_nothing(&world), "the child goes on");
    world.child_ends("c", Outcome::Failed("no".to_owned())).unwrap();
    world.retry_due("c").unwrap();
    assert_eq!(world.show(), "c=pending d=pending | waiting");
    world.unpause();
    assert_eq!((world.step("c").attempt, wanted(&world)), (2, (false, false)));
    world.child_ends("c", left(json!(1))).unwrap();
    assert_eq!(world.show(), "c=succeeded d=waiting | waiting");
}

#[test]
fn a_race_that_is_decided_ends_the_child_that_lost() {
    let mut world = World::new(
        "steps: [{id: p, parallel: {wait: any, branches: [{id: c, flow: {file: c.yaml}}, \
         {id: a, run: x}]}}]",
    );
    world.print("a", "1");
    assert_eq!(wanted(&world), (true, false));
    assert_eq!(world.show(), "p=running c=waiting a=succeeded | waiting");
    world.child_ends("c", left(json!(2))).unwrap();
    assert_eq!(world.show(), "p=succeeded c=cancelled a=succeeded | succeeded");
}

#[test]
fn each_item_has_a_child_and_the_results_are_in_order() {
    let mut world = World::new(
        "steps: [{id: l, for_each: [5, 6], concurrency: 2, steps: \
         [{id: c, flow: {file: c.yaml, args: {n: $item.json}}}]}, {id: b, run: x, stdin: $l.json}]",
    );
    let launches = world.state.waits.keys().map(|id| drive::child(&world.state, id));
    let args: Vec<Value> = launches.map(|one| one.unwrap().unwrap().args["n"].clone()).collect();
    assert_eq!(args, [json!(5), json!(6)]);
    world.child_ends("l[1].c", left(json!("second"))).unwrap();
    world.child_ends("l[0].c", left(json!("first"))).unwrap();
    let result = world.step("l").result.clone().unwrap().json.unwrap();
    let both =
        json!([{ "item": 5, "index": 0, "c": "first" }, { "item": 6, "index": 1, "c": "second" }]);
    assert_eq!(result, both);
}

#[test]
fn a_reference_without_a_value_makes_no_child() {
    let mut world = World::new("steps: [{id: c, flow: {file: c.yaml}}]");
    world.child_ends("c", Outcome::Unmade("workflow file not found: /x".to_owned())).unwrap();
    assert_eq!(world.show(), "c=failed | failed");
    assert_eq!(world.step("c").child_flow_id, None);
    assert_eq!(
        world.state.flow.error.as_deref(),
        Some("step c failed: workflow file not found: /x")
    );
}

#[test]
fn lobster_takes_over_what_came_out() {
    let file =
        "steps: [{id: c, workflow: c.lobster, workflow_args: {a: $x.json, b: [1, $x.json]}}]";
    let parsed = Definition::parse("t.lobster", file.as_bytes(), Dialect::Lobster).unwrap();
    let new = || NewFlow { definition: Arc::new(parsed.clone()), ..new_flow(ONE) };
    let text = |text: &str| StepResult { stdout: Some(text.into()), ..StepResult::default() };
    let value = |value: Value| StepResult { json: Some(value), ..StepResult::default() };
    for (left, json, stdout) in [
        (text("plain text\n"), json!("plain text\n"), "plain text\n"),
        (text("{\"a\": 1}\n"), json!({ "a": 1 }), "{\"a\":1}"),
        (text("[7]"), json!(7), "7"),
        (value(json!([1, 2])), json!([1, 2]), "[1,2]"),
        (text(""), json!([]), ""),
        (StepResult::default(), json!([]), ""),
    ] {
        let mut world = World::make(new(), 9).unwrap();
        let wait = world.state.waits.keys().next().unwrap();
        let launch = drive::child(&world.state, wait).unwrap().unwrap();
        assert_eq!(Value::Object(launch.args), json!({ "a": "$x.json", "b": [1, "$x.json"] }));
        world.child_ends("c", Outcome::Succeeded(Box::new(left))).unwrap();
        let result = world.step("c").result.clone().unwrap();
        assert_eq!((result.json, result.stdout.as_deref()), (Some(json), Some(stdout)));
    }
}

#[test]
fn the_outcome_is_the_last_result_or_the_reason() {
    let mut world = World::new("steps: [{id: a, run: x}, {id: b, run: y, when: $a.json.go}]");
    world.print("a", r#"{"sum": 3}"#);
    let Outcome::Succeeded(left) = drive::outcome_of(&world.state) else { panic!() };
    assert_eq!(left.stdout.as_deref(), Some(r#"{"sum": 3}"#), "what was skipped left nothing");
    let mut world = World::new("steps: [{id: a, run: x}]");
    world.fail("a");
    let why = "step a failed: exit code 1".to_owned();
    assert_eq!(drive::outcome_of(&world.state), Outcome::Failed(why));
    let mut world = World::new("steps: [{id: a, approval: true}]");
    world.cancel();
    assert_eq!(drive::outcome_of(&world.state), Outcome::Cancelled("enough".to_owned()));
}

#[test]
fn a_cancel_by_the_parent_counts_once() {
    let mut world = World::new("steps: [{id: a, run: x}]\nfinally: [{id: f, run: f}]");
    world.act(|s, ctx| drive::cancel_child(s, ctx, "parent", false)).unwrap();
    world.stopped("a");
    let second = world.act(|s, ctx| drive::cancel_child(s, ctx, "parent", false));
    assert_eq!(code(second), Code::CancelRequested, "its unwinding goes on");
    assert_eq!(world.show(), "a=cancelled f=starting | running");
    world.act(|s, ctx| drive::cancel_child(s, ctx, "parent", true)).unwrap();
    world.stopped("f");
    let over = world.act(|s, ctx| drive::cancel_child(s, ctx, "parent", false));
    assert_eq!(code(over), Code::Terminal);
}
