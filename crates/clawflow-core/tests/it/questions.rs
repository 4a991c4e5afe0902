//! Questions in the middle of a pipeline.

use super::world::{World, code, exit};
use clawflow_core::drive;
use clawflow_core::error::Code;
use serde_json::{Value, json};

const FLOW: &str = "steps: [{id: p, pipeline: 'ask | head', retry: {max: 2, delay_ms: 0}}, \
                    {id: b, run: x, stdin: $p.json}]";

/// A pipeline that asks, with this left of it.
fn asks(rest: &str) -> String {
    let schema = json!({ "type": "object", "required": ["n"] });
    let request = json!({ "prompt": "How?", "responseSchema": schema, "subject": { "text": "x" } });
    json!({ "status": "needs_input", "request": request, "resume": rest }).to_string()
}

fn stdin(w: &World) -> Value {
    let launch = drive::launch(&w.state, &w.task("p").task_id).unwrap().unwrap();
    assert_eq!(launch.command.argv, [drive::Launch::SELF, "__pipeline", "resume"]);
    serde_json::from_slice(&launch.stdin.unwrap()).unwrap()
}

#[test]
fn a_pipeline_waits_for_an_answer_and_goes_on_with_its_rest() {
    let mut w = World::new(FLOW);
    let launch = drive::launch(&w.state, &w.task("p").task_id).unwrap().unwrap();
    let words = [drive::Launch::SELF, "__pipeline", "run", "ask | head"];
    assert_eq!(launch.command.argv, words);
    w.print("p", &asks("rest"));
    assert_eq!(w.show(), "p=waiting b=pending | waiting");
    let wait = w.state.waits.values().next().unwrap().clone();
    assert_eq!((wait.kind.as_str(), wait.prompt.as_deref()), ("input", Some("How?")));
    assert_eq!(wait.preview.as_deref(), Some("x"));
    assert_eq!(code(w.respond("p", json!("no"))), Code::Invalid);
    w.respond("p", json!({ "n": 1 })).unwrap();
    assert_eq!(w.show(), "p=starting b=pending | running");
    assert_eq!(stdin(&w), json!({ "resume": "rest", "response": { "n": 1 } }));
    // It may ask once more.
    w.print("p", &asks("more"));
    w.respond("p", json!({ "n": 2 })).unwrap();
    assert_eq!(stdin(&w), json!({ "resume": "more", "response": { "n": 2 } }));
    w.print("p", r#"{"status":"ok","items":[{"a":1}]}"#);
    assert_eq!(w.show(), "p=succeeded b=starting | running");
    let result = w.step("p").result.clone().unwrap();
    assert_eq!((result.json, result.rest, result.response), (Some(json!({ "a": 1 })), None, None));
}

#[test]
fn a_failure_after_the_answer_is_tried_again_without_asking() {
    let mut w = World::new(FLOW);
    w.print("p", &asks("rest"));
    w.respond("p", json!({ "n": 1 })).unwrap();
    w.end("p", exit(1, "")).unwrap();
    // The attempt that asked does not count as one that failed.
    assert_eq!(w.show(), "p=retrying b=pending | waiting");
    w.retry_due("p").unwrap();
    assert_eq!(stdin(&w)["resume"], "rest");
    w.end("p", exit(1, "")).unwrap();
    assert_eq!(w.show(), "p=failed b=skipped | failed");
}

#[test]
fn a_lost_rest_is_in_doubt_and_keeps_its_answer() {
    let mut w = World::new(FLOW);
    w.print("p", &asks("rest"));
    w.respond("p", json!({ "n": 1 })).unwrap();
    w.lose("p");
    assert_eq!(w.show(), "p=in_doubt b=pending | blocked");
    w.settle("p", drive::Settlement::Rerun).unwrap();
    assert_eq!(stdin(&w), json!({ "resume": "rest", "response": { "n": 1 } }));
}

#[test]
fn a_question_ends_with_its_flow_and_waits_for_no_pause() {
    let mut w = World::new(FLOW);
    w.print("p", &asks("rest"));
    w.pause();
    w.respond("p", json!({ "n": 1 })).unwrap();
    assert_eq!(w.step("p").status.as_str(), "pending");
    w.unpause();
    assert_eq!(stdin(&w)["resume"], "rest");
    let mut w = World::new(FLOW);
    w.print("p", &asks("rest"));
    w.cancel();
    assert_eq!(w.show(), "p=cancelled b=cancelled | cancelled");
}

#[test]
fn inside_of_other_steps_nobody_can_be_asked() {
    let file = "steps: [{id: l, for_each: [1], steps: [{id: p, pipeline: ask}]}]";
    let mut w = World::new(file);
    let launch = drive::launch(&w.state, &w.task("l[0].p").task_id).unwrap().unwrap();
    assert!(launch.command.argv.contains(&"--unattended".to_owned()));
    w.print("l[0].p", &asks("rest"));
    assert_eq!(w.step("l[0].p").status.as_str(), "failed");
}
