//! Every interleaving of what may happen to a flow that code drives and its children.

use super::moves::Move;
use super::world::{Code, new};
use clawflow_core::budget::Budget;
use clawflow_core::error::Code as Refused;
use clawflow_core::flow::{FlowStatus, NewManaged, OnChildrenDone};
use std::collections::{HashSet, VecDeque};

/// Searches every state up to this many moves away. Each decision is checked by the world; here are
/// the rules over refusals, and that every open state has a way out.
fn search(start: Code, children: usize, depth_max: usize) -> usize {
    let moves = Move::all(children);
    let mut seen = HashSet::from([start.word()]);
    let mut queue = VecDeque::from([(start, Vec::new())]);
    while let Some((world, path)) = queue.pop_front() {
        has_way_out(&world);
        for one in &moves {
            let mut next = world.clone();
            let made = guarded(&path, *one, || next.make_move(*one, children));
            if let Err(refusal) = &made {
                assert_eq!(next.word(), world.word(), "a refused command changes nothing");
                assert_eq!(next.flow(), world.flow());
                refused_well(&world, *one, refusal.code);
                continue;
            }
            let ended = world.flow().is_terminal();
            assert!(!ended || !one.is_of_flow(), "{one:?} moved an ended flow after {path:?}");
            assert!(*one != Move::Stale, "decided on another revision");
            if path.len() < depth_max && seen.insert(next.word()) {
                let mut path = path.clone();
                path.push(*one);
                queue.push_back((next, path));
            }
        }
    }
    eprintln!("{} states", seen.len());
    seen.len()
}

/// Names the way to a broken rule.
fn guarded<T>(path: &[Move], one: Move, body: impl FnOnce() -> T) -> T {
    struct Tell<'a>(&'a [Move], Move);
    impl Drop for Tell<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("after {:?}: {:?}", self.0, self.1);
            }
        }
    }
    let _tell = Tell(path, one);
    body()
}

/// A refusal has a reason that fits the state.
fn refused_well(world: &Code, one: Move, code: Refused) {
    let flow = world.flow();
    let fits = match code {
        Refused::Terminal => flow.is_terminal() || matches!(one, Move::Report(..) | Move::Spend(_)),
        Refused::CancelRequested => flow.cancel_requested_at.is_some(),
        Refused::Paused => flow.holds_starts(),
        Refused::RevisionConflict => one == Move::Stale,
        Refused::EngineOwned => matches!(one, Move::Report(..)),
        Refused::InvalidState => true,
        other => panic!("{one:?}: {other} at {}", world.word()),
    };
    assert!(fits, "{one:?}: {code} at {}", world.word());
}

/// An open flow may be ended by its controller; one that is to be cancelled ends once its children
/// are stopped, and a cancel brings each of them to its end.
fn has_way_out(world: &Code) {
    if world.flow().is_terminal() {
        return;
    }
    if world.flow().cancel_requested_at.is_none() {
        assert_eq!(world.clone().finish().unwrap().state.flow.status, FlowStatus::Succeeded);
        assert_eq!(world.clone().fail().unwrap().state.flow.status, FlowStatus::Failed);
    }
    let mut world = world.clone();
    world.cancel().unwrap();
    for at in 0..world.tasks.len() {
        if !world.child(at).status.is_terminal() {
            world.end(at, &super::world::stopped()).unwrap();
        }
    }
    assert_eq!(world.status(), FlowStatus::Cancelled);
}

#[test]
fn one_child_under_every_policy() {
    for policy in OnChildrenDone::ALL {
        let mut start = Code::with_policy(*policy);
        start.slots = 0;
        let states = search(start, 1, usize::MAX);
        assert!(states > 100, "{policy}: {states}");
    }
}

#[test]
fn a_budget_that_is_used_up_and_raised() {
    let budget = Some(Budget { turns: Some(1), ..Budget::default() });
    let mut start = Code::make(NewManaged { budget, ..new() }, Vec::new()).unwrap();
    start.slots = 0;
    let states = search(start, 2, 4);
    assert!(states > 100, "{states}");
}

#[test]
fn an_agent_that_dies_and_goes_on() {
    let mut start = Code::with_policy(OnChildrenDone::FailFast);
    (start.slots, start.agents) = (0, true);
    let states = search(start, 1, 6);
    assert!(states > 500, "{states}");
}

#[test]
fn two_children_under_every_policy() {
    for policy in OnChildrenDone::ALL {
        search(Code::with_policy(*policy), 2, 3);
    }
}
