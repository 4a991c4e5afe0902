//! Tasks of agents that belong to no flow, and the flows that mirror them.

use crate::ask::{ME, OTHER, ask, bound, done, refused};
use crate::world::{World, scenario, until};
use clawflow_core::flow::{Flow, FlowStatus, SyncMode};
use clawflow_core::schedule::{Schedule, ScheduleRun};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::unit::{Change, Unit};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    Api, FlowCancel, FlowEmit, FlowEvents, FlowFinish, FlowGet, FlowList, FlowPause, FlowRetry,
    FlowRunTask, FlowShow, FlowView, FlowWhy, ScheduleAdd, ScheduleRemove, ScheduleRunNow,
    TaskCancel, TaskRecord, TaskReport, TaskShow,
};
use clawflow_engine::clock::now;
use clawflow_store::Store;
use clawflow_store::schedules::RunFilter;
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
    for runtime in ["acp", "subagent"] {
        let me = bound(&world, ME);
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
    let me = bound(&world, ME);
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

/// Watches two labels, from now on. A window is long, so that none ends during a test.
async fn watch(me: &Api) -> Schedule {
    let add = json!({
        "name": "morning",
        "spec": { "kind": "cron", "expr": "@yearly", "tz": "UTC" },
        "start": { "kind": "mirror", "members": [
            { "id": "backup", "by": "label", "value": "backup" },
            { "id": "import", "by": "label", "value": "import" },
        ] },
        "policies": { "notify": "done_only" },
    });
    done::<ScheduleAdd>(me, add).await
}

/// The group's flow of this window.
async fn today(me: &Api) -> FlowView {
    let store = me.engine().store().clone();
    let flow_id = || {
        let filter = RunFilter { limit: 1, ..RunFilter::default() };
        store.schedules().list_runs(&filter).unwrap().pop().and_then(|run| run.flow_id)
    };
    until("its window", || flow_id().is_some()).await;
    done::<FlowShow>(me, json!({ "flow": flow_id() })).await
}

fn stands(view: &FlowView) -> Vec<(&str, &str)> {
    view.steps.iter().map(|step| (step.step_id.as_str(), step.status.as_str())).collect()
}

async fn ran(me: &Api, label: &str, status: &str) -> Task {
    let at = clawflow_engine::clock::now();
    let new = json!({ "task": label, "label": label, "startedAt": at, "status": status });
    done::<TaskRecord>(me, new).await
}

scenario!(runs_join_their_group_in_the_commit_that_records_them, 1);
async fn runs_join_their_group_in_the_commit_that_records_them(mut world: World) {
    let me = bound(&world, ME);
    let before = ran(&me, "backup", "running").await;
    watch(&me).await;
    let view = today(&me).await;
    assert_eq!(view.flow.sync_mode, SyncMode::GroupMirrored);
    assert_eq!(view.flow.key.as_deref(), Some(&*format!("morning-{}-01-01", year())));
    assert_eq!(stands(&view), [("backup", "running"), ("import", "waiting")]);
    report(&me, &before, "succeeded").await;
    // Of another owner, of another label: none of the group's.
    ran(&bound(&world, OTHER), "import", "succeeded").await;
    ran(&me, "export", "succeeded").await;
    assert_eq!(stands(&today(&me).await), [("backup", "succeeded"), ("import", "waiting")]);
    // Both or neither.
    world.store.fail(1);
    let at = clawflow_engine::clock::now();
    let id = "task_01k9zzzzzzzzzzzzzzzzzzzzzz";
    let new = json!({ "task": "x", "label": "import", "taskId": id, "startedAt": at });
    assert!(ask::<TaskRecord>(&me, new.clone()).await.is_err());
    assert_eq!(stands(&today(&me).await)[1].1, "waiting");
    let task = done::<TaskRecord>(&me, new).await;
    assert_eq!(stands(&today(&me).await)[1].1, "running");
    world.restart(Scope::All);
    let me = bound(&world, ME);
    report(&me, &task, "failed").await;
    let view = today(&me).await;
    assert_eq!(view.flow.status, FlowStatus::Failed);
    assert_eq!(view.steps[1].task_id.as_ref(), Some(&task.task_id));
    // A repetition after the end is none of the group's, and is recorded all the same.
    until("it is later", || view.flow.ended_at < Some(clawflow_engine::clock::now())).await;
    ran(&me, "import", "succeeded").await;
    assert_eq!(today(&me).await.flow, view.flow);
}

fn year() -> String {
    let now = clawflow_engine::clock::now();
    jiff::Timestamp::from_millisecond(now).unwrap().to_string()[..4].to_owned()
}

scenario!(many_runs_at_once_join_one_after_another, 1);
async fn many_runs_at_once_join_one_after_another(world: World) {
    let me = bound(&world, ME);
    watch(&me).await;
    today(&me).await;
    let each = (0..40).map(|at| {
        let me = me.clone();
        let label = if at % 2 == 0 { "backup" } else { "import" };
        tokio::spawn(async move {
            let task = ran(&me, label, "running").await;
            report(&me, &task, "succeeded").await
        })
    });
    for one in each.collect::<Vec<_>>() {
        one.await.unwrap();
    }
    let view = today(&me).await;
    assert_eq!(stands(&view), [("backup", "succeeded"), ("import", "succeeded")]);
    assert_eq!(view.flow.status, FlowStatus::Succeeded);
}

scenario!(a_group_is_cancelled_removed_and_not_driven, 1);
async fn a_group_is_cancelled_removed_and_not_driven(world: World) {
    let me = bound(&world, ME);
    let schedule = watch(&me).await;
    let flow = today(&me).await.flow;
    let id = &flow.flow_id;
    let task = ran(&me, "backup", "running").await;
    let finish = json!({ "flow": id, "expectedRevision": 0 });
    assert_eq!(refused::<FlowFinish>(&me, finish).await, "not_managed");
    assert_eq!(refused::<FlowPause>(&me, json!({ "flow": id })).await, "not_managed");
    let emit = json!({ "flow": id, "content": "x" });
    assert_eq!(refused::<FlowEmit>(&me, emit).await, "not_managed");
    let name = json!({ "schedule": schedule.schedule_id });
    assert_eq!(refused::<ScheduleRunNow>(&me, name.clone()).await, "invalid_state");
    let why = done::<FlowWhy>(&me, json!({ "flow": id })).await;
    let kinds: Vec<_> = why.reasons.iter().map(|reason| reason.kind.as_str()).collect();
    assert_eq!(kinds, ["member", "member"]);
    done::<ScheduleRemove>(&me, name).await;
    let view = done::<FlowShow>(&me, json!({ "flow": id })).await;
    assert_eq!(view.flow.status, FlowStatus::Cancelled);
    assert!(view.flow.error.as_deref().unwrap().contains("were not stopped"));
    let task = done::<TaskShow>(&me, json!({ "task": task.task_id })).await;
    assert_eq!(task.status, TaskStatus::Running, "nobody touched it");
    assert_eq!(refused::<FlowRetry>(&me, json!({ "flow": id })).await, "not_managed");
    ran(&me, "import", "succeeded").await;
}

scenario!(groups_that_cannot_be_are_refused, 1);
async fn groups_that_cannot_be_are_refused(world: World) {
    let me = bound(&world, ME);
    let add = |spec: Value, members: Value| json!({ "name": "g", "spec": spec, "start": { "kind": "mirror", "members": members } });
    let daily = || json!({ "kind": "cron", "expr": "@daily", "tz": "UTC" });
    let one = |id: &str, deadline: &str| json!([{ "id": id, "by": "label", "value": "x", "deadline": deadline }]);
    let many: Vec<Value> =
        (0..101).map(|at| json!({ "id": format!("m{at}"), "by": "label", "value": "x" })).collect();
    for (spec, members) in [
        (daily(), json!([])),
        (daily(), Value::from(many)),
        (daily(), one("", "3h")),
        (daily(), one("a b", "3h")),
        (daily(), one("a", "24:00")),
        (daily(), one("a", "\u{1b}[2J")),
        (daily(), json!([{ "id": "a", "by": "label", "value": "\n" }])),
        (json!({ "kind": "at", "at": 4_000_000_000_000_i64 }), one("a", "3h")),
    ] {
        let said = members.to_string();
        let code = refused::<ScheduleAdd>(&me, add(spec, members)).await;
        assert_eq!(code, "invalid", "{}", &said[..said.len().min(80)]);
    }
    let unknown = json!([{ "id": "a", "by": "schedule", "value": "nobody" }]);
    assert_eq!(refused::<ScheduleAdd>(&me, add(daily(), unknown)).await, "not_found");
}

scenario!(a_window_finds_all_runs_of_a_schedule, 1);
async fn a_window_finds_all_runs_of_a_schedule(world: World) {
    let me = bound(&world, ME);
    let start =
        json!({ "kind": "command", "argv": ["true"], "cwd": "/", "env": { "PATH": "/bin" } });
    let daily = json!({ "kind": "every", "everyMs": 86_400_000 });
    let new = json!({ "name": "nightly", "spec": daily, "start": start });
    let schedule = done::<ScheduleAdd>(&me, new).await;
    let run = done::<ScheduleRunNow>(&me, json!({ "schedule": "nightly" })).await;
    let ended = || {
        let found = world.store.schedules().run(&run.run_id).unwrap().unwrap();
        Some(found).filter(|run| !run.is_open())
    };
    until("its end", || ended().is_some()).await;
    // Very many that are newer, and of which nothing is left but their rows.
    let row = ended().unwrap();
    let newer = (0..1100).map(|at| Change {
        expected: None,
        row: ScheduleRun {
            run_id: format!("{}{at:04}", run.run_id).as_str().into(),
            version: 0,
            task_id: None,
            ..row.clone()
        },
    });
    world.engine.commit(Unit { runs: newer.collect(), ..Unit::default() }).await.unwrap();
    let slot = now() - 3_600_000;
    let members = json!([{ "id": "a", "by": "schedule", "value": schedule.schedule_id }]);
    let spec = json!({ "kind": "every", "everyMs": 86_400_000, "anchor": slot });
    let group =
        json!({ "name": "g", "spec": spec, "start": { "kind": "mirror", "members": members } });
    done::<ScheduleAdd>(&me, group).await;
    let view = today(&me).await;
    assert_eq!(stands(&view), [("a", "succeeded")]);
    assert_eq!(view.flow.status, FlowStatus::Succeeded);
}

scenario!(a_late_report_joins_its_window_however_many_came_after_it, 1);
async fn a_late_report_joins_its_window_however_many_came_after_it(world: World) {
    const HOUR: i64 = 3_600_000;
    let me = bound(&world, ME);
    let spec = json!({ "kind": "every", "everyMs": HOUR, "anchor": now() - HOUR / 2 });
    let members = json!([{ "id": "a", "by": "label", "value": "a" }]);
    let group =
        json!({ "name": "g", "spec": spec, "start": { "kind": "mirror", "members": members } });
    done::<ScheduleAdd>(&me, group).await;
    let window = today(&me).await;
    assert_eq!(stands(&window), [("a", "waiting")]);
    let filter = RunFilter { limit: 1, ..RunFilter::default() };
    let row = world.store.schedules().list_runs(&filter).unwrap().pop().unwrap();
    // Four days of windows, of which nothing is left but their rows.
    let later = (1..=96).map(|n| Change {
        expected: None,
        row: ScheduleRun {
            run_id: format!("{}{n:04}", row.run_id).as_str().into(),
            version: 0,
            slot: row.slot.map(|slot| slot + n * HOUR),
            flow_id: Some(format!("flow_{n:04}").as_str().into()),
            ..row.clone()
        },
    });
    world.engine.commit(Unit { runs: later.collect(), ..Unit::default() }).await.unwrap();
    ran(&me, "a", "succeeded").await;
    let view = done::<FlowShow>(&me, json!({ "flow": window.flow.flow_id })).await;
    assert_eq!(stands(&view), [("a", "succeeded")]);
    assert_eq!(view.flow.status, FlowStatus::Succeeded);
}
