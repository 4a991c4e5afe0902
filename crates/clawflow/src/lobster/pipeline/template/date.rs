//! The filter `date`: points in time, in UTC.

use super::calendar::{DAY, date_of, day_of};
use crate::lobster::value::{Value, number_of, text_of, trim};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The last point in time, and minus the first.
const LAST: f64 = 8.64e15;

/// A value as a date: as ISO 8601, or in a format with `YYYY`, `MM`, `DD`, `HH`, `mm` and `ss`.
/// What is no date stays as it is.
pub(super) fn format(value: &Value, format: Option<&str>) -> String {
    let text = text_of(value);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = match value {
        Value::Number(_) => true,
        Value::Text(text) => digits(trim(text)),
        _ => false,
    };
    let time = if is_number { clip(number_of(value)) } else { parse(&text) };
    let Some(time) = time else { return text.into_owned() };
    let (year, month, day) = date_of(time.div_euclid(DAY));
    let of_day = time.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60);
    let Some(format) = format.filter(|format| !format.is_empty()) else {
        let year = match year {
            0..10_000 => format!("{year:04}"),
            year => format!("{}{:06}", if year < 0 { '-' } else { '+' }, year.abs()),
        };
        let milli = of_day % 1000;
        return format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z");
    };
    let parts = [("MM", month), ("DD", day), ("HH", hour), ("mm", minute), ("ss", second)];
    let with_year = format.replacen("YYYY", &year.to_string(), 1);
    parts
        .into_iter()
        .fold(with_year, |text, (mark, number)| text.replacen(mark, &format!("{number:02}"), 1))
}

#[expect(clippy::cast_possible_truncation, reason = "it is in range")]
fn clip(time: f64) -> Option<i64> {
    (time.abs() <= LAST).then_some(time.trunc() as i64)
}

/// A date as JavaScript reads it; of the forms that no standard has, the usual ones.
fn parse(text: &str) -> Option<i64> {
    let time = iso(text).or_else(|| usual(trim(text)))?;
    #[expect(clippy::cast_precision_loss, reason = "to compare")]
    clip(time as f64)
}

/// ISO 8601: a date is in UTC, a date with a time and no zone is local.
fn iso(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once('T').or_else(|| text.split_once('t')) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let date = date_part(date)?;
    match time {
        None => Some(date * DAY),
        Some(time) => in_zone(date, time),
    }
}

fn date_part(date: &str) -> Option<i64> {
    let (sign, rest) = match date.as_bytes().first()? {
        b'+' => (1, &date[1..]),
        b'-' => (-1, &date[1..]),
        _ => (1, date),
    };
    let mut parts = rest.split('-');
    let year = fixed(parts.next()?, if rest.len() < date.len() { 6 } else { 4 })?;
    let month = parts.next().map_or(Some(1), |month| fixed(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| fixed(day, 2))?;
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day);
    let negative_zero = sign < 0 && year == 0;
    (fits && !negative_zero && parts.next().is_none()).then(|| day_of(sign * year, month, day))
}

fn fixed(text: &str, width: usize) -> Option<i64> {
    let digits = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// A time of a day, maybe with its zone.
fn in_zone(day: i64, time: &str) -> Option<i64> {
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let mut parts = time.split(':');
    let hour = fixed(parts.next()?, 2)?;
    let minute = fixed(parts.next()?, 2)?;
    let (second, milli) = match parts.next() {
        None => (0, 0),
        Some(text) => {
            let (second, fraction) = text.split_once('.').unwrap_or((text, "0"));
            (fixed(second, 2)?, millis(fraction)?)
        }
    };
    let midnight = hour == 24 && minute == 0 && second == 0 && milli == 0;
    let fits = (hour < 24 || midnight) && minute < 60 && second < 60 && parts.next().is_none();
    let local = day * DAY + ((hour * 60 + minute) * 60 + second) * 1000 + milli;
    match zone {
        _ if !fits => None,
        "" => from_local(local),
        "Z" | "z" => Some(local),
        zone => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = zone[1..].split_once(':').unwrap_or((&zone[1..], "00"));
            let offset = fixed(hours, 2)? * 60 + fixed(minutes, 2)?;
            Some(local - sign * offset * 60_000)
        }
    }
}

fn millis(fraction: &str) -> Option<i64> {
    let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| format!("{fraction:0<3}")[..3].parse().unwrap_or(0))
}

/// A wall clock's time in the zone of this machine.
fn from_local(local: i64) -> Option<i64> {
    let utc = jiff::Timestamp::from_millisecond(local).ok()?;
    let clock: DateTime = TimeZone::UTC.to_datetime(utc);
    let here = TimeZone::system().to_ambiguous_zoned(clock).compatible().ok()?;
    Some(here.timestamp().as_millisecond())
}

/// Forms without a standard: of mails, with a space or slashes, with the name of the month.
fn usual(text: &str) -> Option<i64> {
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Some(zoned.timestamp().as_millisecond());
    }
    let (date, time) = match text.find(':') {
        // The hour belongs to the time.
        Some(colon) => text.split_at(text[..colon].rfind(' ')?),
        None => (text, " 00:00"),
    };
    let clock = trim(time).replace(' ', "");
    let clock = clock
        .strip_suffix("UTC")
        .or(clock.strip_suffix("GMT"))
        .map_or_else(|| clock.clone(), |time| format!("{time}Z"));
    const FORMS: [&str; 8] = [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%m/%d/%Y",
        "%B %d, %Y",
        "%b %d, %Y",
        "%d %B %Y",
        "%d %b %Y",
        "%b %d %Y",
    ];
    let read = |form: &&str| jiff::civil::Date::strptime(form, trim(date)).ok();
    let date = FORMS.iter().find_map(read)?;
    let day = day_of(date.year().into(), date.month().into(), date.day().into());
    in_zone(day, &clock)
}
