//! Where runs live and which shim runs them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::litter::Litter;
use super::server::Server;
use crate::shim::fail::{At, PathError};
use crate::shim::layout;
use crate::shim::spec::{SpecError, check_task_id};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Starts and examines attempts below one directory of runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Supervisor {
    runs: PathBuf,
    shim_exe: PathBuf,
    boot_id: String,
    server: Server,
    litter: Arc<Litter>,
    /// A variable that marks its processes, beside their task and fence.
    mark: Option<(String, String)>,
}

impl Supervisor {
    /// A supervisor of `runs` that gets its shims from `shim_exe __shimd`.
    ///
    /// `runs` should be absolute and `boot_id` that of [`Self::boot_id`].
    #[must_use]
    pub fn new(
        runs: impl Into<PathBuf>,
        shim_exe: impl Into<PathBuf>,
        boot_id: impl Into<String>,
    ) -> Self {
        Self {
            runs: runs.into(),
            shim_exe: shim_exe.into(),
            boot_id: boot_id.into(),
            server: Server::default(),
            litter: Arc::default(),
            mark: None,
        }
    }

    /// A supervisor of other runs with the same fork server, whose processes carry a variable more
    /// in their environment: what is proved of one of its attempts says nothing about others with
    /// the same task and fence.
    pub(crate) fn below(&self, runs: PathBuf, (name, value): (&str, &str)) -> Self {
        let mark = Some((name.to_owned(), value.to_owned()));
        Self { runs, litter: Arc::default(), mark, ..self.clone() }
    }

    /// See [`Self::below`].
    pub(super) fn mark(&self) -> Option<&(String, String)> {
        self.mark.as_ref()
    }

    /// The id of this boot: pids mean nothing beyond it.
    ///
    /// # Errors
    /// When `/proc` is not mounted.
    pub fn boot_id() -> io::Result<String> {
        Ok(fs::read_to_string(BOOT_ID)?.trim().to_owned())
    }

    /// The boot that this supervisor starts attempts in.
    #[must_use]
    pub fn boot(&self) -> &str {
        &self.boot_id
    }

    /// The directory of an attempt, whether it exists or not.
    #[must_use]
    pub fn dir(&self, boot_id: &str, task: &str, fence: u64) -> PathBuf {
        layout::attempt_dir(&self.runs, boot_id, task, fence)
    }

    /// The directory with those of all attempts.
    pub(crate) fn runs(&self) -> &Path {
        &self.runs
    }

    /// What settled attempts left on disk.
    pub(crate) fn litter(&self) -> &Arc<Litter> {
        &self.litter
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn shim_exe(&self) -> &Path {
        &self.shim_exe
    }

    /// The directory of an attempt whose ids come from outside.
    pub(super) fn checked_dir(
        &self,
        boot_id: &str,
        task: &str,
        fence: u64,
    ) -> Result<PathBuf, PathError> {
        let dir = self.dir(boot_id, task, fence);
        let sound = check_task_id(task).and_then(|()| {
            let ok = !boot_id.is_empty()
                && boot_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if ok { Ok(()) } else { Err(SpecError::TaskId(boot_id.to_owned())) }
        });
        sound.map_err(io::Error::other).at("address", &dir)?;
        Ok(dir)
    }

    /// Removes all traces of an attempt. Only for attempts that are settled, or that a
    /// tombstone keeps from executing; a missing directory is fine.
    ///
    /// # Errors
    /// When something in it cannot be removed.
    pub async fn remove(&self, boot_id: &str, task: &str, fence: u64) -> Result<(), PathError> {
        let dir = self.checked_dir(boot_id, task, fence)?;
        self.litter.forget(&dir);
        // The record goes first: a late shim that comes in between must not find the tombstone gone
        // and something to execute.
        blocking(move || match remove_record_first(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", &dir),
            _ => {
                // Boots come and go; only an empty directory goes.
                if let Some(boot) = dir.parent() {
                    let _ = fs::remove_dir(boot);
                }
                Ok(())
            }
        })
        .await
    }
}

fn remove_record_first(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(layout::RECORD)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::remove_dir_all(dir),
    }
}

/// Runs file work off the runtime's threads.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that shuts down cancels blocking work; nobody awaits it then.
            Err(_) => std::future::pending().await,
        },
    }
}
