//! Children of flows that code drives: launched, recorded, stopped, lost.

use crate::ask::{ME, bound, create, done, get, refused};
use crate::world::{World, scenario, until};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::task::{DeliveryStatus, Task, TaskStatus};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    Api, FlowCancel, FlowCreate, FlowFinish, FlowPurge, FlowRequestCancel, FlowRunTask,
    FlowSummary, InboxAck, InboxList, TaskCancel, TaskLogs, TaskNotify, TaskReport, TaskShow,
};
use serde_json::{Value, json};

/// Launches a child that runs this script in the world's directory.
async fn launch(world: &World, me: &Api, flow: &Flow, script: &str) -> Task {
    let child = json!({
        "flow": flow.flow_id, "runtime": "cli", "task": "a script", "cwd": world.path(),
        "command": ["sh", "-c", script],
    });
    let made = done::<FlowRunTask>(me, child).await;
    assert!(made.created, "{:?}", made.reason);
    made.task.unwrap()
}

async fn show(me: &Api, task: &Task) -> Task {
    done::<TaskShow>(me, json!({ "task": task.task_id })).await
}

/// Waits until the child has ended.
async fn ended(world: &World, task: &Task) -> Task {
    let now = || world.engine.store().task(&task.task_id).unwrap().unwrap();
    until("the child's end", || now().status.is_terminal()).await;
    Task::clone(&now())
}

scenario!(a_launched_child_runs_as_a_process, 1);
async fn a_launched_child_runs_as_a_process(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let script = "echo $CLAWFLOW_FLOW_ID $CLAWFLOW_TASK_ID $CLAWFLOW_IDEMPOTENCY_KEY > told; \
                  test -n \"$PATH\" && echo out";
    let task = launch(&world, &me, &flow, script).await;
    let over = ended(&world, &task).await;
    assert_eq!((over.status, over.reported), (TaskStatus::Succeeded, false));
    let (flow_id, task_id) = (&flow.flow_id, &task.task_id);
    assert_eq!(world.lines("told"), [format!("{flow_id} {task_id} {flow_id}/{task_id}")]);
    let logs = done::<TaskLogs>(&me, json!({ "task": task_id })).await;
    assert_eq!((logs.text.as_str(), logs.done), ("out\n", true));
    for offset in [4, 5, i64::MAX as u64, u64::MAX] {
        let logs = done::<TaskLogs>(&me, json!({ "task": task_id, "offset": offset })).await;
        assert_eq!((logs.text.as_str(), logs.next, logs.done), ("", offset, true));
    }
    assert_eq!(get(&me, &flow).await, flow, "a child's end moves nothing by itself");
    let bad = launch(&world, &me, &flow, "exit 3").await;
    let over = ended(&world, &bad).await;
    assert_eq!(over.status, TaskStatus::Failed);
    let sum = done::<FlowSummary>(&me, json!({ "flow": flow_id })).await;
    assert_eq!((sum.total, sum.failures, sum.by_runtime["cli"]), (2, 1, 2));
    world.at_rest().await;
}

scenario!(the_same_run_is_the_same_child, 1);
async fn the_same_run_is_the_same_child(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let child = json!({
        "flow": flow.flow_id, "runtime": "cli", "task": "t", "runId": "classify-1",
        "cwd": world.path(), "command": ["sh", "-c", "echo x >> ran"],
    });
    let first = done::<FlowRunTask>(&me, child.clone()).await.task.unwrap();
    ended(&world, &first).await;
    let second = done::<FlowRunTask>(&me, child).await;
    assert!(second.created);
    assert_eq!(second.task.unwrap().task_id, first.task_id, "also once it has ended");
    world.at_rest().await;
    assert_eq!(world.lines("ran"), ["x"]);
}

scenario!(a_queued_child_waits_for_a_slot, 1);
async fn a_queued_child_waits_for_a_slot(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let first = launch(&world, &me, &flow, "while ! test -e go; do sleep 0.02; done").await;
    let second = launch(&world, &me, &flow, "echo second > ran").await;
    assert_eq!((first.status, second.status), (TaskStatus::Running, TaskStatus::Queued));
    world.touch("go");
    assert_eq!(ended(&world, &second).await.status, TaskStatus::Succeeded);
    assert_eq!(world.lines("ran"), ["second"]);
    world.at_rest().await;
}

scenario!(a_launched_child_outlives_its_engine, 1);
async fn a_launched_child_outlives_its_engine(mut world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let script = "echo begun >> ran; while ! test -e go; do sleep 0.02; done; echo over >> ran";
    let task = launch(&world, &me, &flow, script).await;
    let queued = launch(&world, &me, &flow, "echo queued >> ran").await;
    until("it runs", || world.lines("ran") == ["begun"]).await;
    world.restart(Scope::All);
    let me = bound(&world, ME);
    assert_eq!(show(&me, &task).await.status, TaskStatus::Running);
    world.touch("go");
    assert_eq!(ended(&world, &task).await.status, TaskStatus::Succeeded);
    assert_eq!(ended(&world, &queued).await.status, TaskStatus::Succeeded);
    assert_eq!(world.lines("ran"), ["begun", "over", "queued"], "each ran once");
    world.at_rest().await;
}

scenario!(a_recorded_child_is_its_callers, 1);
async fn a_recorded_child_is_its_callers(mut world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let child = json!({
        "flow": flow.flow_id, "runtime": "acp", "childSessionKey": "agent:main:subagent:x",
        "runId": "inbox-classify-1", "task": "Classify", "status": "running",
        "startedAt": 1000, "lastEventAt": 2000,
    });
    let task = done::<FlowRunTask>(&me, child).await.task.unwrap();
    assert_eq!((task.status, task.started_at), (TaskStatus::Running, Some(1000)));
    let queued = json!({ "flow": flow.flow_id, "runtime": "cli", "task": "later" });
    let queued = done::<FlowRunTask>(&me, queued).await.task.unwrap();
    // Nobody examines, adopts, starts or loses it.
    world.restart(Scope::All);
    let me = bound(&world, ME);
    let probe = launch(&world, &me, &flow, "true").await;
    ended(&world, &probe).await;
    world.at_rest().await;
    assert_eq!(show(&me, &task).await, task);
    assert_eq!(show(&me, &queued).await, queued);

    let progress = json!({
        "task": task.task_id, "progressSummary": "half", "usage": { "tokens": 7 },
    });
    let seen = done::<TaskReport>(&me, progress).await;
    assert_eq!(seen.progress_summary.as_deref(), Some("half"));
    assert_eq!(seen.usage.unwrap().tokens, Some(7));
    let end = json!({
        "task": task.task_id, "status": "succeeded", "terminalOutcome": "blocked",
        "terminalSummary": "no rights",
    });
    let over = done::<TaskReport>(&me, end.clone()).await;
    assert_eq!(over.status, TaskStatus::Succeeded);
    assert_eq!(over.terminal_summary.as_deref(), Some("no rights"));
    // Once more, as by a reporter whose answer was lost, is the same; another end is none.
    assert_eq!(done::<TaskReport>(&me, end).await, over);
    let other = json!({ "task": task.task_id, "status": "failed" });
    assert_eq!(refused::<TaskReport>(&me, other).await, "terminal");
    // A reporter's clock may be behind that of the record.
    let early = json!({ "task": queued.task_id, "status": "running", "startedAt": 1 });
    let begun = done::<TaskReport>(&me, early).await;
    assert_eq!((begun.created_at, begun.started_at), (queued.created_at, Some(queued.created_at)));
    let launched = json!({ "task": probe.task_id, "status": "failed" });
    assert_eq!(refused::<TaskReport>(&me, launched).await, "engine_owned");
}

async fn with_policy(me: &Api, policy: &str) -> Flow {
    let new = json!({
        "controllerId": "test", "goal": "g", "status": "waiting", "onChildrenDone": policy,
    });
    done::<FlowCreate>(me, new).await
}

async fn record(me: &Api, flow: &Flow) -> Task {
    let child = json!({ "flow": flow.flow_id, "runtime": "subagent", "task": "t" });
    done::<FlowRunTask>(me, child).await.task.unwrap()
}

async fn report(me: &Api, task: &Task, status: &str) {
    done::<TaskReport>(me, json!({ "task": task.task_id, "status": status })).await;
}

scenario!(children_move_their_flow_as_was_asked, 2);
async fn children_move_their_flow_as_was_asked(mut world: World) {
    let me = bound(&world, ME);
    let policies = ["none", "resume", "finish", "finish", "fail_fast"];
    let mut flows = Vec::new();
    for policy in policies {
        let flow = with_policy(&me, policy).await;
        let children = [record(&me, &flow).await, record(&me, &flow).await];
        flows.push((flow, children));
    }
    for (at, how) in ["succeeded", "succeeded", "succeeded", "failed", "failed"].iter().enumerate()
    {
        report(&me, &flows[at].1[0], how).await;
    }
    // How the first ones ended is looked up again.
    world.restart(Scope::All);
    let me = bound(&world, ME);
    for (flow, children) in &flows[..4] {
        assert_eq!(get(&me, flow).await.status, FlowStatus::Waiting, "a child is active");
        report(&me, &children[1], "succeeded").await;
    }
    let mut now = Vec::new();
    for (flow, _) in &flows {
        now.push(get(&me, flow).await.status);
    }
    use FlowStatus::{Failed, Running, Succeeded, Waiting};
    assert_eq!(now, [Waiting, Running, Succeeded, Failed, Failed]);
    let stopped = show(&me, &flows[4].1[1]).await;
    assert_eq!(stopped.status, TaskStatus::Cancelled, "the first that fails stops the others");
    world.at_rest().await;
}

scenario!(a_cancel_stops_what_runs_and_ends_then, 2);
async fn a_cancel_stops_what_runs_and_ends_then(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let hold = "echo x >> ran; while ! test -e never; do sleep 0.02; done";
    let running = launch(&world, &me, &flow, hold).await;
    let other = launch(&world, &me, &flow, hold).await;
    let queued = launch(&world, &me, &flow, "echo queued >> ran").await;
    let recorded = record(&me, &flow).await;
    until("both run", || world.lines("ran").len() == 2).await;
    let cancel = json!({ "flow": flow.flow_id, "reason": "enough", "waitMs": 30_000 });
    let over = done::<FlowCancel>(&me, cancel).await;
    assert_eq!((over.status, over.revision), (FlowStatus::Cancelled, 2), "the intent, the end");
    assert_eq!(over.cancel_reason.as_deref(), Some("enough"));
    for task in [&running, &other, &queued, &recorded] {
        assert_eq!(show(&me, task).await.status, TaskStatus::Cancelled);
    }
    let told = show(&me, &recorded).await.terminal_summary;
    assert_eq!(told.as_deref(), Some("told to stop, then detached"));
    assert_eq!(world.lines("ran"), ["x", "x"], "what was queued never ran");
    world.at_rest().await;
}

scenario!(a_cancel_goes_on_after_a_restart, 1);
async fn a_cancel_goes_on_after_a_restart(mut world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let hold = "trap '' TERM; echo x >> ran; while ! test -e never; do sleep 0.02; done";
    let running = launch(&world, &me, &flow, hold).await;
    until("it runs", || world.lines("ran") == ["x"]).await;
    // The intent is on disk; the engine goes before the child is stopped.
    done::<FlowCancel>(&me, json!({ "flow": flow.flow_id })).await;
    world.restart(Scope::All);
    let view = world.ended(&flow).await;
    assert_eq!(view.flow.status, FlowStatus::Cancelled);
    assert_eq!(show(&bound(&world, ME), &running).await.status, TaskStatus::Cancelled);
    world.at_rest().await;
}

scenario!(a_requested_cancel_lets_the_children_be, 1);
async fn a_requested_cancel_lets_the_children_be(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let recorded = record(&me, &flow).await;
    let request = json!({ "flow": flow.flow_id, "stateJson": { "why": "user" } });
    let asked = done::<FlowRequestCancel>(&me, request).await;
    assert_eq!((asked.status, asked.revision), (FlowStatus::Running, 1));
    assert_eq!(asked.state_json, Some(json!({ "why": "user" })));
    assert_eq!(
        refused::<FlowFinish>(&me, json!({ "flow": flow.flow_id })).await,
        "cancel_requested"
    );
    let child = json!({ "flow": flow.flow_id, "runtime": "cli", "task": "t" });
    let child = done::<FlowRunTask>(&me, child).await;
    let reason = "Flow cancellation has already been requested.";
    assert_eq!(child.reason.as_deref(), Some(reason));
    report(&me, &recorded, "succeeded").await;
    assert_eq!(get(&me, &flow).await.status, FlowStatus::Cancelled);
    let idle = create(&me).await;
    let at_once = done::<FlowRequestCancel>(&me, json!({ "flow": idle.flow_id })).await;
    assert_eq!(at_once.status, FlowStatus::Cancelled, "no child is active");
}

scenario!(one_child_is_stopped_alone, 1);
async fn one_child_is_stopped_alone(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let task = launch(&world, &me, &flow, "echo x >> ran; sleep 1000").await;
    until("it runs", || world.lines("ran") == ["x"]).await;
    let cancel = json!({ "task": task.task_id, "waitMs": 30_000 });
    assert_eq!(done::<TaskCancel>(&me, cancel).await.status, TaskStatus::Cancelled);
    assert_eq!(get(&me, &flow).await.status, FlowStatus::Running);
    world.at_rest().await;
}

scenario!(what_cannot_be_launched_is_refused, 1);
async fn what_cannot_be_launched_is_refused(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let child = |more: Value| {
        let mut child = json!({ "flow": flow.flow_id, "runtime": "cli", "task": "t" });
        child.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        child
    };
    for more in [
        json!({ "runtime": "acp", "command": ["true"] }),
        json!({ "command": ["true"], "cwd": "relative" }),
        json!({ "command": ["nul\u{0}"] }),
        json!({ "env": { "A": "b" } }),
        json!({ "status": "succeeded" }),
        json!({ "task": " " }),
    ] {
        let refusal = done::<FlowRunTask>(&me, child(more.clone())).await;
        assert_eq!(refusal.code.as_deref(), Some("invalid"), "{more}");
        assert!(refusal.found && !refusal.created);
    }
    let missing = done::<FlowRunTask>(&me, child(json!({ "flow": "nothing" }))).await;
    assert_eq!((missing.found, missing.reason.as_deref()), (false, Some("Flow not found.")));
    world.store.fail(1);
    let full = me.clone();
    let refusal = crate::ask::ask::<FlowRunTask>(&full, child(json!({}))).await.unwrap_err();
    assert_eq!(refusal.code, "store_full");
    assert_eq!(done::<FlowSummary>(&me, json!({ "flow": flow.flow_id })).await.total, 0);
}

scenario!(a_child_owes_what_its_policy_says, 1);
async fn a_child_owes_what_its_policy_says(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let silent = record(&me, &flow).await;
    let told = record(&me, &flow).await;
    let policy = json!({ "task": told.task_id, "notifyPolicy": "done_only" });
    assert!(done::<TaskNotify>(&me, policy.clone()).await.version > told.version);
    report(&me, &silent, "succeeded").await;
    report(&me, &told, "succeeded").await;
    let inbox = done::<InboxList>(&me, json!({})).await.deliveries;
    let keys: Vec<_> = inbox.iter().map(|row| row.idempotency_key.clone()).collect();
    assert_eq!(keys, [format!("task:{}:ended", told.task_id)]);
    assert_eq!(refused::<TaskNotify>(&me, policy).await, "invalid_state");
    let queued = show(&me, &told).await.delivery_status;
    done::<InboxAck>(&me, json!({ "ids": [inbox[0].delivery_id] })).await;
    let read = show(&me, &told).await.delivery_status;
    use DeliveryStatus::{Acknowledged, NotApplicable, SessionQueued};
    assert_eq!((queued, read), (SessionQueued, Acknowledged));
    assert_eq!(show(&me, &silent).await.delivery_status, NotApplicable);
    done::<FlowFinish>(&me, json!({ "flow": flow.flow_id })).await;
    let purged = done::<FlowPurge>(&me, json!({ "flow": flow.flow_id })).await;
    assert_eq!(purged.flows, [flow.flow_id.0]);
}

scenario!(a_child_that_outlives_its_flow_keeps_its_record, 1);
async fn a_child_that_outlives_its_flow_keeps_its_record(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    record(&me, &flow).await;
    let task = launch(&world, &me, &flow, "sleep 60").await;
    done::<FlowFinish>(&me, json!({ "flow": flow.flow_id })).await;
    let purge = json!({ "flow": flow.flow_id });
    assert_eq!(refused::<FlowPurge>(&me, purge.clone()).await, "invalid_state");
    let all = json!({ "status": ["succeeded"] });
    assert!(done::<FlowPurge>(&me, all.clone()).await.flows.is_empty());
    done::<TaskCancel>(&me, json!({ "task": task.task_id, "waitMs": 60_000 })).await;
    // The other one is its caller's affair.
    assert_eq!(done::<FlowPurge>(&me, all).await.flows, [flow.flow_id.0]);
    assert_eq!(refused::<FlowPurge>(&me, purge).await, "not_found");
}
