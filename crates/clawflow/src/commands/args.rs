//! Values of arguments.

use crate::cli::CliError;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::budget::Budget;
use clawflow_core::definition::parse_duration_ms;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Map, Value};
use std::fmt::Display;
use std::io::{BufRead, Write};
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

/// The two parts of `NAME=VALUE`.
pub(crate) fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// A label as it is asked for: `NAME=VALUE`, whole.
pub(crate) fn label(text: &str) -> Result<String, String> {
    name_and_value(text).map(|_| text.to_owned())
}

/// Arguments of a flow: those of the JSON object, and over them those that were given one by one.
pub(crate) fn flow_args(
    pairs: &[(String, String)],
    json: Option<&str>,
) -> Result<Map<String, Value>, CliError> {
    let mut all = match json.map(serde_json::from_str) {
        None => Map::new(),
        Some(Ok(Value::Object(all))) => all,
        Some(Ok(_)) => return Err(CliError::usage("--args-json is not a JSON object")),
        Some(Err(error)) => return Err(CliError::usage(format!("--args-json: {error}"))),
    };
    for (name, value) in pairs {
        all.insert(name.clone(), Value::String(value.clone()));
    }
    Ok(all)
}

/// Asks the person at the terminal, on standard error.
pub(crate) fn confirmed(question: &str) -> bool {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
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
    let tip = || "write `2h`, `7d`, `2026-04-09` or `2026-04-09T14:30`".to_owned();
    clock(text).ok_or_else(tip)
}

/// A point in time by the clock: a date, a date with a time, or that with an offset.
pub(crate) fn time(text: &str) -> Result<Millis, String> {
    clock(text).ok_or_else(|| "write `2026-04-09T14:30` or `2026-04-09T14:30:00Z`".to_owned())
}

/// A point in time to come: a duration from now, or a time by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// In so many milliseconds.
    In(u64),
    /// Then.
    At(Millis),
}

/// Either form of a [`Due`].
pub(crate) fn due(text: &str) -> Result<Due, String> {
    if let Ok(ms) = parse_duration_ms(text) {
        return Ok(Due::In(ms));
    }
    let tip = || "write `10m`, `1h30m` or `2026-04-09T14:30`".to_owned();
    clock(text).map(Due::At).ok_or_else(tip)
}

fn clock(text: &str) -> Option<Millis> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let local = |at: DateTime| at.to_zoned(TimeZone::system());
    let zoned: Option<Zoned> = text.parse().ok().and_then(|at| local(at).ok());
    zoned.map(|at| at.timestamp().as_millisecond())
}

/// What may be used, in one argument: `tokens=5000,usd=2.5,turns=10,time=1h`.
pub(crate) fn budget(text: &str) -> Result<Budget, String> {
    let mut budget = Budget::default();
    for part in text.split(',') {
        let tip = || "write for example `tokens=5000,usd=2.5,turns=10,time=1h`".to_owned();
        let (name, value) = part.split_once('=').ok_or_else(tip)?;
        match name.trim() {
            "tokens" => budget.tokens = Some(value.trim().parse().map_err(|_| tip())?),
            "usd" => budget.cost_usd = Some(value.trim().parse().map_err(|_| tip())?),
            "turns" => budget.turns = Some(value.trim().parse().map_err(|_| tip())?),
            "time" => budget.wall_ms = Some(parse_duration_ms(value)?),
            _ => return Err(tip()),
        }
    }
    budget.check().map_err(|refusal| refusal.message)?;
    Ok(budget)
}

/// Who acts at this terminal.
pub(crate) fn person(named: Option<&str>, env: &crate::config::EnvMap) -> String {
    let user = || ["USER", "LOGNAME"].iter().find_map(|name| env.get(name)?.to_str());
    named.or_else(user).unwrap_or("operator").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_list_of_limits() {
        let some = budget("tokens=5,usd=0.5, turns=2,time=1m").unwrap();
        let all = (some.tokens, some.cost_usd, some.turns, some.wall_ms);
        assert_eq!(all, (Some(5), Some(0.5), Some(2), Some(60_000)));
        for bad in ["", "5", "tokens", "tokens=0", "usd=NaN", "usd=-1", "time=1", "cost=1"] {
            assert!(budget(bad).is_err(), "{bad}");
        }
    }

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

    #[test]
    fn what_is_due_is_a_duration_from_now_or_a_time() {
        assert_eq!(due("10m"), Ok(Due::In(600_000)));
        assert_eq!(due("2026-04-09T00:00:00Z"), Ok(Due::At(1_775_692_800_000)));
        for bad in ["", "soon", "-1s", "2026-13-01", "99999999999999d"] {
            assert!(due(bad).is_err() && time(bad).is_err(), "{bad}");
        }
        assert!(time("10m").is_err());
    }
}
