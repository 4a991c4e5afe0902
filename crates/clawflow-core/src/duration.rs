//! Durations as people write them: `250ms`, `30s`, `10m`, `2h`, `3d`, and combined, `1h30m`.
//!
//! Workflow files, the configuration and the command line all read them here.

/// Units from the largest to the smallest, with their length in milliseconds.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration, in milliseconds. Whole numbers only, each with a unit, larger units first.
///
/// # Errors
/// What is wrong, as a fragment that follows the quoted text.
pub fn parse_ms(text: &str) -> Result<u64, &'static str> {
    let mut rest = text;
    let mut total_ms: u64 = 0;
    let mut units_left = UNITS.as_slice();
    if rest.is_empty() {
        return Err("is empty");
    }
    while !rest.is_empty() {
        let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
        if digits.is_empty() {
            return Err("has no number before the unit");
        }
        let (unit, after) = split_while(after, |c| c.is_ascii_alphabetic());
        if unit.is_empty() {
            return Err("has no unit");
        }
        let Some(at) = units_left.iter().position(|(name, _)| *name == unit) else {
            let known = UNITS.iter().any(|(name, _)| *name == unit);
            return Err(if known { "does not go from large to small" } else { "has no such unit" });
        };
        let part_ms = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(units_left[at].1));
        total_ms = part_ms.and_then(|ms| total_ms.checked_add(ms)).ok_or("is too long")?;
        units_left = &units_left[at + 1..];
        rest = after;
    }
    Ok(total_ms)
}

/// Writes a duration of so many milliseconds so that [`parse_ms`] reads it back.
#[must_use]
pub fn format_ms(length_ms: u64) -> String {
    let mut rest_ms = length_ms;
    if rest_ms == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, length_ms) in UNITS {
        let count = rest_ms / length_ms;
        rest_ms %= length_ms;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

/// Splits where `keep` first fails.
fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !keep(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_and_combinations_are_read() {
        let read = |text: &str| parse_ms(text).unwrap();
        assert_eq!(read("250ms"), 250);
        assert_eq!(read("30s"), 30_000);
        assert_eq!(read("10m"), 600_000);
        assert_eq!(read("2h"), 7_200_000);
        assert_eq!(read("3d"), 259_200_000);
        assert_eq!(read("1h30m"), 5_400_000);
        assert_eq!(read("1d2h3m4s5ms"), 93_784_005);
        assert_eq!(read("0s"), 0);
    }

    #[test]
    fn bad_durations_say_what_is_wrong() {
        assert_eq!(parse_ms(""), Err("is empty"));
        assert_eq!(parse_ms("5"), Err("has no unit"));
        assert_eq!(parse_ms("s"), Err("has no number before the unit"));
        assert_eq!(parse_ms("-5s"), Err("has no number before the unit"));
        assert_eq!(parse_ms("1 h"), Err("has no unit"));
        assert_eq!(parse_ms("1.5h"), Err("has no unit"));
        assert_eq!(parse_ms("5w"), Err("has no such unit"));
        assert_eq!(parse_ms("5m1h"), Err("does not go from large to small"));
        assert_eq!(parse_ms("1h1h"), Err("does not go from large to small"));
        assert_eq!(parse_ms("99999999999999999999d"), Err("is too long"));
        assert_eq!(parse_ms("213503982335d"), Err("is too long"));
    }

    #[test]
    fn written_durations_are_read_back() {
        for text in ["0s", "250ms", "1s500ms", "1h30m", "7d", "1d2h3m4s5ms"] {
            assert_eq!(format_ms(parse_ms(text).unwrap()), text);
        }
        assert_eq!(format_ms(90_000), "1m30s");
    }
}
