//! Slots: each is free again once what took it is over, however that went.

use crate::world::{World, named, scenario, until};
use clawflow_core::flow::FlowStatus;
use clawflow_engine::api::{FlowCancel, FlowCancelRequest, FlowRun, FlowRunRequest};

const GOOD: &str = "steps:\n  - { id: a, run: 'true' }\n  - { id: b, run: 'echo b' }\n";
const BAD: &str = "steps:\n  - { id: a, run: 'exit 3' }\n  - { id: b, run: 'true' }\n";
const RETRIED: &str =
    "steps:\n  - { id: a, run: 'test $CLAWFLOW_ATTEMPT = 2', retry: { max: 3, delay_ms: 5 } }\n";
const UNSTARTABLE: &str = "steps:\n  - { id: a, argv: [/nowhere/at/all] }\n";
const ASLEEP: &str = "steps:\n  - { id: a, sleep: 10ms }\n  - { id: b, run: 'true' }\n";
const WIDE: &str = "steps:
  - { id: a, run: 'true', needs: [] }
  - { id: b, run: 'true', needs: [] }
  - { id: c, run: 'true', needs: [] }
";

scenario!(two_hundred_mixed_flows_leave_every_slot_free, 6);
async fn two_hundred_mixed_flows_leave_every_slot_free(world: World) {
    let mut flows = Vec::new();
    for number in 0..200 {
        let yaml = [GOOD, BAD, RETRIED, UNSTARTABLE, ASLEEP, WIDE][number % 6];
        let flow = world.run(yaml).await;
        if number % 10 == 9 {
            let request = FlowCancelRequest {
                flow: flow.flow_id.0.clone(),
                expected_revision: None,
                reason: "test".to_owned(),
                wait_ms: 0,
            };
            // It may have ended already.
            let _ = world.call::<FlowCancel>(request).await;
        } else {
            flows.push((number % 6, flow));
        }
        if number % 5 == 0 {
            world.run_task("exit 1").await;
        }
    }
    for (kind, flow) in flows {
        let bad = kind == 1 || kind == 3;
        let wanted = if bad { FlowStatus::Failed } else { FlowStatus::Succeeded };
        assert_eq!(world.ended(&flow).await.flow.status, wanted, "kind {kind}");
    }
    world.at_rest().await;
}

scenario!(of_what_runs_an_owner_counts_its_own, 4);
async fn of_what_runs_an_owner_counts_its_own(world: World) {
    let held = "steps:\n  - { id: a, run: 'until [ -e go ]; do sleep 0.01; done' }\n";
    let mut flows = Vec::new();
    for owner in ["agent:a:main", "agent:a:main", "agent:b:main"] {
        let owner = Some(owner.to_owned());
        let request = FlowRunRequest { owner, ..world.request(held) };
        flows.push(world.call::<FlowRun>(request).await.unwrap());
    }
    let running = |owner: &str| world.engine.running_of(owner).unwrap();
    until("all run", || world.engine.running() == 3).await;
    assert_eq!((running("agent:a:main"), running("agent:b:main"), running("x")), (2, 1, 0));
    world.touch("go");
    for flow in &flows {
        world.succeeded(flow).await;
    }
    until("none runs", || running("agent:a:main") + running("agent:b:main") == 0).await;
    world.at_rest().await;
}

scenario!(a_refused_flow_takes_no_slot_and_no_memory, 2);
async fn a_refused_flow_takes_no_slot_and_no_memory(world: World) {
    let held = "steps:\n  - { id: a, run: 'until [ -e go ]; do sleep 0.01; done' }\n";
    let mut request = world.request(held);
    request.key = Some("once".to_owned());
    let flow = world.call::<FlowRun>(request.clone()).await.unwrap();
    for _ in 0..20 {
        let error = world.call::<FlowRun>(request.clone()).await.unwrap_err();
        assert_eq!(error.code, "key_conflict");
    }
    assert_eq!(world.engine.usage().slots_free, 1);
    assert_eq!(world.engine.usage().flows_at_work, 1);
    world.touch("go");
    world.succeeded(&flow).await;
    world.at_rest().await;
}

scenario!(a_flow_that_only_waits_takes_no_memory, 2);
async fn a_flow_that_only_waits_takes_no_memory(world: World) {
    let flow = world.run("steps:\n  - { id: gate, approval: 'go on?' }\n").await;
    assert!(!world.view(&flow).await.flow.is_terminal());
    world.at_rest().await;
    let missing = clawflow_core::ids::FlowId("flow_00000000000000000000000000".to_owned());
    let mut gone = named(&flow);
    gone.flow = missing.0;
    let error = world.call::<clawflow_engine::api::FlowAdopt>(gone).await.unwrap_err();
    assert_eq!(error.code, "not_found");
    until("nothing is kept", || world.engine.usage().flows_at_work == 0).await;
}
