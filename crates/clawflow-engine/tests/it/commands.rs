//! Many commands at once.

use crate::world::{World, named, scenario};
use clawflow_core::flow::FlowStatus;
use clawflow_engine::api::{
    Call, FlowAnswer, FlowAnswerRequest, FlowPause, FlowPauseRequest, FlowPurge, FlowPurgeRequest,
    FlowUnpause,
};

scenario!(fifty_commands_at_once_on_one_flow, 4);
async fn fifty_commands_at_once_on_one_flow(world: World) {
    let yaml = "steps:
  - { id: work, run: 'for i in 1 2 3 4 5 6 7 8; do echo \"::progress:: $i\"; sleep 0.05; done', needs: [] }
  - { id: gate, approval: 'go on?', needs: [] }
  - { id: last, run: 'echo end', needs: [work, gate] }
";
    let flow = world.run(yaml).await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (api, flow) = (world.api.clone(), named(&flow).flow);
        calls.spawn(async move {
            let reason = "test".to_owned();
            let pause = FlowPauseRequest { flow: flow.clone(), expected_revision: None, reason };
            let answer = FlowAnswerRequest {
                flow,
                step: None,
                wait_id: None,
                approve: Some(true),
                response: None,
                by: format!("person {number}"),
                shown_hash: None,
            };
            match number % 3 {
                0 => FlowPause::run(&api, pause).await.is_ok(),
                1 => FlowUnpause::run(&api, pause).await.is_ok(),
                _ => FlowAnswer::run(&api, answer).await.is_ok_and(|answer| answer.applied),
            }
        });
    }
    let done: Vec<bool> = calls.join_all().await;
    assert!(done.iter().any(|done| *done));
    let view = world.view(&flow).await;
    let answers = view.waits.iter().filter(|wait| wait.answered_by.is_some()).count();
    assert_eq!(answers, 1, "an answer is single-use");
    if view.flow.paused_at.is_some() {
        let reason = "test".to_owned();
        let go = FlowPauseRequest { flow: named(&flow).flow, expected_revision: None, reason };
        world.call::<FlowUnpause>(go).await.unwrap();
    }
    let view = world.succeeded(&flow).await;
    let work = view.tasks.iter().find(|task| task.step_id.as_deref() == Some("work")).unwrap();
    assert_eq!(work.progress_summary.as_deref(), Some("8"), "the last line stays");
    world.at_rest().await;
}

scenario!(ended_flows_are_purged_with_their_logs, 8);
async fn ended_flows_are_purged_with_their_logs(world: World) {
    let live = world.run("steps:\n  - { id: gate, approval: 'go?' }\n").await;
    let mut flows = Vec::new();
    for _ in 0..70 {
        flows.push(world.run("steps:\n  - { id: a, run: 'echo a' }\n").await);
    }
    for flow in &flows {
        world.succeeded(flow).await;
    }
    let all = FlowPurgeRequest {
        flow: None,
        ended_before: None,
        status: vec![FlowStatus::Succeeded],
        dry_run: true,
    };
    assert_eq!(world.call::<FlowPurge>(all.clone()).await.unwrap().flows.len(), 70);
    let purge = FlowPurgeRequest { dry_run: false, ..all };
    assert_eq!(world.call::<FlowPurge>(purge.clone()).await.unwrap().flows.len(), 70);
    assert!(world.call::<FlowPurge>(purge).await.unwrap().flows.is_empty());
    assert!(!world.view(&live).await.flow.is_terminal());
    world.at_rest().await;
}

scenario!(an_answer_says_who_gave_it, 2);
async fn an_answer_says_who_gave_it(world: World) {
    let flow = world.run("steps:\n  - { id: gate, approval: 'go?' }\n").await;
    let mut answer = FlowAnswerRequest {
        flow: named(&flow).flow,
        step: None,
        wait_id: None,
        approve: Some(true),
        response: None,
        by: " ".to_owned(),
        shown_hash: None,
    };
    let error = world.call::<FlowAnswer>(answer.clone()).await.unwrap_err();
    assert_eq!(error.code, "bad_request");
    answer.by = "ann".to_owned();
    assert!(world.call::<FlowAnswer>(answer).await.unwrap().applied);
    world.succeeded(&flow).await;
}
