//! Steps side by side.

use super::world::World;

#[test]
fn a_step_starts_when_all_its_needs_have_ended() {
    let mut w = World::new(
        "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: []}, \
         {id: c, run: x, needs: [a, b]}]",
    );
    assert_eq!(w.show(), "a=starting b=starting c=pending | running");
    w.ok("b");
    assert_eq!(w.show(), "a=starting b=succeeded c=pending | running");
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded b=succeeded c=starting | running");
    w.ok("c");
    assert_eq!(w.show(), "a=succeeded b=succeeded c=succeeded | succeeded");
}

#[test]
fn steps_beyond_the_free_slots_are_queued_in_the_order_of_the_file() {
    let mut w = World::with_slots(
        "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: []}, \
         {id: c, run: x, needs: [a]}]",
        1,
    );
    assert_eq!(w.task("a").status.as_str(), "running");
    assert_eq!(w.task("b").status.as_str(), "queued");
    w.slots = 0;
    w.ok("a");
    assert_eq!(w.task("c").status.as_str(), "queued");
    w.claim("c").unwrap();
    w.claim("b").unwrap();
    w.ok("c");
    w.ok("b");
    assert_eq!(w.show(), "a=succeeded b=succeeded c=succeeded | succeeded");
}

#[test]
fn steps_that_end_at_once_let_earlier_ones_of_the_file_start_in_the_same_decision() {
    let w = World::new(
        "steps: [{id: a, run: x, needs: [b, d]}, {id: b, sleep: 0ms, needs: [c]}, \
         {id: c, sleep: 0ms, needs: []}, {id: d, stdin: 1, needs: [b]}]",
    );
    assert_eq!(w.show(), "a=starting b=succeeded c=succeeded d=succeeded | running");
}

#[test]
fn a_failure_lets_what_runs_finish_and_starts_nothing() {
    let mut w = World::new(
        "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: []}, \
         {id: c, run: x, needs: [b]}, {id: d, approval: true, needs: []}, \
         {id: e, sleep: 1h, needs: []}, {id: f, run: x, needs: [], retry: {max: 3}}]",
    );
    w.fail("f");
    assert_eq!(w.step("f").status.as_str(), "retrying");
    w.fail("a");
    let show = "a=failed b=starting c=skipped d=cancelled e=cancelled f=failed | running";
    assert_eq!(w.show(), show);
    assert_eq!(w.step("f").error.as_ref().unwrap().code, "exit");
    w.ok("b");
    assert_eq!(w.state.flow.status.as_str(), "failed");
    assert_eq!(w.state.flow.error.as_deref(), Some("step a failed: exit code 1"));
}

#[test]
fn a_running_step_that_succeeds_after_a_stop_does_not_ask() {
    let mut w = World::new(
        "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: [], approval: true}]",
    );
    w.fail("a");
    w.ok("b");
    assert_eq!(w.show(), "a=failed b=cancelled | failed");
    assert_eq!(w.waits.len(), 0);
}

#[test]
fn a_running_step_that_fails_after_a_stop_is_not_tried_again() {
    let mut w = World::new(
        "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: [], retry: {max: 3}, \
         on_error: {fallback: c}}, {id: c, run: x}]",
    );
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=starting c=skipped | running");
    w.fail("b");
    assert_eq!(w.show(), "a=failed b=failed c=skipped | failed");
}

#[test]
fn a_queued_step_is_withdrawn_by_a_stop() {
    let mut w =
        World::with_slots("steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: []}]", 1);
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=skipped | failed");
    assert_eq!(w.task("b").status.as_str(), "cancelled");
}

#[test]
fn a_queued_further_attempt_that_a_stop_withdraws_has_failed() {
    let mut w = World::new(
        "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: [], retry: {max: 3}}]",
    );
    w.fail("b");
    w.slots = 0;
    w.retry_due("b").unwrap();
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=failed | failed");
}
