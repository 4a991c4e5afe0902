//! Attempts whose outcome nobody knows.

use super::world::{World, code};
use clawflow_core::drive::Settlement;
use clawflow_core::error::Code;
use serde_json::json;

#[test]
fn a_lost_attempt_is_asked_about() {
    let mut w = World::new("steps: [{id: a, run: x, output: o}, {id: b, run: y}]");
    assert_eq!(code(w.settle("a", Settlement::Skip)), Code::InvalidState);
    w.lose("a");
    assert_eq!(w.show(), "a=in_doubt b=pending | blocked");
    assert_eq!(w.state.flow.blocked_task_id.as_ref(), Some(&w.task("a").task_id));
    assert_eq!(code(w.settle("z", Settlement::Skip)), Code::Invalid);

    let mut rerun = w.clone();
    rerun.settle("a", Settlement::Rerun).unwrap();
    assert_eq!(rerun.show(), "a=starting b=pending | running");
    assert_eq!((rerun.step("a").attempt, rerun.state.flow.blocked_summary.as_ref()), (2, None));

    let mut good = w.clone();
    good.settle("a", Settlement::Succeeded(Some(json!({"n": 1})))).unwrap();
    assert_eq!(good.show(), "a=succeeded b=starting | running");
    assert_eq!(good.state.flow.outputs["o"], json!({"n": 1}));

    let mut skipped = w.clone();
    skipped.settle("a", Settlement::Skip).unwrap();
    assert_eq!(skipped.show(), "a=skipped b=starting | running");

    w.settle("a", Settlement::Fail).unwrap();
    assert_eq!(w.show(), "a=failed b=skipped | failed");
}

#[test]
fn a_doubt_settled_as_failed_follows_on_error() {
    let mut w = World::new(
        "steps: [{id: a, run: x, retry: {max: 3}, on_error: {fallback: f}}, {id: f, run: x}]",
    );
    w.lose("a");
    w.settle("a", Settlement::Fail).unwrap();
    assert_eq!(w.show(), "a=failed f=starting | running");
}

#[test]
fn a_doubt_settled_as_succeeded_still_asks_at_its_gate() {
    let mut w = World::new("steps: [{id: a, run: x, approval: true}]");
    w.lose("a");
    w.settle("a", Settlement::Succeeded(None)).unwrap();
    assert_eq!(w.show(), "a=waiting | waiting");
}

#[test]
fn a_result_that_is_too_large_settles_nothing() {
    let mut w = World::new("steps: [{id: a, run: x}]");
    w.lose("a");
    let large = Settlement::Succeeded(Some(json!("x".repeat(300_000))));
    assert_eq!(code(w.settle("a", large)), Code::Invalid);
    assert_eq!(w.show(), "a=in_doubt | blocked");
}

#[test]
fn a_lost_attempt_is_run_again_at_most_three_times() {
    let mut w = World::new("steps: [{id: a, run: x, idempotent: true, retry: {max: 2}}]");
    for _ in 0..2 {
        w.lose("a");
        assert_eq!(w.show(), "a=retrying | waiting");
        w.retry_due("a").unwrap();
    }
    // Lost attempts do not use up the retries of failures.
    let mut failed = w.clone();
    failed.fail("a");
    assert_eq!(failed.show(), "a=retrying | waiting");
    w.lose("a");
    assert_eq!(w.show(), "a=failed | failed");
    assert_eq!(w.step("a").error.as_ref().unwrap().code, "lost");
}

#[test]
fn on_lost_fail_fails() {
    let mut w = World::new("steps: [{id: a, run: x, on_lost: fail}]");
    w.lose("a");
    assert_eq!(w.show(), "a=failed | failed");
}

#[test]
fn a_doubt_outlives_the_failure_of_another_step_but_is_not_run_again_after_it() {
    let mut w = World::new(
        "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: []}]\n\
         finally: [{id: f, run: f}]",
    );
    w.lose("a");
    assert_eq!(w.show(), "a=in_doubt b=starting f=pending | running");
    w.fail("b");
    assert_eq!(w.show(), "a=in_doubt b=failed f=pending | blocked");
    assert_eq!(code(w.settle("a", Settlement::Rerun)), Code::InvalidState);
    w.settle("a", Settlement::Succeeded(None)).unwrap();
    assert_eq!(w.show(), "a=succeeded b=failed f=starting | running");
    w.lose("f");
    assert_eq!(w.show(), "a=succeeded b=failed f=failed | failed");
}

#[test]
fn a_step_that_is_lost_while_cancelling_is_cancelled() {
    let mut w = World::new("steps: [{id: a, run: x, idempotent: true}]");
    w.cancel();
    w.lose("a");
    assert_eq!(w.show(), "a=cancelled | cancelled");
    assert_eq!(w.step("a").error.as_ref().unwrap().code, "lost");
    assert_eq!(w.task("a").status.as_str(), "lost");
}
