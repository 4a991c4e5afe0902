//! The lock of an attempt's directory, as seen by those who are not its shim.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::examine::read_run;
use crate::shim::fail::{At, PathError};
use crate::shim::limits::{LOCK_PAUSE, LOCK_TRIES};
use crate::shim::{layout, procfs};

/// What was found out about the lock.
pub(super) enum Lock {
    /// Taken; free again when the guard is dropped.
    Taken(Guard),
    /// Somebody else has it.
    Held,
}

/// The lock, taken.
pub(super) struct Guard(File);

impl Drop for Guard {
    fn drop(&mut self) {
        // Closing is not enough: a process that another thread is just spawning has a copy
        // of the descriptor until it executes, and with it would keep the lock.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Takes the lock together with other lookers, not with a shim. `None` when there is no
/// file: no shim was started.
pub(super) fn look(dir: &Path) -> Result<Option<Lock>, PathError> {
    let path = dir.join(layout::RECORD);
    match File::open(&path) {
        Ok(file) => take(file, &path, FlockOperation::NonBlockingLockShared).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("open", &path),
    }
}

/// Takes the lock as a shim would. Who only looks has it for a moment, so this tries a few
/// times, unless it is on record that a shim has it.
pub(super) fn exclude(dir: &Path) -> Result<Lock, PathError> {
    let path = dir.join(layout::RECORD);
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    for _ in 0..LOCK_TRIES {
        let file = options.open(&path).at("open", &path)?;
        let lock = take(file, &path, FlockOperation::NonBlockingLockExclusive)?;
        if matches!(lock, Lock::Taken(_)) || shim_lives(dir) {
            return Ok(lock);
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    Ok(Lock::Held)
}

/// As [`exclude`], but gives also a shim that was just killed the time to let go.
pub(super) fn exclude_dying(dir: &Path) -> Result<Lock, PathError> {
    for _ in 0..LOCK_TRIES {
        if let Lock::Taken(guard) = exclude(dir)? {
            return Ok(Lock::Taken(guard));
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    Ok(Lock::Held)
}

fn shim_lives(dir: &Path) -> bool {
    matches!(read_run(dir), Ok(Some(Ok(run))) if procfs::is_alive(run.shim))
}

fn take(file: File, path: &Path, operation: FlockOperation) -> Result<Lock, PathError> {
    loop {
        match flock(&file, operation) {
            Ok(()) => return Ok(Lock::Taken(Guard(file))),
            Err(Errno::WOULDBLOCK) => return Ok(Lock::Held),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error).at("lock", path),
        }
    }
}
