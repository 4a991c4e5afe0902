//! What models cost, and the limit of it.

use super::world::{World, exit, new_flow};
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::drive::NewFlow;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a step prints of a model whose million tokens cost 10 dollars.
fn used(millionths: u64) -> String {
    json!({ "model": "m", "usage": { "outputTokens": millionths } }).to_string()
}

fn world(limit: &str, steps: &str, dialect: Dialect) -> World {
    let text = format!("cost_limit: {limit}\nsteps: [{steps}]");
    let definition = Definition::parse("f", text.as_bytes(), dialect).unwrap();
    let prices = r#"{"m": {"input": 0, "output": 10}}"#.to_owned();
    let env = BTreeMap::from([("LOBSTER_LLM_PRICING_JSON".to_owned(), prices)]);
    let new = new_flow("steps: [{id: a, run: x}]");
    World::make(NewFlow { definition: Arc::new(definition), env, ..new }, 1000).unwrap()
}

const THREE: &str = "{id: a, run: x}, {id: b, run: y}, {id: c, run: z}";

#[test]
fn a_flow_that_costs_too_much_stops_before_the_next_step() {
    for dialect in [Dialect::Strict, Dialect::Lobster] {
        let mut w = world("{max_usd: 1, action: stop}", THREE, dialect);
        w.print("a", &used(100_000));
        // Exactly so much is allowed.
        assert_eq!(w.show(), "a=succeeded b=starting c=pending | running");
        w.print("b", &used(1));
        assert_eq!(w.show(), "a=succeeded b=succeeded c=skipped | failed");
        let error = "Cost limit exceeded: $1.0000 > $1.00 limit";
        assert_eq!(w.state.flow.error.as_deref(), Some(error));
        assert!(w.history(Some("b")).contains(&"cost.exceeded"));
    }
}

#[test]
fn a_warning_is_only_told() {
    let mut w = world("{max_usd: 0.5}", THREE, Dialect::Lobster);
    w.print("a", &used(60_000));
    let told = w.events.iter().find(|event| event.kind == "cost.exceeded").unwrap();
    assert_eq!(told.data["message"], "Cost $0.6000 exceeds limit $0.50");
    w.ok("b");
    w.ok("c");
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
}

#[test]
fn every_item_counts_and_what_has_no_price_costs_nothing() {
    let mut w = world("{max_usd: 0.05, action: stop}", THREE, Dialect::Strict);
    let free = json!([{ "model": "x", "usage": { "outputTokens": 9e9 } }, { "usage": 3 }, 7]);
    w.print("a", &free.to_string());
    assert_eq!(w.step("b").status.as_str(), "starting");
    let told: Vec<_> = w.events.iter().filter(|event| event.kind == "cost.unpriced").collect();
    assert_eq!((told.len(), &told[0].data["models"]), (1, &json!(["x"])));
    w.print("b", &format!("[{}, {}]", used(3_000), used(3_000)));
    assert_eq!(w.show(), "a=succeeded b=succeeded c=skipped | failed");
    assert_eq!(w.step("b").result.as_ref().unwrap().usage.as_ref().unwrap().cost_usd, Some(0.06));
}

#[test]
fn a_gate_is_not_reached_and_no_policy_goes_on() {
    let steps = "{id: a, run: x, approval: true, on_error: continue}, {id: b, run: y}";
    let mut w = world("{max_usd: 0, action: stop}", steps, Dialect::Lobster);
    w.print("a", &used(1));
    assert_eq!(w.show(), "a=cancelled b=skipped | failed");
}

/// A pipeline that ends so, having asked for these answers.
fn said(status: &str, items: &str, spent: u64) -> String {
    let spent = format!(r#"[{{"key":"k","model":"m","usage":{{"outputTokens":{spent}}}}}]"#);
    match status {
        "ok" => format!(r#"{{"status":"ok","items":{items},"spent":{spent}}}"#),
        _ => format!(r#"{{"status":"failed","error":{{"message":"no"}},"spent":{spent}}}"#),
    }
}

#[test]
fn a_failed_pipeline_was_paid_for_and_is_not_tried_again_beyond_the_limit() {
    let steps = "{id: p, pipeline: llm.invoke, retry: {max: 5, delay_ms: 0}}, {id: b, run: y}";
    let mut w = world("{max_usd: 1, action: stop}", steps, Dialect::Lobster);
    w.end("p", exit(1, &said("failed", "", 60_000))).unwrap();
    assert_eq!(w.show(), "p=retrying b=pending | waiting");
    w.retry_due("p").unwrap();
    w.end("p", exit(1, &said("failed", "", 60_000))).unwrap();
    assert_eq!(w.show(), "p=failed b=skipped | failed");
    let error = "Cost limit exceeded: $1.2000 > $1.00 limit";
    assert_eq!(w.state.flow.error.as_deref(), Some(error));
    assert_eq!(w.task("p").usage.as_ref().unwrap().cost_usd, Some(0.6));
}

#[test]
fn an_answer_that_is_handed_on_is_paid_for_once() {
    let steps = "{id: p, pipeline: llm.invoke}, {id: q, pipeline: head, stdin: $p.json}, \
                 {id: r, run: cat, stdin: $p.json}, {id: z, run: z}";
    let mut w = world("{max_usd: 1, action: stop}", steps, Dialect::Lobster);
    let item = r#"{"cacheKey":"k","model":"m","usage":{"outputTokens":40000}}"#;
    w.print("p", &said("ok", &format!("[{item}]"), 40_000));
    let cost = |w: &World, id: &str| {
        w.step(id).result.as_ref().unwrap().usage.as_ref().and_then(|usage| usage.cost_usd)
    };
    assert_eq!(cost(&w, "p"), Some(0.4));
    w.print("q", &format!(r#"{{"status":"ok","items":[{item}]}}"#));
    assert_eq!(cost(&w, "q"), None);
    // What a program prints is taken for a record of a use of its own.
    w.print("r", item);
    assert_eq!(cost(&w, "r"), Some(0.4));
    assert_eq!(w.step("z").status.as_str(), "starting");
}

#[test]
fn a_limit_that_does_not_see_a_model_is_told_so() {
    let told = |w: &World| w.events.iter().filter(|event| event.kind == "cost.unpriced").count();
    let steps = "{id: p, pipeline: llm.invoke}, {id: b, run: y}";
    let other = r#"{"status":"ok","items":[],"spent":[{"model":"x","usage":{"outputTokens":4}}]}"#;
    let mut w = world("{max_usd: 1}", steps, Dialect::Lobster);
    w.print("p", other);
    assert_eq!(told(&w), 1);
    let message = "counts as free: no price is known of <missing>, x";
    w.print("b", r#"[{"usage": {}}, {"model": "x", "usage": {}}, {"model": "x", "usage": {}}]"#);
    let last = w.events.iter().rfind(|event| event.kind == "cost.unpriced").unwrap();
    assert_eq!((told(&w), &last.data["message"]), (2, &json!(message)));
    // Where nothing is limited nothing fails to hold.
    let definition = format!("steps: [{steps}]");
    let definition = Definition::parse("f", definition.as_bytes(), Dialect::Lobster).unwrap();
    let new = new_flow("steps: [{id: a, run: x}]");
    let new = NewFlow { definition: Arc::new(definition), ..new };
    let mut free = World::make(new, 1000).unwrap();
    free.print("p", other);
    assert_eq!(told(&free), 0);
}
