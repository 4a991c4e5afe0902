//! Keeping the write-ahead log short. Only the writer does it, and after it has answered.
//!
//! A log that was copied into the file keeps its size, within limits: the next commits write over
//! it, whereas each one that makes it longer has the file system commit the file's new size too,
//! which takes several times as long.

use super::limits::{
    CHECKPOINT_BYTES, CUT_WAIT, LARGE_COMMIT_BYTES, LOG_BYTES_KEPT, LOG_BYTES_MAX,
};
use rusqlite::Connection;
use std::path::PathBuf;
use std::time::Duration;

/// The mode that also cuts.
const CUT: &str = "truncate";

/// How much was written since the log was copied.
pub(super) struct Checkpoint {
    log: PathBuf,
    /// How long the connection waits for locks at other times.
    busy_wait: Duration,
    bytes: usize,
    /// Whether the log may hold what the file does not.
    used: bool,
}

impl Checkpoint {
    pub(super) fn new(log: PathBuf, busy_wait: Duration) -> Self {
        // What an earlier process left is copied at the first quiet moment.
        Self { log, busy_wait, bytes: 0, used: true }
    }

    /// Whether a quiet moment could be used.
    pub(super) fn wanted(&self) -> bool {
        self.used
    }

    /// Notes a commit; copies the log when that was large or the log has grown long.
    pub(super) fn wrote(&mut self, bytes: usize, conn: &Connection) {
        self.used = true;
        self.bytes += bytes;
        if self.bytes < CHECKPOINT_BYTES && bytes < LARGE_COMMIT_BYTES {
            return;
        }
        self.bytes = 0;
        self.try_copy(self.mode(LOG_BYTES_MAX), conn);
    }

    /// Copies the log while nobody waits, and cuts it if it is long.
    pub(super) fn idle(&mut self, conn: &Connection) {
        self.used = false;
        self.bytes = 0;
        self.try_copy(self.mode(LOG_BYTES_KEPT), conn);
    }

    /// As [`Self::idle`], because somebody asks for it.
    pub(super) fn asked(&self, conn: &Connection) -> rusqlite::Result<()> {
        self.copy(self.mode(LOG_BYTES_KEPT), conn)
    }

    /// How the log is copied: a longer one than this is cut, too.
    fn mode(&self, most: u64) -> &'static str {
        let length = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        if length > most { CUT } else { "passive" }
    }

    /// Copies the log. To cut it readers are waited for, only as long as no unit will notice.
    fn copy(&self, mode: &str, conn: &Connection) -> rusqlite::Result<()> {
        let copy = || conn.query_row(&format!("pragma wal_checkpoint({mode})"), [], |_| Ok(()));
        if mode != CUT {
            return copy();
        }
        let done = conn.busy_timeout(CUT_WAIT).and_then(|()| copy());
        done.and(conn.busy_timeout(self.busy_wait))
    }

    /// A failure loses nothing: the log stays and the next one tries again.
    fn try_copy(&self, mode: &str, conn: &Connection) {
        if let Err(error) = self.copy(mode, conn) {
            tracing::warn!(%error, mode, "copying the log into the store failed");
        }
    }
}
