//! Loops over items.

use super::world::{World, code, new_flow};
use clawflow_core::drive;
use clawflow_core::error::Code;
use serde_json::{Value, json};

fn loop_of(items: &Value, keys: &str) -> World {
    World::new(&format!(
        "steps: [{{id: list, stdin: {items}}}, {{id: l, for_each: $list.json{keys}}}, \
         {{id: z, run: z, stdin: $l.json}}]"
    ))
}

fn stdin(w: &World, id: &str) -> Value {
    let launch = drive::launch(&w.state, &w.task(id).task_id).unwrap().unwrap();
    serde_json::from_slice(&launch.stdin.unwrap()).unwrap()
}

const TWO: &str = ", steps: [{id: a, run: x, stdin: {i: $item.json, n: $index.json}}, \
                   {id: b, run: y, stdin: {said: $a.stdout, i: $item.json}}]";

#[test]
fn items_run_one_after_another_and_their_results_are_in_order() {
    let mut w = loop_of(&json!(["p", "q"]), TWO);
    assert_eq!(
        w.show(),
        "list=succeeded l=running z=pending l[0].a=starting l[0].b=pending | running"
    );
    assert_eq!(stdin(&w, "l[0].a"), json!({ "i": "p", "n": 0 }));
    let task = w.task("l[0].a").task_id.clone();
    let key = drive::launch(&w.state, &task).unwrap().unwrap().idempotency_key;
    assert_eq!(key, format!("{}/l[0].a", w.state.flow.flow_id));
    w.print("l[0].a", "[1]");
    assert_eq!(stdin(&w, "l[0].b"), json!({ "said": "[1]", "i": "p" }));
    w.print("l[0].b", "text");
    assert_eq!(stdin(&w, "l[1].a"), json!({ "i": "q", "n": 1 }));
    w.print("l[1].a", "2");
    // After a restart the list is found again.
    w.state.items.clear();
    assert_eq!(stdin(&w, "l[1].b"), json!({ "said": "2", "i": "q" }));
    w.ok("l[1].b");
    assert_eq!(
        stdin(&w, "z"),
        json!([
            { "item": "p", "index": 0, "a": [1], "b": "text" },
            { "item": "q", "index": 1, "a": 2, "b": "" },
        ])
    );
    w.ok("z");
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
}

#[test]
fn an_empty_list_is_done_at_once_and_what_is_no_list_fails() {
    let w = loop_of(&json!([]), TWO);
    assert_eq!(w.show(), "list=succeeded l=succeeded z=starting | running");
    assert_eq!(stdin(&w, "z"), json!([]));
    let w = loop_of(&json!({ "a": 1 }), TWO);
    assert_eq!(w.show(), "list=succeeded l=failed z=skipped | failed");
    assert_eq!(w.step("l").error.as_ref().unwrap().code, "not_a_list");
}

#[test]
fn so_many_items_are_at_work_as_the_file_says() {
    let keys = ", concurrency: 2, steps: [{id: a, run: x, stdin: $item.json}]";
    let mut w = loop_of(&json!([1, 2, 3]), keys);
    let show = "list=succeeded l=running z=pending l[0].a=starting l[1].a=starting | running";
    assert_eq!(w.show(), show);
    w.print("l[1].a", "b");
    assert_eq!(stdin(&w, "l[2].a"), json!(3));
    w.print("l[2].a", "c");
    w.print("l[0].a", "a");
    let said: Vec<Value> =
        stdin(&w, "z").as_array().unwrap().iter().map(|o| o["a"].clone()).collect();
    assert_eq!(said, ["a", "b", "c"]);
}

#[test]
fn a_failed_item_fails_the_loop_once_what_runs_has_ended() {
    let keys = ", concurrency: 2, steps: [{id: a, run: x}, {id: b, run: y}]";
    let mut w = loop_of(&json!([1, 2, 3]), keys);
    w.fail("l[0].a");
    assert_eq!(
        w.show(),
        "list=succeeded l=running z=pending l[0].a=failed l[0].b=skipped l[1].a=starting \
         l[1].b=skipped | running"
    );
    w.ok("l[1].a");
    assert_eq!(
        w.show(),
        "list=succeeded l=failed z=skipped l[0].a=failed l[0].b=skipped l[1].a=succeeded \
         l[1].b=skipped | failed"
    );
    assert!(w.step("l").error.as_ref().unwrap().message.contains("l[0].a failed: exit code 1"));
}

#[test]
fn an_inner_step_has_its_retries_its_condition_and_its_own_continue() {
    let keys = ", steps: [{id: a, run: x, retry: {max: 2}, on_error: continue}, \
                {id: b, run: y, when: $a.error}]";
    let mut w = loop_of(&json!([1, 2]), keys);
    w.fail("l[0].a");
    w.retry_due("l[0].a").unwrap();
    w.fail("l[0].a");
    w.ok("l[0].b");
    w.print("l[1].a", "7");
    let wanted = json!([
        { "item": 1, "index": 0, "a": { "error": true, "errorMessage": "exit code 1" }, "b": "" },
        { "item": 2, "index": 1, "a": 7 },
    ]);
    assert_eq!(stdin(&w, "z"), wanted);
}

#[test]
fn gates_inside_a_loop_ask_for_each_item() {
    let keys = ", concurrency: 3, steps: [{id: g, approval: {prompt: \"take $item.json?\", \
                on_deny: continue}}, {id: b, run: y, when: $g.approved}]";
    let mut w = loop_of(&json!([1, 2]), keys);
    assert_eq!(w.state.flow.status.as_str(), "waiting");
    let prompts: Vec<_> = w.waits.values().filter_map(|wait| wait.prompt.clone()).collect();
    assert_eq!(prompts, ["take 1?", "take 2?"]);
    w.answer("l[1].g", false).unwrap();
    w.answer("l[0].g", true).unwrap();
    assert_eq!(code(w.answer("l[0].g", true)), Code::InvalidState);
    w.ok("l[0].b");
    assert_eq!(w.step("l[1].b").status.as_str(), "skipped");
    assert_eq!(w.step("l").status.as_str(), "succeeded");
}

#[test]
fn batches_are_parted_by_pauses_that_last() {
    let keys = ", batch_size: 2, pause_ms: 500, steps: [{id: a, run: x}]";
    let mut w = loop_of(&json!([1, 2, 3]), keys);
    w.ok("l[0].a");
    w.ok("l[1].a");
    assert_eq!(w.state.flow.status.as_str(), "waiting");
    let wait = w.state.waits.values().next().unwrap();
    assert_eq!((wait.due_at, wait.target.as_deref()), (Some(w.now + 500), Some("pause")));
    w.wait_due("l").unwrap();
    w.ok("l[2].a");
    assert!(w.state.waits.is_empty());
    assert_eq!(w.step("l").status.as_str(), "succeeded");
}

#[test]
fn a_loop_whose_time_is_over_stops_what_runs() {
    let mut w = loop_of(&json!([1, 2]), ", timeout: 1m, steps: [{id: a, run: x}, {id: b, run: x}]");
    w.wait_due("l").unwrap();
    assert!(w.task("l[0].a").cancel_requested_at.is_some());
    assert_eq!(w.step("l").status.as_str(), "running");
    w.stopped("l[0].a");
    let show = "list=succeeded l=failed z=skipped l[0].a=cancelled l[0].b=skipped | failed";
    assert_eq!(w.show(), show);
    assert_eq!(w.step("l").error.as_ref().unwrap().code, "timed_out");
}

#[test]
fn a_cancel_and_a_pause_reach_inside() {
    let mut w = loop_of(&json!([1, 2]), TWO);
    w.pause();
    w.ok("l[0].a");
    assert_eq!(w.step("l[0].b").status.as_str(), "pending");
    w.unpause();
    assert_eq!(w.step("l[0].b").status.as_str(), "starting");
    w.cancel();
    w.stopped("l[0].b");
    let show =
        "list=succeeded l=cancelled z=cancelled l[0].a=succeeded l[0].b=cancelled | cancelled";
    assert_eq!(w.show(), show);
}

#[test]
fn a_loop_in_a_lobster_file_ignores_what_lobster_ignores() {
    let text = "steps:\n- {id: list, run: x}\n- {id: l, for_each: $list.json, item_var: it, steps: \
                [{id: a, run: echo $it.json, retry: {max: 5}, on_error: continue}]}\n";
    let mut new = new_flow("steps: [{id: a, run: x}]");
    let parsed = clawflow_core::definition::Definition::parse(
        "t.lobster",
        text.as_bytes(),
        clawflow_core::definition::Dialect::Lobster,
    );
    new.definition = std::sync::Arc::new(parsed.unwrap());
    let mut w = World::make(new, 9).unwrap();
    w.print("list", "[\"p\"]");
    let launch = drive::launch(&w.state, &w.task("l[0].a").task_id).unwrap().unwrap();
    assert_eq!(launch.command.argv[2], "echo p");
    w.fail("l[0].a");
    assert_eq!(w.show(), "list=succeeded l=failed l[0].a=failed | failed");
}
