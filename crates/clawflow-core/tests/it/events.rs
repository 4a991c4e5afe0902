//! Events: they come before, while and after somebody waits for them.

use super::world::{World, code};
use clawflow_core::drive;
use clawflow_core::effect::Effect;
use clawflow_core::error::Code;
use serde_json::json;

fn waits(extra: &str) -> World {
    let yaml = format!(
        "args: {{n: {{default: 7}}}}\nsteps: [{{id: e, wait_for: \
         {{event: paid, key: \"order-${{n}}\"{extra}}}}}, {{id: b, run: x, stdin: $e.json.sum}}]"
    );
    World::new(&yaml)
}

#[test]
fn an_event_goes_to_the_step_that_waits_for_its_name_and_key() {
    let mut w = waits("");
    assert_eq!(w.show(), "e=waiting b=pending | waiting");
    let wait = w.waits.values().next().unwrap().clone();
    assert_eq!(wait.kind.as_str(), "event");
    assert_eq!(
        (wait.target.as_deref(), wait.event_key.as_deref()),
        (Some("paid"), Some("order-7"))
    );
    assert_eq!(w.effects, [Effect::Awaits(wait.wait_id.clone())]);
    assert_eq!(code(w.signal("paid", Some("order-8"), json!(1))), Code::InvalidState);
    assert_eq!(code(w.signal("paid", None, json!(1))), Code::InvalidState);
    assert_eq!(code(w.signal("sent", Some("order-7"), json!(1))), Code::InvalidState);
    w.signal("paid", Some("order-7"), json!({ "sum": 30 })).unwrap();
    assert_eq!(w.show(), "e=succeeded b=starting | running");
    let launch = drive::launch(&w.state, &w.task("b").task_id).unwrap().unwrap();
    assert_eq!(launch.stdin.unwrap(), b"30");
    assert_eq!(code(w.signal("paid", Some("order-7"), json!(1))), Code::InvalidState);
}

#[test]
fn an_event_that_came_before_is_taken_once() {
    let mut w = waits("");
    let wait = w.step("e").wait_id.clone().unwrap();
    let kept = w.new_signal("paid", Some("order-7"), json!({ "sum": 1 }));
    let other = w.new_signal("paid", Some("order-8"), json!(1));
    assert_eq!(code(w.act(|s, ctx| drive::take(s, ctx, &wait, &other))), Code::InvalidState);
    let mut foreign = kept.clone();
    foreign.owner_key = "somebody".to_owned();
    assert_eq!(code(w.act(|s, ctx| drive::take(s, ctx, &wait, &foreign))), Code::InvalidState);
    w.act(|s, ctx| {
        let taken = drive::take(s, ctx, &wait, &kept)?;
        assert_eq!(taken.unit.taken, std::slice::from_ref(&kept.signal_id));
        assert_eq!(taken.waits, std::slice::from_ref(&wait));
        Ok(taken)
    })
    .unwrap();
    assert_eq!(w.show(), "e=succeeded b=starting | running");
    assert_eq!(code(w.act(|s, ctx| drive::take(s, ctx, &wait, &kept))), Code::InvalidState);
}

#[test]
fn an_event_that_does_not_come_in_time_does_what_the_file_says() {
    for (then, show) in [
        ("fail", "e=failed b=skipped | failed"),
        ("continue", "e=succeeded b=starting | running"),
        ("cancel", "e=cancelled b=cancelled | cancelled"),
    ] {
        let mut w = waits(&format!(", timeout: 1h, on_timeout: {then}"));
        w.wait_due("e").unwrap();
        assert_eq!(w.show(), show);
    }
}

#[test]
fn two_steps_that_wait_for_the_same_event_both_get_it() {
    let mut w = World::new(
        "steps: [{id: a, needs: [], wait_for: {event: e}}, \
         {id: b, needs: [], wait_for: {event: e, key: k}}]",
    );
    w.signal("e", Some("k"), json!(null)).unwrap();
    assert_eq!(w.show(), "a=succeeded b=succeeded | succeeded");
}

#[test]
fn an_event_after_a_cancel_changes_nothing() {
    let mut w = waits("");
    w.cancel();
    assert_eq!(w.show(), "e=cancelled b=cancelled | cancelled");
    assert_eq!(code(w.signal("paid", Some("order-7"), json!(1))), Code::Terminal);
}
