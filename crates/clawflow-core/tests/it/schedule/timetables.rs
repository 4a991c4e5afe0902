//! Timetables across changes of the clock, against a walk over every minute.

use super::world::{DAY, MINUTE, at, cron, timetable, zone};
use clawflow_core::schedule::{Spec, Timetable};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Havana",
    "Asia/Kolkata",
    "Pacific/Chatham",
];
const FROM: &str = "2023-01-01T00:00:00Z";
const TO: &str = "2026-01-01T00:00:00Z";

fn slots(table: &Timetable, from: i64, to: i64) -> Vec<i64> {
    let mut found = Vec::new();
    let mut after = from;
    while let Some(next) = table.next(after).filter(|at| *at < to) {
        assert!(next > after);
        found.push(next);
        after = next;
    }
    found
}

fn civil(zone: &TimeZone, at: i64) -> DateTime {
    zone.to_datetime(Timestamp::from_millisecond(at).unwrap())
}

/// The minutes around each change of the zone's clock within the three years.
fn around_changes(zone: &TimeZone) -> Vec<(i64, i64)> {
    let first = Timestamp::from_millisecond(at(FROM)).unwrap();
    let changes = zone.following(first).map(|change| change.timestamp().as_millisecond());
    let changes = changes.take_while(|change| *change < at(TO));
    changes.map(|change| (change - 2 * DAY, change + 2 * DAY)).collect()
}

/// Slots of an expression that names hours, by looking at every minute: the first minute whose
/// clock shows the time, else the first whose clock shows a later one.
fn walked(zone: &TimeZone, times: &[(i8, i8)], from: i64, to: i64) -> Vec<i64> {
    let mut found = Vec::new();
    let minutes = (from - DAY..to + DAY).step_by(MINUTE as usize);
    let minutes: Vec<(i64, DateTime)> = minutes.map(|at| (at, civil(zone, at))).collect();
    let mut date = civil(zone, from).date();
    while date <= civil(zone, to).date() {
        for (hour, minute) in times {
            let wanted = date.at(*hour, *minute, 0, 0);
            let shown = minutes.iter().find(|(_, civil)| *civil == wanted);
            let later = || minutes.iter().find(|(_, civil)| *civil > wanted);
            found.extend(shown.or_else(later).map(|(at, _)| *at));
        }
        date = date.tomorrow().unwrap();
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|at| *at > from && *at < to);
    found
}

#[test]
fn the_clock_on_the_wall_is_followed() {
    for name in ZONES {
        let zone = zone(name);
        for (expr, times) in [
            ("30 2 * * *", &[(2, 30)][..]),
            ("0 0 * * *", &[(0, 0)]),
            ("15,45 1,2 * * *", &[(1, 15), (1, 45), (2, 15), (2, 45)]),
        ] {
            let table = timetable(&cron(expr, name));
            for (from, to) in around_changes(&zone) {
                let found = slots(&table, from, to);
                assert_eq!(found, walked(&zone, times, from, to), "{name} {expr} from {from}");
            }
        }
    }
}

#[test]
fn every_hour_is_real_time() {
    for name in ZONES {
        let zone = zone(name);
        let table = timetable(&cron("*/15 * * * *", name));
        for (from, to) in around_changes(&zone) {
            let minutes = (from + MINUTE..to).step_by(MINUTE as usize);
            let named = |at: &i64| civil(&zone, *at).minute() % 15 == 0;
            assert_eq!(
                slots(&table, from, to),
                minutes.filter(named).collect::<Vec<_>>(),
                "{name}"
            );
        }
    }
}

#[test]
fn each_day_of_three_years_has_one_slot() {
    for name in ZONES {
        let table = timetable(&cron("30 2 * * *", name));
        let found = slots(&table, at(FROM) - DAY, at(TO));
        let mut days: Vec<_> = found.iter().map(|at| civil(&zone(name), *at).date()).collect();
        days.dedup();
        assert_eq!(days.len(), found.len(), "{name}: one a day");
        assert!((1096..=1097).contains(&days.len()), "{name}: {}", days.len());
    }
}

#[test]
fn known_changes_of_the_clock() {
    let shown = |expr: &str, tz: &str, after: &str, count: usize| -> String {
        let table = timetable(&cron(expr, tz));
        let mut at = at(after);
        let mut all = Vec::new();
        for _ in 0..count {
            at = table.next(at).unwrap();
            let time = Timestamp::from_millisecond(at).unwrap().to_zoned(zone(tz));
            all.push(time.strftime("%dT%H:%M%:z").to_string());
        }
        all.join(" ")
    };
    // Put forward: both times are in the gap, and come once, right after it.
    assert_eq!(
        shown("0,30 2 * * *", "Europe/Berlin", "2025-03-29T12:00:00Z", 3),
        "30T03:00+02:00 31T02:00+02:00 31T02:30+02:00"
    );
    // Put back: once, at the first.
    assert_eq!(
        shown("0,30 2 * * *", "Europe/Berlin", "2025-10-25T12:00:00Z", 3),
        "26T02:00+02:00 26T02:30+02:00 27T02:00+01:00"
    );
    // By half an hour.
    assert_eq!(
        shown("15 2 * * *", "Australia/Lord_Howe", "2025-10-04T12:00:00Z", 2),
        "05T02:30+11:00 06T02:15+11:00"
    );
    assert_eq!(
        shown("45 1 * * *", "Australia/Lord_Howe", "2025-04-05T12:00:00Z", 2),
        "06T01:45+11:00 07T01:45+10:30"
    );
    // At midnight: the day begins at one.
    assert_eq!(
        shown("@daily", "America/Havana", "2025-03-08T12:00:00Z", 2),
        "09T01:00-04:00 10T00:00-04:00"
    );
    // A month of fasting has another time.
    assert_eq!(
        shown("30 2 * * *", "Africa/Casablanca", "2025-02-22T12:00:00Z", 2),
        "23T02:30+01:00 24T02:30+00:00"
    );
    // A whole day that never was.
    assert_eq!(
        shown("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3),
        "29T12:00-10:00 31T00:00+14:00 31T12:00+14:00"
    );
    assert_eq!(
        shown("0 * * * *", "Pacific/Apia", "2011-12-30T08:30:00Z", 3),
        "29T23:00-10:00 31T00:00+14:00 31T01:00+14:00"
    );
}

#[test]
fn intervals_are_counted_from_their_anchor() {
    let every = |every_ms, anchor| timetable(&Spec::Every { every_ms, anchor });
    let table = every(90_000, 1_000);
    assert_eq!(table.next(1_000), Some(91_000));
    assert_eq!(table.next(91_000), Some(181_000));
    assert_eq!(table.next(90_999), Some(91_000));
    assert_eq!(every(10_000, 100_000).next(5_000), Some(10_000), "before the anchor too");
    let once = timetable(&Spec::At { at: 5_000 });
    assert_eq!((once.next(4_999), once.next(5_000)), (Some(5_000), None));
}

#[test]
fn what_never_comes_ends_the_search() {
    assert_eq!(timetable(&cron("0 0 31 2 *", "UTC")).next(at(FROM)), None);
    let leap = timetable(&cron("0 0 29 2 *", "UTC"));
    assert_eq!(leap.next(at(FROM)), Some(at("2024-02-29T00:00:00Z")));
    assert_eq!(leap.next(i64::MAX), None);
    assert_eq!(leap.next(i64::MIN), Some(at("1972-02-29T00:00:00Z")));
}
