//! Turns of agents that time starts.

use crate::ask::{ME, bound, done, refused};
use crate::schedules::{add, count, until};
use crate::world::{World, scenario};
use clawflow_core::schedule::limits::PROMPT_BYTES_MAX;
use clawflow_core::schedule::{AgentTurn, Payload, RunStatus, Schedule, ScheduleRun};
use clawflow_core::task::{Runtime, Task};
use clawflow_core::unit::{Change, Unit};
use clawflow_engine::api::*;
use serde_json::{Value, json};

fn start(world: &World, agent: &str, prompt: &str) -> Value {
    let env = json!({ "OWN": "own", "GIVEN": "mine", "PATH": "/none" });
    json!({
        "kind": "agent", "agent": agent, "prompt": prompt, "cwd": world.path(), "env": env,
        "model": "m2",
    })
}

fn yearly() -> Value {
    json!({ "kind": "cron", "expr": "@yearly", "tz": "UTC" })
}

async fn fire(world: &World, name: &str) -> ScheduleRun {
    done::<ScheduleRunNow>(&bound(world, ME), json!({ "schedule": name })).await
}

async fn task(world: &World, run: &ScheduleRun) -> Task {
    done::<TaskShow>(&bound(world, ME), json!({ "task": run.task_id })).await
}

scenario!(an_agent_that_reads_its_prompt_is_a_sub_agent, 2);
async fn an_agent_that_reads_its_prompt_is_a_sub_agent(world: World) {
    // What the configuration and the gateway give comes before what the schedule brought along.
    let prompt = "printf '%s ' \"$CLAWFLOW_SCHEDULE\" $CLAWFLOW_AGENT_MODEL $OWN $GIVEN; pwd";
    let made = add(&world, "ask", yearly(), start(&world, "sh", prompt), json!({})).await;
    fire(&world, "ask").await;
    let ended = |runs: &[ScheduleRun]| count(runs, RunStatus::Succeeded) == 1;
    let found = until(&world, "ask", "its end", ended).await;
    let over = task(&world, &found[0]).await;
    let here = world.path().canonicalize().unwrap();
    let said = format!("ask m2 own secret {}", here.display());
    assert_eq!(over.answer.as_deref(), Some(said.as_str()));
    assert_eq!((over.runtime, over.label.as_deref()), (Runtime::Subagent, Some("ask")));
    assert_eq!((over.source_id, over.task), (Some(made.schedule_id.0), prompt.to_owned()));
    let session = over.child_session_key.unwrap();
    assert!(session.starts_with("agent:sh:subagent:"), "{session}");
    assert!(!format!("{:?}", over.command).contains("secret"));
    // It is silent unless somebody asked for more, and has a flow that mirrors it.
    let me = bound(&world, ME);
    assert!(done::<InboxList>(&me, json!({})).await.deliveries.is_empty());
    assert!(over.parent_flow_id.is_some());
    done::<ScheduleEdit>(&me, json!({ "schedule": "ask", "policies": { "notify": "done_only" } }))
        .await;
    fire(&world, "ask").await;
    let inbox = done::<InboxList>(&me, json!({ "timeoutMs": 30000 })).await.deliveries;
    assert_eq!(inbox[0].data["answer"], json!(said));
    until(&world, "ask", "its end", |runs| count(runs, RunStatus::Succeeded) == 2).await;
    world.at_rest().await;
}

scenario!(policies_hold_for_agents, 2);
async fn policies_hold_for_agents(world: World) {
    let bad = start(&world, "sh", "echo x >> tries; exit 3");
    add(&world, "bad", yearly(), bad, json!({ "retries": 1, "retryPauseMs": 20 })).await;
    let first = fire(&world, "bad").await;
    let found = until(&world, "bad", "its end", |runs| count(runs, RunStatus::Failed) == 1).await;
    assert_eq!((found[0].attempt, world.lines("tries").len()), (2, 2));
    assert_eq!(task(&world, &found[0]).await.parent_task_id, first.task_id);
    let slow = start(&world, "sh", "sleep 60");
    add(&world, "slow", yearly(), slow, json!({ "timeoutMs": 200 })).await;
    fire(&world, "slow").await;
    until(&world, "slow", "its end", |runs| count(runs, RunStatus::TimedOut) == 1).await;
    let long = start(&world, "sh", "echo x >> began; [ -e go ] || sleep 60");
    add(&world, "long", yearly(), long, json!({ "overlap": "replace" })).await;
    fire(&world, "long").await;
    crate::world::until("its start", || world.lines("began").len() == 1).await;
    world.touch("go");
    fire(&world, "long").await;
    let ended = |runs: &[ScheduleRun]| count(runs, RunStatus::Succeeded) == 1;
    let found = until(&world, "long", "the end", ended).await;
    assert_eq!(count(&found, RunStatus::Cancelled), 1);
    world.at_rest().await;
}

scenario!(what_no_agent_can_be_asked_is_refused, 1);
async fn what_no_agent_can_be_asked_is_refused(world: World) {
    let me = bound(&world, ME);
    let new = |start: Value| json!({ "name": "x", "spec": yearly(), "start": start });
    let long = "x".repeat(PROMPT_BYTES_MAX + 1);
    for (agent, prompt, code) in [
        ("nobody", "hello", "not_found"),
        ("", "hello", "not_found"),
        ("sh", " ", "invalid"),
        ("sh", "a\0b", "invalid"),
        ("sh", long.as_str(), "invalid"),
    ] {
        let start = start(&world, agent, prompt);
        assert_eq!(refused::<ScheduleAdd>(&me, new(start)).await, code, "{agent}");
    }
    for (key, value) in [
        ("permissions", json!(["allow"])),
        ("cwd", json!("here")),
        ("model", json!("")),
        ("mode", json!("a\nb")),
        ("env", json!({ "A=B": "c" })),
    ] {
        let mut start = start(&world, "sh", "true");
        start[key] = value;
        assert_eq!(refused::<ScheduleAdd>(&me, new(start)).await, "invalid", "{key}");
    }
    assert!(done::<ScheduleList>(&me, json!({})).await.schedules.is_empty());
}

scenario!(an_agent_that_is_gone_fails_the_run, 1);
async fn an_agent_that_is_gone_fails_the_run(world: World) {
    let made = add(&world, "x", yearly(), start(&world, "sh", "true"), json!({})).await;
    // As if the configuration had changed since.
    let Payload::Agent(turn) = &made.payload else { panic!("{made:?}") };
    let turn = AgentTurn { agent: "gone".to_owned(), ..turn.clone() };
    let row = Schedule { payload: Payload::Agent(turn), version: made.version + 1, ..made.clone() };
    let schedules = vec![Change { expected: Some(made.version), row }];
    world.engine.commit(Unit { schedules, ..Unit::default() }).await.unwrap();
    let run = fire(&world, "x").await;
    assert_eq!((run.status, run.task_id), (RunStatus::Failed, None));
    assert_eq!(run.error.as_deref(), Some("agent not found: gone"));
}
