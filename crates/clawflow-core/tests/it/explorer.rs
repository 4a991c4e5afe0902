//! Every interleaving of what may happen to small flows.
//!
//! The search goes breadth first over states without ids and times. Each decision is checked by the
//! world (`rules.rs`); here are the rules over the whole graph: refusals by an ended flow, and that
//! every open state has a way to an end.

use super::moves::Move;
use super::world::World;
use clawflow_core::error::Code;
use std::collections::{BTreeSet, HashMap, VecDeque};

const INNER_STEPS: usize = 4;

/// What a search has seen.
struct Graph {
    /// The worlds, one per state, with the moves that led to the state first.
    worlds: Vec<(World, Vec<Move>)>,
    /// For each state those from which the world leads to it by itself.
    before: Vec<Vec<usize>>,
    /// States whose moves were not all followed, because they are too deep.
    frontier: BTreeSet<usize>,
    terminal: BTreeSet<usize>,
}

/// Searches every state up to this many moves away, but no more than `states_max` of them.
fn explore(start: World, depth_max: usize, states_max: usize) -> Graph {
    // Inner steps come later: as many as the searched flows may have.
    let moves = Move::all(start.state.steps.len() + INNER_STEPS);
    let mut places = HashMap::from([(start.word(), 0)]);
    let mut graph = Graph {
        worlds: vec![(start, Vec::new())],
        before: vec![Vec::new()],
        frontier: BTreeSet::new(),
        terminal: BTreeSet::new(),
    };
    let mut queue = VecDeque::from([0]);
    while let Some(from) = queue.pop_front() {
        let (world, path) = graph.worlds[from].clone();
        if world.state.flow.is_terminal() {
            graph.terminal.insert(from);
            absorbs(&world, &moves);
            continue;
        }
        if path.len() >= depth_max || graph.worlds.len() >= states_max {
            graph.frontier.insert(from);
            continue;
        }
        for one in &moves {
            let mut next = world.clone();
            let made = guarded(&path, *one, || next.make_move(*one));
            if made.is_err() {
                continue;
            }
            let to = *places.entry(next.word()).or_insert_with(|| {
                let mut path = path.clone();
                path.push(*one);
                graph.worlds.push((next, path));
                graph.before.push(Vec::new());
                queue.push_back(graph.worlds.len() - 1);
                graph.worlds.len() - 1
            });
            if one.is_natural() && to != from {
                graph.before[to].push(from);
            }
        }
    }
    graph
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

/// An ended flow refuses everything. (What is not there any more cannot be named, and says so.)
fn absorbs(world: &World, moves: &[Move]) {
    for one in moves {
        let refusal = world.clone().make_move(*one).expect_err("an ended flow moved");
        assert!(matches!(refusal.code, Code::Terminal | Code::InvalidState), "{refusal:?}");
    }
}

/// Every open state has a way out that the world finds by itself: over the graph, backwards from
/// the ends, or by draining where the search has stopped.
fn has_ways_out(graph: &Graph) {
    let mut reached: BTreeSet<usize> = graph.terminal.clone();
    for at in &graph.frontier {
        let (world, path) = &graph.worlds[*at];
        guarded(path, Move::Cancel, || world.clone().drain());
        reached.insert(*at);
    }
    let mut queue: Vec<usize> = reached.iter().copied().collect();
    while let Some(at) = queue.pop() {
        queue.extend(graph.before[at].iter().filter(|before| reached.insert(**before)));
    }
    for (at, (world, path)) in graph.worlds.iter().enumerate() {
        assert!(reached.contains(&at), "no way out of {} after {path:?}", world.show());
    }
}

/// Searches the flow of this file to its last state, with slots for all tasks,
/// for one per decision, and none free.
fn search(yaml: &str) {
    search_from(|slots| World::with_slots(yaml, slots));
}

fn search_from(start: impl Fn(usize) -> World) {
    for slots in [100, 1, 0] {
        let graph = explore(start(slots), usize::MAX, 20_000);
        has_ways_out(&graph);
        eprintln!("{} states, {} of them ends", graph.worlds.len(), graph.terminal.len());
        assert!(graph.frontier.is_empty(), "{} states not followed", graph.frontier.len());
        assert!(!graph.terminal.is_empty());
    }
}

#[test]
fn a_line_with_an_approval() {
    search(
        "steps: [{id: a, run: x, output: o}, {id: g, run: y, approval: {timeout: 1h}}, \
         {id: b, run: z, when: $g.approved}]",
    );
}

#[test]
fn gates_that_go_on_and_that_cancel() {
    search(
        "steps: [{id: g, needs: [], approval: {timeout: 1h, on_timeout: continue, \
         on_deny: continue}}, {id: h, needs: [], approval: {timeout: 1h, on_timeout: cancel}}]\n\
         finally: [{id: f, run: f}]",
    );
}

#[test]
fn side_by_side_with_retry_and_fallback() {
    search(
        "steps: [{id: a, run: x, needs: [], retry: {max: 2}, on_error: {fallback: f}}, \
         {id: f, run: y}, {id: b, run: z, needs: []}]",
    );
}

#[test]
fn an_unwinding_of_two_steps() {
    search(
        "steps: [{id: a, run: x, retry: {max: 2}}]\nfinally: [{id: f, run: f}, {id: h, run: h}]",
    );
}

#[test]
fn doubts_beside_each_other() {
    search(
        "steps: [{id: a, run: x, needs: [], on_lost: ask}, {id: b, run: x, needs: []}, \
         {id: c, run: x, needs: [a, b]}]",
    );
}

#[test]
fn a_rest_that_is_skipped() {
    search(
        "steps: [{id: a, run: x, needs: [], on_error: skip_rest}, \
         {id: b, run: x, needs: [], retry: {max: 2}, on_lost: retry}, \
         {id: c, run: x, needs: [b]}]",
    );
}

#[test]
fn a_sleep_with_a_gate_beside_what_goes_on_after_a_failure() {
    search(
        "steps: [{id: s, sleep: 1m, needs: [], approval: true}, \
         {id: a, run: x, needs: [], on_error: continue, on_lost: fail}, \
         {id: b, run: x, needs: [s, a], when: $a.error}]\nfinally: [{id: f, run: f}]",
    );
}

#[test]
fn a_fallback_that_asks() {
    search(
        "steps: [{id: a, run: x, on_error: {fallback: f}}, \
         {id: f, run: y, approval: {timeout: 1h}, on_error: skip_rest}, {id: b, run: z}]",
    );
}

#[test]
fn a_flow_whose_time_passes() {
    search(
        "timeout: 1h\nsteps: [{id: a, run: x, needs: [], on_lost: ask}, \
         {id: g, needs: [], approval: true}, {id: b, run: x, needs: [a]}]\n\
         finally: [{id: f, run: f}]",
    );
}

#[test]
fn answers_and_events() {
    search(
        "steps: [{id: i, needs: [], stdin: 1, \
         input: {prompt: which?, schema: {type: integer}, timeout: 1h, on_timeout: continue}}, \
         {id: e, needs: [], wait_for: {event: e, timeout: 1h}}, {id: b, run: x, needs: [i, e]}]",
    );
}

#[test]
fn a_loop_of_two_items_at_once() {
    search(
        "steps: [{id: l, for_each: [1, 2], concurrency: 2, timeout: 1h, steps: \
         [{id: a, run: x}]}, {id: b, run: x}]",
    );
}

#[test]
fn a_loop_that_asks_and_rests() {
    search(
        "steps: [{id: l, for_each: [1, 2], pause_ms: 9, steps: \
         [{id: g, approval: {prompt: p, on_deny: continue}}, {id: a, run: x, when: $g.approved}]}]",
    );
}

#[test]
fn a_race() {
    search(
        "steps: [{id: p, parallel: {wait: any, branches: [{id: a, run: x}, {id: b, run: x}]}}, \
         {id: d, run: x}]",
    );
}

#[test]
fn branches_with_a_limit_of_time() {
    search(
        "steps: [{id: p, parallel: {timeout: 1h, branches: \
         [{id: a, run: x}, {id: b, approval: true}]}, on_error: {fallback: f}}, {id: f, run: y}]",
    );
}

#[test]
fn a_child_flow_with_a_timeout_and_a_retry() {
    search(
        "steps: [{id: c, flow: {file: c.yaml}, timeout: 1h, retry: {max: 2}, approval: true}, \
         {id: b, run: x}]\nfinally: [{id: f, run: f}]",
    );
}

#[test]
fn child_flows_in_a_loop_beside_a_step() {
    search(
        "timeout: 1h\nsteps: [{id: l, needs: [], for_each: [1, 2], concurrency: 2, steps: \
         [{id: c, flow: {file: c.yaml}}]}, {id: a, run: x, needs: []}]",
    );
}

#[test]
fn a_race_of_child_flows_with_a_fallback() {
    search(
        "steps: [{id: p, timeout: 1h, on_error: {fallback: f}, parallel: {wait: any, branches: \
         [{id: a, flow: {file: c.yaml}}, {id: b, run: x}]}}, {id: f, flow: {file: d.yaml}}]",
    );
}

#[test]
fn a_budget_of_turns() {
    search(
        "budget: {turns: 1}\nsteps: [{id: a, run: x, needs: [], retry: {max: 2}, on_lost: fail}, \
         {id: g, needs: [a], approval: {timeout: 1h}}, {id: b, run: x, needs: [], \
         on_lost: fail}]\nfinally: [{id: f, run: f}]",
    );
}

#[test]
fn a_child_that_draws_from_the_flow_above() {
    let yaml = "budget: {turns: 1}\nsteps: [{id: a, run: x, budget: {turns: 1}, on_lost: fail}, \
                {id: c, flow: {file: c.yaml}}]";
    search_from(|slots| World::child(yaml, slots));
}

#[test]
fn what_was_done_is_undone() {
    search(
        "steps: [{id: a, run: x, compensate: {run: u, retry: {max: 2}}}, \
         {id: b, run: x, compensate: {run: u}}, {id: c, approval: true}]",
    );
}

#[test]
fn a_queue_and_room_for_one_at_a_time() {
    search(
        "queue: q\nconcurrency: 1\nsteps: [{id: a, run: x, needs: [], retry: {max: 2}}, \
         {id: b, run: x, needs: [], on_error: continue}]\nfinally: [{id: f, run: f}]",
    );
}

#[test]
fn a_loop_with_less_room_than_it_wants() {
    search(
        "concurrency: 1\nsteps: [{id: l, needs: [], for_each: [1, 2], concurrency: 2, steps: \
         [{id: a, run: x, on_lost: fail}]}, {id: b, run: x, needs: [], on_lost: fail}]",
    );
}

#[test]
fn a_flow_in_line_for_its_key() {
    let yaml = "timeout: 1h\nkey: k\non_conflict: queue\n\
                steps: [{id: a, run: x, on_lost: fail}, {id: g, approval: true}]\n\
                finally: [{id: f, run: f}]";
    search_from(|slots| World::in_line(yaml, slots));
}
