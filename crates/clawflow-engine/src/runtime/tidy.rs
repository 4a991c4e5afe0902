//! What a settled attempt leaves on disk: its logs, if it wrote any.

use super::attempt::Attempt;
use crate::engine::lock;
use crate::shim::layout;
use crate::supervise::Supervisor;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Files that are kept.
const LOGS: [&str; 2] = ["out.log", "err.log"];

/// Settled attempts that are still to be tidied. They are collected and tidied together, now and
/// then: ext4 does not give out inodes again that were deleted a moment ago, and looks at each of
/// them for every new file, so that deleting at the rate of starting makes starting slow.
#[derive(Default)]
pub(crate) struct Litter {
    // Short critical sections without awaits: a std mutex.
    dirs: Mutex<Vec<PathBuf>>,
}

impl Litter {
    /// Remembers the directory of a settled attempt.
    pub(crate) fn add(&self, supervisor: &Supervisor, attempt: &Attempt, boot_id: &str) {
        let dir = supervisor.dir(boot_id, attempt.task_id.as_str(), attempt.fence);
        lock(&self.dirs).push(dir);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        lock(&self.dirs).len()
    }

    /// Removes all but the logs of the attempts so far, and all of those that wrote none. Best
    /// effort: what stays behind is found by the next start.
    pub(crate) fn tidy(&self) {
        let dirs = std::mem::take(&mut *lock(&self.dirs));
        for dir in dirs {
            tidy_dir(&dir);
        }
    }
}

fn tidy_dir(dir: &Path) {
    // First: without it a late shim finds nothing to execute, whatever else is still there.
    let _ = fs::remove_file(dir.join(layout::RECORD));
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut kept = false;
    for entry in entries.flatten() {
        let is_log = LOGS.iter().any(|log| entry.file_name() == *log);
        let has_bytes = entry.metadata().is_ok_and(|meta| meta.len() > 0);
        if is_log && has_bytes {
            kept = true;
        } else {
            let _ = fs::remove_file(entry.path());
        }
    }
    if !kept {
        let _ = fs::remove_dir(dir);
    }
}

/// Attempts on disk that still have more than logs, as (boot id, task id, fence).
pub(crate) fn tidy_leftovers(runs: &Path) -> Vec<(String, String, u64)> {
    let mut found = Vec::new();
    for boot in fs::read_dir(runs).into_iter().flatten().flatten() {
        let boot_id = boot.file_name().to_string_lossy().into_owned();
        for attempt in fs::read_dir(boot.path()).into_iter().flatten().flatten() {
            let name = attempt.file_name().to_string_lossy().into_owned();
            let parts = name.rsplit_once('.').and_then(|(t, f)| Some((t, f.parse().ok()?)));
            let Some((task, fence)) = parts else { continue };
            if attempt.path().join(layout::RECORD).exists() {
                found.push((boot_id.clone(), task.to_owned(), fence));
            }
        }
    }
    found
}
