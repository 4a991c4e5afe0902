//! Follows the process that a report names. When it has gone and no report of its end comes, the
//! task is settled by what is known: the kernel's word, or that nobody knows.

use super::limits::REPORT_PATIENCE;
use super::{here, take_in};
use crate::api::Api;
use crate::engine::{Engine, Scope, lock};
use crate::held::OfCode;
use crate::runtime::raised;
use crate::shim::procfs::{self, ProcId};
use crate::shim::sys::pidfd;
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::Ctx;
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Exit, Task, TaskStatus, recorded, solo};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use tokio::io::unix::AsyncFd;

const RESTARTED: &str = "the machine was restarted while it ran";
const GONE: &str = "its process has gone, and nobody has reported how it ended";
const KERNEL: &str = "its process has gone; the kernel told how it ended, its reporter did not";

impl Engine {
    /// Follows the process of a task that somebody else runs, if it is one of this machine.
    pub(crate) fn follow_reporter(&self, task: &Task) {
        let Some(followed) = Followed::of(task) else { return };
        if self.inner.scope != Scope::All
            || !lock(&self.inner.followed).insert(followed.task_id.clone())
        {
            return;
        }
        let engine = self.clone();
        tokio::spawn(async move {
            let id = followed.task_id.clone();
            follow(&engine, followed).await;
            lock(&engine.inner.followed).remove(&id);
        });
    }
}

/// A running task and its process.
struct Followed {
    task_id: TaskId,
    process: ProcId,
    boot_id: String,
}

impl Followed {
    /// `None`: it names no process, or one of another machine, of which nothing is known here.
    fn of(task: &Task) -> Option<Self> {
        let executor = task.executor.as_ref().filter(|_| task.reported)?;
        let process = ProcId { pid: executor.pid?, start_time: executor.start_time? };
        let ours = task.status == TaskStatus::Running && executor.gateway == here();
        let (task_id, boot_id) = (task.task_id.clone(), executor.boot_id.clone());
        ours.then_some(Self { task_id, process, boot_id })
    }
}

async fn follow(engine: &Engine, followed: Followed) {
    let mut stopping = engine.stopping();
    let mut handle = None;
    if followed.boot_id == engine.inner.executor.boot_id {
        handle = match procfs::open(followed.process) {
            Ok(fd) => fd.and_then(|fd| pidfd::awaited(fd).ok()),
            Err(error) => {
                tracing::warn!(task_id = %followed.task_id, %error, "its process is not followed");
                return;
            }
        };
        tokio::select! {
            () = ended(handle.as_ref()) => {}
            () = settled(engine, &followed.task_id) => return,
            () = raised(&mut stopping) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(REPORT_PATIENCE) => {}
            () = settled(engine, &followed.task_id) => return,
            () = raised(&mut stopping) => return,
        }
    }
    // Its report may lie there already: then it says more than we know.
    let home = engine.settings().home.clone();
    if let Err(error) = take_in(&Api::new(engine.clone()), &home).await {
        tracing::warn!(%error, "reports cannot be taken in now");
    }
    let exit = handle.as_ref().and_then(|handle| pidfd::exit(handle.get_ref().as_fd()));
    let restarted = followed.boot_id != engine.inner.executor.boot_id;
    let why = match exit {
        Some(_) => KERNEL,
        None if restarted => RESTARTED,
        None => GONE,
    };
    settle(engine, &followed.task_id, exit, why).await;
}

/// Until the process has ended; without a handle it has.
async fn ended(handle: Option<&AsyncFd<OwnedFd>>) {
    if let Some(handle) = handle {
        let _ = handle.readable().await;
    }
}

/// Until the task has ended.
async fn settled(engine: &Engine, task_id: &TaskId) {
    let Ok(Some(task)) = engine.store().task(task_id) else { return };
    let subject = task.parent_flow_id.as_ref().map_or(&task_id.0, |flow_id| &flow_id.0);
    let mut changes = engine.changes(subject);
    loop {
        changes.mark_unchanged();
        match engine.store().task(task_id) {
            Ok(Some(task)) if !task.status.is_terminal() => drop(changes.changed().await),
            Ok(_) => return,
            Err(_) => tokio::time::sleep(REPORT_PATIENCE).await,
        }
    }
}

async fn settle(engine: &Engine, task_id: &TaskId, exit: Option<Exit>, why: &'static str) {
    let Ok(Some(task)) = engine.store().task(task_id) else { return };
    if task.status != TaskStatus::Running {
        return;
    }
    let done = match &task.parent_flow_id {
        None => {
            let tell = move |was: &solo::Solo, ctx: &mut Ctx<'_>| {
                recorded::gone(was, ctx, exit.as_ref(), why)
            };
            engine.decide_task_surely(task_id, tell).await.map(|_| ())
        }
        Some(flow_id) => {
            let row = Arc::clone(&task);
            let tell = OfCode(move |state: &ControlState, ctx: &mut Ctx<'_>| {
                control::report(state, ctx, &row, &recorded::end_of_gone(exit.as_ref(), why))
            });
            engine.decide_surely(flow_id, tell).await.map(|_| ())
        }
    };
    if let Err(error) = done {
        // It was reported meanwhile, or the engine stops and the next one finds out again.
        tracing::debug!(%task_id, %error, "its end was not written");
    }
}
