//! The time and the ids that the core is given.

use clawflow_core::Millis;
use clawflow_core::ids::IdSource;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch, now.
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// New ids: UUIDv7, so that they sort by time, within a process even inside one millisecond.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ids;

impl IdSource for Ids {
    fn next_id(&mut self) -> u128 {
        uuid::Uuid::now_v7().as_u128()
    }
}

/// A number in `0.0..1.0` for jitter, from the random part of an id.
#[must_use]
pub fn jitter() -> f64 {
    let bits = u32::try_from(uuid::Uuid::now_v7().as_u128() & 0xffff_ffff).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX).next_up()
}
