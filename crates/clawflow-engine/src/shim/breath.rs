//! When a program that is talked to is read: at once, or in breaths while it says little at a time
//! and often. What one small message costs on its way to the gateway is then shared by many.

use std::time::{Duration, Instant};

use super::limits::{BREATH, BREATH_BYTES, BREATHLESS_READS};

/// How the program speaks.
#[derive(Debug, Default)]
pub(super) struct Breath {
    last: Option<Instant>,
    /// Small reads that followed each other closely.
    stretch: u32,
}

impl Breath {
    /// Takes in that so many bytes were read.
    pub(super) fn read(&mut self, bytes: usize, now: Instant) {
        let close = self.last.is_some_and(|last| now.duration_since(last) <= 2 * BREATH);
        // A pipe that fills up must not wait: its writer would.
        let small = bytes < BREATH_BYTES;
        self.stretch = if close && small { self.stretch.saturating_add(1) } else { 0 };
        self.last = Some(now);
    }

    /// Until when nothing is read, if that is later than now.
    pub(super) fn holds(&self, now: Instant) -> Option<Instant> {
        let until = self.last.filter(|_| self.stretch > BREATHLESS_READS)? + BREATH;
        (until > now).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_micros(100);

    #[test]
    fn a_conversation_is_read_at_once_and_a_stream_in_breaths() {
        let (mut breath, mut now) = (Breath::default(), Instant::now());
        for _ in 0..=BREATHLESS_READS {
            assert_eq!(breath.holds(now), None);
            breath.read(200, now);
            now += SOON;
        }
        breath.read(200, now);
        assert_eq!(breath.holds(now), Some(now + BREATH));
        // It stays so while the stream lasts.
        for _ in 0..3 {
            now = breath.holds(now).unwrap();
            assert_eq!(breath.holds(now), None);
            breath.read(9_000, now);
        }
        assert!(breath.holds(now).is_some());
        // After a pause the next word is heard at once.
        now += 3 * BREATH;
        breath.read(200, now);
        assert_eq!(breath.holds(now), None);
    }

    #[test]
    fn a_flood_is_not_held_up() {
        let (mut breath, mut now) = (Breath::default(), Instant::now());
        for _ in 0..10 * BREATHLESS_READS {
            breath.read(BREATH_BYTES, now);
            assert_eq!(breath.holds(now), None);
            now += SOON;
        }
    }
}
