//! What a retry or a fork takes over, and what it runs anew.

use super::create::{again, reusing};
use super::world::{World, code};
use clawflow_core::drive::{self, Settlement};
use clawflow_core::error::{Code, Refusal};
use clawflow_core::ids::FlowId;
use serde_json::json;

fn from(yaml: &str, old: &World, step: &str) -> Result<World, Refusal> {
    World::make(reusing(yaml, old, Some(step)), 100)
}

fn fork(yaml: &str, old: &World, step: &str) -> World {
    let mut new = reusing(yaml, old, Some(step));
    if let Some(reuse) = &mut new.reuse {
        reuse.fork = true;
    }
    World::make(new, 100).unwrap()
}

fn refusal(yaml: &str, old: &World, step: &str) -> String {
    from(yaml, old, step).err().expect("a refusal").message
}

#[test]
fn from_a_step_on_what_failed_before_it_stays_as_it_ended() {
    let yaml = "steps: [{id: a, run: x, on_error: continue}, \
                {id: b, run: x, on_error: {fallback: f}}, {id: f, run: x}, \
                {id: c, run: x, stdin: $b.stdout, when: $a.error}, {id: d, run: x}]";
    let mut w = World::new(yaml);
    w.fail("a");
    w.fail("b");
    w.print("f", "instead");
    w.ok("c");
    w.fail("d");
    let retry = again(yaml, &w);
    assert_eq!(retry.show(), "a=starting b=pending f=pending c=pending d=pending | running");
    let retry = from(yaml, &w, "c").unwrap();
    assert_eq!(retry.show(), "a=failed b=failed f=succeeded c=starting d=pending | running");
    let launch = drive::launch(&retry.state, &retry.task("c").task_id).unwrap().unwrap();
    assert_eq!(launch.stdin.unwrap(), b"instead");
    let mut retry = from(yaml, &w, "d").unwrap();
    assert_eq!(retry.show(), "a=failed b=failed f=succeeded c=succeeded d=starting | running");
    retry.ok("d");
    assert_eq!(retry.state.flow.status.as_str(), "succeeded");
}

#[test]
fn a_gate_before_the_step_keeps_its_answer_and_one_after_it_asks_again() {
    let yaml = "steps: [{id: g, approval: {prompt: \"go?\", on_deny: continue}}, \
                {id: a, run: x, stdin: $g.approved}, {id: h, approval: {prompt: \"send?\"}}, \
                {id: b, run: x}]";
    let mut w = World::new(yaml);
    w.answer("g", false).unwrap();
    w.ok("a");
    w.answer("h", true).unwrap();
    w.fail("b");
    let retry = from(yaml, &w, "a").unwrap();
    assert_eq!(retry.show(), "g=succeeded a=starting h=pending b=pending | running");
    let launch = drive::launch(&retry.state, &retry.task("a").task_id).unwrap().unwrap();
    assert_eq!(launch.stdin.unwrap(), b"false");
    let retry = from(yaml, &w, "h").unwrap();
    assert_eq!(retry.show(), "g=succeeded a=succeeded h=waiting b=pending | waiting");
    assert_eq!(retry.state.waits.len(), 1);
    let retry = from(yaml, &w, "b").unwrap();
    assert_eq!(retry.step("h").result.as_ref().unwrap().approved_by.as_deref(), Some("ann"));
}

const GRAPH: &str = "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: [a]}, \
    {id: c, run: x, needs: [a]}, {id: d, run: x, needs: [b, c]}, {id: e, run: x, needs: []}]";

#[test]
fn in_a_graph_only_what_stands_on_the_step_runs_anew() {
    let mut w = World::new(GRAPH);
    for step in ["a", "b", "c", "e"] {
        w.ok(step);
    }
    w.fail("d");
    let retry = from(GRAPH, &w, "b").unwrap();
    let show = "a=succeeded b=starting c=succeeded d=pending e=succeeded | running";
    assert_eq!(retry.show(), show);
    // What is beside the step and has no result begins as well.
    let mut w = World::new(GRAPH);
    w.ok("a");
    w.ok("b");
    w.fail("e");
    w.ok("c");
    let retry = from(GRAPH, &w, "b").unwrap();
    let show = "a=succeeded b=starting c=succeeded d=pending e=starting | running";
    assert_eq!(retry.show(), show);
}

#[test]
fn a_step_that_was_never_reached_is_refused() {
    let mut w = World::new(GRAPH);
    w.ok("a");
    w.fail("b");
    w.ok("c");
    w.ok("e");
    assert_eq!(code(from(GRAPH, &w, "d")), Code::InvalidState);
    assert_eq!(
        refusal(GRAPH, &w, "d"),
        "cannot run from d: b, which it stands on, has no result to keep"
    );
    // It did not run, but all that it needs is there.
    let yaml = "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: []}, \
                {id: c, run: x, needs: [a]}]";
    let mut w = World::new(yaml);
    w.fail("b");
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded b=failed c=skipped | failed");
    let retry = from(yaml, &w, "c").unwrap();
    assert_eq!(retry.show(), "a=succeeded b=starting c=starting | running");
}

#[test]
fn what_was_undone_is_no_result_to_keep() {
    let yaml = "steps: [{id: a, run: x, compensate: {run: u}}, {id: b, run: x}, {id: c, run: x}]";
    let mut w = World::new(yaml);
    w.ok("a");
    w.ok("b");
    w.fail("c");
    w.ok("a.compensate");
    assert_eq!(again(yaml, &w).show(), "a=starting b=pending c=pending | running");
    assert_eq!(refusal(yaml, &w, "c"), "cannot run from c: a, which it stands on, was undone");
    assert_eq!(from(yaml, &w, "a").unwrap().show(), "a=starting b=pending c=pending | running");
}

#[test]
fn names_that_are_no_step_to_run_from_are_refused_with_advice() {
    let yaml = "steps: [{id: gather, run: x, on_error: {fallback: cache}}, {id: cache, run: x}, \
                {id: l, for_each: [1], steps: [{id: one, run: x}]}]\nfinally: [{id: tidy, run: x}]";
    let mut w = World::new(yaml);
    w.ok("gather");
    w.fail("l[0].one");
    w.ok("tidy");
    for (name, why) in [
        ("gahter", "the flow has no step gahter to run from: did you mean gather?"),
        ("nothing", "the flow has no step nothing to run from"),
        ("", "the flow has no step  to run from"),
        ("cache", "cache only stands in for gather: run from gather"),
        ("one", "one is inside of l: run from l"),
        ("l[0].one", "l[0].one is inside of l: run from l"),
        ("tidy", "tidy runs at every end: a flow does not run from it"),
    ] {
        assert_eq!(refusal(yaml, &w, name), why);
        assert_eq!(code(from(yaml, &w, name)), Code::Invalid);
    }
    assert!(refusal(yaml, &w, &"x".repeat(1_000_000)).len() < 200);
}

#[test]
fn retries_of_retries_go_on_under_the_first_keys() {
    let yaml = "steps: [{id: a, run: x}, {id: b, run: x}, {id: c, run: x}]";
    let mut w = World::new(yaml);
    w.state.flow.flow_id = FlowId("flow_first".to_owned());
    w.ok("a");
    w.fail("b");
    let root = w.state.spec.key_root.clone();
    let mut second = again(yaml, &w);
    second.state.flow.flow_id = FlowId("flow_second".to_owned());
    second.ok("b");
    second.fail("c");
    let third = again(yaml, &second);
    assert_eq!(third.show(), "a=succeeded b=succeeded c=starting | running");
    let first = |step: &str| third.step(step).reused_from.as_ref().map(FlowId::as_str);
    assert_eq!((first("a"), first("b")), (Some("flow_first"), Some("flow_second")));
    assert_eq!(third.state.flow.retry_of.as_ref().unwrap().as_str(), "flow_second");
    let launch = drive::launch(&third.state, &third.task("c").task_id).unwrap().unwrap();
    assert_eq!(launch.idempotency_key, format!("{root}/c"));
}

const LOOP: &str = "steps: [{id: list, run: x}, \
    {id: l, for_each: $list.json, concurrency: 2, steps: \
    [{id: a, run: x, stdin: $item.json}, {id: b, run: y, stdin: $a.json}]}, \
    {id: z, run: z, stdin: $l.json}]";

/// Of five items two are done, of the third the first step; the fourth never began.
fn failed_loop() -> World {
    let mut w = World::new(LOOP);
    w.print("list", "[\"p\", \"q\", \"r\", \"s\", \"t\"]");
    for step in ["l[0].a", "l[0].b", "l[1].a", "l[1].b", "l[2].a"] {
        w.print(step, "1");
    }
    w.fail("l[2].b");
    w.print("l[3].a", "1");
    assert_eq!(w.state.flow.status.as_str(), "failed");
    w
}

#[test]
fn a_loop_that_failed_goes_on_with_the_items_that_were_done() {
    let w = failed_loop();
    let mut retry = again(LOOP, &w);
    assert_eq!(
        retry.show(),
        "list=succeeded l=running z=pending l[0].a=succeeded l[0].b=succeeded l[1].a=succeeded \
         l[1].b=succeeded l[2].a=succeeded l[2].b=starting l[3].a=succeeded l[3].b=starting | \
         running"
    );
    assert_eq!(retry.step("l[0].b").reused_from.as_ref(), Some(&w.state.flow.flow_id));
    assert_eq!(retry.step("l[2].b").reused_from, None);
    retry.print("l[3].b", "\"late\"");
    retry.print("l[2].b", "2");
    retry.ok("l[4].a");
    retry.ok("l[4].b");
    let launch = drive::launch(&retry.state, &retry.task("z").task_id).unwrap().unwrap();
    let said: serde_json::Value = serde_json::from_slice(&launch.stdin.unwrap()).unwrap();
    assert_eq!(said[0], json!({ "item": "p", "index": 0, "a": 1, "b": 1 }));
    assert_eq!(said[3]["b"], "late");
    assert_eq!(said.as_array().unwrap().len(), 5);
}

#[test]
fn from_the_loop_on_all_of_it_runs_anew() {
    let w = failed_loop();
    let retry = from(LOOP, &w, "l").unwrap();
    let show = "list=succeeded l=running z=pending l[0].a=starting l[0].b=pending \
                l[1].a=starting l[1].b=pending | running";
    assert_eq!(retry.show(), show);
    // Before the list is there again, nothing is known of its items.
    let fork = fork(LOOP, &w, "list");
    assert_eq!(fork.show(), "list=starting l=pending z=pending | running");
}

#[test]
fn a_loop_over_other_items_takes_nothing_up() {
    let yaml = "args: {n: {default: [1, 2]}}\nsteps: [{id: s, run: x, needs: []}, \
                {id: l, needs: [], for_each: \"${n}\", steps: [{id: a, run: x}]}]";
    let mut w = World::new(yaml);
    w.ok("s");
    w.ok("l[0].a");
    w.fail("l[1].a");
    let same = fork(yaml, &w, "s");
    assert_eq!(same.show(), "s=starting l=running l[0].a=succeeded l[1].a=starting | running");
    let mut new = reusing(yaml, &w, Some("s"));
    new.args.insert("n".to_owned(), json!([1, 3]));
    if let Some(reuse) = &mut new.reuse {
        reuse.fork = true;
    }
    let other = World::make(new, 9).unwrap();
    assert_eq!(other.show(), "s=starting l=running l[0].a=starting | running");
}

#[test]
fn items_that_are_to_be_done_again_keep_to_the_concurrency() {
    let yaml = "steps: [{id: l, for_each: [1, 2, 3, 4], concurrency: 2, steps: \
                [{id: a, run: x, on_error: continue}, {id: b, run: y}]}]";
    let mut w = World::new(yaml);
    for item in 0..3 {
        w.fail(&format!("l[{item}].a"));
        w.ok(&format!("l[{item}].b"));
    }
    w.ok("l[3].a");
    w.fail("l[3].b");
    let mut retry = again(yaml, &w);
    let started = |w: &World| w.tasks.values().filter(|task| !task.status.is_terminal()).count();
    assert_eq!(started(&retry), 2, "{}", retry.show());
    for item in 0..3 {
        retry.ok(&format!("l[{item}].a"));
        assert!(started(&retry) <= 2, "{}", retry.show());
        retry.ok(&format!("l[{item}].b"));
    }
    retry.ok("l[3].b");
    assert_eq!(retry.state.flow.status.as_str(), "succeeded", "{}", retry.show());
}

#[test]
fn branches_that_were_done_are_kept_but_not_those_of_a_race() {
    let yaml = |wait: &str| {
        format!(
            "steps: [{{id: p, parallel: {{wait: {wait}, branches: \
                 [{{id: a, run: x}}, {{id: b, run: x}}]}}}}]"
        )
    };
    let all = yaml("all");
    let mut w = World::new(&all);
    w.print("a", "1");
    w.fail("b");
    let mut retry = again(&all, &w);
    assert_eq!(retry.show(), "p=running a=succeeded b=starting | running");
    retry.print("b", "2");
    assert_eq!(retry.step("p").result.as_ref().unwrap().json, Some(json!({ "a": 1, "b": 2 })));
    let any = yaml("any");
    let mut w = World::new(&any);
    w.fail("a");
    w.ok("b");
    let retry = again(&any, &w);
    assert_eq!(retry.show(), "p=running a=starting b=starting | running");
}

#[test]
fn a_flow_is_forked_as_it_stands() {
    let mut w = World::new(GRAPH);
    w.ok("a");
    w.ok("b");
    let fork = fork(GRAPH, &w, "b");
    let show = "a=succeeded b=starting c=starting d=pending e=starting | running";
    assert_eq!(fork.show(), show);
    assert_eq!(w.state.flow.status.as_str(), "running", "and goes on itself");
    assert_eq!(
        refusal(GRAPH, &w, "d"),
        "cannot run from d: c, which it stands on, has no result to keep"
    );
}

#[test]
fn a_step_that_somebody_skipped_stays_skipped_before_the_step() {
    let yaml = "steps: [{id: a, run: x}, {id: b, run: x}]";
    let mut w = World::new(yaml);
    w.lose("a");
    w.settle("a", Settlement::Skip).unwrap();
    w.fail("b");
    assert_eq!(from(yaml, &w, "b").unwrap().show(), "a=skipped b=starting | running");
}
