//! What becomes of a run.

use super::world::{MINUTE, World, at, cron};
use clawflow_core::schedule::{
    self, DisabledReason, OverlapPolicy, Policies, RunStatus, Spec, not_launched,
};

const MONDAY: &str = "2026-01-05T08:59:00Z";

fn started(policies: Policies) -> World {
    let mut world = World::new(cron("* * * * *", "UTC"), policies, at(MONDAY));
    world.tick(at(MONDAY) + MINUTE);
    world
}

fn retry(world: &mut World) {
    let run = world.runs.values().next_back().unwrap().run_id.clone();
    let fired = world.ctx(|state, _, ctx| schedule::retry(state, &run, ctx));
    world.take(fired);
}

#[test]
fn a_failed_run_is_tried_again_later_and_later() {
    let policies = Policies { retries: 3, retry_pause_ms: 10_000, ..Policies::default() };
    let mut world = started(policies);
    let mut pauses = Vec::new();
    for attempt in 1..=3 {
        world.end(RunStatus::Failed);
        let run = world.runs.values().next_back().unwrap().clone();
        assert_eq!((run.status, run.attempt), (RunStatus::Retrying, attempt));
        let due = run.due_at.unwrap();
        pauses.push(due - world.now);
        world.now = due - 1;
        retry(&mut world);
        assert_eq!(world.runs.values().next_back().unwrap().attempt, attempt, "not yet");
        world.now = due;
        retry(&mut world);
    }
    assert_eq!(pauses, [10_000, 20_000, 40_000]);
    assert_eq!(world.schedule.consecutive_errors, 0, "the run has not failed yet");
    world.end(RunStatus::TimedOut);
    let run = world.runs.values().next_back().unwrap();
    assert_eq!((run.status, run.attempt), (RunStatus::TimedOut, 4));
    assert_eq!(world.schedule.consecutive_errors, 1);
    assert_eq!(world.schedule.last_error.as_deref(), Some("it broke"));
}

#[test]
fn too_many_errors_disable_it_and_its_owner_is_told() {
    let policies = Policies { disable_after: 3, ..Policies::default() };
    let mut world = started(policies);
    for minute in 2..=3 {
        world.end(RunStatus::Failed);
        assert!(world.schedule.enabled);
        world.tick(at(MONDAY) + minute * MINUTE);
    }
    world.end(RunStatus::Lost);
    assert_eq!(world.schedule.disabled_reason, Some(DisabledReason::Errors));
    assert_eq!(world.deliveries, 1);
    world.tick(at(MONDAY) + 9 * MINUTE);
    assert_eq!(world.runs.len(), 3, "it fires no more");
    let fired = world.ctx(schedule::enable).unwrap();
    world.take(fired);
    assert_eq!(world.schedule.consecutive_errors, 0);
    assert_eq!(world.schedule.next_slot, Some(at(MONDAY) + 10 * MINUTE), "nothing was missed");
}

#[test]
fn a_success_forgives_and_a_cancel_is_no_error() {
    let mut world = started(Policies { disable_after: 2, ..Policies::default() });
    let ends = [RunStatus::Failed, RunStatus::Cancelled, RunStatus::Succeeded, RunStatus::Failed];
    let counts: Vec<u32> = (2..)
        .zip(ends)
        .map(|(minute, end)| {
            world.end(end);
            world.tick(at(MONDAY) + minute * MINUTE);
            world.schedule.consecutive_errors
        })
        .collect();
    assert_eq!(counts, [1, 1, 0, 1]);
    assert!(world.schedule.enabled);
}

#[test]
fn zero_never_disables() {
    let mut world = started(Policies { disable_after: 0, ..Policies::default() });
    for minute in 2..=60 {
        world.end(RunStatus::Failed);
        world.tick(at(MONDAY) + minute * MINUTE);
    }
    assert!(world.schedule.enabled);
    assert_eq!(world.schedule.consecutive_errors, 59);
}

#[test]
fn what_takes_too_long_is_stopped() {
    let mut world = started(Policies::default());
    let mut run = world.runs.values().next().unwrap().clone();
    run.due_at = Some(world.now + 1000);
    let id = run.run_id.clone();
    world.runs.insert(id.clone(), run);
    let stop = |world: &mut World| {
        let fired = world.ctx(|state, _, ctx| schedule::timeout(state, &id, ctx));
        world.take(fired);
    };
    stop(&mut world);
    assert!(world.stops.is_empty(), "not yet");
    world.now += 1000;
    stop(&mut world);
    assert_eq!(world.stops, std::slice::from_ref(&id));
    world.end(RunStatus::Cancelled);
    assert_eq!(world.runs[&id].status, RunStatus::TimedOut);
    assert_eq!(world.schedule.consecutive_errors, 1);
}

#[test]
fn a_run_that_cannot_be_launched_has_failed() {
    let mut world = World::new(cron("* * * * *", "UTC"), Policies::default(), at(MONDAY));
    world.now += MINUTE;
    let fired = world.ctx(|state, table, ctx| {
        let fired = schedule::fire(state, table, ctx);
        not_launched(&fired, "a live flow has this key", ctx)
    });
    world.take(fired);
    assert_eq!(world.history(), "2026-01-05T09:00:00Z slot failed\n");
    assert_eq!(world.schedule.last_error.as_deref(), Some("a live flow has this key"));
}

#[test]
fn a_run_by_hand_leaves_the_slots_alone() {
    let mut world = World::new(cron("0 * * * *", "UTC"), Policies::default(), at(MONDAY));
    let next = world.schedule.next_slot;
    let fired = world.ctx(|state, _, ctx| schedule::run_now(state, ctx)).unwrap();
    world.take(fired);
    assert_eq!(world.history(), "- manual running\n");
    assert_eq!((world.schedule.next_slot, world.schedule.last_slot), (next, None));
    let refused = world.ctx(|state, _, ctx| schedule::run_now(state, ctx)).unwrap_err();
    assert_eq!(refused.code.as_str(), "invalid_state");
    world.tick(at(MONDAY) + MINUTE);
    assert_eq!(world.runs.len(), 2, "the slot is skipped, not lost");
}

#[test]
fn a_disabled_schedule_withdraws_what_waits() {
    let mut world = started(Policies { overlap: OverlapPolicy::Queue, ..Policies::default() });
    world.tick(at(MONDAY) + 2 * MINUTE);
    let fired = world.ctx(|state, _, ctx| schedule::disable(state, ctx));
    world.take(fired);
    insta::assert_snapshot!(world.history(), @r"
    2026-01-05T09:00:00Z slot running
    2026-01-05T09:01:00Z slot skipped withdrawn 1 to -
    ");
    world.end(RunStatus::Succeeded);
    let fired = world.ctx(|state, _, ctx| schedule::run_now(state, ctx)).unwrap();
    world.take(fired);
    assert!(!world.schedule.enabled, "by hand it runs all the same");
}

#[test]
fn a_task_says_whose_run_it_is() {
    let spec = Spec::Every { every_ms: 60_000, anchor: at(MONDAY) };
    let mut world =
        World::new(spec, Policies { timeout_ms: Some(5), ..<_>::default() }, at(MONDAY));
    world.now += MINUTE;
    let made = world.ctx(|state, table, ctx| {
        let fired = schedule::fire(state, table, ctx);
        schedule::launch_task(&fired, ctx).unwrap().made
    });
    let task = &made.unit.tasks[0].row;
    let id = &world.schedule.schedule_id;
    assert_eq!(task.runtime.as_str(), "cron");
    assert_eq!(task.source_id.as_ref(), Some(&id.0));
    assert_eq!(task.run_id, Some(format!("cron:{id}:{}", world.now)));
    let command = task.command.as_ref().unwrap();
    assert_eq!(command.timeout_ms, Some(5));
    assert_eq!(command.env["CLAWFLOW_SLOT"], "2026-01-05T09:00:00Z");
    assert_eq!(made.unit.runs[0].row.task_id.as_ref(), Some(&task.task_id));
    assert_eq!(made.unit.schedules.len(), 1, "all in one unit");
}
