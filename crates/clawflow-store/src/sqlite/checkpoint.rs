//! Keeping the write-ahead log short. Only the writer does it, and after it has answered.
//!
//! A log that was copied into the file keeps its size, within limits: the next commits write over
//! it, whereas each one that makes it longer has the file system commit the file's new size too,
//! which takes several times as long.

use super::limits::{CHECKPOINT_BYTES, CUT_WAIT, LOG_BYTES_KEPT, LOG_BYTES_MAX};
use rusqlite::Connection;
use std::path::PathBuf;
use std::time::Duration;

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

    /// Notes a commit; copies the log when it has grown long.
    pub(super) fn wrote(&mut self, bytes: usize, conn: &Connection) {
        self.used = true;
        self.bytes += bytes;
        if self.bytes < CHECKPOINT_BYTES {
            return;
        }
        self.bytes = 0;
        self.copy(LOG_BYTES_MAX, conn);
    }

    /// Copies the log while nobody waits, and cuts it if it is long.
    pub(super) fn idle(&mut self, conn: &Connection) {
        self.used = false;
        self.bytes = 0;
        self.copy(LOG_BYTES_KEPT, conn);
    }

    /// Copies the log; cuts it if it is longer than this.
    fn copy(&self, most: u64, conn: &Connection) {
        let length = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        if length > most {
            self.cut(conn);
        } else {
            // Waits for nobody.
            report("passive", copy("passive", conn));
        }
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
