//! Approvals.

use super::world::{World, code, new_flow};
use clawflow_core::drive::{self, Answer};
use clawflow_core::error::Code;
use serde_json::json;

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

const INPUT: &str = "steps: [{id: d, run: x}, {id: i, stdin: $d.json, output: o, input: \
    {prompt: which of $d.json?, defaults: {n: 0}, timeout: 1h, on_timeout: continue, \
    schema: {type: object, required: [n], properties: {n: {type: integer}}}}}, \
    {id: b, run: y, stdin: {n: $i.response.n, of: $i.subject}}]";

#[test]
fn an_answer_that_is_not_as_the_schema_says_keeps_the_question_open() {
    let mut w = World::new(INPUT);
    w.print("d", "[1, 2]");
    let wait = w.waits[w.step("i").wait_id.as_ref().unwrap()].clone();
    assert_eq!(wait.prompt.as_deref(), Some("which of [1,2]?"));
    assert_eq!(wait.preview.as_deref(), Some("[1,2]"));
    assert_eq!(wait.schema.as_ref().unwrap()["type"], "object");
    assert_eq!(wait.defaults, Some(json!({ "n": 0 })));
    let refusal = w.respond("i", json!({ "n": "two" })).unwrap_err();
    assert_eq!(refusal.code, Code::Invalid);
    assert!(refusal.message.contains("/n"), "{refusal:?}");
    assert_eq!(w.show(), "d=succeeded i=waiting b=pending | waiting");
    assert_eq!(code(w.answer("i", true)), Code::InvalidState);
    w.respond("i", json!({ "n": 2 })).unwrap();
    assert_eq!(w.show(), "d=succeeded i=succeeded b=starting | running");
    let launch = drive::launch(&w.state, &w.task("b").task_id).unwrap().unwrap();
    assert_eq!(launch.stdin.unwrap(), br#"{"n":2,"of":[1,2]}"#);
    assert_eq!(w.state.flow.outputs["o"], json!({ "n": 2 }));
    assert_eq!(code(w.respond("i", json!({ "n": 2 }))), Code::InvalidState);
}

#[test]
fn a_question_that_nobody_answers_may_go_on_with_what_was_suggested() {
    let mut w = World::new(INPUT);
    w.print("d", "1");
    w.wait_due("i").unwrap();
    assert_eq!(w.show(), "d=succeeded i=succeeded b=starting | running");
    assert_eq!(w.step("i").result.as_ref().unwrap().response, Some(json!({ "n": 0 })));
}

#[test]
fn the_one_who_asks_may_be_kept_from_answering() {
    let mut w = gate(", initiated_by: ann, requireDifferentApprover: true");
    assert_eq!(code(w.answer("g", true)), Code::Invalid);
    let wait = w.step("g").wait_id.clone().unwrap();
    let yes = Answer { approve: true, by: "bob".to_owned(), shown_hash: None };
    w.act(|s, ctx| drive::answer(s, ctx, &wait, &yes)).unwrap();
    let result = w.step("g").result.clone().unwrap();
    assert_eq!(result.initiated_by.as_deref(), Some("ann"));
    assert_eq!(result.approved_by.as_deref(), Some("bob"));
    let mut w = gate(", required_approver: eve");
    assert_eq!(code(w.answer("g", true)), Code::Invalid);
}

/// A step that prints this and asks, in a file of Lobster's.
fn lobster_gate(approval: &str, env: &[(&str, &str)], said: &str) -> clawflow_core::wait::Wait {
    use clawflow_core::definition::{Definition, Dialect};
    let text = format!("steps: [{{id: g, run: x, approval: {approval}}}]");
    let parsed = Definition::parse("t.lobster", text.as_bytes(), Dialect::Lobster).unwrap();
    let mut new = new_flow("steps: [{id: a, run: x}]");
    new.definition = std::sync::Arc::new(parsed);
    new.env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let mut w = World::make(new, 1).unwrap();
    w.print("g", said);
    clawflow_core::wait::Wait::clone(w.waits.values().next().unwrap())
}

#[test]
fn a_gate_of_lobster_shows_what_lobster_shows() {
    let wait = lobster_gate("true", &[], "[1, 2]\n");
    assert_eq!(wait.prompt.as_deref(), Some("Approve g?"));
    assert_eq!((wait.items, wait.preview.as_deref()), (Some(json!([1, 2])), Some("[1, 2]")));
    let wait = lobster_gate("'Take $g.json?'", &[], "text");
    assert_eq!(wait.prompt.as_deref(), Some("Take $g.json?"));
    assert_eq!((wait.items, wait.preview.as_deref()), (Some(json!([])), Some("text")));
    let own = r#"{"requiresApproval": {"prompt": "Mine?", "items": [3], "initiatedBy": "bot"}}"#;
    let wait = lobster_gate("File's", &[("LOBSTER_APPROVAL_REQUIRED_APPROVER", "eve")], own);
    assert_eq!(wait.prompt.as_deref(), Some("Mine?"));
    assert_eq!((wait.items, wait.preview), (Some(json!([3])), None));
    assert_eq!(wait.initiated_by.as_deref(), Some("bot"));
    assert_eq!(wait.approvers, ["eve"]);
    let different = [("LOBSTER_APPROVAL_REQUIRE_DIFFERENT_APPROVER", "true")];
    let wait = lobster_gate("{initiatedBy: ann}", &different, "{}");
    assert!(wait.different_approver && wait.initiated_by.as_deref() == Some("ann"));
}
