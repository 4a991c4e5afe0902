//! Every limit of schedules, with its reason.

use crate::Millis;
use crate::limits::MESSAGE_BYTES_MAX;

/// Members of a mirrored group: people look through them.
pub const MEMBERS_MAX: usize = 100;
/// Windows that were missed and are opened for a mirrored group all the same: a month of days.
pub const WINDOWS_MISSED_MAX: u32 = 31;
/// Shortest interval, in milliseconds: a slot is a whole second, as in cron.
pub const EVERY_MS_MIN: u64 = 1000;
/// Longest duration in a policy or a spec, in milliseconds: ten years, so that sums stay in range.
pub const DURATION_MS_MAX: u64 = 10 * 366 * 24 * 60 * 60 * 1000;
/// The latest time that a schedule may name: the end of the year 4999, where cron stops looking.
pub const TIME_MS_MAX: Millis = 95_617_584_000_000;
/// Characters of a name: it is typed by people.
pub const NAME_CHARS_MAX: usize = 100;
/// Characters of a cron expression: lists of values may be long, but not without end.
pub const EXPRESSION_CHARS_MAX: usize = 400;
/// Slots that are counted one by one when many were missed; beyond it the number is a lower bound.
pub const SLOTS_COUNTED_MAX: u64 = 10_000;
/// Missed slots that `all` may start: each is a run.
pub const MISSED_CAP_MAX: u32 = 1000;
/// Attempts of one run.
pub const RETRIES_MAX: u32 = 100;
/// Longest pause between two attempts of a run, in milliseconds.
pub const RETRY_PAUSE_MAX_MS: u64 = 60 * 60 * 1000;
/// Runs of one schedule that wait for the one before, with `overlap: queue`.
pub const QUEUED_RUNS_MAX: usize = 100;
/// Runs of one schedule at once, with `overlap: allow`: a decision looks at all of them.
pub const OPEN_RUNS_MAX: usize = 1000;
/// Schedules of one owner: a mistake in a script must not fill the ledger.
pub const SCHEDULES_PER_OWNER_MAX: u64 = 20_000;
/// Bytes of the prompt of a scheduled turn: a schedule's record is read with each list. Longer ones
/// belong into a file that the agent is told to read.
pub const PROMPT_BYTES_MAX: usize = MESSAGE_BYTES_MAX;
/// Newest runs of a schedule that are kept: a schedule that fires each second must not fill the
/// ledger, and nobody looks through more. Those that go on are kept whatever their number.
pub const RUNS_KEPT_MAX: usize = 1000;
/// How long the record of an ended run is kept, in milliseconds.
pub const RUNS_KEPT_MS: Millis = 30 * 24 * 60 * 60 * 1000;
