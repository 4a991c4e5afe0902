//! Approvals.

use super::world::{World, code, new_flow};
use clawflow_core::drive::{self, Answer};
use clawflow_core::error::Code;

fn gate(extra: &str) -> World {
    let yaml = format!("steps: [{{id: g, approval: {{prompt: ok?{extra}}}}}, {{id: b, run: x}}]");
    World::new(&yaml)
}

#[test]
fn a_yes_goes_on() {
    let mut w = gate("");
    assert_eq!(w.show(), "g=waiting b=pending | waiting");
    w.answer("g", true).unwrap();
    assert_eq!(w.show(), "g=succeeded b=starting | running");
    let result = w.step("g").result.clone().unwrap();
    assert_eq!((result.approved, result.approved_by.as_deref()), (Some(true), Some("ann")));
}

#[test]
fn a_no_cancels_the_flow_unless_the_gate_says_otherwise() {
    let mut w = gate("");
    w.answer("g", false).unwrap();
    assert_eq!(w.show(), "g=cancelled b=cancelled | cancelled");
    assert_eq!(w.state.flow.cancel_reason.as_deref(), Some("g was denied by ann"));
    let mut w = gate(", on_deny: continue");
    w.answer("g", false).unwrap();
    assert_eq!(w.show(), "g=succeeded b=starting | running");
    assert_eq!(w.step("g").result.as_ref().unwrap().approved, Some(false));
}

#[test]
fn a_gate_that_nobody_answers_does_what_it_says() {
    for (then, show) in [
        ("fail", "g=failed b=skipped | failed"),
        ("continue", "g=succeeded b=starting | running"),
        ("cancel", "g=cancelled b=cancelled | cancelled"),
    ] {
        let mut w = gate(&format!(", timeout: 1h, on_timeout: {then}"));
        w.wait_due("g").unwrap();
        assert_eq!(w.show(), show);
        assert_eq!(w.waits.values().next().unwrap().state.as_str(), "expired");
    }
    let mut w = gate("");
    assert_eq!(code(w.wait_due("g")), Code::InvalidState);
}

#[test]
fn an_answer_is_single_use() {
    let mut w = gate("");
    let wait = w.step("g").wait_id.clone().unwrap();
    w.answer("g", true).unwrap();
    let no = Answer { approve: false, by: "bob".to_owned(), shown_hash: None };
    assert_eq!(code(w.act(|s, ctx| drive::answer(s, ctx, &wait, &no))), Code::InvalidState);
}

#[test]
fn only_an_approver_who_saw_what_is_asked_may_answer() {
    let mut w = gate(", approvers: [bob]");
    assert_eq!(code(w.answer("g", true)), Code::Invalid);
    let wait = w.step("g").wait_id.clone().unwrap();
    let mut yes = Answer { approve: true, by: "bob".to_owned(), shown_hash: Some("0".into()) };
    assert_eq!(code(w.act(|s, ctx| drive::answer(s, ctx, &wait, &yes))), Code::Invalid);
    yes.shown_hash.clone_from(&w.waits[&wait].shown_hash);
    w.act(|s, ctx| drive::answer(s, ctx, &wait, &yes)).unwrap();
    assert_eq!(w.show(), "g=succeeded b=starting | running");
}

#[test]
fn a_gate_shows_the_result_of_its_own_step() {
    let mut w = World::new("steps: [{id: g, run: x, approval: true}]");
    w.print("g", "the figures");
    let wait = w.waits.values().next().unwrap();
    assert_eq!(wait.preview.as_deref(), Some("the figures"));
    assert_eq!(wait.prompt.as_deref(), Some("approve g?"));
    assert_eq!(w.show(), "g=waiting | waiting");
}

#[test]
fn approval_given_in_advance_passes_every_gate() {
    let mut new = new_flow("steps: [{id: g, approval: true}, {id: h, approval: go?}]");
    new.auto_approve = true;
    let w = World::make(new, 1).unwrap();
    assert_eq!(w.show(), "g=succeeded h=succeeded | succeeded");
    assert_eq!(w.step("h").result.as_ref().unwrap().approved_by.as_deref(), Some("--yes"));
}

#[test]
fn a_no_stops_what_runs_beside_the_gate_and_unwinds() {
    let mut w = World::new(
        "steps: [{id: g, approval: true, needs: []}, {id: b, run: x, needs: []}]\n\
         finally: [{id: t, run: t}]",
    );
    w.answer("g", false).unwrap();
    assert_eq!(w.show(), "g=cancelled b=starting t=pending | running");
    w.stopped("b");
    assert_eq!(w.show(), "g=cancelled b=cancelled t=starting | running");
    w.ok("t");
    assert_eq!(w.show(), "g=cancelled b=cancelled t=succeeded | cancelled");
}
