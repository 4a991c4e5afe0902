//! Durations of a workflow file: [`crate::duration`], within the longest that makes sense.

use super::limits::DURATION_MS_MAX;
use crate::duration::parse_ms;

/// Reads a duration, in milliseconds.
///
/// # Errors
/// A message that says what is wrong, without a position.
pub fn parse_duration_ms(text: &str) -> Result<u64, String> {
    let too_long = || format!("`{text}` is too long; the longest duration is 3650d");
    match parse_ms(text.trim()) {
        Ok(ms) if ms <= DURATION_MS_MAX => Ok(ms),
        Ok(_) | Err("is too long") => Err(too_long()),
        Err(_) => {
            Err(format!("`{text}` is not a duration; write for example `250ms`, `10m` or `1h30m`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit_and_combinations() {
        assert_eq!(parse_duration_ms("250ms"), Ok(250));
        assert_eq!(parse_duration_ms("30s"), Ok(30_000));
        assert_eq!(parse_duration_ms("10m"), Ok(600_000));
        assert_eq!(parse_duration_ms("2h"), Ok(7_200_000));
        assert_eq!(parse_duration_ms("3d"), Ok(259_200_000));
        assert_eq!(parse_duration_ms(" 1h30m "), Ok(5_400_000));
        assert_eq!(parse_duration_ms("1m500ms"), Ok(60_500));
    }

    #[test]
    fn refuses_everything_else() {
        for text in ["", "10", "m", "1.5h", "30m1h", "1h1h", "-1s", "1 h", "5min", "é", "1é"] {
            assert!(parse_duration_ms(text).is_err(), "{text}");
        }
        let long = parse_duration_ms("99999999999999999999999d").unwrap_err();
        assert!(long.contains("too long"), "{long}");
    }
}
