//! Every limit of reading a foreign database, with its reason.

use std::time::Duration;

/// Largest value that is read from a row, in bytes: our records hold far less, and a row must not
/// fill the memory.
pub const VALUE_BYTES_MAX: usize = 16 << 20;
/// Bytes of values after which a page of rows ends: a request over the wire has as much.
pub const PAGE_BYTES: usize = 1 << 20;
/// Largest file of jobs, in bytes: it is read whole.
pub const JOBS_BYTES_MAX: u64 = 64 << 20;
/// How often a file is copied anew that was written meanwhile.
pub const COPIES_MAX: u32 = 20;
/// How long a file must have been left alone before it is copied: longer than the grain of the
/// times that file systems keep, so that a write is never overlooked.
pub const QUIET: Duration = Duration::from_millis(50);
/// Pause before the next look at a file that is being written.
pub const PAUSE: Duration = Duration::from_millis(100);
/// Characters of an id that is told of.
pub const ID_CHARS_MAX: usize = 200;
