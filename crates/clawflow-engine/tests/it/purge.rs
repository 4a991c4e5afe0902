//! Tasks of their own that are deleted on request.

use crate::ask::{done, refused};
use crate::audit::put;
use crate::world::{World, scenario};
use clawflow_core::delivery::Delivery;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_engine::api::{TaskPurge, TaskRun, TaskShow, TaskWait};
use clawflow_store::conformance::fixtures as make;
use serde_json::{Value, json};

async fn ended(world: &World, script: &str, more: Value) -> Task {
    let mut run = json!({
        "argv": ["sh", "-c", script], "cwd": world.path(), "owner": "agent:main:main",
        "env": { "PATH": "/usr/bin:/bin" },
    });
    run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let task = done::<TaskRun>(&world.api, run).await;
    let wait = json!({ "task": task.task_id, "timeoutMs": 30_000 });
    let task = done::<TaskWait>(&world.api, wait).await;
    assert!(task.status.is_terminal(), "{task:?}");
    task
}

async fn purged(world: &World, request: Value) -> Vec<String> {
    done::<TaskPurge>(&world.api, request).await.tasks
}

/// Whether something of its attempts is on disk.
fn has_logs(world: &World, task: &Task) -> bool {
    let dirs = |path: std::path::PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut attempts = dirs(world.path().join("runs")).flat_map(|boot| dirs(boot.path()));
    attempts.any(|it| it.file_name().to_string_lossy().starts_with(task.task_id.as_str()))
}

scenario!(those_that_are_asked_for_go_with_their_logs, 4);
async fn those_that_are_asked_for_go_with_their_logs(world: World) {
    let plain = ended(&world, "echo a", json!({})).await;
    let labelled = ended(&world, "echo b", json!({ "label": "backup" })).await;
    let other = ended(&world, "echo c", json!({ "owner": "agent:other:main" })).await;
    let failed = ended(&world, "echo d; exit 3", json!({})).await;
    assert!(has_logs(&world, &labelled));
    for none in [
        json!({ "label": "none" }),
        json!({ "status": ["lost"] }),
        json!({ "status": ["queued", "running"] }),
        json!({ "runtime": ["external"], "owner": "agent:main:main" }),
        json!({ "endedBefore": plain.ended_at }),
        json!({ "endedBefore": -1 }),
    ] {
        assert_eq!(purged(&world, none.clone()).await, Vec::<String>::new(), "{none}");
    }
    let only =
        [(json!({ "label": "backup" }), &labelled), (json!({ "status": ["failed"] }), &failed)];
    let owned = [(json!({ "owner": "agent:other:main", "endedBefore": 1_i64 << 48 }), &other)];
    for (mut request, task) in only.into_iter().chain(owned) {
        let id = std::slice::from_ref(&task.task_id.0);
        request["dryRun"] = json!(true);
        assert_eq!(purged(&world, request.clone()).await, id);
        assert!(has_logs(&world, task), "it was only looked at");
        request["dryRun"] = json!(false);
        assert_eq!(purged(&world, request).await, id);
        assert!(!has_logs(&world, task));
    }
    let gone = json!({ "task": labelled.task_id });
    assert_eq!(refused::<TaskShow>(&world.api, gone.clone()).await, "not_found");
    assert_eq!(refused::<TaskPurge>(&world.api, gone).await, "not_found");
    let named = json!({ "task": plain.task_id });
    assert_eq!(purged(&world, named).await, [plain.task_id.0]);
    world.at_rest().await;
}

scenario!(what_must_stay_is_not_deleted, 4);
async fn what_must_stay_is_not_deleted(world: World) {
    let task = world.run_task("until [ -e go ]; do sleep 0.02; done").await;
    let flow = world.run("steps: [{ id: a, run: 'true' }]").await;
    let of_flow = world.succeeded(&flow).await.tasks.remove(0);
    let owing = ended(&world, "true", json!({})).await;
    let owed = Delivery { task_id: Some(owing.task_id.clone()), ..make::delivery(1, None) };
    put(&*world.store, make::deliveries(vec![make::new(owed)])).await;
    for stays in [&task, &of_flow, &owing] {
        let named = json!({ "task": stays.task_id });
        assert_eq!(refused::<TaskPurge>(&world.api, named).await, "invalid_state", "{stays:?}");
    }
    let all = json!({ "endedBefore": i64::MAX });
    assert_eq!(purged(&world, all).await, Vec::<String>::new());
    for unbound in [json!({}), json!({ "dryRun": true })] {
        assert_eq!(refused::<TaskPurge>(&world.api, unbound).await, "bad_request");
    }
    world.touch("go");
    let wait = json!({ "task": task.task_id, "timeoutMs": 30_000 });
    assert_eq!(done::<TaskWait>(&world.api, wait).await.status, TaskStatus::Succeeded);
    world.at_rest().await;
}
