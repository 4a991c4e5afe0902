//! Retry and fork: new flows that begin with what another one has recorded.

use crate::ask::{ME, ask, bound, create, done, refused};
use crate::world::{World, scenario};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_engine::api::{Api, FlowFail, FlowFork, FlowList, FlowRetry, FlowRun};
use serde_json::{Value, json};

const YAML: &str = "name: letter
args: { who: { default: ann } }
labels: { team: ops }
steps:
  - { id: a, run: 'echo a >> marks; echo data' }
  - { id: b, argv: [sh, -c, 'echo \"$0\" >> marks; test -e good', '${who}'] }
";

async fn failed(world: &World, api: &Api) -> Flow {
    let request = serde_json::to_value(world.request(YAML)).unwrap();
    let flow = done::<FlowRun>(api, request).await;
    world.until(&flow, "its failure", |v| v.flow.status == FlowStatus::Failed).await;
    flow
}

scenario!(a_retry_from_a_step_is_made_once_for_its_key, 2);
async fn a_retry_from_a_step_is_made_once_for_its_key(world: World) {
    let me = bound(&world, ME);
    let flow = failed(&world, &me).await;
    let request = json!({ "flow": flow.flow_id, "from": "b", "idempotencyKey": "k" });
    let made = done::<FlowRetry>(&me, request.clone()).await;
    assert_eq!(made.retry_of.as_ref(), Some(&flow.flow_id));
    world.until(&made, "its failure", |v| v.flow.status == FlowStatus::Failed).await;
    assert_eq!(done::<FlowRetry>(&me, request).await.flow_id, made.flow_id);
    let other = json!({ "flow": flow.flow_id, "from": "a", "idempotencyKey": "k" });
    assert_eq!(refused::<FlowRetry>(&me, other).await, "key_conflict");
    assert_eq!(world.lines("marks"), ["a", "ann", "ann"]);
    let second = done::<FlowRetry>(&me, json!({ "flow": made.flow_id, "from": "a" })).await;
    world.until(&second, "its failure", |v| v.flow.status == FlowStatus::Failed).await;
    assert_eq!(world.lines("marks"), ["a", "ann", "ann", "a", "ann"]);
}

scenario!(a_fork_has_other_arguments_and_leaves_the_old_flow_alone, 2);
async fn a_fork_has_other_arguments_and_leaves_the_old_flow_alone(world: World) {
    let me = bound(&world, ME);
    let flow = failed(&world, &me).await;
    let request =
        json!({ "flow": flow.flow_id, "from": "b", "args": { "who": "bob" }, "key": "f" });
    let fork = done::<FlowFork>(&me, request.clone()).await;
    assert_eq!((fork.fork_of.as_ref(), fork.key.as_deref()), (Some(&flow.flow_id), Some("f")));
    assert_eq!((&fork.retry_of, fork.name.as_deref()), (&None, Some("letter")));
    let view = world.until(&fork, "its failure", |v| v.flow.status == FlowStatus::Failed).await;
    assert_eq!(view.steps[0].reused_from.as_ref(), Some(&flow.flow_id));
    assert_eq!(world.lines("marks"), ["a", "ann", "bob"]);
    let slip = json!({ "flow": flow.flow_id, "from": "b", "args": { "hwo": 1 } });
    let error = ask::<FlowFork>(&me, slip).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.hint.as_deref()),
        ("invalid", Some("did you mean who?"))
    );
    for odd in [json!(""), json!("c"), json!("x".repeat(100_000)), json!("\u{0}")] {
        let request = json!({ "flow": flow.flow_id, "from": odd });
        assert_eq!(refused::<FlowFork>(&me, request).await, "invalid");
    }
}

scenario!(code_has_no_steps_to_begin_with, 1);
async fn code_has_no_steps_to_begin_with(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let from = json!({ "flow": flow.flow_id, "from": "a" });
    assert_eq!(refused::<FlowRetry>(&me, from.clone()).await, "invalid_state", "it is live");
    assert_eq!(refused::<FlowFork>(&me, from.clone()).await, "invalid");
    done::<FlowFail>(&me, json!({ "flow": flow.flow_id, "error": "no" })).await;
    assert_eq!(refused::<FlowRetry>(&me, from).await, "invalid");
    let once = json!({ "flow": flow.flow_id, "idempotencyKey": "k" });
    let first = done::<FlowRetry>(&me, once.clone()).await;
    assert_eq!(done::<FlowRetry>(&me, once).await.flow_id, first.flow_id);
}

scenario!(flows_are_listed_by_name_label_and_whether_they_were_retried, 2);
async fn flows_are_listed_by_name_label_and_whether_they_were_retried(world: World) {
    let me = bound(&world, ME);
    let flow = failed(&world, &me).await;
    let retry = done::<FlowRetry>(&me, json!({ "flow": flow.flow_id })).await;
    create(&me).await;
    let ids = async |request: Value| -> Vec<_> {
        let page = done::<FlowList>(&me, request).await;
        page.flows.into_iter().map(|line| line.flow.flow_id).collect()
    };
    let both = [retry.flow_id.clone(), flow.flow_id.clone()];
    assert_eq!(ids(json!({ "name": "letter" })).await, both);
    assert_eq!(ids(json!({ "label": ["team=ops"] })).await, both);
    assert_eq!(ids(json!({ "name": "letter", "retried": false })).await, both[..1]);
    assert_eq!(ids(json!({ "name": "letter", "retried": true })).await, both[1..]);
    assert_eq!(ids(json!({ "name": "letter", "label": ["team=dev"] })).await, []);
    for odd in ["team", "=x", ""] {
        assert_eq!(refused::<FlowList>(&me, json!({ "label": [odd] })).await, "bad_request");
    }
}
