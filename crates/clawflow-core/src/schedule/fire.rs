//! Slots have come.

use super::draft::{Fired, Slots, State};
use super::due::{DueSlots, due_slots};
use super::join::leave;
use super::limits::OPEN_RUNS_MAX;
use super::policies::{MissedPolicy, OverlapPolicy};
use super::record::{DisabledReason, Schedule};
use super::run::{RunStatus, RunTrigger, ScheduleRun, SkipReason};
use super::timetable::Timetable;
use crate::Millis;
use crate::drive::Ctx;

/// What becomes of the slots that are due.
struct Plan {
    /// The slots before the one that starts, or all.
    skipped: Option<Slots>,
    /// The slot that starts.
    start: Option<(Millis, RunTrigger)>,
    /// The first slot that nothing is decided about, and when it is looked at.
    next: Option<(Millis, Millis)>,
    /// The newest slot that is decided about.
    last: Millis,
}

/// Decides about the slots that are due: at most one starts, those before it are skipped, those
/// after it are left to the next decision. Changes nothing if none is due.
#[must_use]
pub fn fire(state: &State, timetable: &Timetable, ctx: &mut Ctx) -> Fired {
    let mut fired = Fired::of(state);
    let schedule = &state.schedule;
    let (Some(from), Some(at)) = (schedule.next_slot, schedule.next_at) else { return fired };
    if !schedule.enabled || at > ctx.now {
        return fired;
    }
    let come = from.saturating_add(schedule.jitter());
    if come > ctx.now {
        fired.schedule.next_at = Some(come);
        return fired;
    }
    let Some(plan) = plan(schedule, timetable, from, ctx.now) else {
        fired.stop_firing(DisabledReason::Finished);
        return fired;
    };
    if let Some(slots) = plan.skipped {
        fired.skip(ctx, slots, SkipReason::Missed);
    }
    if let Some((slot, trigger)) = plan.start {
        let run = ScheduleRun { slot: Some(slot), ..fired.new_run(ctx, trigger) };
        begin(&mut fired, run, ctx);
    }
    fired.schedule.last_slot = fired.schedule.last_slot.max(Some(plan.last));
    match plan.next {
        Some((slot, at)) => {
            fired.schedule.next_slot = Some(slot);
            fired.schedule.next_at = Some(at);
        }
        None => fired.stop_firing(DisabledReason::Finished),
    }
    fired
}

/// `None`: the schedule ended before its next slot.
fn plan(schedule: &Schedule, timetable: &Timetable, from: Millis, now: Millis) -> Option<Plan> {
    let policies = &schedule.policies;
    let jitter = schedule.jitter();
    let come = now.saturating_sub(jitter);
    let to = policies.ends_at.map_or(come, |ends| ends.min(come));
    // Those that may start, one that is on time, and one before them.
    let keep = policies.missed_cap as usize + 2;
    let due = due_slots(timetable, from, to, keep);
    let newest = *due.newest.back()?;
    let is_late = |slot: Millis| come.saturating_sub(slot) > policies.late_ms.cast_signed();
    let window = policies.missed_window_ms.map_or(Millis::MAX, u64::cast_signed);
    let may_start = |slot: Millis| !is_late(slot) || come.saturating_sub(slot) <= window;
    let at = match policies.missed {
        MissedPolicy::Skip => (!is_late(newest)).then(|| due.newest.len() - 1),
        MissedPolicy::Once => may_start(newest).then(|| due.newest.len() - 1),
        MissedPolicy::All => {
            let on_time = usize::from(!is_late(newest));
            let cap = policies.missed_cap as usize + on_time;
            let first = due.newest.len().saturating_sub(cap);
            (first..due.newest.len()).find(|at| may_start(due.newest[*at]))
        }
    };
    let trigger = |slot| if is_late(slot) { RunTrigger::Missed } else { RunTrigger::Slot };
    let start = at.map(|at| due.newest[at]);
    let last = start.unwrap_or(newest);
    let next = at.and_then(|at| due.newest.get(at + 1).copied());
    let next = next.or_else(|| timetable.next(last));
    let next = next.filter(|slot| policies.ends_at.is_none_or(|ends| *slot <= ends));
    let spaced = now.saturating_add(policies.missed_spacing_ms.cast_signed());
    let looked_at = |slot: Millis| match is_late(slot) {
        true => spaced,
        false => slot.saturating_add(jitter),
    };
    Some(Plan {
        skipped: skipped(&due, from, at),
        start: start.map(|slot| (slot, trigger(slot))),
        next: next.map(|slot| (slot, looked_at(slot))),
        last,
    })
}

/// The slots before position `at` of the newest ones, or all of them.
fn skipped(due: &DueSlots, from: Millis, at: Option<usize>) -> Option<Slots> {
    let at = at.unwrap_or(due.newest.len());
    let after = u64::try_from(due.newest.len() - at).unwrap_or_default();
    let count = due.count.saturating_sub(after);
    let to = due.newest.get(at.checked_sub(1)?).copied()?;
    (count > 0).then_some(Slots { from, to, count, more: due.more })
}

/// Starts a run, or does with it what the policy says while another goes on.
pub(super) fn begin(fired: &mut Fired, run: ScheduleRun, ctx: &mut Ctx) {
    let overlap = fired.schedule.policies.overlap;
    let is_free = match overlap {
        OverlapPolicy::Allow => fired.open.len() < OPEN_RUNS_MAX,
        _ => fired.open.is_empty(),
    };
    if is_free {
        fired.breaks_skipping();
        return fired.launch(run, ctx);
    }
    match overlap {
        OverlapPolicy::Skip => skip(fired, run, ctx, SkipReason::Overlap),
        OverlapPolicy::Allow => skip(fired, run, ctx, SkipReason::QueueFull),
        OverlapPolicy::Queue if fired.queue_is_full() => {
            skip(fired, run, ctx, SkipReason::QueueFull);
        }
        OverlapPolicy::Queue => wait(fired, run),
        OverlapPolicy::Replace => {
            fired.withdraw(ctx.now, SkipReason::Replaced, true);
            let runs: Vec<ScheduleRun> = fired.open.values().cloned().collect();
            for other in runs {
                stop(fired, other, "replaced", ctx);
            }
            // Nothing may be left to wait for.
            match fired.is_busy() {
                true => wait(fired, run),
                false => {
                    fired.breaks_skipping();
                    fired.launch(run, ctx);
                }
            }
        }
    }
}

fn wait(fired: &mut Fired, run: ScheduleRun) {
    fired.breaks_skipping();
    fired.put(ScheduleRun { status: RunStatus::Queued, ..run });
}

fn skip(fired: &mut Fired, run: ScheduleRun, ctx: &mut Ctx, reason: SkipReason) {
    if let Some(slot) = run.slot {
        let slots = Slots { from: slot, to: slot, count: 1, more: false };
        fired.skip(ctx, slots, reason);
    }
}

/// Has a running run stopped; one that has joined a flow lets go of it.
pub(super) fn stop(fired: &mut Fired, run: ScheduleRun, why: &str, ctx: &mut Ctx) {
    if run.status != RunStatus::Running {
        return;
    }
    if run.joined {
        return leave(fired, run, ctx);
    }
    let stopping = Some(run.stopping.clone().unwrap_or_else(|| why.to_owned()));
    let run = ScheduleRun { stopping, due_at: None, ..run };
    fired.stops.push(run.clone());
    fired.put(run);
}
