//! Random flows under random moves. The world checks every decision (`rules.rs`); what is left of
//! the flow then must come to its end by itself.

use super::moves::Move;
use super::world::World;
use clawflow_core::error::Code;
use proptest::prelude::*;
use std::fmt::Write as _;

/// Digits of a number in mixed base: a random number as a row of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, count: u64) -> u64 {
        let choice = self.0 % count;
        self.0 /= count;
        choice
    }

    fn of(&mut self, words: &[&'static str]) -> &'static str {
        let at = self.below(words.len() as u64);
        words[usize::try_from(at).unwrap()]
    }
}

/// A checked file from random numbers: one per forward step, and the number of `finally` steps.
fn file(steps: &[u64], unwinding: usize, graph: bool) -> String {
    let mut yaml = "steps:\n".to_owned();
    if steps[0].is_multiple_of(3) {
        yaml = format!("timeout: 1h\n{yaml}");
    }
    let mut limits = Choices(steps.iter().fold(0, |all, one| all ^ one.rotate_left(7)));
    let at_once = limits.of(&["", "", "concurrency: 1\n", "concurrency: 2\n"]);
    yaml = format!("{at_once}{}{yaml}", limits.of(&["", "", "queue: q\n"]));
    for (at, number) in steps.iter().enumerate() {
        let mut pick = Choices(*number);
        let action =
            pick.of(&["run: x", "run: x", "argv: [x]", "sleep: 1m", "sleep: 0ms", "stdin: 1"]);
        let needs = if graph { ", needs: []" } else { "" };
        let special = match (pick.below(6), pick.below(8)) {
            (0, _) => Some(block(&mut pick, at)),
            (_, 0) => Some(wait(&mut pick)),
            _ => None,
        };
        if let Some(special) = special {
            let _ = writeln!(yaml, "- {{id: s{at}, {special}{needs}}}");
            continue;
        }
        let mut step = format!("id: s{at}, {action}");
        if graph {
            let wanted = pick.below(1 << at.min(8));
            let needs = (0..at.min(8)).filter(|need| wanted & (1 << need) != 0);
            let needs: Vec<String> = needs.map(|need| format!("s{need}")).collect();
            let _ = write!(step, ", needs: [{}]", needs.join(", "));
            if let (Some(need), 0) = (needs.first(), pick.below(4)) {
                step += &format!(", when: ${need}.{}", pick.of(&["error", "skipped", "json"]));
            }
        } else if at > 0 && pick.below(4) == 0 {
            let field = pick.of(&["error", "skipped", "approved", "json"]);
            let _ = write!(step, ", when: $s{}.{field}", at - 1);
        }
        step += pick.of(&["", "", ", retry: {max: 2}", ", retry: {max: 3, delay_ms: 0}"]);
        step += pick.of(&["", ", on_lost: retry", ", on_lost: fail", ", idempotent: true"]);
        step += pick.of(&["", "", "", ", approval: true", ", approval: {timeout: 1h}"]);
        if let Some(plain) = step.strip_suffix(", approval: {timeout: 1h}") {
            let then = pick.of(&["fail", "continue", "cancel"]);
            let deny = pick.of(&["cancel", "continue"]);
            step =
                format!("{plain}, approval: {{timeout: 1h, on_timeout: {then}, on_deny: {deny}}}");
        }
        let failure = ["", "", ", on_error: continue", ", on_error: skip_rest", "fallback"];
        match pick.of(&failure) {
            "fallback" => {
                let fallback = pick.of(&["run: y", "stdin: 2", "sleep: 1m"]);
                let rest = pick.of(&["", ", on_error: continue", ", on_error: skip_rest"]);
                let _ = write!(step, ", on_error: {{fallback: f{at}}}");
                let _ = writeln!(yaml, "- {{id: f{at}, {fallback}{rest}}}");
            }
            other => step += other,
        }
        if pick.below(4) == 0 {
            let _ = write!(step, ", output: o{at}");
        }
        step +=
            pick.of(&["", "", ", compensate: {run: u}", ", compensate: {run: u, retry: {max: 2}}"]);
        let _ = writeln!(yaml, "- {{{step}}}");
    }
    if unwinding > 0 {
        yaml += "finally:\n";
    }
    for at in 0..unwinding {
        let when = ["", ", when: $s0.error", ", when: $s0.skipped"][at % 3];
        let _ = writeln!(yaml, "- {{id: u{at}, run: u{when}}}");
    }
    yaml
}

/// A step with steps inside.
fn block(pick: &mut Choices, at: usize) -> String {
    let inner = pick.of(&[
        "run: x",
        "run: x, retry: {max: 2}",
        "approval: true",
        "stdin: 1",
        "flow: {file: c.yaml}, timeout: 2h",
    ]);
    let failure = pick.of(&["", ", on_error: continue"]);
    let undo = pick.of(&["", "", ", compensate: {run: u}"]);
    let keys = pick.of(&["", ", concurrency: 2", ", pause_ms: 5", ", timeout: 1h"]);
    let parts = format!("[{{id: x{at}, {inner}{failure}{undo}}}, {{id: y{at}, run: y}}]");
    let block = match pick.below(3) {
        0 => format!("parallel: {{wait: any, branches: {parts}}}"),
        1 => format!("parallel: {{branches: {parts}}}"),
        _ => format!("for_each: [1, 2, 3]{keys}, steps: {parts}"),
    };
    block + pick.of(&["", ", on_error: continue", ", on_error: skip_rest"])
}

/// A step that waits for something from outside.
fn wait(pick: &mut Choices) -> String {
    let waits = [
        "flow: {file: c.yaml}",
        "flow: {file: c.yaml}, timeout: 1h, retry: {max: 2}, on_error: continue",
        "wait_for: {event: e}",
        "wait_for: {event: e, timeout: 1h, on_timeout: continue}",
        "input: {prompt: p, schema: {type: integer}, timeout: 1h, on_timeout: cancel}",
    ];
    pick.of(&waits).to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_flow_keeps_the_rules_and_comes_to_its_end(
        steps in prop::collection::vec(any::<u64>(), 1..7),
        unwinding in 0..3_usize,
        graph: bool,
        slots in prop::sample::select(vec![0, 1, 2, 100]),
        moves in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let yaml = file(&steps, unwinding, graph);
        let mut world = World::with_slots(&yaml, slots);
        let all = Move::all(world.state.steps.len() + 12);
        for one in moves {
            let before = world.word();
            // Most moves do not fit: of those that do, the one that the number names.
            let fit: Vec<World> = all.iter().filter_map(|one| {
                let mut next = world.clone();
                next.make_move(*one).is_ok().then_some(next)
            }).collect();
            if world.state.flow.is_terminal() {
                prop_assert!(fit.is_empty(), "an ended flow moved");
                let cancel = world.make_move(Move::Cancel).unwrap_err();
                prop_assert_eq!(cancel.code, Code::Terminal);
                break;
            }
            prop_assert_eq!(&world.word(), &before);
            prop_assert!(!fit.is_empty(), "nothing can happen to {}", world.show());
            world = one.get(&fit).clone();
        }
        world.drain();
        prop_assert!(world.state.flow.is_terminal());
    }

    #[test]
    fn every_flow_that_is_cancelled_at_any_time_ends_cancelled(
        steps in prop::collection::vec(any::<u64>(), 1..7),
        unwinding in 0..3_usize,
        graph: bool,
        moves in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let mut world = World::new(&file(&steps, unwinding, graph));
        let all = Move::all(world.state.steps.len() + 12);
        for one in moves {
            let _ = world.make_move(*one.get(&all));
        }
        if !world.state.flow.is_terminal() {
            world.cancel();
            world.drain();
            prop_assert_eq!(world.state.flow.status.as_str(), "cancelled");
        }
    }
}
