//! Sub-agents: accepted at once, limited, told to their parents once, cancelled with them.

use crate::ask::{ME, OTHER, ask, bound, create, done, refused};
use crate::world::{World, scenario, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::task::{DeliveryStatus, Runtime, Task, TaskStatus};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    AgentSpawn, AgentSpawnResponse, Api, FlowShow, FlowView, InboxList, TaskCancel, TaskList,
    TaskLogs, TaskReport, TaskRerun, TaskShow,
};
use serde_json::{Value, json};

async fn spawn(world: &World, me: &Api, agent: &str, prompt: &str) -> AgentSpawnResponse {
    let ask = json!({ "agent": agent, "prompt": prompt, "cwd": world.path() });
    done::<AgentSpawn>(me, ask).await
}

/// Waits until the task has ended.
async fn ended(world: &World, task: &Task) -> Task {
    let now = || world.engine.store().task(&task.task_id).unwrap().unwrap();
    until("the end of a sub-agent", || now().status.is_terminal()).await;
    Task::clone(&now())
}

async fn messages(me: &Api) -> Vec<Value> {
    let page = done::<InboxList>(me, json!({})).await;
    page.deliveries.into_iter().map(|one| one.data).collect()
}

scenario!(a_sub_agent_is_accepted_and_its_answer_comes_to_its_parent, 2);
async fn a_sub_agent_is_accepted_and_its_answer_comes_to_its_parent(world: World) {
    let me = bound(&world, ME);
    let prompt = "echo \"$CLAWFLOW_SESSION $CLAWFLOW_AGENT_MODEL $CLAWFLOW_AGENT_DEPTH $GIVEN\"; \
                  echo '$(rm -rf /) `x` \"'";
    let made = spawn(&world, &me, "sh", prompt).await;
    assert_eq!((made.status.as_str(), made.task.runtime), ("accepted", Runtime::Subagent));
    assert_eq!(made.child_session_key, format!("agent:sh:subagent:{}", made.run_id));
    let over = ended(&world, &made.task).await;
    assert_eq!((over.status, over.error), (TaskStatus::Succeeded, None));
    let session = &made.child_session_key;
    let said = format!("{session} m1 1 secret\n$(rm -rf /) `x` \"");
    assert_eq!(over.answer.as_deref(), Some(said.as_str()));
    // What the configuration gives is not on record.
    assert!(!format!("{:?}", over.command).contains("secret"));
    let told = messages(&me).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let keys = ["taskId", "runId", "childSessionKey", "agentId", "status", "answer"];
    let facts = keys.map(|key| told[0][key].clone());
    let wanted = json!([over.task_id, made.run_id, session, "sh", "succeeded", said]);
    assert_eq!(Value::from(facts.to_vec()), wanted);
    assert_eq!(over.delivery_status, DeliveryStatus::SessionQueued);
    assert!(messages(&bound(&world, OTHER)).await.is_empty());
    assert_eq!(refused::<TaskRerun>(&me, json!({ "task": over.task_id })).await, "invalid_state");
    world.at_rest().await;
}

scenario!(a_failed_sub_agent_answers_nothing, 2);
async fn a_failed_sub_agent_answers_nothing(world: World) {
    let me = bound(&world, ME);
    let made = spawn(&world, &me, "sh", "echo half; echo why >&2; exit 3").await;
    let over = ended(&world, &made.task).await;
    assert_eq!((over.status, over.answer), (TaskStatus::Failed, None));
    let told = messages(&me).await;
    assert_eq!((told[0]["status"].as_str(), told[0].get("answer")), (Some("failed"), None));
    let ask = json!({ "agent": "sh", "prompt": "sleep 60", "cwd": world.path(), "timeoutMs": 100 });
    let made = done::<AgentSpawn>(&me, ask).await;
    assert_eq!(ended(&world, &made.task).await.status, TaskStatus::TimedOut);
    world.at_rest().await;
}

scenario!(what_no_agent_can_be_asked_is_refused, 2);
async fn what_no_agent_can_be_asked_is_refused(world: World) {
    let me = bound(&world, ME);
    for (agent, prompt, code) in [
        ("none", "x", "not_found"),
        ("acp", "", "invalid"),
        ("sh", " \n", "invalid"),
        ("sh", "a\0b", "invalid"),
    ] {
        let ask = json!({ "agent": agent, "prompt": prompt });
        assert_eq!(refused::<AgentSpawn>(&me, ask).await, code, "{agent} {prompt:?}");
    }
    let huge = json!({ "agent": "sh", "prompt": "x".repeat(5 << 20) });
    assert_eq!(refused::<AgentSpawn>(&me, huge).await, "invalid");
    for (field, value) in [("model", "a\nb"), ("mode", ""), ("cwd", "here"), ("owner", OTHER)] {
        let mut ask = json!({ "agent": "sh", "prompt": "true" });
        ask[field] = json!(value);
        assert!(self::ask::<AgentSpawn>(&me, ask).await.is_err(), "{field} {value:?}");
    }
    let zero = json!({ "agent": "sh", "prompt": "true", "budget": { "turns": 0 } });
    assert_eq!(refused::<AgentSpawn>(&me, zero).await, "invalid");
    assert!(done::<TaskList>(&me, json!({})).await.tasks.is_empty());
    world.at_rest().await;
}

scenario!(a_prompt_of_a_mebibyte_and_a_flood_of_output_are_bounded, 2);
async fn a_prompt_of_a_mebibyte_and_a_flood_of_output_are_bounded(world: World) {
    let me = bound(&world, ME);
    let prompt = "\u{e9}$(x) ".repeat(150_000);
    assert!(prompt.len() > 1 << 20);
    let made = spawn(&world, &me, "echo", &prompt).await;
    assert!(made.task.task.len() < 10_000, "the row has a part of it");
    let over = ended(&world, &made.task).await;
    let answer = over.answer.unwrap();
    assert!(answer.starts_with("\u{e9}$(x)") && answer.len() < 70_000 && answer.contains("(cut:"));
    let flood = spawn(&world, &me, "sh", "yes sk-live-0123456789 | head -c 20971520").await;
    let over = ended(&world, &flood.task).await;
    assert_eq!(over.status, TaskStatus::Succeeded);
    assert!(over.answer.unwrap().len() < 70_000);
    let logs = json!({ "task": over.task_id, "offset": 0, "max": 10 });
    assert_eq!(done::<TaskLogs>(&me, logs).await.text, "sk-live-01");
    world.at_rest().await;
}

scenario!(depth_and_children_are_limited, 8);
async fn depth_and_children_are_limited(world: World) {
    let wait = "until [ -e go ]; do sleep 0.02; done";
    let mut session = ME.to_owned();
    let mut line = Vec::new();
    for _ in 0..3 {
        let made = spawn(&world, &bound(&world, &session), "sh", wait).await;
        session.clone_from(&made.child_session_key);
        line.push(made.task);
    }
    let deeper = json!({ "agent": "sh", "prompt": "true" });
    let error = ask::<AgentSpawn>(&bound(&world, &session), deeper.clone()).await.unwrap_err();
    assert_eq!(error.code, "invalid_state");
    assert!(error.message.contains("depth 4") && error.hint.is_some(), "{error:?}");
    let me = bound(&world, ME);
    for _ in 0..2 {
        line.push(spawn(&world, &me, "sh", wait).await.task);
    }
    let error = ask::<AgentSpawn>(&me, deeper.clone()).await.unwrap_err();
    assert!(error.code == "invalid_state" && error.message.contains("3 open"), "{error:?}");
    // Two run at once, the others wait in their queue.
    let runs = || {
        let status =
            |task: &Task| world.engine.store().task(&task.task_id).unwrap().unwrap().status;
        line.iter().filter(|task| status(task) == TaskStatus::Running).count()
    };
    until("two at work", || runs() == 2).await;
    world.touch("go");
    for task in &line {
        assert_eq!(ended(&world, task).await.status, TaskStatus::Succeeded);
        assert!(runs() <= 2);
    }
    assert!(ask::<AgentSpawn>(&me, deeper).await.is_ok(), "those that ended count no more");
    world.at_rest().await;
}

scenario!(a_cancel_reaches_three_generations, 8);
async fn a_cancel_reaches_three_generations(mut world: World) {
    let first = spawn(&world, &bound(&world, ME), "sh", "sleep 600").await;
    let own = bound(&world, &first.child_session_key);
    let second = spawn(&world, &own, "sh", "sleep 600").await;
    let flow = create(&own).await;
    let third = spawn(&world, &bound(&world, &second.child_session_key), "sh", "sleep 600").await;
    let other = spawn(&world, &bound(&world, ME), "sh", "true").await;
    let cancel = json!({ "task": first.task.task_id, "reason": "enough" });
    done::<TaskCancel>(&world.api, cancel).await;
    // Whatever of it is not done yet is done by the next one.
    world.restart(Scope::All);
    for made in [&first, &second, &third] {
        assert_eq!(ended(&world, &made.task).await.status, TaskStatus::Cancelled);
    }
    assert_eq!(ended(&world, &other.task).await.status, TaskStatus::Succeeded);
    let over = |view: &FlowView| view.flow.status == FlowStatus::Cancelled;
    world.until(&flow, "the end of its flow", over).await;
    let late = json!({ "agent": "sh", "prompt": "true" });
    assert_eq!(refused::<AgentSpawn>(&own_of(&world, &first), late).await, "cancel_requested");
    // Each parent is told of its own, once.
    let told = messages(&bound(&world, ME)).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(messages(&own_of(&world, &first)).await.len(), 2);
    world.at_rest().await;
}

fn own_of(world: &World, made: &AgentSpawnResponse) -> Api {
    bound(world, &made.child_session_key)
}

scenario!(a_sub_agent_of_a_flow_draws_from_its_budget, 2);
async fn a_sub_agent_of_a_flow_draws_from_its_budget(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let set = json!({ "flow": flow.flow_id, "budget": { "tokens": 10 }, "by": "ann" });
    done::<clawflow_engine::api::FlowBudget>(&me, set).await;
    let ask = json!({ "agent": "sh", "prompt": "until [ -e go ]; do sleep 0.02; done; echo done",
                      "flow": flow.flow_id, "cwd": world.path() });
    let made = done::<AgentSpawn>(&me, ask.clone()).await;
    assert_eq!(made.task.parent_flow_id, Some(flow.flow_id.clone()));
    let now = || world.engine.store().task(&made.task.task_id).unwrap().unwrap();
    until("its start", || now().status == TaskStatus::Running).await;
    let usage = json!({ "task": made.task.task_id, "usage": { "inputTokens": 9, "turns": 1 } });
    done::<TaskReport>(&me, usage).await;
    let usage = json!({ "task": made.task.task_id, "usage": { "inputTokens": 10 } });
    done::<TaskReport>(&me, usage).await;
    assert_eq!(refused::<AgentSpawn>(&me, ask).await, "paused");
    world.touch("go");
    let over = ended(&world, &made.task).await;
    assert_eq!((over.answer.as_deref(), over.usage.unwrap().turns), (Some("done"), Some(1)));
    let view = done::<FlowShow>(&me, json!({ "flow": flow.flow_id })).await;
    assert!(view.flow.held_at.is_some());
    let cancel = json!({ "flow": flow.flow_id });
    done::<clawflow_engine::api::FlowCancel>(&me, cancel).await;
    world.at_rest().await;
}

scenario!(the_same_key_is_the_same_sub_agent, 2);
async fn the_same_key_is_the_same_sub_agent(world: World) {
    let me = bound(&world, ME);
    let ask = json!({ "agent": "sh", "prompt": "true", "idempotencyKey": "k" });
    let first = done::<AgentSpawn>(&me, ask.clone()).await;
    let again = done::<AgentSpawn>(&me, ask).await;
    assert_eq!(again, first);
    let other = json!({ "agent": "sh", "prompt": "false", "idempotencyKey": "k" });
    assert_eq!(refused::<AgentSpawn>(&me, other).await, "key_conflict");
    ended(&world, &first.task).await;
    let shown = done::<TaskShow>(&me, json!({ "task": first.run_id })).await;
    assert_eq!(shown.task_id, first.task.task_id);
    world.at_rest().await;
}
