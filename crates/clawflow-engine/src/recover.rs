//! What an engine does about attempts that it did not start: after its own start, after a shim
//! died, and when it is to stop something that it does not watch. `model.md`, crash rules.

use crate::agents::{self, Prepared};
use crate::awaits::give_kept_again;
use crate::children::see_to_children;
use crate::engine::Engine;
use crate::runtime::{Attempt, Switch, never_started, raised, report_in};
use crate::subagents::stop_orphans;
use crate::supervise::{Emptiness, Evidence, ExitRecord, Run, RunEvent, TombstoneOutcome};
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_store::StoreError;
use clawflow_store::query::TaskFilter;
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Attempts that are examined at the same time.
pub(crate) const EXAMINED_AT_ONCE: usize = 64;
/// Pause before another look at an attempt that cannot be examined or proved empty now.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// Queued tasks that are read at once.
const PAGE: usize = 500;

/// Takes up what the store knows of: of one flow, or of all.
pub(crate) fn recover(engine: &Engine, only: Option<&FlowId>) -> Result<(), StoreError> {
    let work = engine.inner.store.work(only)?;
    let (queued, running): (Vec<_>, Vec<_>) =
        work.tasks.into_iter().partition(|(_, status, _)| *status == TaskStatus::Queued);
    let queued: HashSet<TaskId> = queued.into_iter().map(|(task_id, ..)| task_id).collect();
    let (engine, only) = (engine.clone(), only.cloned());
    if only.is_none() {
        tokio::spawn(stop_orphans(engine.clone()));
    }
    tokio::spawn(see_to_children(engine.clone(), work.children));
    tokio::spawn(give_kept_again(engine.clone(), only.clone()));
    // Not awaited: an attempt that cannot be proved empty yet must not keep the others waiting.
    tokio::spawn(async move {
        let mut looks = tokio::task::JoinSet::new();
        for (task_id, _, flow_id) in running {
            if let Ok(Some(task)) = engine.inner.store.task(&task_id)
                && task.reported
            {
                engine.follow_reporter(&task);
                continue;
            }
            let engine = engine.clone();
            looks.spawn(async move {
                let attempt = Attempt { flow_id, task_id, fence: 0 };
                if let Some(stop) = look(&engine, &attempt, None).await {
                    tokio::spawn(async move { look_again(&engine, &attempt, stop).await });
                }
            });
        }
        // What runs takes its slots before what waits; each was looked at once.
        while looks.join_next().await.is_some() {}
        queue_again(&engine, only.as_ref(), &queued).await;
        engine.admit_again(only.as_ref()).await;
        if only.is_none() {
            tidy_settled(engine).await;
        }
    });
    Ok(())
}

/// Puts the tasks that were queued before in line, in pages, however long the store fails. What was
/// queued since is in line already.
async fn queue_again(engine: &Engine, only: Option<&FlowId>, before: &HashSet<TaskId>) {
    if before.is_empty() {
        return;
    }
    let (statuses, flow_id) = (vec![TaskStatus::Queued], only.cloned());
    let mut filter = TaskFilter { statuses, flow_id, limit: PAGE, ..TaskFilter::default() };
    let mut backoff = engine.backoff();
    loop {
        match engine.inner.store.list_tasks(&filter) {
            Ok(page) => {
                // A task that its caller runs is in no line.
                let ours = |task: &&Task| !task.reported && before.contains(&task.task_id);
                page.iter().filter(ours).for_each(|task| engine.enqueue(task));
                filter.after = page.last().map(|task| task.task_id.clone());
                if page.len() < PAGE {
                    return;
                }
            }
            Err(error) => {
                if backoff.pause("queued tasks", &error).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Who answers for the attempt after a look at it.
enum Then {
    /// Whoever watches it from now on.
    Watched,
    /// Nobody, and whoever looked has left it: it is settled.
    Settled,
    /// Nobody: it is lost, or none of this engine's.
    Left,
}

/// Finds out what became of an attempt, and acts on it. One at a time: whoever watches or examines
/// it already does what is to be done, and is asked to stop it through its switch.
pub(crate) async fn recover_attempt(engine: &Engine, attempt: &Attempt) {
    if let Some(stop) = look(engine, attempt, None).await {
        look_again(engine, attempt, stop).await;
    }
}

/// One look at an attempt that nobody watches, and what follows from it. What cannot be settled now
/// is left to the next look.
pub(crate) async fn examine_once(engine: &Engine, attempt: &Attempt) {
    if look(engine, attempt, None).await.is_some() {
        engine.leave(&attempt.task_id);
    }
}

/// Looks until somebody answers for the attempt or it is settled. It stays entered meanwhile, so
/// that however often it is to be stopped, only one looks after it.
async fn look_again(engine: &Engine, attempt: &Attempt, mut stop: Switch) {
    let mut stopping = engine.stopping();
    loop {
        let was_asked = *stop.borrow_and_update();
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = raised(&mut stop), if !was_asked => {}
            () = raised(&mut stopping) => return,
        }
        match look(engine, attempt, Some(stop)).await {
            Some(again) => stop = again,
            None => return,
        }
    }
}

/// One look, by who has entered the attempt or else enters it now. Gives the switch back if there
/// must be another.
async fn look(engine: &Engine, attempt: &Attempt, entered: Option<Switch>) -> Option<Switch> {
    let running = &engine.inner.running;
    let stop = match entered {
        Some(stop) => stop,
        None => running.enter(&attempt.task_id)?,
    };
    // The semaphore is never closed.
    let _turn = engine.inner.examined.acquire().await;
    let done = match engine.inner.store.task(&attempt.task_id) {
        Ok(Some(task)) if task.status == TaskStatus::Running && !task.reported => {
            act(engine, &task, stop.clone()).await
        }
        Ok(_) => Ok(Then::Left),
        Err(error) => Err(error.to_string()),
    };
    match done {
        Ok(Then::Watched | Then::Settled) => None,
        Ok(Then::Left) => {
            engine.leave(&attempt.task_id);
            None
        }
        Err(why) => {
            tracing::warn!(task_id = %attempt.task_id, why, "looking again later");
            Some(stop)
        }
    }
}

/// One look at a running task; an error says why it must be looked at again.
async fn act(engine: &Engine, task: &Arc<Task>, stop: Switch) -> Result<Then, String> {
    let attempt = Attempt::of_task(task);
    let (id, fence) = (task.task_id.as_str(), task.fence);
    let boot_id = task.executor.as_ref().map_or("", |e| e.boot_id.as_str());
    let supervisor = &engine.inner.supervisor;
    let agent = match task.runtime {
        Runtime::Acp | Runtime::Subagent => engine.prepared(task)?,
        _ => None,
    };
    let evidence = supervisor.examine(boot_id, id, fence).await.map_err(|e| e.to_string())?;
    if agent.is_some() && !matches!(evidence, Evidence::Alive(_)) {
        agents::end_terminals(engine, &attempt, boot_id).await?;
    }
    match evidence {
        Evidence::NeverExecuted => never_executed(engine, task, &attempt, stop).await,
        Evidence::Alive(run) => {
            if task.cancel_requested_at.is_some() {
                engine.inner.running.stop(&attempt.task_id);
            }
            engine.inner.slots.occupy();
            engine.watch_adopted(attempt, run, stop, agent);
            Ok(Then::Watched)
        }
        Evidence::Exited(record) | Evidence::OtherBoot { exit: Some(record) } => {
            end_leftovers(engine, &record, boot_id).await;
            engine.inner.slots.occupy();
            let report = match &agent {
                Some(prepared) => {
                    let ended = (Some(&*record), boot_id, task.cancel_requested_at.is_some());
                    agents::report_of(engine, &attempt, prepared, ended).await
                }
                None => report_in(engine, &attempt, &record, boot_id).await,
            };
            if engine.settle(&attempt, report).await {
                litter(engine, &attempt, boot_id, false);
            }
            Ok(Then::Settled)
        }
        Evidence::OtherBoot { exit: None } => {
            let why = "the machine was restarted while it ran".to_owned();
            engine.lose(&attempt, why, json!({ "bootId": boot_id })).await;
            Ok(Then::Left)
        }
        Evidence::InDoubt { reason } => {
            match supervisor.prove_empty(boot_id, id, fence).await.map_err(|e| e.to_string())? {
                // What was said tells how far it came.
                Emptiness::Proved { .. } if agent.is_some() => {
                    in_doubt(engine, task, &attempt, (agent.as_ref(), boot_id)).await;
                    Ok(Then::Settled)
                }
                Emptiness::Proved { killed } => {
                    let killed: Vec<u32> = killed.iter().map(|id| id.pid).collect();
                    engine.lose(&attempt, reason, json!({ "killed": killed })).await;
                    Ok(Then::Left)
                }
                // It stays running: nothing may be decided while a part of it may act.
                Emptiness::NotProved { reason, pids } => {
                    Err(format!("processes {pids:?} may still run: {reason}"))
                }
            }
        }
    }
}

/// An agent whose shim is gone, and nothing of it runs.
async fn in_doubt(
    engine: &Engine,
    task: &Task,
    attempt: &Attempt,
    (agent, boot_id): (Option<&Prepared>, &str),
) {
    let Some(prepared) = agent else { return };
    let ended = (None, boot_id, task.cancel_requested_at.is_some());
    engine.inner.slots.occupy();
    let report = agents::report_of(engine, attempt, prepared, ended).await;
    engine.settle(attempt, report).await;
}

/// The start was recorded and nothing was executed: start it now, under the same fence, unless it
/// is to be stopped. A start of a dead engine may still be under way; the tombstone decides.
async fn never_executed(
    engine: &Engine,
    task: &Arc<Task>,
    attempt: &Attempt,
    stop: Switch,
) -> Result<Then, String> {
    let supervisor = &engine.inner.supervisor;
    let (id, fence) = (attempt.task_id.as_str(), attempt.fence);
    match supervisor.tombstone(id, fence).await.map_err(|e| e.to_string())? {
        TombstoneOutcome::Running | TombstoneOutcome::Executed => {
            return Err("it has begun to execute meanwhile".to_owned());
        }
        TombstoneOutcome::Buried => {}
    }
    if task.cancel_requested_at.is_some() || *stop.borrow() {
        engine.inner.slots.occupy();
        engine.settle(attempt, never_started()).await;
        return Ok(Then::Settled);
    }
    let ours = task.parent_flow_id.as_ref().is_none_or(|flow_id| engine.drives(flow_id));
    if !ours {
        return Ok(Then::Left);
    }
    supervisor
        .remove(&engine.inner.executor.boot_id, id, fence)
        .await
        .map_err(|e| e.to_string())?;
    let state = task.parent_flow_id.as_ref().map(|flow_id| engine.load(flow_id)).transpose();
    let state = state.map_err(|e| e.to_string())?;
    engine.inner.slots.occupy();
    engine.inner.slots.restarted(task.queue.as_deref());
    match state {
        None => engine.start_solo_watched(task, stop),
        Some(state) => engine.start_watched(&state, &attempt.task_id, stop),
    }
    Ok(Then::Watched)
}

/// Ends what an attempt left behind whose shim was gone before it could. The attempt has ended;
/// this changes nothing about how.
pub(crate) async fn end_leftovers(engine: &Engine, exit: &ExitRecord, boot_id: &str) {
    let why = match engine.inner.supervisor.prove_empty_after(exit, boot_id).await {
        Ok(Emptiness::Proved { .. }) => return,
        Ok(Emptiness::NotProved { reason, pids }) => format!("{pids:?}: {reason}"),
        Err(error) => error.to_string(),
    };
    tracing::warn!(task_id = exit.task, why, "what it left behind may still run");
}

/// Tidies what was settled by an engine that died before it could.
async fn tidy_settled(engine: Engine) {
    let supervisor = engine.inner.supervisor.clone();
    let found = tokio::task::spawn_blocking(move || supervisor.leftovers()).await;
    for (boot_id, task, fence) in found.unwrap_or_default() {
        let id = TaskId(task);
        let settled = match engine.inner.store.task(&id) {
            // One of a task that went on is settled as well.
            Ok(Some(task)) => {
                task.fence > fence || task.fence == fence && task.status != TaskStatus::Running
            }
            _ => false,
        };
        let supervisor = &engine.inner.supervisor;
        let gone = match supervisor.examine(&boot_id, &id.0, fence).await {
            Ok(Evidence::Exited(exit)) if settled => {
                end_leftovers(&engine, &exit, &boot_id).await;
                true
            }
            Ok(Evidence::Alive(run)) if settled => {
                let attempt = Attempt { flow_id: None, task_id: id.clone(), fence };
                tokio::spawn(see_out(engine.clone(), attempt, run));
                false
            }
            Ok(Evidence::NeverExecuted | Evidence::OtherBoot { .. }) => true,
            _ => false,
        };
        let attempt = Attempt { flow_id: None, task_id: id, fence };
        if settled && gone && agents::end_terminals(&engine, &attempt, &boot_id).await.is_ok() {
            litter(&engine, &attempt, &boot_id, false);
        }
    }
}

/// Watches a shim whose attempt is settled while it ends what the program left behind. If it is
/// killed before it could, that falls to us.
async fn see_out(engine: Engine, attempt: Attempt, mut run: Run) {
    let mut leaves = None;
    loop {
        match run.next().await {
            RunEvent::Exited(record) => leaves = Some(record),
            RunEvent::Empty { .. } => leaves = None,
            RunEvent::Started { .. } | RunEvent::Progress(_) | RunEvent::Output(_) => {}
            RunEvent::ShimGone => break,
        }
    }
    let boot_id = &engine.inner.executor.boot_id;
    if let Some(record) = leaves {
        end_leftovers(&engine, &record, boot_id).await;
    }
    if agents::end_terminals(&engine, &attempt, boot_id).await.is_ok() {
        litter(&engine, &attempt, boot_id, false);
    }
}

/// Remembers what is left of a settled attempt. `ended`: its shim said all there was to say, and
/// ended.
pub(crate) fn litter(engine: &Engine, attempt: &Attempt, boot_id: &str, ended: bool) {
    let supervisor = &engine.inner.supervisor;
    let dir = supervisor.dir(boot_id, attempt.task_id.as_str(), attempt.fence);
    let litter = supervisor.litter().clone();
    tokio::task::spawn_blocking(move || litter.add(dir, ended));
}
