//! Cancel of flows and of tasks.

use super::world::{World, code};
use clawflow_core::drive;
use clawflow_core::effect::Effect;
use clawflow_core::error::Code;

const ALL_KINDS: &str = "steps: [{id: q, run: x, needs: []}, {id: r, run: x, needs: []}, \
    {id: t, run: x, needs: [], retry: {max: 2}}, {id: w, sleep: 1h, needs: []}, \
    {id: d, run: x, needs: []}, {id: g, approval: true, needs: []}, {id: p, run: x, needs: [r]}]\n\
    finally: [{id: f, run: f}, {id: h, run: h}]";

/// A flow with a step in every state in which a cancel may find one.
fn busy() -> World {
    let mut w = World::with_slots(ALL_KINDS, 0);
    for id in ["r", "t", "d"] {
        w.claim(id).unwrap();
    }
    w.fail("t");
    w.lose("d");
    let show = "q=starting r=starting t=retrying w=waiting d=in_doubt g=waiting p=pending \
                f=pending h=pending | running";
    assert_eq!(w.show(), show);
    w
}

#[test]
fn a_cancel_gives_up_all_that_does_not_run_and_stops_what_does() {
    let mut w = busy();
    w.cancel();
    let show = "q=cancelled r=starting t=cancelled w=cancelled d=cancelled g=cancelled \
                p=cancelled f=pending h=pending | running";
    assert_eq!(w.show(), show);
    assert!(matches!(w.effects.as_slice(), [Effect::Stop(id)] if *id == w.task("r").task_id));
    assert_eq!(w.task("q").status.as_str(), "cancelled");
    w.stopped("r");
    assert_eq!(w.task("r").status.as_str(), "cancelled");
    assert_eq!(w.step("f").status.as_str(), "starting");
    w.claim("f").unwrap();
    w.ok("f");
    w.claim("h").unwrap();
    w.ok("h");
    assert_eq!(w.state.flow.status.as_str(), "cancelled");
    assert_eq!(w.state.flow.error.as_deref(), Some("enough"));
    let again = w.act(|s, ctx| drive::cancel(s, ctx, None, ""));
    assert_eq!(code(again), Code::Terminal);
}

#[test]
fn a_second_cancel_asks_again_for_what_runs_and_changes_no_row() {
    let mut w = busy();
    w.cancel();
    let (revision, version) = (w.state.flow.revision, w.task("r").version);
    let events = w.events.len();
    w.cancel();
    assert!(matches!(w.effects.as_slice(), [Effect::Stop(_)]));
    assert_eq!((w.state.flow.revision, w.task("r").version), (revision, version));
    assert_eq!(w.events.len(), events);
}

#[test]
fn a_second_cancel_during_finally_stops_the_unwinding() {
    let mut w = World::new(ALL_KINDS);
    w.cancel();
    for id in ["q", "r", "t", "d"] {
        w.stopped(id);
    }
    assert_eq!(w.step("f").status.as_str(), "starting");
    w.cancel();
    assert_eq!(w.step("h").status.as_str(), "cancelled");
    assert!(matches!(w.effects.as_slice(), [Effect::Stop(id)] if *id == w.task("f").task_id));
    w.stopped("f");
    assert_eq!(w.state.flow.status.as_str(), "cancelled");
}

#[test]
fn a_second_cancel_ends_an_unwinding_that_waits_for_a_slot() {
    let mut w = World::with_slots("steps: [{id: a, run: x}]\nfinally: [{id: f, run: f}]", 0);
    w.cancel();
    assert_eq!(w.show(), "a=cancelled f=starting | running");
    w.cancel();
    assert_eq!(w.show(), "a=cancelled f=cancelled | cancelled");
}

#[test]
fn the_first_cancel_during_finally_lets_it_finish() {
    let mut w = World::new("steps: [{id: a, run: x}]\nfinally: [{id: f, run: f}]");
    w.ok("a");
    w.cancel();
    assert_eq!(w.show(), "a=succeeded f=starting | running");
    assert!(w.effects.is_empty());
    w.ok("f");
    assert_eq!(w.show(), "a=succeeded f=succeeded | cancelled");
}

#[test]
fn an_end_by_itself_while_cancelling_is_recorded_as_it_was() {
    let mut w = World::new("steps: [{id: a, run: x, retry: {max: 5}}, {id: b, run: x}]");
    w.cancel();
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=cancelled | cancelled");
    let mut w = World::new("steps: [{id: a, run: x, approval: true}, {id: b, run: x}]");
    w.cancel();
    w.ok("a");
    assert_eq!(w.task("a").status.as_str(), "succeeded");
    assert_eq!(w.show(), "a=cancelled b=cancelled | cancelled");
}

#[test]
fn a_cancel_names_the_revision_it_was_decided_on_if_it_wants() {
    let mut w = World::new("steps: [{id: a, run: x}]");
    let stale = w.act(|s, ctx| drive::cancel(s, ctx, Some(9), ""));
    assert_eq!(code(stale), Code::RevisionConflict);
    w.act(|s, ctx| drive::cancel(s, ctx, Some(0), "")).unwrap();
}

#[test]
fn a_task_that_an_operator_cancels_is_not_tried_again() {
    let yaml = "steps: [{id: a, run: x, retry: {max: 3}, on_error: continue}, {id: b, run: x}]";
    let mut w = World::new(yaml);
    w.cancel_task("a");
    assert_eq!(w.show(), "a=starting b=pending | running");
    w.stopped("a");
    assert_eq!(w.show(), "a=failed b=starting | running");
    assert_eq!(w.task("a").status.as_str(), "cancelled");
    let mut w = World::with_slots(yaml, 0);
    w.cancel_task("a");
    assert_eq!(w.show(), "a=failed b=starting | running");
    assert_eq!(w.step("b").task_id.as_ref(), Some(&w.task("b").task_id));
}

#[test]
fn a_task_that_is_lost_after_an_operator_cancelled_it_is_not_tried_again() {
    let mut w = World::new("steps: [{id: a, run: x, on_lost: retry}]");
    w.cancel_task("a");
    w.lose("a");
    assert_eq!(w.show(), "a=failed | failed");
}

#[test]
fn nothing_is_claimed_after_a_cancel() {
    let mut w = World::with_slots("steps: [{id: a, run: x}]\nfinally: [{id: f, run: f}]", 0);
    let task = w.task("a").task_id.clone();
    w.cancel();
    let late = w.act(|s, ctx| drive::claim(s, ctx, &task));
    assert_eq!(code(late), Code::CancelRequested);
}
