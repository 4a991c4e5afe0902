//! Attempts of a step and the time between them.

/// How the time between attempts grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// The same time before each attempt.
    Fixed,
    /// Twice the time before each further attempt, up to the cap.
    Exponential,
}

/// What the failure of an attempt is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// An exit code.
    Exit(i32),
    /// A text within the error or the end of standard error.
    Text(String),
}

impl Failure {
    fn is(&self, exit: Option<i32>, texts: &[&str]) -> bool {
        match self {
            Self::Exit(code) => exit == Some(*code),
            Self::Text(text) => texts.iter().any(|said| said.contains(text.as_str())),
        }
    }
}

/// The `retry` block of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, at least 1; 1 means no retry.
    pub max: u32,
    /// How the delay grows.
    pub backoff: Backoff,
    /// Delay before the first retry, in milliseconds.
    pub delay_ms: u64,
    /// Cap of the delay in milliseconds; like in Lobster, not applied to a plain fixed delay.
    pub max_delay_ms: u64,
    /// Whether each delay is moved by up to a tenth either way.
    pub jitter: bool,
    /// If there are any, only these failures are tried again.
    pub retry_on: Vec<Failure>,
    /// These are not, whatever `retry_on` says.
    pub stop_on: Vec<Failure>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max: 1,
            backoff: Backoff::Fixed,
            delay_ms: 1_000,
            max_delay_ms: 30_000,
            jitter: false,
            retry_on: Vec::new(),
            stop_on: Vec::new(),
        }
    }
}

impl Retry {
    /// Whether a failure with this exit code, if any, and these texts may be tried again at all.
    #[must_use]
    pub fn applies(&self, exit: Option<i32>, texts: &[&str]) -> bool {
        let is = |failure: &Failure| failure.is(exit, texts);
        !self.stop_on.iter().any(is) && (self.retry_on.is_empty() || self.retry_on.iter().any(is))
    }

    /// Milliseconds to wait before retry number `attempt`, counted from 1 for the first retry.
    ///
    /// `jitter_unit` is a random number in `[0, 1)`; the core has no randomness of its own.
    #[must_use]
    pub fn delay_ms(&self, attempt: u32, jitter_unit: f64) -> u64 {
        if self.backoff == Backoff::Fixed && !self.jitter {
            return self.delay_ms;
        }
        let grown = match self.backoff {
            Backoff::Fixed => self.delay_ms,
            Backoff::Exponential => {
                let factor = 1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
                self.delay_ms.saturating_mul(factor)
            }
        };
        let capped = grown.min(self.max_delay_ms);
        if !self.jitter {
            return capped;
        }
        let unit = if jitter_unit.is_finite() { jitter_unit.clamp(0.0, 1.0) } else { 0.5 };
        // A float cast saturates, and a delay is far below 2^53.
        let moved = (capped as f64 * (0.9 + 0.2 * unit)).round() as u64;
        moved.min(self.max_delay_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_delay_is_neither_grown_nor_capped() {
        let retry = Retry { delay_ms: 90_000, ..Retry::default() };
        assert_eq!(retry.delay_ms(1, 0.3), 90_000);
        assert_eq!(retry.delay_ms(9, 0.3), 90_000);
    }

    #[test]
    fn an_exponential_delay_doubles_up_to_the_cap() {
        let retry = Retry { backoff: Backoff::Exponential, ..Retry::default() };
        let delays: Vec<u64> = (1..=7).map(|attempt| retry.delay_ms(attempt, 0.0)).collect();
        assert_eq!(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(retry.delay_ms(u32::MAX, 0.0), 30_000);
        assert_eq!(retry.delay_ms(0, 0.0), 1_000);
    }

    #[test]
    fn only_what_is_named_is_tried_again_and_a_stop_wins() {
        let text = |text: &str| Failure::Text(text.to_owned());
        let retry_on = vec![Failure::Exit(75), text("reset by peer")];
        let retry = Retry { retry_on, stop_on: vec![text("quota")], ..Retry::default() };
        assert!(retry.applies(Some(75), &["exit code 75"]));
        assert!(retry.applies(Some(1), &["exit code 1", "connection reset by peer"]));
        assert!(!retry.applies(Some(1), &["exit code 1"]));
        assert!(!retry.applies(Some(75), &["exit code 75", "over quota"]));
        assert!(Retry::default().applies(None, &[]));
    }

    #[test]
    fn jitter_stays_within_a_tenth_and_under_the_cap() {
        let retry = Retry { jitter: true, ..Retry::default() };
        assert_eq!(retry.delay_ms(1, 0.0), 900);
        assert_eq!(retry.delay_ms(1, 0.5), 1_000);
        assert!(retry.delay_ms(1, 0.999) <= 1_100);
        let capped = Retry { jitter: true, delay_ms: 60_000, ..Retry::default() };
        assert_eq!(capped.delay_ms(1, 0.9), 30_000);
        let endless = Retry { max_delay_ms: u64::MAX, delay_ms: u64::MAX, ..retry };
        assert!(endless.delay_ms(3, f64::NAN) > 0);
    }
}
