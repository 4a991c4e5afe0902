//! Times and durations for people.

use clawflow_core::Millis;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time now.
pub(crate) fn now() -> Millis {
    Timestamp::now().as_millisecond()
}

/// A duration in its two largest units: `350ms`, `1.2s`, `12s`, `3m05s`, `2h05m`, `3d04h`.
pub(crate) fn duration(ms: Millis) -> String {
    let ms = ms.max(0);
    let (s, m, h, d) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    match ms {
        ..1000 => format!("{ms}ms"),
        1000..10_000 => format!("{s}.{}s", ms % 1000 / 100),
        10_000..60_000 => format!("{s}s"),
        60_000..3_600_000 => format!("{m}m{:02}s", s % 60),
        3_600_000..86_400_000 => format!("{h}h{:02}m", m % 60),
        _ => format!("{d}d{:02}h", h % 24),
    }
}

/// How long ago that was, in one unit: `12s`, `3m`, `2h`, `3d`.
pub(crate) fn ago(at: Millis, now: Millis) -> String {
    match (now - at).max(0) / 1000 {
        s @ ..60 => format!("{s}s"),
        s @ 60..3600 => format!("{}m", s / 60),
        s @ 3600..86_400 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86_400),
    }
}

/// A point in time by the clock on the wall, without the date where that is today's.
pub(crate) fn moment(at: Millis, now: Millis) -> String {
    let zoned = |ms| Timestamp::from_millisecond(ms).map(|t| t.to_zoned(TimeZone::system()));
    match (zoned(at), zoned(now)) {
        (Ok(at), Ok(now)) if at.date() == now.date() => at.strftime("%H:%M:%S").to_string(),
        (Ok(at), _) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        // Beyond the calendar; a number still says that it is far away.
        (Err(_), _) => format!("{at} ms"),
    }
}

/// A point in time to come: by the clock and from now.
pub(crate) fn until(at: Millis, now: Millis) -> String {
    let clock = moment(at, now);
    match at - now {
        left if left > 0 => format!("{clock} (in {})", duration(left)),
        _ => format!("{clock} (due)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_at_most() {
        let all: Vec<String> =
            [-5, 999, 1_234, 12_345, 185_000, 7_500_000, 273_600_000].map(duration).into();
        assert_eq!(all.join(" "), "0ms 999ms 1.2s 12s 3m05s 2h05m 3d04h");
    }

    #[test]
    fn ages_have_one_unit() {
        let all: Vec<String> =
            [0, 59_999, 60_000, 7_200_000, 172_800_000].map(|t| ago(0, t)).into();
        assert_eq!(all.join(" "), "0s 59s 1m 2h 2d");
        assert_eq!(ago(10, 0), "0s");
    }

    #[test]
    fn moments_beyond_the_calendar_are_still_shown() {
        assert_eq!(moment(Millis::MAX, 0), "9223372036854775807 ms");
    }
}
