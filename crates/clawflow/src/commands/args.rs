//! Values of arguments.

use crate::cli::CliError;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::definition::parse_duration_ms;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::fmt::Display;
use std::str::FromStr;

/// Which flow.
#[derive(Debug, Args)]
pub(crate) struct FlowArg {
    /// the flow: its id, the last 8 or more characters of it, its key or its owner
    #[arg(value_name = "FLOW")]
    pub(crate) flow: String,
}

/// A word of an enum; clap's own error names the argument.
pub(crate) fn word<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// A duration, in milliseconds.
pub(crate) fn duration_ms(text: &str) -> Result<u64, String> {
    parse_duration_ms(text)
}

/// A point in time: a duration before now, a date, a date with a time, or that with an offset.
pub(crate) fn moment(text: &str) -> Result<Millis, String> {
    if let Ok(ms) = parse_duration_ms(text) {
        let ms = Millis::try_from(ms).map_err(|error| error.to_string())?;
        return Ok(Timestamp::now().as_millisecond() - ms);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let local = |at: DateTime| at.to_zoned(TimeZone::system());
    let zoned: Option<Zoned> = text.parse().ok().and_then(|at| local(at).ok());
    let zoned = zoned.map(|at| at.timestamp().as_millisecond());
    zoned.ok_or_else(|| "write `2h`, `7d`, `2026-04-09` or `2026-04-09T14:30`".to_owned())
}

/// Who acts at this terminal.
pub(crate) fn person(named: Option<&str>, env: &crate::config::EnvMap) -> String {
    let user = || ["USER", "LOGNAME"].iter().find_map(|name| env.get(name)?.to_str());
    named.or_else(user).unwrap_or("operator").to_owned()
}

/// JSON from the command line, or from the file that `@` names.
pub(crate) fn json(flag: &str, text: &str) -> Result<serde_json::Value, CliError> {
    let read = |path| {
        let tried = format!("cannot read {path}");
        std::fs::read_to_string(path).map_err(|error| CliError {
            exit: crate::cli::Exit::Usage,
            ..CliError::io(tried, error)
        })
    };
    let text = match text.strip_prefix('@') {
        Some(path) => read(path)?,
        None => text.to_owned(),
    };
    let parsed = serde_json::from_str(&text);
    parsed.map_err(|error| CliError::usage(format!("{flag} is not JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_durations_dates_and_times() {
        let day = moment("2026-04-09T00:00:00Z").unwrap();
        assert_eq!(day, 1_775_692_800_000);
        assert!((moment("2026-04-09").unwrap() - day).abs() <= 14 * 3_600_000);
        let hour = Timestamp::now().as_millisecond() - moment("1h").unwrap();
        assert!((3_600_000..3_660_000).contains(&hour));
        for bad in ["", "yesterday", "1x", "2026-13-01", "99999999999999d"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }
}
