//! Limits of reports, each with its reason.

use std::time::Duration;

/// Bytes of a spooled report: its longest texts are cut when they are written.
pub const REPORT_BYTES_MAX: u64 = 256 * 1024;
/// Reports that wait in one directory: beyond it the home is away for good.
pub const REPORTS_MAX: usize = 100_000;
/// Characters of a command that a report shows.
pub const SHOWN_CHARS_MAX: usize = 2000;
/// How long a reporter whose process has ended may take to say how.
pub const REPORT_PATIENCE: Duration = Duration::from_secs(5);
/// Reports are looked for this often where the kernel does not tell of them.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pause after a failure of the store.
pub const STORE_PAUSE: Duration = Duration::from_secs(5);
/// A report that was not finished in so long never will be.
pub const UNFINISHED_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Time between TERM and KILL for a job that has used up its time.
pub const GRACE: Duration = Duration::from_secs(5);
