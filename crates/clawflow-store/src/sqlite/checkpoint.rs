//! Keeping the write-ahead log short. Only the writer does it, and after it has answered.

use super::limits::{CHECKPOINT_BYTES, CUT_WAIT, LOG_BYTES_MAX};
use rusqlite::Connection;
use std::path::PathBuf;
use std::time::Duration;

/// How much was written since the log was copied.
pub(super) struct Checkpoint {
    log: PathBuf,
    /// How long the connection waits for locks at other times.
    busy_wait: Duration,
    bytes: usize,
    /// Whether the log may be longer than nothing.
    used: bool,
}

impl Checkpoint {
    pub(super) fn new(log: PathBuf, busy_wait: Duration) -> Self {
        // What an earlier process left is cut at the first quiet moment.
        Self { log, busy_wait, bytes: 0, used: true }
    }

    /// Whether a quiet moment could be used.
    pub(super) fn wanted(&self) -> bool {
        self.used
    }

    /// Notes a commit; copies the log when it has grown long.
    pub(super) fn wrote(&mut self, bytes: usize, conn: &Connection) {
        self.used = true;
        self.bytes += bytes;
        if self.bytes < CHECKPOINT_BYTES {
            return;
        }
        self.bytes = 0;
        let length = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        if length > LOG_BYTES_MAX {
            self.cut(conn);
        } else {
            // Waits for nobody.
            report("passive", copy("passive", conn));
        }
    }

    /// Copies and cuts the log while nobody waits.
    pub(super) fn idle(&mut self, conn: &Connection) {
        self.used = false;
        self.bytes = 0;
        self.cut(conn);
    }

    /// Copies and cuts the log. Readers are waited for only as long as no unit will notice.
    fn cut(&self, conn: &Connection) {
        let done = conn.busy_timeout(CUT_WAIT).and_then(|()| copy("truncate", conn));
        report("truncate", done.and(conn.busy_timeout(self.busy_wait)));
    }
}

fn copy(mode: &str, conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row(&format!("pragma wal_checkpoint({mode})"), [], |_| Ok(()))
}

/// A failure loses nothing: the log stays and the next one tries again.
fn report(mode: &str, done: rusqlite::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, mode, "copying the log into the store failed");
    }
}
