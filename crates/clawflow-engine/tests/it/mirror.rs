//! Tasks of agents that belong to no flow, and the flows that mirror them.

use crate::ask::{ME, OTHER, ask, bound, done, refused};
use crate::world::{World, scenario};
use clawflow_core::flow::{Flow, FlowStatus, SyncMode};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    Api, FlowCancel, FlowEvents, FlowFinish, FlowGet, FlowList, FlowPause, FlowRetry, FlowRunTask,
    FlowShow, FlowWhy, TaskCancel, TaskRecord, TaskReport, TaskShow,
};
use serde_json::{Value, json};

async fn record(me: &Api, runtime: &str, status: &str) -> Task {
    let new = json!({
        "task": "Check the figures", "label": "review", "runtime": runtime, "status": status,
        "notifyPolicy": "done_only",
    });
    done::<TaskRecord>(me, new).await
}

async fn flow_of(me: &Api, task: &Task) -> Flow {
    let flow = task.parent_flow_id.as_ref().expect("a flow of its own");
    done::<FlowGet>(me, json!({ "flow": flow })).await
}

async fn report(me: &Api, task: &Task, status: &str) -> Task {
    done::<TaskReport>(me, json!({ "task": task.task_id, "status": status })).await
}

scenario!(an_agents_task_has_a_flow_that_says_what_it_says, 1);
async fn an_agents_task_has_a_flow_that_says_what_it_says(mut world: World) {
    let me = bound(&world, ME);
    for runtime in ["acp", "subagent"] {
        let task = record(&me, runtime, "queued").await;
        let flow = flow_of(&me, &task).await;
        assert_eq!((flow.sync_mode, flow.status), (SyncMode::TaskMirrored, FlowStatus::Queued));
        assert_eq!((flow.goal.as_str(), flow.owner_key.as_str()), ("review", ME));
        assert_eq!((flow.revision, flow.controller_id.as_ref()), (0, None));
        report(&me, &task, "running").await;
        assert_eq!(flow_of(&me, &task).await.status, FlowStatus::Running);
        world.restart(Scope::All);
        let me = bound(&world, ME);
        let ended = report(&me, &task, "succeeded").await;
        let flow = flow_of(&me, &task).await;
        assert_eq!((flow.status, flow.ended_at), (FlowStatus::Succeeded, ended.ended_at));
        assert_eq!(flow.revision, 2);
        let view = done::<FlowShow>(&me, json!({ "flow": flow.flow_id })).await;
        assert_eq!((view.tasks.len(), view.task_summary.total), (1, 1));
        let events = done::<FlowEvents>(&me, json!({ "flow": flow.flow_id })).await;
        let kinds: Vec<_> = events.events.iter().map(|event| event.event.kind.as_str()).collect();
        let all = [
            "flow.created",
            "task.created",
            "task.started",
            "flow.mirrored",
            "task.ended",
            "flow.mirrored",
        ];
        assert_eq!(kinds, all);
    }
    for runtime in ["cli", "cron", "external"] {
        assert_eq!(record(&me, runtime, "running").await.parent_flow_id, None, "{runtime}");
    }
}

scenario!(a_mirroring_flow_is_cancelled_and_not_driven, 1);
async fn a_mirroring_flow_is_cancelled_and_not_driven(world: World) {
    let me = bound(&world, ME);
    let task = record(&me, "acp", "running").await;
    let flow = flow_of(&me, &task).await;
    let id = &flow.flow_id;
    let finish = json!({ "flow": id, "expectedRevision": 0 });
    assert_eq!(refused::<FlowFinish>(&me, finish).await, "not_managed");
    assert_eq!(refused::<FlowPause>(&me, json!({ "flow": id })).await, "not_managed");
    let other = bound(&world, OTHER);
    assert_eq!(refused::<FlowCancel>(&other, json!({ "flow": id })).await, "not_found");
    let why = done::<FlowWhy>(&me, json!({ "flow": id })).await;
    assert_eq!(why.reasons.len(), 1, "{:?}", why.reasons);
    assert_eq!(why.commands, [format!("clawflow flows cancel {id}")]);
    let cancelled = done::<FlowCancel>(&me, json!({ "flow": id, "reason": "enough" })).await;
    assert_eq!(cancelled.status, FlowStatus::Cancelled);
    let shown = done::<TaskShow>(&me, json!({ "task": task.task_id })).await;
    assert_eq!(shown.status, TaskStatus::Cancelled);
    assert_eq!(refused::<FlowRetry>(&me, json!({ "flow": id })).await, "not_managed");
    // From the other side.
    let task = record(&me, "subagent", "running").await;
    done::<TaskCancel>(&me, json!({ "task": task.task_id })).await;
    assert_eq!(flow_of(&me, &task).await.status, FlowStatus::Cancelled);
    let child = json!({ "flow": id, "task": "x", "runtime": "acp" });
    let answer = done::<FlowRunTask>(&me, child).await;
    assert!(!answer.created, "{:?}", answer.reason);
}

async fn flows(me: &Api) -> usize {
    done::<FlowList>(me, json!({ "all": true })).await.flows.len()
}

scenario!(a_task_and_its_flow_are_both_there_or_neither, 1);
async fn a_task_and_its_flow_are_both_there_or_neither(world: World) {
    let me = bound(&world, ME);
    let id = "task_01k9zzzzzzzzzzzzzzzzzzzzzz";
    let new: Value =
        json!({ "task": "think", "taskId": id, "runtime": "subagent", "status": "succeeded" });
    world.store.fail(1);
    assert!(ask::<TaskRecord>(&me, new.clone()).await.is_err());
    assert_eq!(refused::<TaskShow>(&me, json!({ "task": id })).await, "not_found");
    assert_eq!(flows(&me).await, 0);
    let task = done::<TaskRecord>(&me, new.clone()).await;
    assert_eq!(flow_of(&me, &task).await.status, FlowStatus::Succeeded);
    // Told of again: the same task in the same flow.
    let again = done::<TaskRecord>(&me, new).await;
    assert_eq!((again.task_id, again.parent_flow_id), (task.task_id, task.parent_flow_id));
    assert_eq!(flows(&me).await, 1);
}
