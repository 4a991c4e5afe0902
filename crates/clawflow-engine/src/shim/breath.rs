//! When a program that is talked to is read: at once, or in breaths while it says little at a time
//! and often. What one small message costs on its way to the gateway is then shared by many.

use std::time::{Duration, Instant};

use super::limits::{BREATH, BREATH_BYTES, BREATHLESS_READS};

/// How the program speaks.
#[derive(Debug, Default)]
pub(super) struct Breath {
    last: Option<Instant>,
    /// Small reads that followed each other closely; each breath of silence takes one away, so that
    /// a stream that halts for a moment is still one.
    stretch: u32,
}

impl Breath {
    /// Takes in that so many bytes were read.
    pub(super) fn read(&mut self, bytes: usize, now: Instant) {
        let silence = self.last.map_or(Duration::ZERO, |last| now.duration_since(last));
        let breaths = u32::try_from(silence.as_millis() / BREATH.as_millis()).unwrap_or(u32::MAX);
        // A pipe that fills up must not wait: its writer would.
        let small = bytes < BREATH_BYTES;
        let stretch = self.stretch.saturating_sub(breaths) + 1;
        self.stretch = if small { stretch.min(2 * BREATHLESS_READS) } else { 0 };
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
        // It stays so while the stream lasts, also one that halts for a moment.
        for _ in 0..3 {
            now = breath.holds(now).unwrap();
            assert_eq!(breath.holds(now), None);
            breath.read(9_000, now);
        }
        for late in [2, 0, 0] {
            assert!(breath.holds(now).is_some());
            now += late * BREATH + SOON;
            breath.read(200, now);
        }
        // After a pause the next words are heard at once.
        now += 2 * BREATHLESS_READS * BREATH;
        for _ in 0..BREATHLESS_READS {
            assert_eq!(breath.holds(now), None);
            breath.read(200, now);
            now += SOON;
        }
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
