//! Any policies, any times, any ends: no slot twice, none lost, and always a way on.

use super::world::{World, at, cron};
use clawflow_core::schedule::{
    MissedPolicy, OverlapPolicy, Policies, RunStatus, ScheduleRun, Spec, due_slots,
};
use proptest::prelude::*;

const FROM: &str = "2025-03-29T00:00:00Z";

fn policies() -> impl Strategy<Value = Policies> {
    let flags = (0_usize..3, 0_usize..4, 1_u32..5, 0_u32..3, 0_u32..4);
    (flags, 0_u64..120_000, prop::option::of(0_u64..7_200_000), 0_u64..90_000).prop_map(
        |((missed, overlap, cap, retries, disable), spacing, window, jitter)| Policies {
            missed: MissedPolicy::ALL[missed],
            overlap: OverlapPolicy::ALL[overlap],
            missed_cap: cap,
            missed_spacing_ms: spacing,
            missed_window_ms: window,
            jitter_ms: jitter,
            retries,
            disable_after: disable,
            ..Policies::default()
        },
    )
}

fn spec() -> impl Strategy<Value = Spec> {
    let exprs = ["*/7 * * * *", "15 * * * *", "30 2 * * *", "*/20 1-3 * * *", "0 0 6 * * SUN"];
    prop_oneof![
        (0..exprs.len()).prop_map(move |at| cron(exprs[at], "Europe/Berlin")),
        (1_u64..10_000, 0_i64..1_000_000)
            .prop_map(|(s, anchor)| Spec::Every { every_ms: s * 1000, anchor }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn every_slot_is_in_one_row(
        spec in spec(),
        policies in policies(),
        steps in prop::collection::vec((1_i64..20_000_000, 0_usize..6), 1..25),
    ) {
        let start = at(FROM);
        let mut world = World::new(spec, policies, start);
        let first = world.schedule.next_slot.unwrap();
        for (pause, end) in steps {
            let now = world.now + pause;
            world.tick(now);
            let ends = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Lost];
            let runs: Vec<ScheduleRun> = world.runs.values().cloned().collect();
            let running = runs.iter().find(|run| run.status == RunStatus::Running);
            if let (Some(run), Some(end)) = (running, ends.get(end)) {
                world.end_run(&run.run_id, *end);
            }
        }
        let Some(last) = world.schedule.last_slot else { return Ok(()) };
        let slots = due_slots(&world.timetable, first, last, 1).count;
        let rows = world.runs.values().map(|run| run.slots).sum::<u64>();
        prop_assert_eq!(rows, slots, "{}", world.history());
        if let Some(next) = world.schedule.next_slot {
            prop_assert!(next > last);
            prop_assert_eq!(world.timetable.next(last), Some(next));
        }
        // Nothing waits for a run that is not there.
        let mut all = world.runs.values();
        let waits = all.clone().any(|run| run.status == RunStatus::Queued);
        let goes_on = all.any(|run| run.is_open() && run.status != RunStatus::Queued);
        prop_assert!(!waits || goes_on);
    }
}
