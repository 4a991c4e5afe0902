//! What becomes of slots, by policy.

use super::world::{DAY, HOUR, MINUTE, World, at, cron, message};
use clawflow_core::ids::ScheduleId;
use clawflow_core::schedule::{
    DisabledReason, MissedPolicy, OverlapPolicy, Policies, RunStatus, Spec,
};

const MONDAY: &str = "2026-01-05T08:59:00Z";

fn missed(missed: MissedPolicy) -> Policies {
    Policies { missed, ..Policies::default() }
}

fn each_minute(policies: Policies) -> World {
    World::new(cron("* * * * *", "UTC"), policies, at(MONDAY))
}

#[test]
fn a_slot_on_time_starts_once() {
    let mut world = each_minute(Policies::default());
    world.tick(at(MONDAY) + MINUTE - 1);
    assert!(world.runs.is_empty(), "not before its time");
    world.tick(at(MONDAY) + MINUTE);
    world.tick(at(MONDAY) + MINUTE + 5);
    assert_eq!(world.history(), "2026-01-05T09:00:00Z slot running\n");
}

#[test]
fn three_days_asleep_are_one_row() {
    let asleep = at(MONDAY) + 3 * DAY;
    let mut world = each_minute(missed(MissedPolicy::Skip));
    world.tick(asleep);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot skipped missed 4319 to 2026-01-08T08:58:00Z
    2026-01-08T08:59:00Z slot running
    ");
    let mut world = each_minute(missed(MissedPolicy::Once));
    world.tick(asleep + 30 * MINUTE - 1);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot skipped missed 4348 to 2026-01-08T09:27:00Z
    2026-01-08T09:28:00Z slot running
    ");
    let policies =
        Policies { overlap: OverlapPolicy::Queue, missed_cap: 3, ..missed(MissedPolicy::All) };
    let mut world = each_minute(policies);
    world.tick(asleep);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot skipped missed 4316 to 2026-01-08T08:55:00Z
    2026-01-08T08:56:00Z missed running
    ");
}

#[test]
fn all_are_spaced_and_the_newest_count() {
    let policies = Policies {
        missed_cap: 3,
        missed_spacing_ms: 10_000,
        overlap: OverlapPolicy::Allow,
        ..missed(MissedPolicy::All)
    };
    let mut world = World::new(cron("0 * * * *", "UTC"), policies, at(MONDAY));
    let now = at(MONDAY) + 10 * HOUR + 30 * MINUTE;
    let mut starts = Vec::new();
    for second in 0..60 {
        let before = world.runs.len();
        world.tick(now + second * 1000);
        if world.runs.len() > before {
            starts.push(second);
        }
    }
    assert_eq!(starts, [0, 10, 20], "{}", world.history());
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot skipped missed 8 to 2026-01-05T16:00:00Z
    2026-01-05T17:00:00Z missed running
    2026-01-05T18:00:00Z missed running
    2026-01-05T19:00:00Z missed running
    ");
    assert_eq!(world.schedule.next_slot, Some(at("2026-01-05T20:00:00Z")));
}

#[test]
fn what_is_older_than_the_window_is_skipped() {
    let window = |ms| Policies { missed_window_ms: Some(ms), ..missed(MissedPolicy::Once) };
    let daily = |policies| World::new(cron("0 9 * * *", "UTC"), policies, at(MONDAY));
    let late = at(MONDAY) + 3 * HOUR;
    let mut world = daily(window(HOUR.cast_unsigned()));
    world.tick(late);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot skipped missed 1 to -
    ");
    let mut world = daily(window(4 * HOUR.cast_unsigned()));
    world.tick(late);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z missed running
    ");
}

#[test]
fn skipped_slots_in_a_row_are_one_row() {
    let mut world = each_minute(Policies::default());
    for minute in 1..=50 {
        world.tick(at(MONDAY) + minute * MINUTE);
    }
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot running
    2026-01-05T09:01:00Z slot skipped overlap 49 to 2026-01-05T09:49:00Z
    ");
    world.end(RunStatus::Succeeded);
    world.tick(at(MONDAY) + 51 * MINUTE);
    world.tick(at(MONDAY) + 52 * MINUTE);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot succeeded
    2026-01-05T09:01:00Z slot skipped overlap 49 to 2026-01-05T09:49:00Z
    2026-01-05T09:50:00Z slot running
    2026-01-05T09:51:00Z slot skipped overlap 1 to -
    ");
}

#[test]
fn a_queued_slot_waits_for_its_turn() {
    let mut world = each_minute(Policies { overlap: OverlapPolicy::Queue, ..<_>::default() });
    for minute in 1..=3 {
        world.tick(at(MONDAY) + minute * MINUTE);
    }
    let states = |world: &World| world.runs.values().map(|run| run.status).collect::<Vec<_>>();
    use RunStatus::{Queued, Running, Succeeded};
    assert_eq!(states(&world), [Running, Queued, Queued]);
    world.end(Succeeded);
    assert_eq!(states(&world), [Succeeded, Running, Queued]);
    world.end(Succeeded);
    world.end(Succeeded);
    assert_eq!(states(&world), [Succeeded; 3]);
    for minute in 4..=300 {
        world.tick(at(MONDAY) + minute * MINUTE);
    }
    let waiting = world.runs.values().filter(|run| run.status == Queued).count();
    assert_eq!(waiting, 100, "the queue has an end");
}

#[test]
fn a_newer_slot_replaces_what_goes_on() {
    let mut world = each_minute(Policies { overlap: OverlapPolicy::Replace, ..<_>::default() });
    for minute in 1..=3 {
        world.tick(at(MONDAY) + minute * MINUTE);
    }
    let first = world.runs.keys().next().unwrap().clone();
    assert_eq!(
        world.stops,
        std::slice::from_ref(&first),
        "it is asked to stop, again with each slot"
    );
    world.end_run(&first, RunStatus::Failed);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot cancelled
    2026-01-05T09:01:00Z slot skipped replaced 1 to -
    2026-01-05T09:02:00Z slot running
    ");
    assert_eq!(world.schedule.consecutive_errors, 0, "nobody failed");
}

#[test]
fn slots_beside_each_other() {
    let mut world = each_minute(Policies { overlap: OverlapPolicy::Allow, ..<_>::default() });
    for minute in 1..=3 {
        world.tick(at(MONDAY) + minute * MINUTE);
    }
    assert!(world.runs.values().all(|run| run.status == RunStatus::Running));
    assert_eq!(world.runs.len(), 3);
}

#[test]
fn jitter_is_the_same_for_ever_and_spread() {
    let policies = Policies { jitter_ms: 60_000, ..Policies::default() };
    let jitter = |n: u32| policies.jitter_of(&ScheduleId(format!("sched_{n}")));
    assert_eq!(jitter(7), jitter(7));
    let mut buckets = [0; 6];
    for n in 0..6000 {
        assert!((0..=60_000).contains(&jitter(n)));
        buckets[usize::try_from(jitter(n) / 10_001).unwrap()] += 1;
    }
    assert!(buckets.iter().all(|count| (850..1150).contains(count)), "{buckets:?}");
    let mut world = World::new(cron("0 9 * * *", "UTC"), policies.clone(), at(MONDAY));
    let own = policies.jitter_of(&world.schedule.schedule_id);
    let slot = at("2026-01-05T09:00:00Z");
    assert_eq!(world.schedule.next_at, Some(slot + own));
    world.tick(slot + own - 1);
    assert!(world.runs.is_empty());
    world.tick(slot + own);
    assert_eq!(world.runs.values().next().unwrap().slot, Some(slot), "the slot has no jitter");
}

#[test]
fn a_clock_that_is_set_fires_no_slot_twice() {
    let mut world = each_minute(Policies::default());
    world.tick(at(MONDAY) + 10 * MINUTE);
    world.end(RunStatus::Succeeded);
    let before = world.runs.len();
    // Back by an hour: nothing until the clock is where it was.
    for minute in -50..=10 {
        world.tick(at(MONDAY) + minute * MINUTE);
        assert_eq!(world.runs.len(), before);
    }
    world.tick(at(MONDAY) + 11 * MINUTE);
    assert_eq!(world.runs.len(), before + 1);
    world.end(RunStatus::Succeeded);
    // Forward by an hour: what was jumped over is missed.
    world.tick(at(MONDAY) + 71 * MINUTE);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot skipped missed 9 to 2026-01-05T09:08:00Z
    2026-01-05T09:09:00Z slot succeeded
    2026-01-05T09:10:00Z slot succeeded
    2026-01-05T09:11:00Z slot skipped missed 59 to 2026-01-05T10:09:00Z
    2026-01-05T10:10:00Z slot running
    ");
}

#[test]
fn it_begins_and_ends_with_its_dates() {
    let policies = Policies {
        starts_at: Some(at("2026-01-10T00:00:00Z")),
        ends_at: Some(at("2026-01-11T12:00:00Z")),
        overlap: OverlapPolicy::Allow,
        ..Policies::default()
    };
    let mut world = World::new(cron("0 9 * * *", "UTC"), policies, at(MONDAY));
    for day in 0..20 {
        world.tick(at(MONDAY) + day * DAY + MINUTE);
    }
    insta::assert_snapshot!(world.history(), @r"
    2026-01-10T09:00:00Z slot running
    2026-01-11T09:00:00Z slot running
    ");
    assert_eq!(world.schedule.disabled_reason, Some(DisabledReason::Finished));
}

#[test]
fn once_is_once_and_may_be_deleted() {
    let once = || Spec::At { at: at("2026-01-05T09:00:00Z") };
    let policies = Policies { delete_after_run: true, ..Policies::default() };
    let mut world = World::new(once(), policies.clone(), at(MONDAY));
    world.tick(at("2026-01-07T09:00:00Z"));
    assert_eq!(world.history(), "2026-01-05T09:00:00Z missed running\n");
    assert_eq!(world.schedule.disabled_reason, Some(DisabledReason::Finished));
    world.end(RunStatus::Failed);
    assert!(!world.removed, "what failed is kept");
    let mut world = World::new(once(), policies.clone(), at(MONDAY));
    world.tick(at("2026-01-05T09:00:00Z"));
    world.end(RunStatus::Succeeded);
    assert!(world.removed);
    let mut world = World::with(once(), policies, message(), at(MONDAY)).unwrap();
    world.tick(at("2026-01-05T09:00:00Z"));
    assert!(world.removed && world.deliveries == 1);
}

#[test]
fn very_many_missed_slots_cost_little() {
    let policies = missed(MissedPolicy::Once);
    let year = at(MONDAY) + 366 * DAY;
    for spec in [cron("* * * * * *", "UTC"), Spec::Every { every_ms: 1000, anchor: 0 }] {
        let mut world = World::new(spec, policies.clone(), at(MONDAY));
        world.tick(year);
        let skipped = world.runs.values().next().unwrap();
        assert!(skipped.slots > 9_000 && (skipped.more || skipped.slots > 30_000_000));
        assert_eq!(skipped.slot_to, Some(year - 1000));
        assert_eq!(world.schedule.last_slot, Some(year));
    }
}
