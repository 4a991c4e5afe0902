//! What a flow that code drives waits for, across restarts.

use crate::ask::{ME, OTHER, ask, bound, create, done, get, refused};
use crate::world::{Kind, World, scenario};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::wait::{Wait, WaitState};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    Api, FlowAnswer, FlowEvents, FlowFinish, FlowRequestCancel, FlowResume, FlowRunTask,
    FlowSetWaiting, FlowShow, FlowWhy, SignalSend, TaskReport,
};
use clawflow_engine::clock::now;
use serde_json::{Value, json};

/// Parks a new flow until this.
async fn parked(me: &Api, what: Value) -> Flow {
    let flow = create(me).await;
    let mut request = json!({ "flow": flow.flow_id, "expectedRevision": 0 });
    request.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    done::<FlowSetWaiting>(me, request).await.flow
}

/// The events of this kind.
async fn events(me: &Api, flow: &Flow, kind: &str) -> Vec<Value> {
    let all = done::<FlowEvents>(me, json!({ "flow": flow.flow_id, "limit": 1000 })).await;
    let fits = all.events.into_iter().filter(|stored| stored.event.kind == kind);
    fits.map(|stored| stored.event.data).collect()
}

async fn wait_state(me: &Api, flow: &Flow) -> Vec<WaitState> {
    let view = done::<FlowShow>(me, json!({ "flow": flow.flow_id })).await;
    view.waits.into_iter().map(|wait| wait.state).collect()
}

scenario!(a_timer_wakes_the_flow, 1);
async fn a_timer_wakes_the_flow(world: World) {
    let me = bound(&world, ME);
    let flow = parked(&me, json!({ "waitFor": { "kind": "timer", "afterMs": 1 } })).await;
    let view = world.until(&flow, "the wake", |v| v.flow.status == FlowStatus::Running).await;
    assert_eq!((view.flow.revision, view.flow.wait_json), (2, Some(Value::Null)));
    let woken = events(&me, &flow, "flow.woken").await;
    assert_eq!(woken.len(), 1);
    assert_eq!((&woken[0]["outcome"], &woken[0]["revision"]), (&json!("resolved"), &json!(2)));
    assert_eq!(wait_state(&me, &flow).await, [WaitState::Resolved]);
    world.at_rest().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_that_is_due_while_nobody_is_there_fires_once() {
    let mut world = World::new(Kind::Sqlite, 1);
    let me = bound(&world, ME);
    let due_at = now() + 400;
    let flow = parked(&me, json!({ "waitFor": { "kind": "timer", "dueAt": due_at } })).await;
    // An engine that fires nothing, until the time is over.
    world.restart(Scope::Nothing);
    crate::world::until("it is due", || now() > due_at).await;
    let me = bound(&world, ME);
    assert_eq!(get(&me, &flow).await.status, FlowStatus::Waiting);
    for _ in 0..2 {
        world.restart(Scope::All);
        world.until(&flow, "the wake", |view| view.flow.status == FlowStatus::Running).await;
    }
    let me = bound(&world, ME);
    assert_eq!(events(&me, &flow, "flow.woken").await.len(), 1);
    assert_eq!(get(&me, &flow).await.revision, 2);
}

scenario!(a_deadline_does_what_was_asked_for, 1);
async fn a_deadline_does_what_was_asked_for(world: World) {
    let me = bound(&world, ME);
    let deadline =
        |then: &str| json!({ "deadlineMs": 1, "onDeadline": then, "waitJson": { "x": 1 } });
    let on = parked(&me, deadline("continue")).await;
    let view = world.until(&on, "it goes on", |v| v.flow.status == FlowStatus::Running).await;
    assert_eq!(view.flow.wait_json, Some(Value::Null));
    assert_eq!(events(&me, &on, "flow.woken").await[0]["outcome"], "expired");
    let failed = parked(&me, deadline("fail")).await;
    let view = world.ended(&failed).await;
    assert_eq!(view.flow.status, FlowStatus::Failed);
    assert_eq!(view.flow.error.as_deref(), Some("its deadline has passed"));
    let cancelled = parked(&me, deadline("cancel")).await;
    let view = world.ended(&cancelled).await;
    assert_eq!(view.flow.status, FlowStatus::Cancelled);
    assert_eq!(view.flow.cancel_reason.as_deref(), Some("its deadline has passed"));
    assert_eq!(wait_state(&me, &cancelled).await, [WaitState::Expired]);
}

scenario!(a_signal_wakes_all_that_wait_for_it, 1);
async fn a_signal_wakes_all_that_wait_for_it(world: World) {
    let me = bound(&world, ME);
    let wait = |key: Option<&str>| json!({ "waitFor": { "kind": "event", "name": "invoice", "key": key } });
    let keyed = parked(&me, wait(Some("42"))).await;
    let any = parked(&me, wait(None)).await;
    let other_key = parked(&me, wait(Some("7"))).await;
    let foreign = parked(&bound(&world, OTHER), wait(None)).await;
    let submits = world.store.submits.load(std::sync::atomic::Ordering::SeqCst);
    let signal = json!({ "name": "invoice", "key": "42", "payload": { "total": 3 } });
    let sent = done::<SignalSend>(&me, signal).await;
    let after = world.store.submits.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(after - submits, 1, "all of them in one unit, or none");
    let mut flows = sent.flows;
    flows.sort();
    assert_eq!(flows, [keyed.flow_id.0.clone(), any.flow_id.0.clone()]);
    assert_eq!((sent.waits.len(), sent.kept), (2, false));
    for flow in [&keyed, &any] {
        assert_eq!(get(&me, flow).await.status, FlowStatus::Running);
        let woken = events(&me, flow, "flow.woken").await;
        assert_eq!(woken[0]["answer"], json!({ "total": 3 }));
    }
    assert_eq!(get(&me, &other_key).await.status, FlowStatus::Waiting);
    assert_eq!(get(&bound(&world, OTHER), &foreign).await.status, FlowStatus::Waiting);
    world.at_rest().await;
}

scenario!(a_signal_that_comes_early_is_kept_once, 1);
async fn a_signal_that_comes_early_is_kept_once(mut world: World) {
    let me = bound(&world, ME);
    for number in 1..=2 {
        let signal = json!({ "name": "go", "payload": number });
        assert!(done::<SignalSend>(&me, signal).await.kept);
    }
    world.restart(Scope::All);
    let me = bound(&world, ME);
    let wait = json!({ "waitFor": { "kind": "event", "name": "go" } });
    for number in 1..=2 {
        let flow = parked(&me, wait.clone()).await;
        assert_eq!(flow.status, FlowStatus::Running, "it goes on at once");
        assert_eq!(events(&me, &flow, "flow.woken").await[0]["answer"], number, "oldest first");
    }
    assert_eq!(parked(&me, wait).await.status, FlowStatus::Waiting, "both are taken");
    assert_eq!(world.engine.store().count_signals(ME).unwrap(), 0);
}

scenario!(a_signal_for_one_flow_is_for_no_other, 1);
async fn a_signal_for_one_flow_is_for_no_other(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let signal = json!({ "name": "go", "flow": flow.flow_id });
    assert!(done::<SignalSend>(&me, signal).await.kept);
    let wait = json!({ "waitFor": { "kind": "event", "name": "go" } });
    assert_eq!(parked(&me, wait.clone()).await.status, FlowStatus::Waiting);
    let park = json!({ "flow": flow.flow_id, "waitFor": { "kind": "event", "name": "go" } });
    let taken = done::<FlowSetWaiting>(&me, park).await;
    assert_eq!(taken.flow.status, FlowStatus::Running);
}

scenario!(the_oldest_signals_make_room, 1);
async fn the_oldest_signals_make_room(world: World) {
    let me = bound(&world, ME);
    let max = clawflow_core::signal::KEPT_MAX;
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..max {
        let me = me.clone();
        let signal = json!({ "name": format!("s{number}") });
        sends.spawn(async move { done::<SignalSend>(&me, signal).await });
    }
    sends.join_all().await;
    let store = world.engine.store();
    let oldest = store.oldest_signals(ME, 1).unwrap().remove(0);
    done::<SignalSend>(&me, json!({ "name": "last" })).await;
    assert_eq!(store.count_signals(ME).unwrap(), max as u64);
    assert_ne!(store.oldest_signals(ME, 1).unwrap()[0], oldest);
    assert_eq!(store.kept_signals(ME, "last", None, 9).unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_signal_passes_by_a_wait_that_is_just_made() {
    let world = World::new(Kind::Memory, 1);
    let me = bound(&world, ME);
    for round in 0..200 {
        let flow = create(&me).await;
        let name = format!("go-{round}");
        let wait = json!({ "kind": "event", "name": name });
        let park = json!({ "flow": flow.flow_id, "waitFor": wait });
        let (one, two) = (me.clone(), me.clone());
        let parking = tokio::spawn(async move { done::<FlowSetWaiting>(&one, park).await });
        let signal = json!({ "name": name });
        let sending = tokio::spawn(async move { done::<SignalSend>(&two, signal).await });
        parking.await.unwrap();
        sending.await.unwrap();
        let now = get(&me, &flow).await;
        assert_eq!(now.status, FlowStatus::Running, "round {round}");
    }
}

scenario!(a_flow_that_is_purged_meanwhile_holds_up_no_signal, 1);
async fn a_flow_that_is_purged_meanwhile_holds_up_no_signal(world: World) {
    let me = bound(&world, ME);
    let flow = parked(&me, json!({ "waitFor": { "kind": "event", "name": "go" } })).await;
    let wait = world.view(&flow).await.waits.remove(0);
    world.store.haunt(Wait { flow_id: "flow_of_before".into(), ..wait });
    let sent = done::<SignalSend>(&me, json!({ "name": "go" })).await;
    assert_eq!((sent.flows, sent.kept), (vec![flow.flow_id.0.clone()], false));
    assert_eq!(get(&me, &flow).await.status, FlowStatus::Running);
    // With nobody else it is kept.
    assert!(done::<SignalSend>(&me, json!({ "name": "go" })).await.kept);
}

scenario!(a_person_answers_once, 1);
async fn a_person_answers_once(world: World) {
    let me = bound(&world, ME);
    let person = json!({ "kind": "person", "prompt": "send it?", "approvers": ["ann"] });
    let flow = parked(&me, json!({ "waitFor": person })).await;
    let answer = |by: &str| json!({ "flow": flow.flow_id, "approve": false, "by": by });
    assert_eq!(refused::<FlowAnswer>(&me, answer("bob")).await, "invalid", "not asked");
    let value = json!({ "flow": flow.flow_id, "response": 1, "by": "ann" });
    assert_eq!(refused::<FlowAnswer>(&me, value).await, "invalid", "a yes or no is asked for");
    let why = done::<FlowWhy>(&me, json!({ "flow": flow.flow_id })).await;
    assert_eq!(
        (why.summary.as_str(), why.commands.len()),
        ("it asks: send it? (only ann may answer)", 2)
    );
    let first = done::<FlowAnswer>(&me, answer("ann")).await;
    assert_eq!((first.applied, first.flow.status), (true, FlowStatus::Running));
    assert_eq!(first.wait.answer, Some(json!({ "approved": false })), "a denial is an answer");
    let mut second = answer("ann");
    second["waitId"] = json!(first.wait.wait_id);
    second["approve"] = json!(true);
    let second = done::<FlowAnswer>(&me, second).await;
    assert_eq!((second.applied, second.wait), (false, first.wait));

    let input = json!({ "kind": "person", "prompt": "to whom?", "input": true });
    let flow = parked(&me, json!({ "waitFor": input })).await;
    let none = json!({ "flow": flow.flow_id, "by": "ann" });
    assert_eq!(refused::<FlowAnswer>(&me, none).await, "bad_request");
    let value = json!({ "flow": flow.flow_id, "response": null, "by": "ann" });
    let answered = done::<FlowAnswer>(&me, value).await;
    assert_eq!(answered.wait.answer, Some(Value::Null), "null is an answer too");
    assert_eq!(events(&me, &flow, "flow.woken").await[0]["by"], "ann");
}

scenario!(a_child_that_is_awaited_wakes_the_flow, 1);
async fn a_child_that_is_awaited_wakes_the_flow(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let child = json!({ "flow": flow.flow_id, "runtime": "acp", "task": "t", "await": true });
    let made = done::<FlowRunTask>(&me, child).await;
    let (parked, task) = (made.flow.unwrap(), made.task.unwrap());
    assert_eq!((parked.status, parked.revision), (FlowStatus::Waiting, 1), "in the same unit");
    assert_eq!(parked.current_step.as_deref(), Some("wait_for_task"));
    let report = json!({ "task": task.task_id, "status": "failed", "error": "no" });
    done::<TaskReport>(&me, report).await;
    assert_eq!(get(&me, &flow).await.status, FlowStatus::Running);
    let woken = events(&me, &flow, "flow.woken").await;
    assert_eq!(
        (&woken[0]["kind"], &woken[0]["answer"]["status"]),
        (&json!("task"), &json!("failed"))
    );
    // It has ended: to wait for it now is over at once.
    let again = json!({ "kind": "task", "taskId": task.task_id });
    let park = json!({ "flow": flow.flow_id, "waitFor": again });
    assert_eq!(done::<FlowSetWaiting>(&me, park).await.flow.status, FlowStatus::Running);
}

scenario!(tell_leaves_the_flow_alone, 1);
async fn tell_leaves_the_flow_alone(world: World) {
    let me = bound(&world, ME);
    let wait = json!({ "waitFor": { "kind": "event", "name": "go" }, "onResolved": "tell" });
    let flow = parked(&me, wait).await;
    done::<SignalSend>(&me, json!({ "name": "go" })).await;
    assert_eq!(get(&me, &flow).await, flow, "no revision, no status");
    assert_eq!(events(&me, &flow, "wait.resolved").await.len(), 1);
    assert_eq!(events(&me, &flow, "flow.woken").await.len(), 0);
    let park = json!({ "flow": flow.flow_id, "waitFor": { "kind": "event", "name": "go" } });
    assert_eq!(done::<FlowSetWaiting>(&me, park).await.flow.status, FlowStatus::Waiting);
}

scenario!(a_move_of_the_controller_closes_what_was_waited_for, 1);
async fn a_move_of_the_controller_closes_what_was_waited_for(world: World) {
    let me = bound(&world, ME);
    let wait = json!({ "waitFor": { "kind": "event", "name": "go" }, "deadlineMs": 60_000 });
    let resumed = parked(&me, wait.clone()).await;
    done::<FlowResume>(&me, json!({ "flow": resumed.flow_id })).await;
    let reparked = parked(&me, wait.clone()).await;
    done::<FlowSetWaiting>(&me, json!({ "flow": reparked.flow_id })).await;
    let finished = parked(&me, wait.clone()).await;
    done::<FlowFinish>(&me, json!({ "flow": finished.flow_id })).await;
    let cancelled = parked(&me, wait).await;
    done::<FlowRequestCancel>(&me, json!({ "flow": cancelled.flow_id })).await;
    for flow in [&resumed, &reparked, &finished, &cancelled] {
        assert_eq!(wait_state(&me, flow).await, [WaitState::Cancelled]);
    }
    assert!(done::<SignalSend>(&me, json!({ "name": "go" })).await.kept, "nobody waits");
    let error =
        ask::<FlowAnswer>(&me, json!({ "flow": resumed.flow_id, "approve": true, "by": "ann" }));
    assert_eq!(error.await.unwrap_err().code, "invalid_state");
}
