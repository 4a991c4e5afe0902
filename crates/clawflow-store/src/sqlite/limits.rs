//! Every limit of this store, with its reason.

use std::time::Duration;

/// Units that wait for the writer. Beyond it `submit` waits: so many are about a second of work.
pub(super) const QUEUE_MAX: usize = 4096;
/// Units in one transaction: more would not make a commit cheaper, only later.
pub(super) const BATCH_UNITS_MAX: usize = 256;
/// Bytes of rows in one transaction, so that its pages stay in the writer's cache.
pub(super) const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Old rows deleted at once: units wait behind it.
pub(super) const EXPIRE_MAX: u64 = 1000;
/// Connections that read: more than this only compete for the processor.
pub(super) const READERS_MAX: usize = 4;
/// How long to wait for another program's lock before the store is called locked.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Page cache of the writer in KiB; it takes only what it uses.
pub(super) const WRITER_CACHE_KIB: u32 = 8 * 1024;
/// Page cache of each reader in KiB.
pub(super) const READER_CACHE_KIB: u32 = 2 * 1024;
/// Prepared statements that a reader keeps: there are fewer queries than this.
pub(super) const READER_STATEMENTS_MAX: usize = 128;
/// Bytes written after which the log is copied into the file.
pub(super) const CHECKPOINT_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of one commit after which this is done at once: whoever wrote so much has it to read and
/// to pass on meanwhile.
pub(super) const LARGE_COMMIT_BYTES: usize = 2 * 1024 * 1024;
/// Size of the log at which it is also cut, even if readers have to be waited for.
pub(super) const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Size of the log that stays when it was copied in a quiet moment: enough for some copies' worth
/// of commits.
pub(super) const LOG_BYTES_KEPT: u64 = 32 * 1024 * 1024;
/// Quiet time after which the log is copied.
pub(super) const IDLE_WAIT: Duration = Duration::from_millis(500);
/// How long cutting the log waits for readers: units wait behind it.
pub(super) const CUT_WAIT: Duration = Duration::from_millis(20);
/// Findings that a check of the file reports.
pub(super) const FINDINGS_MAX: usize = 100;
