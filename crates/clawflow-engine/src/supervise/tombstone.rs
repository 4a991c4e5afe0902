//! Keeping an attempt from ever executing.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use super::lock::{self, Lock};
use super::supervisor::{Supervisor, blocking};
use crate::shim::fail::{At, PathError};
use crate::shim::layout;
use crate::shim::record_file::Recorded;

/// What a tombstone achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TombstoneOutcome {
    /// The attempt has not executed and never will.
    Buried,
    /// A shim has the lock: the attempt runs or is about to. Stop it instead.
    Running,
    /// The program was released before and its shim is gone. Examine it.
    Executed,
}

impl Supervisor {
    /// Keeps an attempt of this boot from ever executing, even if its start is under way:
    /// takes the shim's lock and leaves a tombstone that a late shim finds.
    ///
    /// # Errors
    /// When the directory cannot be written; the attempt may still execute then.
    pub async fn tombstone(&self, task: &str, fence: u64) -> Result<TombstoneOutcome, PathError> {
        let dir = self.checked_dir(self.boot(), task, fence)?;
        blocking(move || {
            // Made if missing: it is also the token that a start under way has yet to take.
            DirBuilder::new().mode(0o700).recursive(true).create(&dir).at("make", &dir)?;
            bury(&dir)
        })
        .await
    }
}

fn bury(dir: &Path) -> Result<TombstoneOutcome, PathError> {
    let Lock::Taken(_held) = lock::exclude(dir)? else {
        return Ok(TombstoneOutcome::Running);
    };
    if Recorded::read(dir)?.is_some_and(|recorded| recorded.may_have_executed()) {
        return Ok(TombstoneOutcome::Executed);
    }
    let path = dir.join(layout::TOMBSTONE);
    fs::write(&path, b"").at("write", &path)?;
    Ok(TombstoneOutcome::Buried)
}
