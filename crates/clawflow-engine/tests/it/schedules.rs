//! Schedules over real time, real processes and both stores.

use crate::ask::{ME, OTHER, ask, bound, done, refused};
use crate::world::{Kind, World, scenario};
use clawflow_core::schedule::{DisabledReason, RunStatus, Schedule, ScheduleRun};
use clawflow_core::unit::{Change, Unit};
use clawflow_engine::Scope;
use clawflow_engine::api::*;
use clawflow_engine::clock::now;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn command(world: &World, script: &str) -> Value {
    let env = json!({ "PATH": "/usr/bin:/bin" });
    json!({
        "kind": "command", "argv": ["sh", "-c", script], "cwd": world.path(), "env": env,
    })
}

pub(crate) async fn add(
    world: &World,
    name: &str,
    spec: Value,
    start: Value,
    policies: Value,
) -> Schedule {
    let new = json!({ "name": name, "spec": spec, "start": start, "policies": policies });
    done::<ScheduleAdd>(&bound(world, ME), new).await
}

pub(crate) async fn runs(world: &World, name: &str) -> Vec<ScheduleRun> {
    done::<ScheduleRuns>(&bound(world, ME), json!({ "schedule": name, "limit": 1000 })).await.runs
}

pub(crate) async fn until(
    world: &World,
    name: &str,
    what: &str,
    holds: impl Fn(&[ScheduleRun]) -> bool,
) -> Vec<ScheduleRun> {
    let began = Instant::now();
    loop {
        let found = runs(world, name).await;
        if holds(&found) {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}: {found:#?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn count(runs: &[ScheduleRun], status: RunStatus) -> usize {
    runs.iter().filter(|run| run.status == status).count()
}

fn soon(ms: i64) -> Value {
    json!({ "kind": "at", "at": now() + ms })
}

/// Writes the schedule as if it had been made long ago and nobody had been there since.
async fn asleep(world: &World, name: &str, since: i64) -> Schedule {
    let row = done::<ScheduleShow>(&world.api, json!({ "schedule": name })).await.schedule;
    let mut old = Schedule { version: row.version + 1, ..row.clone() };
    old.next_slot = old.next_slot.map(|_| since);
    old.next_at = old.next_slot;
    let schedules = vec![Change { expected: Some(row.version), row: old.clone() }];
    world.engine.commit(Unit { schedules, ..Unit::default() }).await.unwrap();
    old
}

scenario!(a_command_fires_once_and_is_a_task, 4);
async fn a_command_fires_once_and_is_a_task(world: World) {
    let start = command(&world, "echo $CLAWFLOW_SCHEDULE >> fired");
    let made = add(&world, "once", soon(300), start, json!({})).await;
    let ended = |runs: &[ScheduleRun]| count(runs, RunStatus::Succeeded) == 1;
    let found = until(&world, "once", "its run", ended).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].slot, made.next_slot);
    let task = json!({ "task": found[0].task_id });
    let task = done::<TaskShow>(&bound(&world, ME), task).await;
    assert_eq!(task.runtime.as_str(), "cron");
    assert_eq!(task.source_id, Some(made.schedule_id.0.clone()));
    assert_eq!(world.lines("fired"), ["once"]);
    let after = done::<ScheduleShow>(&world.api, json!({ "schedule": "once" })).await.schedule;
    assert_eq!(after.disabled_reason, Some(DisabledReason::Finished));
    assert_eq!(after.last_status, Some(RunStatus::Succeeded));
}

scenario!(a_flow_is_started_from_its_kept_file, 4);
async fn a_flow_is_started_from_its_kept_file(world: World) {
    let source = "args:\n  who: {}\nsteps:\n  - { id: a, run: \"echo $WHO >> out\", env: { WHO: \"${who}\" } }\n";
    let start = |source: Option<&str>, args: Value| {
        json!({
            "kind": "flow", "source": source, "file": "a.flow.yaml", "cwd": world.path(),
            "env": { "PATH": "/usr/bin:/bin" }, "args": args,
        })
    };
    let me = bound(&world, ME);
    let yearly = json!({ "kind": "cron", "expr": "@yearly", "tz": "UTC" });
    let bare = json!({ "name": "f", "spec": yearly, "start": start(Some(source), json!({})) });
    assert_eq!(refused::<ScheduleAdd>(&me, bare).await, "invalid", "an argument is missing");
    let bad = start(Some("steps: 7"), json!({}));
    let bad = json!({ "name": "f", "spec": yearly, "start": bad });
    assert_eq!(refused::<ScheduleAdd>(&me, bad).await, "bad_file");
    add(&world, "f", yearly, start(Some(source), json!({ "who": "ann" })), json!({})).await;
    let token = json!({ "schedule": "f" });
    let run = done::<ScheduleRunNow>(&me, token.clone()).await;
    assert!(run.flow_id.is_some() && run.slot.is_none());
    until(&world, "f", "its end", |runs| count(runs, RunStatus::Succeeded) == 1).await;
    let edit = json!({ "schedule": "f", "start": start(None, json!({ "who": "bob" })) });
    done::<ScheduleEdit>(&me, edit).await;
    done::<ScheduleRunNow>(&me, token).await;
    until(&world, "f", "its end", |runs| count(runs, RunStatus::Succeeded) == 2).await;
    assert_eq!(world.lines("out"), ["ann", "bob"]);
}

scenario!(a_message_reaches_the_inbox, 1);
async fn a_message_reaches_the_inbox(world: World) {
    let start = json!({ "kind": "message", "content": "drink water", "data": { "ml": 200 } });
    add(&world, "water", soon(200), start, json!({ "deleteAfterRun": true })).await;
    let me = bound(&world, ME);
    let inbox = done::<InboxList>(&me, json!({ "timeoutMs": 30000 })).await.deliveries;
    assert_eq!((inbox.len(), inbox[0].content.as_str()), (1, "drink water"));
    assert_eq!(inbox[0].data["data"]["ml"], 200);
    assert_eq!(refused::<ScheduleShow>(&me, json!({ "schedule": "water" })).await, "not_found");
}

scenario!(three_days_asleep_leave_one_row, 2);
async fn three_days_asleep_leave_one_row(mut world: World) {
    world.restart(Scope::Nothing);
    let minutely = json!({ "kind": "every", "everyMs": 60_000 });
    let slot = now() / 60_000 * 60_000 - 4319 * 60_000;
    for policy in ["skip", "once"] {
        let policies = json!({ "missed": policy, "lateMs": 120_000 });
        add(&world, policy, minutely.clone(), command(&world, "true"), policies).await;
        asleep(&world, policy, slot).await;
    }
    // Neither a list nor a status makes anything of missed slots.
    done::<ScheduleList>(&world.api, json!({})).await;
    done::<ScheduleStatus>(&world.api, json!({})).await;
    done::<ScheduleNext>(&world.api, json!({ "schedule": "skip" })).await;
    assert!(runs(&world, "skip").await.is_empty());
    world.restart(Scope::All);
    for policy in ["skip", "once"] {
        let two = |runs: &[ScheduleRun]| count(runs, RunStatus::Succeeded) >= 1;
        let found = until(&world, policy, "its run", two).await;
        let skipped: Vec<_> = found.iter().filter(|run| run.reason.is_some()).collect();
        assert_eq!(skipped.len(), 1, "{found:#?}");
        assert!((4319..=4320).contains(&skipped[0].slots), "{found:#?}");
        assert_eq!(skipped[0].slot, Some(slot));
    }
}

scenario!(what_failed_is_tried_again_and_then_disabled, 2);
async fn what_failed_is_tried_again_and_then_disabled(world: World) {
    let start = command(&world, "echo x >> tries; exit 3");
    let policies = json!({ "retries": 2, "retryPauseMs": 50, "disableAfter": 1 });
    let every = json!({ "kind": "every", "everyMs": 3_600_000 });
    add(&world, "bad", every, start, policies).await;
    done::<ScheduleRunNow>(&world.api, json!({ "schedule": "bad" })).await;
    let found = until(&world, "bad", "its end", |runs| count(runs, RunStatus::Failed) == 1).await;
    assert_eq!(found[0].attempt, 3);
    assert_eq!(world.lines("tries").len(), 3);
    let row = done::<ScheduleShow>(&world.api, json!({ "schedule": "bad" })).await.schedule;
    assert_eq!(row.disabled_reason, Some(DisabledReason::Errors));
    let inbox = done::<InboxList>(&bound(&world, ME), json!({})).await.deliveries;
    assert_eq!(inbox[0].kind, "schedule.disabled");
    assert!(inbox[0].content.contains("1 runs failed in a row"), "{}", inbox[0].content);
}

scenario!(a_newer_run_replaces_what_goes_on, 4);
async fn a_newer_run_replaces_what_goes_on(world: World) {
    let start = command(&world, "echo x >> began; [ -e go ] || sleep 60");
    let every = json!({ "kind": "every", "everyMs": 3_600_000 });
    add(&world, "r", every, start, json!({ "overlap": "replace" })).await;
    let token = json!({ "schedule": "r" });
    let first = done::<ScheduleRunNow>(&world.api, token.clone()).await;
    crate::world::until("its start", || world.lines("began").len() == 1).await;
    world.touch("go");
    let second = done::<ScheduleRunNow>(&world.api, token).await;
    assert_eq!(second.status, RunStatus::Queued);
    let found = until(&world, "r", "the end", |runs| count(runs, RunStatus::Succeeded) == 1).await;
    let of = |id| found.iter().find(|run| run.run_id == id).unwrap();
    assert_eq!(of(first.run_id).status, RunStatus::Cancelled);
    assert_eq!(of(second.run_id).status, RunStatus::Succeeded);
}

scenario!(an_end_that_nobody_saw_is_found, 2);
async fn an_end_that_nobody_saw_is_found(mut world: World) {
    let start = command(&world, "echo x >> began; while [ ! -e go ]; do sleep 0.02; done");
    add(&world, "long", soon(50), start, json!({})).await;
    crate::world::until("its start", || world.lines("began").len() == 1).await;
    world.engine.stop();
    world.touch("go");
    crate::world::until("its exit", || world.exit_records() == 1).await;
    world.restart(Scope::All);
    let ended = |runs: &[ScheduleRun]| count(runs, RunStatus::Succeeded) == 1;
    assert_eq!(until(&world, "long", "its end", ended).await.len(), 1);
    assert_eq!(world.lines("began").len(), 1, "it ran once");
}

scenario!(foreign_schedules_are_not_there, 1);
async fn foreign_schedules_are_not_there(world: World) {
    let daily = json!({ "kind": "cron", "expr": "@daily", "tz": "UTC" });
    let made = add(&world, "mine", daily, command(&world, "true"), json!({})).await;
    let other = bound(&world, OTHER);
    for name in ["mine", &made.schedule_id.0] {
        let token = json!({ "schedule": name });
        macro_rules! not_there {
            ($($call:ident)+) => {$(
                assert_eq!(refused::<$call>(&other, token.clone()).await, "not_found");
            )+};
        }
        not_there! {
            ScheduleShow ScheduleEdit ScheduleEnable ScheduleDisable ScheduleRemove ScheduleRunNow
            ScheduleRuns ScheduleNext
        }
    }
    let list = done::<ScheduleList>(&other, json!({})).await;
    assert_eq!((list.schedules.len(), list.total), (0, 0));
    let list = done::<ScheduleList>(&other, json!({ "owner": ME })).await;
    assert_eq!((list.schedules.len(), list.total), (0, 0));
    assert!(done::<ScheduleRuns>(&other, json!({})).await.runs.is_empty());
    assert!(ask::<ScheduleShow>(&bound(&world, ME), json!({ "schedule": "mine" })).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn very_many_fire_in_one_minute() {
    let world = World::new(Kind::Sqlite, 4);
    let start = json!({ "kind": "message", "content": "tick" });
    let at = now() + 3_600_000;
    let me = bound(&world, ME);
    let mut adding = tokio::task::JoinSet::new();
    for n in 0..2000 {
        let (me, start) = (me.clone(), start.clone());
        adding.spawn(async move {
            let spec = json!({ "kind": "at", "at": at });
            let new = json!({ "name": format!("s{n}"), "spec": spec, "start": start });
            done::<ScheduleAdd>(&me, new).await
        });
    }
    let rows: Vec<Schedule> = adding.join_all().await;
    let due = now();
    let schedules = rows.into_iter().map(|row| Change {
        expected: Some(row.version),
        row: Schedule { version: row.version + 1, next_slot: Some(due), next_at: Some(due), ..row },
    });
    let unit = Unit { schedules: schedules.collect(), ..Unit::default() };
    world.engine.commit(unit).await.unwrap();
    let began = Instant::now();
    loop {
        let page = json!({ "limit": 1000, "status": ["succeeded"] });
        let first = done::<ScheduleRuns>(&me, page).await;
        let page = json!({ "limit": 1000, "status": ["succeeded"], "after": first.next });
        let fired = match first.next {
            None => first.runs.len(),
            Some(_) => 1000 + done::<ScheduleRuns>(&me, page).await.runs.len(),
        };
        if fired == 2000 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{fired} of 2000 have fired");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let inbox = done::<InboxList>(&me, json!({ "limit": 1000 })).await;
    assert!(inbox.deliveries.len() == 1000 && inbox.next.is_some());
}
