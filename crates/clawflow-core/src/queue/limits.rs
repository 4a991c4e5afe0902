//! What a queue allows.

use crate::Millis;
use crate::duration::{format_ms, parse_ms};
use crate::limits::{QUEUE_NAME_BYTES_MAX, QUEUE_PERIOD_MS_MAX, QUEUE_RATE_MAX};
use std::fmt;
use std::str::FromStr;

/// What a named queue allows. Without a concurrency and a rate it has no limit of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueLimits {
    /// Attempts of it that run at once.
    pub concurrency: Option<usize>,
    /// Attempts of it that start in a time.
    pub rate: Option<Rate>,
    /// Priority of an attempt whose file names none; the higher one is first.
    pub priority: i32,
}

/// So many starts in any span of time of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Starts; at least 1.
    pub count: usize,
    /// The length, in milliseconds; at least 1.
    pub period_ms: Millis,
}

impl FromStr for Rate {
    type Err = String;

    /// Reads `10/1m`. The error is a fragment that follows the text.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((count, period)) = text.split_once('/') else {
            return Err("has no `/` between the number and the period".to_owned());
        };
        let count = count.trim().parse::<usize>().ok();
        let Some(count) = count.filter(|count| (1..=QUEUE_RATE_MAX).contains(count)) else {
            return Err(format!("has no whole number from 1 to {QUEUE_RATE_MAX} before the `/`"));
        };
        let period = parse_ms(period.trim()).map_err(str::to_owned)?;
        let period_ms = i64::try_from(period).unwrap_or(i64::MAX);
        if !(1..=QUEUE_PERIOD_MS_MAX).contains(&period_ms) {
            return Err("has a period that is not from 1ms to 1d".to_owned());
        }
        Ok(Self { count, period_ms })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = u64::try_from(self.period_ms).unwrap_or_default();
        write!(f, "{}/{}", self.count, format_ms(period))
    }
}

/// Whether a queue may have this name. The error is a fragment that follows it.
///
/// # Errors
/// Why it may not.
pub fn check_queue_name(name: &str) -> Result<(), String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(fine) {
        return Err("has other characters than letters, digits, `-` and `_`".to_owned());
    }
    if name.len() > QUEUE_NAME_BYTES_MAX {
        return Err(format!("is longer than {QUEUE_NAME_BYTES_MAX} characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_shown() {
        for (text, count, period_ms, shown) in [
            ("10/1m", 10, 60_000, "10/1m"),
            ("1/250ms", 1, 250, "1/250ms"),
            (" 5 / 1h30m ", 5, 5_400_000, "5/1h30m"),
            ("10000/1d", 10_000, 86_400_000, "10000/1d"),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate, Rate { count, period_ms });
            assert_eq!(rate.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_rate_says_why() {
        for (text, why) in [
            ("10", "has no `/`"),
            ("0/1m", "has no whole number"),
            ("10001/1m", "has no whole number"),
            ("-1/1m", "has no whole number"),
            ("x/1m", "has no whole number"),
            ("1/0s", "has a period"),
            ("1/25h", "has a period"),
            ("1/60", "has no unit"),
            ("1/", ""),
        ] {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(check_queue_name("llm-2_x"), Ok(()));
        for bad in ["", "a b", "a.b", "a/b", "\u{7}", "é", &"x".repeat(65)] {
            assert!(check_queue_name(bad).is_err(), "{bad}");
        }
    }
}
