//! Flows that time starts, with the files of their child flows.

use crate::ask::{ME, bound, done, refused};
use crate::schedules::{add, count, runs, until};
use crate::world::{World, scenario};
use clawflow_core::flow::FlowStatus;
use clawflow_core::schedule::{Payload, RunStatus, ScheduleRun};
use clawflow_engine::api::*;
use serde_json::{Value, json};

const MAIN: &str = "args: { which: { default: one } }
steps:
  - { id: c, flow: { file: \"${which}.yaml\" } }
  - { id: d, argv: [sh, -c, 'echo \"$0 $CLAWFLOW_SCHEDULE\" >> out', $c.json.s] }
";

/// A start with files that are nowhere on a disk.
fn start(world: &World, source: Option<&str>, args: Value, files: &[(&str, &str)]) -> Value {
    let files: serde_json::Map<String, Value> =
        files.iter().map(|(name, text)| (format!("/no/{name}"), json!(text))).collect();
    json!({
        "kind": "flow", "source": source, "file": "main.yaml", "path": "/no/main.yaml",
        "files": files, "cwd": world.path(), "env": { "PATH": "/usr/bin:/bin" }, "args": args,
    })
}

fn yearly() -> Value {
    json!({ "kind": "cron", "expr": "@yearly", "tz": "UTC" })
}

async fn children(world: &World, run: &ScheduleRun) -> Vec<FlowLine> {
    let parent = json!({ "parent": run.flow_id, "limit": 100 });
    done::<FlowList>(&bound(world, ME), parent).await.flows
}

scenario!(the_files_of_child_flows_are_kept, 4);
async fn the_files_of_child_flows_are_kept(world: World) {
    let me = bound(&world, ME);
    let one = "steps: [{ id: s, flow: { file: leaf.yaml } }]";
    let leaf = "steps: [{ id: s, run: echo leaf }]";
    let all = [("one.yaml", one), ("leaf.yaml", leaf)];
    let part = start(&world, Some(MAIN), json!({}), &all[..1]);
    let bad = json!({ "name": "f", "spec": yearly(), "start": part });
    assert_eq!(refused::<ScheduleAdd>(&me, bad).await, "bad_file", "a file was not sent");
    let made = start(&world, Some(MAIN), json!({}), &all);
    let made = add(&world, "f", yearly(), made, json!({})).await;
    let view = done::<ScheduleShow>(&me, json!({ "schedule": "f" })).await;
    let named: Vec<&str> = view.files.keys().map(String::as_str).collect();
    assert_eq!(named, ["/no/leaf.yaml", "/no/one.yaml"]);
    assert_eq!(view.files["/no/leaf.yaml"], clawflow_core::hash::sha256(leaf.as_bytes()));
    let listed = done::<ScheduleList>(&me, json!({})).await;
    assert!(listed.schedules[0].files.is_empty() && made.payload.files_hash().is_some());
    let token = json!({ "schedule": "f" });
    done::<ScheduleRunNow>(&me, token.clone()).await;
    let ended = |n| move |runs: &[ScheduleRun]| count(runs, RunStatus::Succeeded) == n;
    let found = until(&world, "f", "its end", ended(1)).await;
    let below = children(&world, &found[0]).await;
    assert_eq!((below.len(), below[0].flow.status), (1, FlowStatus::Succeeded));
    // Without a text everything stays, and what the new arguments name must be among it.
    let args = |which: &str| json!({ "which": which });
    let edit = |args: Value| json!({ "schedule": "f", "start": start(&world, None, args, &[]) });
    assert_eq!(refused::<ScheduleEdit>(&me, edit(args("two"))).await, "bad_file");
    assert_eq!(refused::<ScheduleEdit>(&me, edit(json!({ "other": 1 }))).await, "invalid");
    let edited = done::<ScheduleEdit>(&me, edit(args("leaf"))).await;
    let Payload::Flow { file, path, .. } = &edited.payload else { panic!("{edited:?}") };
    assert_eq!((file.as_str(), path.as_str()), ("main.yaml", "/no/main.yaml"));
    done::<ScheduleRunNow>(&me, token.clone()).await;
    until(&world, "f", "its end", ended(2)).await;
    assert_eq!(world.lines("out").len(), 2);
    done::<ScheduleRemove>(&me, token).await;
    for run in found {
        let flow = json!({ "flow": run.flow_id });
        assert_eq!(done::<FlowShow>(&me, flow).await.flow.status, FlowStatus::Succeeded);
    }
    world.at_rest().await;
}

scenario!(a_run_that_takes_too_long_ends_with_its_child_flows, 4);
async fn a_run_that_takes_too_long_ends_with_its_child_flows(world: World) {
    let child = "steps: [{ id: s, run: 'echo began >> marks; sleep 60' }]";
    let main = "steps: [{ id: c, flow: { file: child.yaml } }]";
    let start = start(&world, Some(main), json!({}), &[("child.yaml", child)]);
    add(&world, "slow", yearly(), start, json!({ "timeoutMs": 400 })).await;
    done::<ScheduleRunNow>(&bound(&world, ME), json!({ "schedule": "slow" })).await;
    let timed_out = |runs: &[ScheduleRun]| count(runs, RunStatus::TimedOut) == 1;
    let found = until(&world, "slow", "its end", timed_out).await;
    let below = children(&world, &found[0]).await;
    let child = &below[0].flow;
    assert_eq!(child.status, FlowStatus::Cancelled);
    let parent = done::<FlowShow>(&world.api, json!({ "flow": found[0].flow_id })).await.flow;
    assert!(child.ended_at <= parent.ended_at, "{child:?}\n{parent:?}");
    assert!(found[0].ended_at >= parent.ended_at);
    assert_eq!(runs(&world, "slow").await.len(), 1);
    world.at_rest().await;
}

const KEYED: &str = "key: one
on_conflict: join
steps: [{ id: a, run: 'echo x >> began; while [ ! -e go ]; do sleep 0.02; done' }]
";

scenario!(a_run_joins_the_flow_of_its_key, 4);
async fn a_run_joins_the_flow_of_its_key(mut world: World) {
    let me = bound(&world, ME);
    let by_hand = FlowRunRequest { owner: Some(ME.to_owned()), ..world.request(KEYED) };
    let flow = world.call::<FlowRun>(by_hand).await.unwrap();
    let start = start(&world, Some(KEYED), json!({}), &[]);
    let policies = json!({ "timeoutMs": 1, "overlap": "replace" });
    add(&world, "j", yearly(), start, policies).await;
    let token = json!({ "schedule": "j" });
    let first = done::<ScheduleRunNow>(&me, token.clone()).await;
    assert_eq!((first.status, first.joined), (RunStatus::Running, true));
    assert_eq!((first.flow_id.as_ref(), first.due_at), (Some(&flow.flow_id), None));
    // A newer one takes its place, and joins as well: the flow is nobody's to stop.
    let second = done::<ScheduleRunNow>(&me, token).await;
    assert_eq!((second.status, second.joined), (RunStatus::Running, true));
    let left = runs(&world, "j").await.into_iter().find(|run| run.run_id == first.run_id).unwrap();
    assert_eq!(left.status, RunStatus::Cancelled);
    assert!(left.error.unwrap().contains("goes on"));
    // It is followed after a restart too.
    world.restart(clawflow_engine::Scope::All);
    world.touch("go");
    let ended = |runs: &[ScheduleRun]| count(runs, RunStatus::Succeeded) == 1;
    let found = until(&world, "j", "its end", ended).await;
    assert!(found[0].joined && found[0].run_id == second.run_id);
    let view = done::<FlowShow>(&world.api, json!({ "flow": flow.flow_id })).await;
    assert_eq!(view.flow.status, FlowStatus::Succeeded);
    assert_eq!(world.lines("began").len(), 1);
    world.at_rest().await;
}

scenario!(a_flow_that_fails_fails_the_runs_that_joined_it, 4);
async fn a_flow_that_fails_fails_the_runs_that_joined_it(world: World) {
    let source = KEYED.replace("done'", "done; exit 3'");
    let by_hand = FlowRunRequest { owner: Some(ME.to_owned()), ..world.request(&source) };
    world.call::<FlowRun>(by_hand).await.unwrap();
    let start = start(&world, Some(&source), json!({}), &[]);
    let policies = json!({ "overlap": "allow", "retries": 1, "retryPauseMs": 20 });
    add(&world, "j", yearly(), start, policies).await;
    for _ in 0..2 {
        done::<ScheduleRunNow>(&bound(&world, ME), json!({ "schedule": "j" })).await;
    }
    world.touch("go");
    let failed = |runs: &[ScheduleRun]| count(runs, RunStatus::Failed) == 2;
    let found = until(&world, "j", "their ends", failed).await;
    assert!(found.iter().all(|run| run.attempt == 2), "{found:#?}");
    world.at_rest().await;
}

scenario!(a_run_waits_in_line_for_its_key, 4);
async fn a_run_waits_in_line_for_its_key(world: World) {
    let source = KEYED.replace("join", "queue");
    let start = start(&world, Some(&source), json!({}), &[]);
    add(&world, "q", yearly(), start, json!({ "overlap": "allow" })).await;
    for _ in 0..2 {
        done::<ScheduleRunNow>(&bound(&world, ME), json!({ "schedule": "q" })).await;
    }
    let found = runs(&world, "q").await;
    assert!(count(&found, RunStatus::Running) == 2 && found[0].flow_id != found[1].flow_id);
    world.touch("go");
    until(&world, "q", "their ends", |runs| count(runs, RunStatus::Succeeded) == 2).await;
    assert_eq!(world.lines("began").len(), 2);
    world.at_rest().await;
}
