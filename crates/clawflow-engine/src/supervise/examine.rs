//! What the directory of an attempt proves about it.

use std::fs::{self, File};
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
use crate::shim::limits::FORMAT;
use crate::shim::procfs;
use crate::shim::record::{ExitRecord, RunRecord};

/// A shim that holds its lock has this long to answer: it may have just begun, on a machine
/// with every core busy.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// Pause between two looks at a shim that does not answer yet.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// What is known about an attempt.
#[derive(Debug)]
pub enum Evidence {
    /// The program never executed: no directory, or no `run.json` and no shim. A start may
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
            let exit = blocking(move || ExitRecord::read(&dir)).await;
            let exit = exit.and_then(Result::ok).filter(|exit| belongs(exit, task, fence));
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
        // No lock file: no shim was started, or somebody took the files away.
        None => Ok(Look::Known(at_rest(dir, task, fence)?)),
        // Held while reading, so that no shim starts in between.
        Some(Lock::Taken(_held)) => Ok(Look::Known(at_rest(dir, task, fence)?)),
        Some(Lock::Held) => connect(dir),
    }
}

/// Reads a directory without a shim.
fn at_rest(dir: &Path, task: &str, fence: u64) -> Result<Evidence, PathError> {
    let in_doubt = |reason: String| Ok(Evidence::InDoubt { reason });
    match ExitRecord::read(dir) {
        Some(Ok(exit)) if belongs(&exit, task, fence) => Ok(Evidence::Exited(Box::new(exit))),
        Some(Ok(exit)) => in_doubt(format!("exit.json belongs to {}.{}", exit.task, exit.fence)),
        Some(Err(reason)) => in_doubt(reason),
        None => match fs::symlink_metadata(dir.join(layout::RUN)) {
            Ok(_) => in_doubt("the program was released and its shim left no exit.json".to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Evidence::NeverExecuted),
            Err(error) => Err(error).at("look at", dir.join(layout::RUN)),
        },
    }
}

/// Connects to the shim that holds the lock, if it is the one on record.
fn connect(dir: &Path) -> Result<Look, PathError> {
    let Some(run) = read_run(dir)? else {
        return Ok(Look::NotYet("the shim's lock is held, and there is no run.json".to_owned()));
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

/// Reads `run.json`: none, a record, or a sentence on what is wrong with it.
pub(super) fn read_run(dir: &Path) -> Result<Option<Result<RunRecord, String>>, PathError> {
    let path = dir.join(layout::RUN);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).at("read", &path),
    };
    let run = serde_json::from_slice::<RunRecord>(&bytes)
        .map_err(|error| format!("run.json is not whole: {error}"))
        .and_then(|run| match run.version {
            FORMAT => Ok(run),
            version => Err(format!("run.json has the unknown version {version}")),
        });
    Ok(Some(run))
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
