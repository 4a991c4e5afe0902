//! Pause holds back starts, and nothing else.

use super::world::{World, code};
use clawflow_core::drive::{self, Settlement};
use clawflow_core::effect::Effect;
use clawflow_core::error::Code;

#[test]
fn a_paused_flow_records_ends_and_starts_nothing() {
    let mut w = World::new("steps: [{id: a, run: x}, {id: b, run: y}]");
    w.pause();
    assert_eq!(code(w.act(|s, ctx| drive::pause(s, ctx, None, ""))), Code::InvalidState);
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded b=pending | waiting");
    w.unpause();
    assert_eq!(w.show(), "a=succeeded b=starting | running");
    assert_eq!(code(w.act(|s, ctx| drive::unpause(s, ctx, None))), Code::InvalidState);
}

#[test]
fn a_retry_that_is_due_while_paused_starts_with_unpause() {
    let mut w = World::new("steps: [{id: a, run: x, when: $run.attempt == 1, retry: {max: 2}}]");
    w.fail("a");
    w.pause();
    w.retry_due("a").unwrap();
    assert_eq!(w.show(), "a=pending | waiting");
    assert_eq!(code(w.retry_due("a")), Code::InvalidState);
    w.unpause();
    assert_eq!(w.show(), "a=starting | running");
    assert_eq!(w.step("a").attempt, 2);
}

#[test]
fn a_held_back_retry_is_given_up_by_a_stop_and_by_a_cancel() {
    let yaml = "steps: [{id: a, run: x, needs: [], retry: {max: 2}}, {id: b, run: x, needs: []}]";
    let mut w = World::new(yaml);
    w.fail("a");
    w.pause();
    w.retry_due("a").unwrap();
    let mut stopped = w.clone();
    stopped.fail("b");
    assert_eq!(stopped.show(), "a=failed b=failed | failed");
    w.cancel();
    w.stopped("b");
    assert_eq!(w.show(), "a=cancelled b=cancelled | cancelled");
}

#[test]
fn a_queued_task_is_not_claimed_while_paused() {
    let mut w = World::with_slots("steps: [{id: a, run: x}]", 0);
    w.pause();
    assert_eq!(code(w.claim("a")), Code::Paused);
    w.unpause();
    assert!(matches!(w.effects.as_slice(), [Effect::Queued(_)]));
    w.claim("a").unwrap();
}

#[test]
fn answers_and_times_apply_while_paused() {
    let mut w = World::new(
        "steps: [{id: g, approval: true, needs: []}, {id: s, sleep: 1m, needs: []}, \
         {id: b, run: x, needs: [g, s]}]",
    );
    w.pause();
    w.answer("g", true).unwrap();
    w.wait_due("s").unwrap();
    assert_eq!(w.show(), "g=succeeded s=succeeded b=pending | waiting");
    w.unpause();
    assert_eq!(w.show(), "g=succeeded s=succeeded b=starting | running");
}

#[test]
fn a_rerun_decided_while_paused_starts_with_unpause() {
    let mut w = World::new("steps: [{id: a, run: x}]");
    w.lose("a");
    w.pause();
    w.settle("a", Settlement::Rerun).unwrap();
    assert_eq!(w.show(), "a=pending | waiting");
    w.unpause();
    assert_eq!(w.show(), "a=starting | running");
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded | succeeded");
}

#[test]
fn a_pause_holds_back_finally_but_not_the_unwinding_of_a_cancel() {
    let yaml = "steps: [{id: a, run: x}]\nfinally: [{id: f, run: f}]";
    let mut w = World::new(yaml);
    w.pause();
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded f=pending | waiting");
    let mut cancelled = w.clone();
    cancelled.cancel();
    assert_eq!(cancelled.show(), "a=succeeded f=starting | running");
    let held = cancelled.act(|s, ctx| drive::pause(s, ctx, None, ""));
    assert_eq!(code(held), Code::CancelRequested);
    w.unpause();
    assert_eq!(w.show(), "a=succeeded f=starting | running");
}
