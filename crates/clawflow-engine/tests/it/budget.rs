//! Budgets: what processes tell of their use, and what becomes of a flow, its child flows and its
//! tasks when nothing is left.

use crate::ask::{ME, bound, done, refused};
use crate::child_flows::request;
use crate::world::{World, scenario};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::wait::{WaitKind, WaitState};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    FlowBudget, FlowCancel, FlowCreate, FlowGet, FlowRun, FlowRunTask, FlowShow, FlowView, FlowWhy,
    TaskReport, TaskRun, TaskShow, TaskWhy,
};
use serde_json::json;

/// The running attempt of this step.
async fn at_work(world: &World, flow: &Flow, step: &str) -> Task {
    let runs = |view: &FlowView| {
        let at = |task: &&Task| task.step_id.as_deref() == Some(step);
        view.tasks.iter().any(|task| at(&task) && task.status == TaskStatus::Running)
    };
    let view = world.until(flow, "a running step", runs).await;
    view.tasks.into_iter().find(|task| task.step_id.as_deref() == Some(step)).unwrap()
}

async fn tell(world: &World, task: &Task, tokens: u64) -> Task {
    let usage = json!({ "inputTokens": tokens / 2, "outputTokens": tokens - tokens / 2 });
    let report = json!({ "task": task.task_id, "usage": usage, "progressSummary": "thinks" });
    done::<TaskReport>(&world.api, report).await
}

async fn raise(world: &World, flow: &Flow, tokens: u64) -> Flow {
    let set = json!({ "flow": flow.flow_id, "budget": { "tokens": tokens }, "by": "ann" });
    done::<FlowBudget>(&world.api, set).await
}

fn asks(view: &FlowView) -> bool {
    let open = |kind| kind == WaitKind::Budget;
    view.waits.iter().any(|wait| open(wait.kind) && wait.state == WaitState::Open)
}

const WAITS: &str = "'until [ -e go ]; do sleep 0.02; done'";

scenario!(a_flow_out_of_its_budget_asks_over_a_restart, 2);
async fn a_flow_out_of_its_budget_asks_over_a_restart(mut world: World) {
    let yaml = format!(
        "budget: {{ tokens: 10 }}\nsteps: [{{ id: a, run: {WAITS} }}, {{ id: b, run: 'true' }}]"
    );
    let flow = world.run(&yaml).await;
    let task = at_work(&world, &flow, "a").await;
    let told = tell(&world, &task, 10).await;
    assert_eq!((told.usage.unwrap().all_tokens(), told.status), (10, TaskStatus::Running));
    let view = world.view(&flow).await;
    assert!(asks(&view) && view.flow.held_at.is_some());
    assert_eq!(view.used.unwrap().all_tokens(), 10);
    world.restart(Scope::All);
    world.touch("go");
    let idle = |view: &FlowView| view.task_summary.active == 0;
    let view = world.until(&flow, "the end of the first step", idle).await;
    assert_eq!((view.flow.status, view.task_summary.total), (FlowStatus::Waiting, 1));
    let why = done::<FlowWhy>(&world.api, json!({ "flow": flow.flow_id })).await;
    assert!(why.commands.iter().any(|one| one.contains("flows budget")), "{:?}", why.commands);
    let bad = json!({ "flow": flow.flow_id, "budget": { "tokens": 0 }, "by": "ann" });
    assert_eq!(refused::<FlowBudget>(&world.api, bad).await, "invalid");
    raise(&world, &flow, 11).await;
    world.succeeded(&flow).await;
    world.at_rest().await;
}

scenario!(child_flows_draw_from_the_flow_above_and_hold_with_it, 4);
async fn child_flows_draw_from_the_flow_above_and_hold_with_it(mut world: World) {
    let leaf = format!("steps: [{{ id: x, run: {WAITS} }}, {{ id: y, run: 'true' }}]");
    let mid = "steps: [{ id: m, flow: { file: leaf.yaml } }]";
    let main = "budget: { tokens: 10 }\nsteps: [{ id: c, flow: { file: mid.yaml } }]";
    let files = [("mid.yaml", mid), ("leaf.yaml", leaf.as_str())];
    let flow = world.call::<FlowRun>(request(&world, main, &files)).await.unwrap();
    let child_of = async |flow: &Flow| {
        let made = |view: &FlowView| !view.children.is_empty();
        let view = world.until(flow, "a child", made).await;
        let id = view.children[0].flow_id.clone();
        done::<FlowGet>(&world.api, json!({ "flow": id })).await
    };
    let middle = child_of(&flow).await;
    let lowest = child_of(&middle).await;
    let task = at_work(&world, &lowest, "x").await;
    tell(&world, &task, 12).await;
    let held = |view: &FlowView| view.flow.held_at.is_some();
    let view = world.until(&flow, "its question", asks).await;
    assert_eq!(view.used.unwrap().all_tokens(), 12);
    world.until(&middle, "the hold of the middle", held).await;
    let view = world.until(&lowest, "the hold of the lowest", held).await;
    let of = view.waits.iter().find(|wait| wait.kind == WaitKind::Budget).unwrap();
    assert_eq!(of.target.clone().map(FlowId), Some(middle.flow_id.clone()));
    // What holds the task is a budget two flows above it.
    let why = done::<TaskWhy>(&world.api, json!({ "task": task.task_id })).await;
    let raise_it = |one: &&String| one.starts_with("clawflow flows budget ");
    let named: Vec<_> = why.commands.iter().filter(raise_it).collect();
    assert_eq!(named.len(), 1, "{:?}", why.commands);
    assert!(named[0].contains(flow.flow_id.as_str()), "{named:?}");
    // What a gateway did not come to do the next one does.
    world.restart(Scope::All);
    world.touch("go");
    let idle = |view: &FlowView| view.task_summary.active == 0;
    world.until(&lowest, "the end of what ran", idle).await;
    raise(&world, &flow, 13).await;
    world.succeeded(&flow).await;
    let view = world.view(&flow).await;
    assert_eq!(view.used.unwrap().all_tokens(), 12);
    assert!(done::<FlowShow>(&world.api, json!({ "flow": lowest.flow_id })).await.used.is_some());
    world.at_rest().await;
}

scenario!(children_of_code_draw_from_their_flow, 2);
async fn children_of_code_draw_from_their_flow(world: World) {
    let me = bound(&world, ME);
    let new = json!({ "controllerId": "bot", "goal": "think", "status": "running" });
    let flow = done::<FlowCreate>(&me, new).await;
    let child = json!({ "flow": flow.flow_id, "runtime": "subagent", "task": "think",
                        "status": "running" });
    let task = done::<FlowRunTask>(&me, child.clone()).await.task.unwrap();
    let report = |tokens: u64, status: &str| {
        let usage = json!({ "tokens": tokens });
        json!({ "task": task.task_id, "status": status, "usage": usage })
    };
    done::<TaskReport>(&me, report(7, "succeeded")).await;
    // What ended before there was a budget counts as well.
    let set = json!({ "flow": flow.flow_id, "budget": { "tokens": 7 }, "by": "ann" });
    let held = done::<FlowBudget>(&me, set).await;
    assert!(held.held_at.is_some());
    let made = done::<FlowRunTask>(&me, child.clone()).await;
    assert_eq!((made.created, made.code.as_deref()), (false, Some("paused")));
    let set = json!({ "flow": flow.flow_id, "replace": true, "by": "ann" });
    assert!(done::<FlowBudget>(&me, set).await.held_at.is_none());
    assert!(done::<FlowRunTask>(&me, child).await.created);
    done::<FlowCancel>(&me, json!({ "flow": flow.flow_id })).await;
    world.ended(&flow).await;
    world.at_rest().await;
}

scenario!(a_task_beyond_its_budget_is_stopped, 2);
async fn a_task_beyond_its_budget_is_stopped(world: World) {
    let run = json!({
        "argv": ["sh", "-c", "exec sleep 600"], "cwd": world.path(), "owner": "agent:main:main",
        "budget": { "turns": 3 },
    });
    let task = done::<TaskRun>(&world.api, run).await;
    let runs = || async { done::<TaskShow>(&world.api, json!({ "task": task.task_id })).await };
    while runs().await.status != TaskStatus::Running {
        tokio::task::yield_now().await;
    }
    let report = |turns: u64| json!({ "task": task.task_id, "usage": { "turns": turns } });
    done::<TaskReport>(&world.api, report(2)).await;
    done::<TaskReport>(&world.api, report(3)).await;
    let wait = json!({ "task": task.task_id, "timeoutMs": 30_000 });
    let over = done::<clawflow_engine::api::TaskWait>(&world.api, wait).await;
    assert_eq!(over.status, TaskStatus::Failed);
    assert_eq!(over.error.as_deref(), Some("its budget is used up: 3 of 3 turns"));
    world.at_rest().await;
}
