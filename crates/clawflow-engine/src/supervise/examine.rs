//! What the directory of an attempt proves about it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::lock::{self, Lock};
use super::run::Run;
use super::supervisor::{Supervisor, blocking};
use crate::shim::fail::{At, PathError};
use crate::shim::layout;
use crate::shim::procfs;
use crate::shim::record::{ExitRecord, RunRecord};
use crate::shim::record_file::Recorded;

/// A shim that holds its lock has this long to answer: it may have just begun, on a machine
/// with every core busy, and makes its socket only when it is alone or no longer young.
/// After that it is in doubt, which settles nothing as long as the lock is held.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// Pause between two looks at a shim that does not answer yet.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// What is known about an attempt.
#[derive(Debug)]
pub enum Evidence {
    /// The program never executed: no directory, or no run on record and no shim. A start may
    /// still be under way; `tombstone` and `remove` come before another `start`.
    NeverExecuted,
    /// The shim lives and is connected; a finished attempt comes as `Exited` from it.
    Alive(Run),
    /// The shim is gone and left a whole record.
    Exited(Box<ExitRecord>),
    /// The program may have executed, nobody knows how far.
    InDoubt {
        /// What is missing or wrong.
        reason: String,
    },
    /// An attempt of another boot: no process of it is left, and absence of files proves
    /// nothing, because the page cache is gone.
    OtherBoot {
        /// The record, if a whole one reached the disk.
        exit: Option<Box<ExitRecord>>,
    },
}

/// One look, which may have to be repeated.
enum Look {
    Known(Evidence),
    Connected(UnixStream),
    /// Somebody holds the lock and does not answer yet.
    NotYet(String),
}

impl Supervisor {
    /// Finds out what became of an attempt. Changes nothing and may be repeated.
    ///
    /// # Errors
    /// When the directory cannot be read; nothing is known then.
    pub async fn examine(
        &self,
        boot_id: &str,
        task: &str,
        fence: u64,
    ) -> Result<Evidence, PathError> {
        let dir = self.checked_dir(boot_id, task, fence)?;
        if boot_id != self.boot() {
            let recorded = blocking(move || Recorded::read(&dir)).await.ok().flatten();
            let exit = recorded.and_then(|recorded| recorded.exit()?.ok());
            let exit = exit.filter(|exit| belongs(exit, task, fence));
            return Ok(Evidence::OtherBoot { exit: exit.map(Box::new) });
        }
        let give_up = Instant::now() + ANSWER_WAIT;
        loop {
            let (dir, task) = (dir.clone(), task.to_owned());
            match blocking(move || look(&dir, &task, fence)).await? {
                Look::Known(evidence) => return Ok(evidence),
                Look::Connected(stream) => {
                    return Ok(Evidence::Alive(Run::over(stream).at("talk to the shim in", ".")?));
                }
                Look::NotYet(reason) if Instant::now() >= give_up => {
                    return Ok(Evidence::InDoubt { reason });
                }
                Look::NotYet(_) => tokio::time::sleep(LOOK_PAUSE).await,
            }
        }
    }
}

fn belongs(exit: &ExitRecord, task: &str, fence: u64) -> bool {
    exit.task == task && exit.fence == fence
}

fn look(dir: &Path, task: &str, fence: u64) -> Result<Look, PathError> {
    match lock::look(dir)? {
        // No file: no shim was started, or somebody took it away.
        None => Ok(Look::Known(Evidence::NeverExecuted)),
        // Held while reading, so that no shim starts in between.
        Some(Lock::Taken(_held)) => Ok(Look::Known(at_rest(dir, task, fence)?)),
        Some(Lock::Held) => connect(dir),
    }
}

/// Reads a directory without a shim.
fn at_rest(dir: &Path, task: &str, fence: u64) -> Result<Evidence, PathError> {
    let recorded = Recorded::read(dir)?.filter(Recorded::may_have_executed);
    let Some(recorded) = recorded else { return Ok(Evidence::NeverExecuted) };
    let reason = match recorded.exit() {
        Some(Ok(exit)) if belongs(&exit, task, fence) => {
            return Ok(Evidence::Exited(Box::new(exit)));
        }
        Some(Ok(exit)) => format!("the exit record belongs to {}.{}", exit.task, exit.fence),
        Some(Err(reason)) => reason,
        None => "the program was released and its shim left no exit record".to_owned(),
    };
    Ok(Evidence::InDoubt { reason })
}

/// Connects to the shim that holds the lock, if it is the one on record.
fn connect(dir: &Path) -> Result<Look, PathError> {
    let Some(run) = read_run(dir)? else {
        return Ok(Look::NotYet("the shim's lock is held, and no run is on record".to_owned()));
    };
    let run = match run {
        Ok(run) => run,
        Err(reason) => return Ok(Look::NotYet(reason)),
    };
    if !procfs::is_alive(run.shim) {
        let reason = format!("the shim's lock is held, but its shim {} is gone", run.shim.pid);
        return Ok(Look::NotYet(reason));
    }
    match dial(dir) {
        Ok(stream) => {
            let peer = rustix::net::sockopt::socket_peercred(&stream).at("identify", dir)?;
            if peer.pid.as_raw_nonzero().get().unsigned_abs() != run.shim.pid {
                let reason = format!("ctl.sock is not that of the shim {}", run.shim.pid);
                return Ok(Look::NotYet(reason));
            }
            Ok(Look::Connected(stream))
        }
        Err(error) => Ok(Look::NotYet(format!("the shim does not answer: {error}"))),
    }
}

/// Reads who runs: none, a record, or a sentence on what is wrong with it.
pub(super) fn read_run(dir: &Path) -> Result<Option<Result<RunRecord, String>>, PathError> {
    Ok(Recorded::read(dir)?.and_then(|recorded| recorded.run()))
}

/// Goes through a descriptor of the directory: a socket address takes 108 bytes, a home
/// may be deeper than that.
fn dial(dir: &Path) -> io::Result<UnixStream> {
    let dir = File::open(dir)?;
    let path = format!("/proc/self/fd/{}/{}", dir.as_raw_fd(), layout::SOCKET);
    let stream = UnixStream::connect(path)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}
