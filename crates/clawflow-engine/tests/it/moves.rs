//! The moves of a controller, each with what refuses it.

use crate::ask::{ME, ask, bound, create, done, get, refused};
use crate::world::{World, named, scenario};
use clawflow_core::flow::FlowStatus;
use clawflow_engine::api::{
    Calls, FlowAppendOutput, FlowCancel, FlowCreate, FlowCreateRequest, FlowEmit, FlowFail,
    FlowFindLatest, FlowFinish, FlowFinishRequest, FlowGet, FlowPause, FlowRequestCancel,
    FlowResolve, FlowResume, FlowRetry, FlowRunTask, FlowSetOutput, FlowSetWaiting, FlowSummary,
    FlowUnpause, FlowWhy, Session, TaskFlow, ToolContext,
};
use serde_json::{Value, json};

scenario!(the_life_of_a_flow, 1);
async fn the_life_of_a_flow(world: World) {
    let me = bound(&world, ME);
    let new = json!({
        "controllerId": "my-plugin/inbox-triage", "goal": "triage inbox", "key": "inbox",
        "currentStep": "classify", "stateJson": { "threads": [] }, "waitJson": null,
        "labels": { "team": "ops" }, "notifyPolicy": "state_changes",
    });
    let made = done::<FlowCreate>(&me, new.clone()).await;
    assert_eq!((made.revision, made.status), (0, FlowStatus::Queued));
    assert_eq!((made.owner_key.as_str(), made.wait_json.clone()), (ME, Some(Value::Null)));
    assert_eq!(refused::<FlowCreate>(&me, new.clone()).await, "key_conflict");
    let mut join = new;
    join["join"] = json!(true);
    assert_eq!(done::<FlowCreate>(&me, join.clone()).await.flow_id, made.flow_id);

    let flow = &made.flow_id;
    let at = |revision: u64| json!({ "flow": flow, "expectedRevision": revision });
    let running = done::<FlowResume>(&me, at(0)).await;
    assert_eq!((running.revision, running.status), (1, FlowStatus::Running));
    let conflict = ask::<FlowResume>(&me, at(0)).await.unwrap_err();
    assert_eq!(conflict.code, "revision_conflict");
    assert_eq!(conflict.current.unwrap().revision, 1, "the caller is shown the newest");
    assert_eq!(refused::<FlowResume>(&me, at(1)).await, "invalid_state", "it runs");

    let mut park = at(1);
    park["blockedSummary"] = json!("no rights");
    let parked = done::<FlowSetWaiting>(&me, park).await;
    assert_eq!((parked.flow.status, parked.wait_id), (FlowStatus::Blocked, None));
    let set = json!({ "flow": flow, "name": "a", "value": { "b": 1 } });
    assert_eq!(done::<FlowSetOutput>(&me, set).await.outputs["a"], json!({ "b": 1 }));
    let add = json!({ "flow": flow, "name": "a", "value": 1 });
    assert_eq!(refused::<FlowAppendOutput>(&me, add).await, "invalid", "no array");
    for number in [1, 2] {
        let add = json!({ "flow": flow, "name": "list", "value": number });
        done::<FlowAppendOutput>(&me, add).await;
    }
    let now = done::<FlowResume>(&me, json!({ "flow": flow, "currentStep": null })).await;
    assert_eq!((now.outputs["list"].clone(), now.current_step), (json!([1, 2]), None));
    let ended = done::<FlowFinish>(&me, json!({ "flow": flow, "stateJson": null })).await;
    assert_eq!((ended.status, ended.state_json), (FlowStatus::Succeeded, Some(Value::Null)));
    assert_ne!(done::<FlowCreate>(&me, join).await.flow_id, made.flow_id, "nobody has the key");
    assert_eq!(get(&me, &made).await.revision, ended.revision);
    world.at_rest().await;
}

scenario!(an_ended_flow_refuses_everything, 1);
async fn an_ended_flow_refuses_everything(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let failed = done::<FlowFail>(&me, json!({ "flow": flow.flow_id, "error": "no" })).await;
    assert_eq!((failed.status, failed.error.as_deref()), (FlowStatus::Failed, Some("no")));
    let token = json!({ "flow": flow.flow_id });
    assert_eq!(refused::<FlowSetWaiting>(&me, token.clone()).await, "terminal");
    assert_eq!(refused::<FlowResume>(&me, token.clone()).await, "terminal");
    assert_eq!(refused::<FlowFinish>(&me, token.clone()).await, "terminal");
    assert_eq!(refused::<FlowFail>(&me, token.clone()).await, "terminal");
    assert_eq!(refused::<FlowRequestCancel>(&me, token.clone()).await, "terminal");
    assert_eq!(refused::<FlowCancel>(&me, token.clone()).await, "terminal");
    assert_eq!(refused::<FlowPause>(&me, token.clone()).await, "terminal");
    assert_eq!(refused::<FlowUnpause>(&me, token.clone()).await, "terminal");
    let output = json!({ "flow": flow.flow_id, "name": "n", "value": 1 });
    assert_eq!(refused::<FlowSetOutput>(&me, output.clone()).await, "terminal");
    assert_eq!(refused::<FlowAppendOutput>(&me, output).await, "terminal");
    let update = json!({ "flow": flow.flow_id, "content": "c" });
    assert_eq!(refused::<FlowEmit>(&me, update).await, "terminal");
    let child = json!({ "flow": flow.flow_id, "runtime": "cli", "task": "t" });
    let child = done::<FlowRunTask>(&me, child).await;
    assert_eq!(child.reason.as_deref(), Some("Flow is already failed."));
    assert_eq!(get(&me, &flow).await, failed);
    let again = done::<FlowRetry>(&me, token).await;
    assert_eq!((again.revision, again.retry_of), (0, Some(flow.flow_id)));
    assert_eq!((again.controller_id, again.goal), (flow.controller_id, flow.goal));
}

scenario!(a_flow_of_the_engine_is_not_steered_by_code, 1);
async fn a_flow_of_the_engine_is_not_steered_by_code(world: World) {
    let flow = world.run("steps:\n  - { id: gate, approval: 'go?' }\n").await;
    let me = bound(&world, ME);
    let token = json!({ "flow": flow.flow_id });
    assert_eq!(refused::<FlowSetWaiting>(&me, token.clone()).await, "engine_owned");
    assert_eq!(refused::<FlowResume>(&me, token.clone()).await, "engine_owned");
    assert_eq!(refused::<FlowFinish>(&me, token.clone()).await, "engine_owned");
    assert_eq!(refused::<FlowFail>(&me, token.clone()).await, "engine_owned");
    let output = json!({ "flow": flow.flow_id, "name": "n", "value": 1 });
    assert_eq!(refused::<FlowSetOutput>(&me, output.clone()).await, "engine_owned");
    assert_eq!(refused::<FlowAppendOutput>(&me, output).await, "engine_owned");
    let child = json!({ "flow": flow.flow_id, "runtime": "cli", "task": "t" });
    let child = done::<FlowRunTask>(&me, child).await;
    assert_eq!((child.created, child.code.as_deref()), (false, Some("engine_owned")));
    let update = json!({ "flow": flow.flow_id, "content": "half of it" });
    let sent = done::<FlowEmit>(&me, update).await;
    assert_eq!(sent.delivery_ids.len(), 1, "to speak for it is allowed");
    let view = world.view(&flow).await;
    assert_eq!(view.flow.status, FlowStatus::Waiting, "nothing has moved it");
}

scenario!(pause_holds_children_back, 1);
async fn pause_holds_children_back(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let token = json!({ "flow": flow.flow_id });
    done::<FlowPause>(&me, token.clone()).await;
    assert_eq!(refused::<FlowPause>(&me, token.clone()).await, "invalid_state");
    let child = json!({ "flow": flow.flow_id, "runtime": "cli", "task": "t" });
    let refusal = done::<FlowRunTask>(&me, child.clone()).await;
    assert_eq!(refusal.code.as_deref(), Some("paused"));
    done::<FlowUnpause>(&me, token).await;
    assert!(done::<FlowRunTask>(&me, child).await.created);
}

scenario!(what_cannot_be_is_refused_and_changes_nothing, 1);
async fn what_cannot_be_is_refused_and_changes_nothing(world: World) {
    let me = bound(&world, ME);
    let blank = json!({ "controllerId": "test", "goal": " " });
    assert_eq!(refused::<FlowCreate>(&me, blank).await, "invalid");
    let ended = json!({ "controllerId": "test", "goal": "g", "status": "succeeded" });
    assert_eq!(refused::<FlowCreate>(&me, ended).await, "invalid");
    let flow = create(&me).await;
    let huge = Value::from("x".repeat(300 * 1024));
    let wait = |what: Value| json!({ "flow": flow.flow_id, "waitFor": what });
    for request in [
        json!({ "flow": flow.flow_id, "stateJson": huge }),
        wait(json!({ "kind": "timer" })),
        wait(json!({ "kind": "timer", "dueAt": 1, "afterMs": 1 })),
        wait(json!({ "kind": "event", "name": " " })),
        wait(json!({ "kind": "task", "taskId": "task_of_nobody" })),
        json!({ "flow": flow.flow_id, "onDeadline": "fail" }),
        json!({ "flow": flow.flow_id, "deadlineAt": 1, "deadlineMs": 1 }),
    ] {
        assert_eq!(refused::<FlowSetWaiting>(&me, request.clone()).await, "invalid", "{request}");
    }
    assert_eq!(get(&me, &flow).await, flow);
}

scenario!(what_is_asked_for_is_looked_at_last, 1);
async fn what_is_asked_for_is_looked_at_last(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let asks = |at: u64, field: &str, word: &str| {
        let id = &flow.flow_id;
        json!({ "flow": id, "expectedRevision": at, field: word })
    };
    let park = |revision| asks(revision, "onDeadline", "fail");
    let resume = |revision| asks(revision, "status", "failed");
    assert_eq!(refused::<FlowSetWaiting>(&me, park(7)).await, "revision_conflict");
    assert_eq!(refused::<FlowSetWaiting>(&me, park(0)).await, "invalid");
    assert_eq!(refused::<FlowResume>(&me, resume(7)).await, "revision_conflict");
    assert_eq!(refused::<FlowResume>(&me, resume(0)).await, "invalid_state");
    done::<FlowSetWaiting>(&me, json!({ "flow": flow.flow_id })).await;
    assert_eq!(refused::<FlowResume>(&me, resume(1)).await, "invalid");
    done::<FlowFinish>(&me, json!({ "flow": flow.flow_id })).await;
    assert_eq!(refused::<FlowSetWaiting>(&me, park(2)).await, "terminal");
    assert_eq!(refused::<FlowResume>(&me, resume(2)).await, "terminal");
}

scenario!(flows_are_found_by_exact_names, 1);
async fn flows_are_found_by_exact_names(world: World) {
    let me = bound(&world, ME);
    assert_eq!(done::<FlowFindLatest>(&me, json!({})).await.flow, None);
    let new = |key: &str| json!({ "controllerId": "test", "goal": "g", "key": key });
    let one = done::<FlowCreate>(&me, new("one")).await;
    let two = done::<FlowCreate>(&me, new("two")).await;
    done::<FlowFinish>(&me, json!({ "flow": "two" })).await;
    let latest = done::<FlowFindLatest>(&me, json!({})).await.flow.unwrap();
    assert_eq!(latest.flow_id, two.flow_id, "ended or not");
    let live = done::<FlowResolve>(&me, json!({ "token": ME })).await.flow.unwrap();
    assert_eq!(live.flow_id, one.flow_id, "the newest live one");
    let by_key = done::<FlowResolve>(&me, json!({ "token": "two" })).await.flow.unwrap();
    assert_eq!(by_key.flow_id, two.flow_id);
    let part = one.flow_id.as_str()[..20].to_owned();
    assert_eq!(done::<FlowResolve>(&me, json!({ "token": part })).await.flow, None);
    assert_eq!(refused::<FlowGet>(&me, json!({ "flow": part })).await, "not_found");
    assert_eq!(get(&me, &one).await, one);
    let sum = done::<FlowSummary>(&me, json!({ "flow": "one" })).await;
    assert_eq!((sum.total, sum.by_status["running"], sum.by_runtime["acp"]), (0, 0, 0));
    assert_eq!(refused::<FlowFindLatest>(&world.api, json!({})).await, "invalid", "not bound");
    let new = new("three");
    assert_eq!(refused::<FlowCreate>(&world.api, new).await, "invalid", "not bound");
}

scenario!(why_names_the_controller, 1);
async fn why_names_the_controller(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let why = done::<FlowWhy>(&me, json!({ "flow": flow.flow_id })).await;
    assert_eq!(why.summary, "its controller test is at work on it");
    let park = json!({ "flow": flow.flow_id, "blockedSummary": "no rights" });
    done::<FlowSetWaiting>(&me, park).await;
    let why = done::<FlowWhy>(&me, json!({ "flow": flow.flow_id })).await;
    assert_eq!(why.summary, "its controller has it blocked: no rights");
}

scenario!(the_handle_of_the_original, 1);
async fn the_handle_of_the_original(world: World) {
    let blank = Session { session_key: " ".to_owned(), requester_origin: None };
    let error = TaskFlow::bind_session(&world.api, blank).unwrap_err();
    assert_eq!(error.message, "TaskFlow runtime requires a bound sessionKey.");
    let error = TaskFlow::from_tool_context(&world.api, ToolContext::default()).unwrap_err();
    assert_eq!(error.message, "TaskFlow runtime requires tool context with a sessionKey.");
    let context = ToolContext { session_key: Some(ME.to_owned()), delivery_context: None };
    let flows = TaskFlow::from_tool_context(&world.api, context).unwrap();
    assert_eq!(flows.session_key(), ME);
    let new = FlowCreateRequest {
        controller_id: "test".to_owned(),
        goal: "g".to_owned(),
        ..FlowCreateRequest::default()
    };
    world.store.fail(1);
    assert_eq!(flows.try_create_managed(new.clone()).await.unwrap(), None, "the disk is full");
    let flow = flows.try_create_managed(new).await.unwrap().unwrap();
    let finish = FlowFinishRequest { flow: flow.flow_id.0.clone(), ..Default::default() };
    let error = flows.finish(finish.clone()).await.unwrap_err();
    assert_eq!(error.code, "invalid", "TaskFlow's names name the revision");
    let now = FlowFinishRequest { expected_revision: Some(9), ..finish.clone() };
    assert_eq!(flows.finish(now).await.unwrap_err().code, "revision_conflict");
    assert!(flows.finish_flow(finish).await.unwrap().is_terminal(), "ClawFlow's need not");
    assert_eq!(flows.get("flow_of_nobody").await.unwrap(), None);
    assert_eq!(flows.get_task_summary("flow_of_nobody").await.unwrap(), None);
    assert_eq!(flows.list().await.unwrap().len(), 1);
    let latest = flows.find_latest().await.unwrap().unwrap();
    assert_eq!(flows.resolve(ME).await.unwrap().unwrap(), latest);
    let seen = flows.calls().call::<FlowGet>(named(&latest)).await.unwrap();
    assert_eq!(seen, latest);
}
