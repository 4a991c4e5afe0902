//! The slots that have come.

use super::limits::SLOTS_COUNTED_MAX;
use super::timetable::Timetable;
use crate::Millis;
use std::collections::VecDeque;

/// First look back for the newest of slots that are too many to walk, in milliseconds.
const LOOK_BACK_MS: Millis = 1000;

/// Slots in a row, of which the newest are known by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueSlots {
    /// How many there are.
    pub count: u64,
    /// Whether there are more than `count`.
    pub more: bool,
    /// The newest of them, oldest first.
    pub newest: VecDeque<Millis>,
}

/// The slots from `from`, which is one, to `to`, the newest `keep` of them by name.
#[must_use]
pub fn due_slots(timetable: &Timetable, from: Millis, to: Millis, keep: usize) -> DueSlots {
    if let Some((count, last)) = timetable.counted(from, to) {
        return counted(timetable, from, (count, last), keep);
    }
    let mut found = DueSlots::default();
    let mut slot = Some(from).filter(|from| *from <= to);
    while let Some(at) = slot {
        if found.count == SLOTS_COUNTED_MAX {
            found.more = true;
            found.newest = newest(timetable, from, to, keep);
            return found;
        }
        found.count += 1;
        push(&mut found.newest, at, keep);
        slot = timetable.next(at).filter(|at| *at <= to);
    }
    found
}

fn push(newest: &mut VecDeque<Millis>, at: Millis, keep: usize) {
    if newest.len() == keep {
        newest.pop_front();
    }
    newest.push_back(at);
}

/// As [`due_slots`], where their number is known without walking.
fn counted(
    timetable: &Timetable,
    from: Millis,
    (count, last): (u64, Millis),
    keep: usize,
) -> DueSlots {
    let mut newest = VecDeque::new();
    let step = timetable.next(last).map_or(0, |next| next - last);
    let kept = u64::try_from(keep).unwrap_or(u64::MAX).min(count);
    for back in (0..kept.cast_signed()).rev() {
        newest.push_back((last - back * step).max(from));
    }
    DueSlots { count, more: false, newest }
}

/// The newest slots up to `to`, found from ever farther back: where there are many, they are near.
fn newest(timetable: &Timetable, from: Millis, to: Millis, keep: usize) -> VecDeque<Millis> {
    let mut back = LOOK_BACK_MS;
    loop {
        let start = to.saturating_sub(back).max(from - 1);
        let mut found = VecDeque::new();
        let mut slot = timetable.next(start);
        while let Some(at) = slot.filter(|at| *at <= to) {
            push(&mut found, at, keep);
            slot = timetable.next(at);
        }
        if found.len() == keep || start < from {
            return found;
        }
        back = back.saturating_mul(4);
    }
}
