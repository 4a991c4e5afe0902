//! Every limit of an import, with its reason.

use crate::Millis;

/// Bytes of one row of the other system, as JSON: what our records may hold, and nothing that a
/// request over the wire could not carry.
pub const ROW_BYTES_MAX: usize = 2 << 20;
/// Rows of one request: they share one commit, which others wait for.
pub const ROWS_MAX: usize = 500;
/// How far in the future a row may lie, in milliseconds: clocks differ, but by no more than a day.
pub const AHEAD_MS_MAX: Millis = 24 * 60 * 60 * 1000;
/// Bytes of an origin as JSON: a channel, an address, an account and a thread.
pub const ORIGIN_BYTES_MAX: usize = 8 << 10;
/// Characters of an id of the other system.
pub const ID_CHARS_MAX: usize = 512;
/// Characters of a word that a reason quotes.
pub(super) const QUOTED_CHARS_MAX: usize = 60;
