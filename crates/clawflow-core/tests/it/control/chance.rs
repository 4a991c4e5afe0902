//! Long random lives of flows that code drives. The world checks every decision.

use super::moves::Move;
use super::world::{Code, new, route};
use clawflow_core::delivery::RouteKind;
use clawflow_core::error::Code as Refused;
use clawflow_core::flow::{NewManaged, NotifyPolicy, OnChildrenDone};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_life_keeps_the_rules_and_has_its_end(
        policy in prop::sample::select(OnChildrenDone::ALL.to_vec()),
        notify in prop::sample::select(NotifyPolicy::ALL.to_vec()),
        hooked: bool,
        slots in 0..2_usize,
        moves in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let routes = match hooked {
            true => vec![route(RouteKind::Webhook, "a"), route(RouteKind::Command, "b")],
            false => Vec::new(),
        };
        let new = NewManaged {
            on_children_done: Some(policy),
            notify_policy: Some(notify),
            ..new()
        };
        let mut world = Code::make(new, routes).unwrap();
        world.slots = slots;
        let all = Move::all(3);
        // Ends are rare, so that lives are long.
        let rare = |one: &Move| matches!(one, Move::Finish | Move::Fail | Move::Cancel);
        for (at, index) in moves.iter().enumerate() {
            let one = *index.get(&all);
            if rare(&one) && at % 4 != 0 {
                continue;
            }
            let revision = world.flow().revision;
            let refused = world.make_move(one, 3).is_err();
            prop_assert!(!refused || world.flow().revision == revision);
        }
        let ended = world.flow().is_terminal();
        if !ended {
            world.cancel().unwrap();
        }
        for at in 0..world.tasks.len() {
            let task = world.child(at);
            if !task.status.is_terminal() && !task.reported {
                world.end(at, &super::world::stopped()).unwrap();
            }
        }
        prop_assert!(world.flow().is_terminal());
        prop_assert_eq!(world.cancel().unwrap_err().code, Refused::Terminal);
        let owed = world.deliveries.iter().filter(|one| one.kind == "flow.ended").count();
        let routes = if hooked { 2 } else { 1 };
        prop_assert_eq!(owed, if notify == NotifyPolicy::Silent { 0 } else { routes });
    }
}
