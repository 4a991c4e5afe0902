//! Bounds of judgements, each with its reason. Times are in milliseconds.

use crate::Millis;

/// How late something may be that a living gateway does at once: it may be busy, or starting.
pub const GRACE_MS: Millis = 60 * 1000;
/// How long the processes of a cancelled task may take to go: each grace is a few seconds.
pub const CANCEL_MS: Millis = 5 * 60 * 1000;
/// How long one may be silent of whom nobody can tell whether he lives: jobs of a night are heard
/// of once in it.
pub const SILENT_MS: Millis = 24 * 60 * 60 * 1000;
/// A clock that was set back by less was only disciplined.
pub const CLOCK_MS: Millis = 5 * 1000;
/// A clock that went forward by this much more than time did was set.
pub const CLOCK_AHEAD_MS: Millis = 60 * 1000;
/// For how long a jump of the clock is told of.
pub const CLOCK_TOLD_MS: Millis = 24 * 60 * 60 * 1000;
/// Tries of a message that may fail before it is worth a word: networks have moments.
pub const TRIES_MIN: u32 = 3;
/// Slots of a schedule in a row that may be skipped.
pub const SKIPPED_MAX: u64 = 10;
/// Less free space is worth a word, in bytes.
pub const DISK_LOW: u64 = 1 << 30;
/// With less nothing can be relied upon, in bytes.
pub const DISK_NONE: u64 = 16 << 20;
/// The log is cut at 64 MiB; one of this size is not cut any more, in bytes.
pub const LOG_LARGE: u64 = 256 << 20;
/// Findings that one audit keeps: the others are only counted.
pub const FINDINGS_MAX: usize = 10_000;
