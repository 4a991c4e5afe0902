//! What a workflow file can say, with real processes.

use crate::ask::{ME, ask, bound, done};
use crate::world::{Kind, World, scenario};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_engine::Scope;
use clawflow_engine::api::{Api, FlowAnswer, FlowRun, SignalSend};
use serde_json::{Value, json};

/// A flow of this owner.
async fn run(world: &World, api: &Api, yaml: &str) -> Flow {
    let request = serde_json::to_value(world.request(yaml)).unwrap();
    done::<FlowRun>(api, request).await
}

const PAID: &str = "steps:
  - { id: paid, wait_for: { event: paid, key: o1 } }
  - { id: b, run: 'cat >> marks', stdin: $paid.stdout }
  - { id: c, argv: [sh, -c, 'echo \"$0\" >> marks', $paid.json.sum] }
";

scenario!(an_event_is_given_while_and_before_a_flow_waits, 2);
async fn an_event_is_given_while_and_before_a_flow_waits(world: World) {
    let me = bound(&world, ME);
    let early = json!({ "name": "paid", "key": "o1", "payload": { "sum": 7 } });
    assert!(done::<SignalSend>(&me, early.clone()).await.kept);
    let first = run(&world, &me, PAID).await;
    world.succeeded(&first).await;
    let second = run(&world, &me, PAID).await;
    world.until(&second, "the wait", |v| v.flow.status == FlowStatus::Waiting).await;
    let sent =
        done::<SignalSend>(&me, json!({ "name": "paid", "key": "o1", "payload": { "sum": 8 } }));
    assert_eq!(sent.await.flows, std::slice::from_ref(&second.flow_id.0));
    world.succeeded(&second).await;
    assert_eq!(world.lines("marks"), ["7", "8"]);
    world.at_rest().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_event_is_found_after_a_restart() {
    let mut world = World::new(Kind::Sqlite, 2);
    let me = bound(&world, ME);
    let flow = run(&world, &me, "steps: [{ id: e, wait_for: { event: e } }]").await;
    world.until(&flow, "the wait", |v| v.flow.status == FlowStatus::Waiting).await;
    // As if the process had died between the wait and its look for what came before.
    let kept = clawflow_core::signal::Signal {
        signal_id: clawflow_core::ids::SignalId("sig_1".to_owned()),
        owner_key: ME.to_owned(),
        name: "e".to_owned(),
        key: None,
        flow_id: None,
        payload: Value::from(1),
        created_at: 1,
    };
    let unit = clawflow_core::unit::Unit { signals: vec![kept], ..Default::default() };
    world.engine.store().submit(unit).await.unwrap().unwrap();
    world.restart(Scope::All);
    world.succeeded(&flow).await;
}

scenario!(a_loop_runs_each_item_once_and_keeps_their_order, 4);
async fn a_loop_runs_each_item_once_and_keeps_their_order(world: World) {
    let yaml = "steps:
  - { id: list, run: \"echo '[1, 2, 3, 4, 5, 6]'\" }
  - id: l
    for_each: $list.json
    concurrency: 3
    steps:
      - { id: a, argv: [sh, -c, 'echo \"$0\" | tee -a marks', $item.json] }
      - { id: b, run: cat, stdin: $a.json }
  - { id: p, parallel: { branches: [{ id: x, run: echo 1 }, { id: y, run: echo 2 }] } }
  - { id: z, argv: [sh, -c, 'echo \"$0\" >> out', $l.json.5.b, $p.json.y] }
";
    let me = bound(&world, ME);
    let flow = run(&world, &me, yaml).await;
    let view = world.succeeded(&flow).await;
    let mut marks = world.lines("marks");
    marks.sort();
    assert_eq!(marks, ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(world.lines("out"), ["6"]);
    assert_eq!(view.steps.len(), 4 + 12 + 2);
    world.at_rest().await;
}

scenario!(an_answer_that_does_not_fit_is_refused_and_what_was_done_is_undone, 2);
async fn an_answer_that_does_not_fit_is_refused_and_what_was_done_is_undone(world: World) {
    let yaml = "steps:
  - { id: a, run: echo 7, compensate: { argv: [sh, -c, 'echo undo $0 >> marks', $a.json] } }
  - { id: i, input: { prompt: 'how many?', schema: { type: integer } } }
  - { id: b, run: exit 3, when: $i.response > 1 }
";
    let me = bound(&world, ME);
    let flow = run(&world, &me, yaml).await;
    world.until(&flow, "the question", |v| v.flow.status == FlowStatus::Waiting).await;
    let answer = |value: Value| json!({ "flow": flow.flow_id, "response": value, "by": "ann" });
    let refused = ask::<FlowAnswer>(&me, answer(json!("two"))).await.unwrap_err();
    assert!(refused.message.contains("not as it must be"), "{refused:?}");
    done::<FlowAnswer>(&me, answer(json!(2))).await;
    let view = world.ended(&flow).await;
    assert_eq!(view.flow.status, FlowStatus::Failed);
    assert_eq!(world.lines("marks"), ["undo 7"]);
    world.at_rest().await;
}
