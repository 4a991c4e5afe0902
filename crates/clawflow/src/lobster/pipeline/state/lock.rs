//! Lobster's locks: a directory beside the file, with a note in it about who made it.
//!
//! Failure: a lock whose process is gone is taken over; that of a living one is waited for.

use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::limits::{LOCK_ORPHAN, LOCK_PATIENCE, LOCK_POLL};
use rustix::process::{Pid, test_kill_process};
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

/// What is done under a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lobster::pipeline) enum Access {
    /// Where nobody may write, nobody has to be waited for.
    Read,
    /// The file changes.
    Write,
}

/// Does something with a file that nobody else does something with meanwhile.
pub(in crate::lobster::pipeline) fn with_lock<T>(
    path: &Path,
    access: Access,
    task: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let _held = match take(path) {
        Ok(held) => Some(held),
        Err(error) if access == Access::Read && cannot_write(&error) => None,
        Err(error) => return Err(Failure::file(&error, "mkdir", path)),
    };
    task()
}

fn cannot_write(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// A lock that is given back at the end.
struct Held {
    path: PathBuf,
    note: String,
}

fn take(path: &Path) -> io::Result<Held> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut name = OsString::from(path);
    name.push(".lock");
    let lock = PathBuf::from(name);
    let asked = Instant::now();
    loop {
        match DirBuilder::new().mode(0o700).create(&lock) {
            Ok(()) => break,
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Err(_) if reclaim(&lock)? => {}
            Err(_) if asked.elapsed() > LOCK_PATIENCE => {
                return Err(io::Error::new(ErrorKind::TimedOut, "another process holds its lock"));
            }
            Err(_) => std::thread::sleep(LOCK_POLL),
        }
    }
    let pid = std::process::id();
    let started = i32::try_from(pid).ok().and_then(started).unwrap_or_default();
    let note = format!("{pid}:{started}:{}\n", nonce());
    let held = Held { note, path: lock };
    std::fs::write(held.path.join("owner"), &held.note)?;
    Ok(held)
}

impl Drop for Held {
    fn drop(&mut self) {
        let owner = std::fs::read_to_string(self.path.join("owner"));
        if owner.is_ok_and(|owner| owner != self.note) {
            return;
        }
        // Moved away first: what cannot be removed must not look like a lock.
        let mut away = OsString::from(&self.path);
        away.push(format!(".release-{}", nonce()));
        if std::fs::rename(&self.path, &away).is_ok() {
            let _ = std::fs::remove_dir_all(&away);
        }
    }
}

/// Removes a lock that nobody holds any more; whether there may be room now.
fn reclaim(lock: &Path) -> io::Result<bool> {
    let owner = match std::fs::read_to_string(lock.join("owner")) {
        Ok(owner) => Some(owner),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let stale = match owner.as_deref().and_then(holder) {
        Some((pid, at)) => match started(pid.as_raw_nonzero().get()) {
            Some(now) if !at.is_empty() => now != at,
            _ => test_kill_process(pid).is_err(),
        },
        None => is_old(lock)?,
    };
    if !stale {
        return Ok(false);
    }
    // One of several that see this does it.
    let marker = lock.join(".reclaiming");
    match DirBuilder::new().mode(0o700).create(&marker) {
        Ok(()) => {}
        Err(error) => return Ok(error.kind() == ErrorKind::NotFound),
    }
    if std::fs::read_to_string(lock.join("owner")).ok() == owner {
        std::fs::remove_dir_all(lock)?;
        return Ok(true);
    }
    let _ = std::fs::remove_dir(marker);
    Ok(false)
}

/// Process and start of it, of a note.
fn holder(note: &str) -> Option<(Pid, &str)> {
    let mut parts = note.trim().split(':');
    let pid = Pid::from_raw(parts.next()?.parse().ok()?)?;
    let started = parts.next()?;
    let whole = parts.next().is_some_and(|nonce| !nonce.is_empty()) && parts.next().is_none();
    whole.then_some((pid, started))
}

/// When a process started, in the kernel's ticks.
fn started(pid: i32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}

fn is_old(lock: &Path) -> io::Result<bool> {
    match std::fs::metadata(lock).and_then(|found| found.modified()) {
        Ok(made) => {
            let age = SystemTime::now().duration_since(made).unwrap_or_default();
            Ok(age >= LOCK_ORPHAN)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// A text that nobody else has.
pub(super) fn nonce() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}-{count:x}", std::process::id(), now.as_nanos())
}
