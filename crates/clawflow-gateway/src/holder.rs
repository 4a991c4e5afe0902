//! The lock of a home: whoever holds it drives the store and serves the socket.
//!
//! Use: [`take`] at the start of a command; the home is free again when the [`Guard`] is dropped or
//! the process dies, however it dies. The file's content only names the holder: without the lock it
//! means nothing.
//! Limits: `flock` on a local file system.
//! Failure: an error names the path and what was being done with it.

use crate::limits::{HOLDER_BYTES, HOLDER_NAMED};
use clawflow_core::Millis;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Name of the lock in the home.
pub const LOCK_FILE: &str = "gateway.lock";
/// Pause between two looks at a file that its holder is just writing.
const PAUSE: Duration = Duration::from_millis(5);

/// What a holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The daemon: drives every flow.
    Gateway,
    /// A foreground run: drives its own flows and serves everybody.
    Run,
    /// A single command: soon done, serves nobody.
    Command,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Run => "run",
            Self::Command => "command",
        }
    }
}

/// Who holds a home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HolderInfo {
    /// Its process id.
    pub pid: u32,
    /// What it is.
    pub kind: Kind,
    /// Version of the program.
    pub version: String,
    /// Since when, in epoch milliseconds.
    pub started_at: Millis,
    /// The socket that it serves.
    pub socket: PathBuf,
}

impl HolderInfo {
    /// This process, from now on.
    #[must_use]
    pub fn this_process(kind: Kind, version: &str, socket: &Path) -> Self {
        Self {
            pid: std::process::id(),
            kind,
            version: version.to_owned(),
            started_at: clawflow_engine::clock::now(),
            socket: socket.to_path_buf(),
        }
    }
}

/// The outcome of [`take`].
#[derive(Debug)]
pub enum Taken {
    /// The home is this process's.
    Lock(Guard),
    /// It is somebody else's.
    HeldBy(HolderInfo),
}

/// Why the lock could be neither taken nor its holder named.
#[derive(Debug, thiserror::Error)]
pub enum HolderError {
    /// The file system refused.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was being done.
        verb: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The home is a file or something stranger.
    #[error("cannot use {} as home: it is not a directory", path.display())]
    NotADirectory {
        /// The home.
        path: PathBuf,
    },
    /// Somebody holds it who does not say who they are.
    #[error("{} is locked by a program that does not name itself", path.display())]
    Nameless {
        /// The lock.
        path: PathBuf,
    },
}

/// The lock, held. Free again when this is dropped.
#[derive(Debug)]
pub struct Guard {
    file: File,
    home: PathBuf,
    info: HolderInfo,
}

impl Guard {
    /// The home that is held.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// What others are told of this holder.
    #[must_use]
    pub fn info(&self) -> &HolderInfo {
        &self.info
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Best effort: a name in a file without a lock is nothing, it only looks odd.
        let _ = self.file.set_len(0);
        // Closing is not enough: a process that another thread is just spawning has a copy of the
        // descriptor until it executes, and with it would keep the lock.
        let _ = self.file.unlock();
    }
}

/// Takes the home, which is made if need be, or says who has it.
///
/// # Errors
/// The home cannot be used, or its holder does not name itself.
pub fn take(home: &Path, info: HolderInfo) -> Result<Taken, HolderError> {
    make_home(home)?;
    let path = home.join(LOCK_FILE);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(fail("open", &path))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => {
                write_name(&mut file, &info).map_err(fail("write", &path))?;
                return Ok(Taken::Lock(Guard { file, home: home.to_path_buf(), info }));
            }
            Err(TryLockError::Error(source)) => return Err(fail("lock", &path)(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        match read_name(&mut file).map_err(fail("read", &path))? {
            Some(holder) => return Ok(Taken::HeldBy(holder)),
            // Taken a moment ago and not yet written, or about to be given back.
            None if began.elapsed() < HOLDER_NAMED => std::thread::sleep(PAUSE),
            None => return Err(HolderError::Nameless { path }),
        }
    }
}

/// Who holds the home now, if anybody does. Makes nothing and takes nothing.
///
/// # Errors
/// The lock cannot be looked at, or its holder does not name itself.
pub fn look(home: &Path) -> Result<Option<HolderInfo>, HolderError> {
    let path = home.join(LOCK_FILE);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail("open", &path)(error)),
    };
    let began = Instant::now();
    loop {
        // Shared, so that two lookers do not see each other; held for a moment only.
        match file.try_lock_shared() {
            Ok(()) => {
                let _ = file.unlock();
                return Ok(None);
            }
            Err(TryLockError::Error(source)) => return Err(fail("lock", &path)(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        match read_name(&mut file).map_err(fail("read", &path))? {
            Some(holder) => return Ok(Some(holder)),
            None if began.elapsed() < HOLDER_NAMED => std::thread::sleep(PAUSE),
            None => return Err(HolderError::Nameless { path }),
        }
    }
}

fn make_home(home: &Path) -> Result<(), HolderError> {
    match std::fs::metadata(home) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(HolderError::NotADirectory { path: home.to_path_buf() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail("look at the home", home)(error)),
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(home).map_err(fail("create the home", home))
}

/// Truncates first: from then on nobody takes the name of a dead holder for this one's.
fn write_name(file: &mut File, info: &HolderInfo) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let mut text = serde_json::to_vec(info)?;
    text.push(b'\n');
    file.write_all(&text)
}

/// `None` while the file is empty, half-written or names a process that is gone.
fn read_name(file: &mut File) -> io::Result<Option<HolderInfo>> {
    let mut text = Vec::new();
    file.rewind()?;
    file.take(HOLDER_BYTES).read_to_end(&mut text)?;
    let info: Option<HolderInfo> = serde_json::from_slice(&text).ok();
    // Seen from another PID namespace it may seem gone for ever; the caller's patience ends that.
    Ok(info.filter(|info| Path::new("/proc").join(info.pid.to_string()).exists()))
}

fn fail(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HolderError {
    let path = path.to_path_buf();
    move |source| HolderError::Io { verb, path, source }
}
