//! The slots of a schedule.
//!
//! A cron expression is walked by the calendar, and each time on the wall becomes an instant here:
//!
//! * An expression that names hours follows the clock on the wall. A time that does not exist
//!   because the clock was put forward comes right after the gap, however many of them fall into
//!   it; one that exists twice comes at its first.
//! * An expression with every hour (`*/15 * * * *`) follows real time: it goes on through an hour
//!   that is repeated, and what falls into a gap does not exist for it.
//!
//! Intervals are real time anyway.

use super::expression::{self, Expression};
use super::limits::TIME_MS_MAX;
use super::spec::Spec;
use crate::Millis;
use crate::error::{Code, Refusal};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

/// Changes of a zone's clock that one search passes: more than a zone has before the end of time.
const CHANGES_MAX: usize = 20_000;

/// A spec that can be walked.
#[derive(Clone, Debug)]
pub struct Timetable {
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    Once(Millis),
    Every { every: Millis, anchor: Millis },
    Cron { expression: Box<Expression>, zone: TimeZone },
}

impl Timetable {
    /// The timetable of a spec; `zone` is what [`Spec::zone`] names, if it names one that is known.
    ///
    /// # Errors
    /// `invalid` for a spec that cannot be.
    pub fn new(spec: &Spec, zone: Option<TimeZone>) -> Result<Self, Refusal> {
        spec.check()?;
        let rule = match spec {
            Spec::At { at } => Rule::Once(*at),
            Spec::Every { every_ms, anchor } => {
                Rule::Every { every: every_ms.cast_signed(), anchor: *anchor }
            }
            Spec::Cron { expr, tz } => {
                let expression = Box::new(expression::read(expr)?);
                let Some(zone) = zone else {
                    let message = format!("there is no time zone {:?}", crate::limits::cut(tz, 80));
                    return Err(Refusal::new(Code::Invalid, message));
                };
                Rule::Cron { expression, zone }
            }
        };
        Ok(Self { rule })
    }

    /// The first slot after this time; `None`: there will be none.
    #[must_use]
    pub fn next(&self, after: Millis) -> Option<Millis> {
        let next = match &self.rule {
            Rule::Once(at) => (*at > after).then_some(*at),
            Rule::Every { every, anchor } => {
                let passed = after.saturating_sub(*anchor);
                // Before the anchor the steps are counted down.
                let steps = passed.div_euclid(*every).saturating_add(1);
                anchor.checked_add(steps.checked_mul(*every)?)
            }
            Rule::Cron { expression, zone } => {
                let from = Timestamp::from_millisecond(after.max(0)).ok()?;
                let next = match expression.every_hour {
                    true => real(expression, zone, from),
                    false => on_the_wall(expression, zone, from),
                };
                next.map(Timestamp::as_millisecond)
            }
        };
        next.filter(|at| *at > after && *at <= TIME_MS_MAX)
    }

    /// The first time after `after` at which the clock on the wall shows this hour and minute; a
    /// timetable without a zone keeps the time of the world.
    pub(super) fn clock(&self, hour: u8, minute: u8, after: Millis) -> Option<Millis> {
        let expression = expression::read(&format!("{minute} {hour} * * *")).ok()?;
        let from = Timestamp::from_millisecond(after.max(0)).ok()?;
        on_the_wall(&expression, &self.zone(), from).map(Timestamp::as_millisecond)
    }

    /// What the window from this slot on is called: its date on the wall, with the time where there
    /// is more than one a day.
    #[must_use]
    pub fn window_name(&self, slot: Millis, end: Millis) -> String {
        const DAY_MS: Millis = 20 * 60 * 60 * 1000;
        let Ok(at) = Timestamp::from_millisecond(slot) else { return slot.to_string() };
        let form = if end - slot >= DAY_MS { "%Y-%m-%d" } else { "%Y-%m-%dT%H%M" };
        self.zone().to_datetime(at).strftime(form).to_string()
    }

    /// The newest slot up to this time, if there was one in the last ten years.
    #[must_use]
    pub fn newest(&self, at: Millis) -> Option<Millis> {
        let mut back: Millis = 60 * 60 * 1000;
        while back <= super::limits::DURATION_MS_MAX.cast_signed() {
            let mut found = self.next(at.saturating_sub(back)).filter(|slot| *slot <= at);
            while let Some(next) = found.and_then(|slot| self.next(slot)).filter(|n| *n <= at) {
                found = Some(next);
            }
            if found.is_some() {
                return found;
            }
            back *= 4;
        }
        None
    }

    fn zone(&self) -> TimeZone {
        match &self.rule {
            Rule::Cron { zone, .. } => zone.clone(),
            Rule::Once(_) | Rule::Every { .. } => TimeZone::UTC,
        }
    }

    /// How many slots there are in `from..=to`, of which `from` is one, if that is known without
    /// walking, and the last of them.
    pub(super) fn counted(&self, from: Millis, to: Millis) -> Option<(u64, Millis)> {
        match &self.rule {
            Rule::Every { every, .. } if to >= from => {
                let steps = (to - from) / every;
                Some((steps.cast_unsigned() + 1, from + steps * every))
            }
            _ => None,
        }
    }
}

/// The next time on the wall that the expression names.
fn next_civil(expression: &Expression, after: DateTime) -> Option<DateTime> {
    expression.cron.find_next_occurrence(&after, false).ok()
}

/// The next instant at which the clock on the wall shows what the expression names, in each half of
/// a repeated hour.
fn real(expression: &Expression, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let mut from = after;
    let mut changes = zone.following(after).take(CHANGES_MAX);
    loop {
        let offset = zone.to_offset(from);
        let civil = next_civil(expression, whole(offset.to_datetime(from)))?;
        let found = offset.to_timestamp(civil).ok()?;
        match changes.next() {
            Some(change) if found >= change.timestamp() => {
                // From just before the change on, so that the change itself may be a slot.
                let at = change.timestamp();
                let first = zone.to_offset(at).to_datetime(at);
                if is_named(expression, first) {
                    return Some(at);
                }
                from = at;
            }
            _ => return Some(found),
        }
    }
}

/// The next instant of a time on the wall that the expression names, as if each existed once.
fn on_the_wall(expression: &Expression, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let mut civil = whole(zone.to_datetime(after));
    loop {
        civil = next_civil(expression, civil)?;
        let found = instant(zone, civil)?;
        // Within a repeated hour it may be past: it was there at its first time.
        if found > after {
            return Some(found);
        }
    }
}

/// The instant of a time on the wall.
fn instant(zone: &TimeZone, civil: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    match ambiguous.offset() {
        // The clock never shows it: the moment of the change, which is the first after the gap. A
        // time in the gap by the offset before lies behind the change.
        AmbiguousOffset::Gap { before, .. } => {
            let behind = before.to_timestamp(civil).ok()?;
            let change = zone.preceding(behind.checked_add(1.second()).ok()?).next();
            Some(change.map_or(behind, |change| change.timestamp()))
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
            ambiguous.earlier().ok()
        }
    }
}

fn is_named(expression: &Expression, civil: DateTime) -> bool {
    civil.subsec_nanosecond() == 0 && expression.cron.is_time_matching(&civil).unwrap_or(false)
}

/// Slots are whole seconds.
fn whole(civil: DateTime) -> DateTime {
    civil.with().subsec_nanosecond(0).build().unwrap_or(civil)
}
