//! The largest flows are decided about in well under a second, debug build included.

use super::world::{World, new_flow};
use clawflow_core::drive::Reuse;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const STEPS: usize = 10_000;

fn file(step: impl Fn(usize) -> String) -> String {
    let mut yaml = "steps:\n".to_owned();
    for at in 0..STEPS {
        writeln!(yaml, "- {{{}}}", step(at)).unwrap();
    }
    yaml
}

/// The world of this file, made in time. The checks of the world itself are not counted.
fn made(yaml: &str) -> World {
    let new = new_flow(yaml);
    let start = Instant::now();
    let mut ids = super::world::Count(0);
    let executor = clawflow_core::task::Executor::default();
    let mut ctx = clawflow_core::drive::Ctx {
        now: 1,
        ids: &mut ids,
        jitter: 0.5,
        slots: 1,
        executor: &executor,
        actor: None,
        routes: &[],
    };
    clawflow_core::drive::create(new.clone(), &mut ctx).unwrap();
    in_time(start);
    World::make(new, 1).unwrap()
}

fn in_time(start: Instant) {
    // A quadratic decision takes ten times as long, and more.
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn a_chain_that_ends_at_once() {
    let w = made(&file(|at| format!("id: s{at}, sleep: 0ms")));
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
}

#[test]
fn a_chain_against_the_order_of_the_file() {
    let last = STEPS - 1;
    let w = made(&file(|at| match at == last {
        true => format!("id: s{at}, sleep: 0ms, needs: []"),
        false => format!("id: s{at}, sleep: 0ms, needs: [s{}]", at + 1),
    }));
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
}

#[test]
fn a_chain_of_references_and_outputs() {
    let w = made(&file(|at| match at {
        0 => "id: s0, stdin: 1, output: o0".to_owned(),
        _ => format!("id: s{at}, stdin: $s{}.json, output: o{at}", at - 1),
    }));
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
    assert_eq!(w.state.flow.outputs.len(), STEPS);
    let mut new = new_flow(&w.state.definition.source);
    new.reuse = Some(Reuse { old: w.state.clone(), from: None, fork: false });
    let start = Instant::now();
    let again = World::make(new, 1).unwrap();
    assert_eq!(again.state.flow.status.as_str(), "succeeded");
    in_time(start);
}

#[test]
fn a_join_of_all_before_any_of_them() {
    let all: Vec<String> = (1..STEPS).map(|at| format!("s{at}")).collect();
    let w = made(&file(|at| match at {
        0 => format!("id: s0, sleep: 0ms, needs: [{}]", all.join(", ")),
        _ => format!("id: s{at}, sleep: 0ms, needs: []"),
    }));
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
}

#[test]
fn a_large_result_that_is_referred_to_many_times_is_read_once() {
    let many = "$a.json.n ".repeat(50_000);
    let condition = vec!["$a.json.n == 1"; 800].join(" && ");
    let step = format!("{{ id: b, argv: [x], stdin: '{many}', when: '{condition}' }}");
    let mut w = World::new(&format!("steps:\n- {{ id: a, run: x }}\n- {step}\n"));
    let large = format!("{{\"n\": 1, \"list\": [{}0]}}", "0, ".repeat(300_000));
    let start = Instant::now();
    w.print("a", &large);
    // Reading it each time takes an hour.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(w.step("b").status.is_active());
}

#[test]
fn a_cancel_of_ten_thousand_queued_steps() {
    let mut w = made(&file(|at| format!("id: s{at}, run: x, needs: []")));
    let start = Instant::now();
    let mut ids = super::world::Count(1 << 60);
    let executor = clawflow_core::task::Executor::default();
    let mut ctx = clawflow_core::drive::Ctx {
        now: 1,
        ids: &mut ids,
        jitter: 0.5,
        slots: 1,
        executor: &executor,
        actor: None,
        routes: &[],
    };
    clawflow_core::drive::cancel(&w.state, &mut ctx, None, "").unwrap();
    in_time(start);
    w.cancel();
    w.stopped("s0");
    assert_eq!(w.state.flow.status.as_str(), "cancelled");
}

#[test]
fn a_loop_over_ten_thousand_items_that_end_at_once() {
    let items: Vec<String> = (0..STEPS).map(|item| item.to_string()).collect();
    let yaml = format!(
        "steps: [{{id: l, for_each: [{}], steps: [{{id: a, stdin: $item.json}}]}}]",
        items.join(", ")
    );
    let w = made(&yaml);
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
    let result = w.step("l").result.as_ref().unwrap().json.as_ref().unwrap();
    assert_eq!(result[9_999]["a"], 9_999);
}
