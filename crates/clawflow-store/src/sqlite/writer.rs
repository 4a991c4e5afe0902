//! The thread that writes. It owns its connection and its queue; others hold a [`Writer`].

use super::batch;
use super::checkpoint::Checkpoint;
use super::encode::{Encoded, ROW_BYTES};
use super::fault::fault;
use super::hook::{self, CommitPoint};
use super::limits::{BATCH_BYTES_MAX, BATCH_UNITS_MAX, EXPIRE_MAX, IDLE_WAIT, QUEUE_MAX};
use super::open::SqliteOptions;
use super::place::Identity;
use super::statements::Statements;
use crate::error::{ApplyError, StoreError};
use clawflow_core::Millis;
use clawflow_core::ids::{RunId, TaskId};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Where the outcome of a unit goes.
type Answer = oneshot::Sender<Result<u64, ApplyError>>;
/// Units of one transaction.
type Batch = Vec<(Box<Encoded>, Answer)>;

/// What the writer is asked to do.
enum Job {
    Apply(Box<Encoded>, Answer),
    Epoch(SyncSender<Result<u64, StoreError>>),
    Expire(Expiry, Millis, SyncSender<Result<u64, StoreError>>),
    Forget(Vec<TaskId>, SyncSender<Result<u64, StoreError>>),
    Trim(Vec<RunId>, SyncSender<Result<u64, StoreError>>),
    Tidy(Tidying, SyncSender<Result<(), StoreError>>),
}

/// What is done with the file as a whole, outside of any transaction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tidying {
    /// The log is copied into it, and cut if it is long.
    Checkpoint,
    /// It is written anew, then the same.
    Vacuum,
}

/// What is deleted once it is old enough.
#[derive(Clone, Copy)]
pub(super) enum Expiry {
    /// Closed deliveries of flows and tasks that are gone.
    Deliveries,
    /// Outcomes of commands.
    Outcomes,
    /// Ended runs of schedules.
    Runs,
}

/// A handle of the writing thread. The thread ends with it, after what was queued.
pub(super) struct Writer {
    /// A bounded queue of the standard library: it blocks who is too fast, needs no runtime.
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

impl Writer {
    pub(super) fn start(
        conn: Connection,
        path: &Path,
        options: &SqliteOptions,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        let file = path.to_owned();
        let (identity, options) = (Identity::of(path)?, options.clone());
        let spawned = std::thread::Builder::new()
            .name("clawflow-store".to_owned())
            .spawn(move || run(&conn, &jobs, &file, identity, &options));
        let thread = spawned.map_err(|error| StoreError::Unavailable {
            doing: format!("starting the writer of {}", path.display()),
            why: error.to_string(),
        })?;
        Ok(Self { queue: Some(queue), thread: Some(thread), path: path.to_owned() })
    }

    /// Queues the unit; waits while the queue is full.
    pub(super) fn apply(&self, unit: Encoded, answer: Answer) {
        if let Err(Job::Apply(_, answer)) = self.send(Job::Apply(Box::new(unit), answer)) {
            // Nobody may be waiting any more.
            let _ = answer.send(Err(self.gone().into()));
        }
    }

    pub(super) fn next_epoch(&self) -> Result<u64, StoreError> {
        let (answer, receipt) = sync_channel(1);
        self.send(Job::Epoch(answer)).map_err(|_| self.gone())?;
        receipt.recv().map_err(|_| self.gone())?
    }

    /// Deletes what is older than `before`, a little at a time, so that units do not wait for long.
    pub(super) fn expire(&self, what: Expiry, before: Millis) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let (answer, receipt) = sync_channel(1);
            self.send(Job::Expire(what, before, answer)).map_err(|_| self.gone())?;
            let count = receipt.recv().map_err(|_| self.gone())??;
            all += count;
            if count < EXPIRE_MAX {
                return Ok(all);
            }
        }
    }

    /// Deletes tasks without a flow that may go.
    pub(super) fn forget(&self, tasks: &[TaskId]) -> Result<u64, StoreError> {
        let (answer, receipt) = sync_channel(1);
        self.send(Job::Forget(tasks.to_vec(), answer)).map_err(|_| self.gone())?;
        receipt.recv().map_err(|_| self.gone())?
    }

    /// Deletes those of the runs that have ended.
    pub(super) fn trim(&self, runs: &[RunId]) -> Result<u64, StoreError> {
        let (answer, receipt) = sync_channel(1);
        self.send(Job::Trim(runs.to_vec(), answer)).map_err(|_| self.gone())?;
        receipt.recv().map_err(|_| self.gone())?
    }

    /// Looks after the file.
    pub(super) fn tidy(&self, what: Tidying) -> Result<(), StoreError> {
        let (answer, receipt) = sync_channel(1);
        self.send(Job::Tidy(what, answer)).map_err(|_| self.gone())?;
        receipt.recv().map_err(|_| self.gone())?
    }

    fn send(&self, job: Job) -> Result<(), Job> {
        match &self.queue {
            Some(queue) => queue.send(job).map_err(|refused| refused.0),
            None => Err(job),
        }
    }

    fn gone(&self) -> StoreError {
        StoreError::Unavailable {
            doing: format!("writing {}", self.path.display()),
            why: "its writer has ended".to_owned(),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of the store has panicked");
        }
    }
}

fn run(
    conn: &Connection,
    jobs: &Receiver<Job>,
    path: &Path,
    identity: Identity,
    options: &SqliteOptions,
) {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let mut checkpoint = Checkpoint::new(PathBuf::from(log), options.busy_wait);
    // Prepared at the first job: a process that only reads does not pay for it.
    let mut prepared: Option<Statements<'_>> = None;
    let mut ahead = None;
    while let Some(job) = ahead.take().or_else(|| next(jobs, &mut checkpoint, conn, &prepared)) {
        let statements = match &mut prepared {
            Some(statements) => statements,
            none => match Statements::prepare(conn, path, identity, options.hook) {
                Ok(statements) => none.insert(statements),
                Err(error) => {
                    refuse(job, error);
                    continue;
                }
            },
        };
        let before = conn.total_changes();
        let mut text = 0;
        match job {
            Job::Apply(unit, answer) => {
                let mut batch = vec![(unit, answer)];
                ahead = gather(&mut batch, jobs);
                text = batch.iter().map(|(unit, _)| unit.bytes).sum();
                write(batch, conn, statements);
            }
            Job::Epoch(answer) => drop(answer.send(epoch(conn, statements))),
            Job::Expire(what, before, answer) => {
                let _ = answer.send(delete(conn, statements, |s| expire(what, before, s)));
            }
            Job::Forget(tasks, answer) => {
                let _ = answer.send(delete(conn, statements, |s| forget(&tasks, s)));
            }
            Job::Trim(runs, answer) => {
                let _ = answer.send(delete(conn, statements, |s| trim(&runs, s)));
            }
            Job::Tidy(what, answer) => {
                let _ = answer.send(tidy(what, &checkpoint, conn, statements));
            }
        }
        // What is deleted has no text, and is pages of the log all the same.
        let rows = usize::try_from(conn.total_changes() - before).unwrap_or(usize::MAX);
        checkpoint.wrote(text.max(rows.saturating_mul(ROW_BYTES)), conn);
    }
}

/// The next job; `None` once there will be no more. Uses a quiet moment for the log.
fn next(
    jobs: &Receiver<Job>,
    checkpoint: &mut Checkpoint,
    conn: &Connection,
    prepared: &Option<Statements<'_>>,
) -> Option<Job> {
    // A process that only reads leaves the log to those that write.
    if prepared.is_some() && checkpoint.wanted() {
        match jobs.recv_timeout(IDLE_WAIT) {
            Ok(job) => return Some(job),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => checkpoint.idle(conn),
        }
    }
    jobs.recv().ok()
}

/// Takes what is queued already, up to the limits; returns a job that must come after.
fn gather(batch: &mut Batch, jobs: &Receiver<Job>) -> Option<Job> {
    let mut bytes: usize = batch.iter().map(|(unit, _)| unit.bytes).sum();
    while batch.len() < BATCH_UNITS_MAX && bytes < BATCH_BYTES_MAX {
        match jobs.try_recv() {
            Ok(Job::Apply(unit, answer)) => {
                bytes += unit.bytes;
                batch.push((unit, answer));
            }
            Ok(other) => return Some(other),
            Err(_) => return None,
        }
    }
    None
}

fn write(batch: Batch, conn: &Connection, statements: &mut Statements<'_>) {
    let outcomes = batch::run(batch.iter().map(|(unit, _)| &**unit), conn, statements);
    for ((_, answer), outcome) in batch.into_iter().zip(outcomes) {
        // Nobody may be waiting any more.
        let _ = answer.send(outcome);
    }
    hook::at(statements.hook, CommitPoint::Answered);
}

fn epoch(conn: &Connection, statements: &mut Statements<'_>) -> Result<u64, StoreError> {
    batch::roll_back(conn);
    statements.identity.verify(statements.path)?;
    // A single statement is a transaction of its own.
    let next = statements.epoch_next.query_row([], |row| row.get(0));
    next.map_err(|error| {
        batch::roll_back(conn);
        fault(statements.path, "opening an epoch of", &error)
    })
}

/// Deletes rows in a transaction of their own; all of them or, where that fails, none.
fn delete(
    conn: &Connection,
    statements: &mut Statements<'_>,
    rows: impl FnOnce(&mut Statements<'_>) -> rusqlite::Result<u64>,
) -> Result<u64, StoreError> {
    batch::roll_back(conn);
    statements.identity.verify(statements.path)?;
    rows(statements).map_err(|error| {
        batch::roll_back(conn);
        fault(statements.path, "deleting old rows of", &error)
    })
}

fn expire(what: Expiry, before: Millis, statements: &mut Statements<'_>) -> rusqlite::Result<u64> {
    let delete = match what {
        Expiry::Deliveries => &mut statements.delivery_expire,
        Expiry::Outcomes => &mut statements.outcome_expire,
        Expiry::Runs => &mut statements.run_expire,
    };
    // A single statement is a transaction of its own.
    delete.execute((before, EXPIRE_MAX)).map(|count| count as u64)
}

fn forget(tasks: &[TaskId], statements: &mut Statements<'_>) -> rusqlite::Result<u64> {
    statements.begin.execute([])?;
    let seq: u64 = statements.last_seq.query_row([], |row| row.get(0))?;
    // Deleting the newest events must not give their places to others.
    statements.purge_seq.execute([seq])?;
    let mut count = 0;
    for task in tasks {
        if statements.task_forget.execute([task.as_str()])? > 0 {
            count += 1;
            statements.purge_events.execute([task.as_str()])?;
        }
    }
    statements.commit.execute([])?;
    Ok(count)
}

fn trim(runs: &[RunId], statements: &mut Statements<'_>) -> rusqlite::Result<u64> {
    statements.begin.execute([])?;
    let mut count = 0;
    for run in runs {
        count += statements.run_trim.execute([run.as_str()])? as u64;
    }
    statements.commit.execute([])?;
    Ok(count)
}

fn tidy(
    what: Tidying,
    checkpoint: &Checkpoint,
    conn: &Connection,
    statements: &Statements<'_>,
) -> Result<(), StoreError> {
    batch::roll_back(conn);
    statements.identity.verify(statements.path)?;
    let vacuumed = match what {
        Tidying::Checkpoint => Ok(()),
        Tidying::Vacuum => conn.execute_batch("vacuum"),
    };
    let done = vacuumed.and_then(|()| checkpoint.asked(conn));
    done.map_err(|error| fault(statements.path, "looking after", &error))
}

fn refuse(job: Job, error: StoreError) {
    match job {
        Job::Apply(_, answer) => drop(answer.send(Err(error.into()))),
        Job::Epoch(answer)
        | Job::Expire(_, _, answer)
        | Job::Forget(_, answer)
        | Job::Trim(_, answer) => {
            drop(answer.send(Err(error)));
        }
        Job::Tidy(_, answer) => drop(answer.send(Err(error))),
    }
}
