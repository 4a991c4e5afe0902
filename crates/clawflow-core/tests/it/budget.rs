//! Budgets of flows, of attempts and of child flows.

use super::world::{World, code, exit, left};
use clawflow_core::budget::Budget;
use clawflow_core::drive::{self, ChildEnd, Outcome};
use clawflow_core::effect::Effect;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::task::{TaskReport, TaskStatus, Usage};
use clawflow_core::wait::{Wait, WaitKind};
use serde_json::json;

const THREE: &str = "steps: [{id: a, run: x}, {id: b, run: y}, {id: c, run: z}]";

fn tokens(count: u64) -> Usage {
    Usage { tokens: Some(count), ..Usage::default() }
}

fn limited(count: u64) -> Budget {
    Budget { tokens: Some(count), ..Budget::default() }
}

/// The attempt of this step tells what it has used so far.
fn tell(w: &mut World, id: &str, usage: Usage) -> Result<(), Refusal> {
    let task = w.step(id).task_id.clone().unwrap();
    let report = TaskReport { usage: Some(usage), ..TaskReport::default() };
    w.act(|s, ctx| drive::reported(s, ctx, &task, &report))
}

fn raise(w: &mut World, budget: Budget) -> Result<(), Refusal> {
    w.act(|s, ctx| drive::set_budget(s, ctx, None, budget, "ann"))
}

fn question(w: &World) -> Wait {
    let mut open = w.state.waits.values().filter(|wait| wait.kind == WaitKind::Budget);
    Wait::clone(open.next().expect("nobody is asked"))
}

#[test]
fn a_flow_without_anything_left_asks_and_goes_on_when_it_has() {
    let mut w = World::new(&format!("budget: {{tokens: 10}}\n{THREE}"));
    tell(&mut w, "a", tokens(9)).unwrap();
    assert!(w.state.flow.held_at.is_none());
    // All that was used so far, not what was added; and a report may come late.
    tell(&mut w, "a", tokens(8)).unwrap();
    assert_eq!(drive::used(&w.state), Some(tokens(9)));
    tell(&mut w, "a", tokens(10)).unwrap();
    assert!(question(&w).prompt.unwrap().contains("10 of 10 tokens"));
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded b=pending c=pending | waiting");
    assert_eq!(code(raise(&mut w, Budget { turns: Some(0), ..limited(5) })), Code::Invalid);
    raise(&mut w, limited(10)).unwrap();
    assert_eq!(w.show(), "a=succeeded b=pending c=pending | waiting", "nothing is left of that");
    raise(&mut w, limited(11)).unwrap();
    assert_eq!(w.show(), "a=succeeded b=starting c=pending | running");
    assert!(w.state.flow.held_at.is_none());
    let answered = w.waits.values().find(|wait| wait.kind == WaitKind::Budget).unwrap();
    assert_eq!(answered.answered_by.as_deref(), Some("ann"));
    // The last step has nothing to start after it: nobody is asked.
    w.ok("b");
    tell(&mut w, "c", tokens(50)).unwrap();
    w.ok("c");
    assert_eq!(w.state.flow.status.as_str(), "succeeded");
    let told = w.history(None);
    for kind in ["flow.budget_used_up", "flow.budget_set", "flow.budget_released"] {
        assert!(told.contains(&kind), "{kind} in {told:?}");
    }
}

#[test]
fn what_an_item_and_a_report_tell_is_counted_once() {
    let mut w = World::new(&format!("budget: {{tokens: 100}}\n{THREE}"));
    tell(&mut w, "a", tokens(7)).unwrap();
    let item = json!({ "model": "m", "usage": { "inputTokens": 3, "outputTokens": 4 } });
    w.print("a", &item.to_string());
    assert_eq!(drive::used(&w.state).unwrap().all_tokens(), 7);
    w.print("b", &item.to_string());
    assert_eq!(drive::used(&w.state).unwrap().all_tokens(), 14);
}

#[test]
fn what_failed_or_was_lost_is_paid_for() {
    let yaml = "budget: {usd: 1}\nsteps: [{id: a, run: x, retry: {max: 3}, on_lost: retry}, \
                {id: b, run: y}]";
    let mut w = World::new(yaml);
    let dollars = |cost| Usage { cost_usd: Some(cost), ..Usage::default() };
    tell(&mut w, "a", dollars(0.4)).unwrap();
    w.fail("a");
    w.retry_due("a").unwrap();
    tell(&mut w, "a", dollars(0.2)).unwrap();
    w.lose("a");
    w.retry_due("a").unwrap();
    assert!(w.state.flow.held_at.is_none());
    tell(&mut w, "a", dollars(0.4)).unwrap();
    assert!(question(&w).prompt.unwrap().contains("$1 of $1"));
    w.ok("a");
    assert_eq!(w.step("b").status.as_str(), "pending");
    w.cancel();
    assert_eq!(w.state.flow.status.as_str(), "cancelled");
}

#[test]
fn a_queued_attempt_keeps_its_place_for_later() {
    let yaml =
        "budget: {tokens: 1}\nsteps: [{id: a, run: x, needs: []}, {id: b, run: y, needs: []}]";
    let mut w = World::with_slots(yaml, 1);
    tell(&mut w, "a", tokens(1)).unwrap();
    assert_eq!(code(w.claim("b")), Code::Paused);
    raise(&mut w, Budget::default()).unwrap();
    assert!(w.effects.iter().any(|effect| matches!(effect, Effect::Queued(_))));
    w.claim("b").unwrap();
}

#[test]
fn an_attempt_beyond_its_own_budget_is_stopped_and_not_tried_again() {
    let yaml = "steps: [{id: a, run: x, budget: {turns: 2, time: 1m}, timeout: 1h, \
                retry: {max: 5}, on_error: continue}, {id: b, run: y}]";
    let mut w = World::new(yaml);
    let launch = drive::launch(&w.state, w.step("a").task_id.as_ref().unwrap()).unwrap().unwrap();
    assert_eq!(launch.command.timeout_ms, Some(60_000));
    tell(&mut w, "a", Usage { turns: Some(2), ..Usage::default() }).unwrap();
    assert!(w.effects.iter().any(|effect| matches!(effect, Effect::Stop(_))));
    w.stopped("a");
    assert_eq!(w.show(), "a=failed b=starting | running");
    let error = w.step("a").error.clone().unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("budget", "its budget is used up: 2 of 2 turns")
    );
    let task = w.tasks.values().next().unwrap();
    assert_eq!(task.status, TaskStatus::Failed);
}

#[test]
fn a_process_tells_of_progress_and_use_only() {
    let mut w = World::new(THREE);
    let task = w.step("a").task_id.clone().unwrap();
    let end = TaskReport { status: Some(TaskStatus::Succeeded), ..TaskReport::default() };
    let done = w.act(|s, ctx| drive::reported(s, ctx, &task, &end));
    assert_eq!(code(done), Code::EngineOwned);
    let odd = TaskReport {
        usage: Some(Usage { cost_usd: Some(f64::NAN), ..Usage::default() }),
        ..TaskReport::default()
    };
    assert_eq!(code(w.act(|s, ctx| drive::reported(s, ctx, &task, &odd))), Code::Invalid);
    let line = TaskReport { progress_summary: Some("half".to_owned()), ..TaskReport::default() };
    w.act(|s, ctx| drive::reported(s, ctx, &task, &line)).unwrap();
    assert_eq!(w.task("a").progress_summary.as_deref(), Some("half"));
    w.ok("a");
    assert_eq!(code(w.act(|s, ctx| drive::reported(s, ctx, &task, &line))), Code::InvalidState);
}

#[test]
fn the_time_of_a_flow_holds_it_too() {
    let mut w = World::new(&format!("budget: {{time: 1m}}\n{THREE}"));
    w.deadline().unwrap();
    assert!(question(&w).prompt.unwrap().contains("the time of 1m"));
    w.ok("a");
    assert_eq!(w.step("b").status.as_str(), "pending");
    raise(&mut w, Budget { wall_ms: Some(3_600_000), ..Budget::default() }).unwrap();
    assert_eq!(w.step("b").status.as_str(), "starting");
    let alarms = w.state.waits.values().filter(|wait| wait.kind == WaitKind::Timer);
    assert_eq!(alarms.map(|wait| wait.due_at.unwrap()).collect::<Vec<_>>(), [4_600_000]);
}

#[test]
fn no_budget_holds_what_ends_a_flow() {
    let yaml = "budget: {tokens: 1}\nsteps: [{id: a, run: x}, {id: b, run: y}]\n\
                finally: [{id: f, run: f}]";
    let mut w = World::new(yaml);
    tell(&mut w, "a", tokens(1)).unwrap();
    w.fail("a");
    assert_eq!(w.show(), "a=failed b=skipped f=starting | running");
    w.end("f", exit(0, "")).unwrap();
    assert_eq!(w.state.flow.status.as_str(), "failed");
}

#[test]
fn a_child_flow_draws_from_the_flow_above() {
    let yaml = "budget: {tokens: 10}\nsteps: [{id: c, flow: {file: c.yaml}}, {id: b, run: y}]";
    let mut w = World::new(yaml);
    let child = w.step("c").child_flow_id.clone().unwrap();
    let told =
        |w: &mut World, count| w.act(|s, ctx| drive::child_used(s, ctx, &child, &tokens(count)));
    told(&mut w, 4).unwrap();
    assert_eq!(code(told(&mut w, 3)), Code::InvalidState, "it is known already");
    assert!(w.state.flow.held_at.is_none());
    told(&mut w, 10).unwrap();
    assert!(w.state.flow.held_at.is_some());
    let again = |effect: &Effect| matches!(effect, Effect::Child { again: false, .. });
    assert!(w.effects.iter().any(again), "the child is held too");
    let outcome = left(json!(1));
    let end = ChildEnd { flow_id: child, outcome, used: Some(tokens(12)) };
    w.act(|s, ctx| drive::child_ended(s, ctx, &end)).unwrap();
    assert_eq!(drive::used(&w.state), Some(tokens(12)), "counted once");
    assert_eq!(w.step("b").status.as_str(), "pending");
    raise(&mut w, limited(13)).unwrap();
    assert_eq!(w.step("b").status.as_str(), "starting");
}

#[test]
fn a_child_holds_and_goes_on_with_the_flow_above() {
    let mut w = World::child("steps: [{id: a, run: x}, {id: b, run: y}]", 1000);
    let follow = |w: &mut World, held| w.act(|s, ctx| drive::follow_parent(s, ctx, held));
    assert_eq!(code(follow(&mut w, false)), Code::InvalidState);
    follow(&mut w, true).unwrap();
    assert_eq!(code(follow(&mut w, true)), Code::InvalidState);
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded b=pending | waiting");
    assert_eq!(question(&w).target.as_deref(), Some("flow_above"));
    follow(&mut w, false).unwrap();
    assert_eq!(w.show(), "a=succeeded b=starting | running");
    assert_eq!(code(World::new(THREE).act(|s, ctx| drive::follow_parent(s, ctx, true))), {
        Code::InvalidState
    });
}

#[test]
fn what_children_cost_counts_for_the_limit_of_cost() {
    let yaml = "cost_limit: {max_usd: 1, action: stop}\n\
                steps: [{id: c, flow: {file: c.yaml}}, {id: b, run: y}]";
    let dollars = Some(Usage { cost_usd: Some(1.5), ..Usage::default() });
    for outcome in [Outcome::Succeeded(Box::default()), left(json!(1))] {
        let mut w = World::new(yaml);
        let flow_id = w.step("c").child_flow_id.clone().unwrap();
        let end = ChildEnd { flow_id, outcome, used: dollars.clone() };
        w.act(|s, ctx| drive::child_ended(s, ctx, &end)).unwrap();
        assert_eq!(w.state.flow.status.as_str(), "failed");
        let error = w.state.flow.error.as_deref();
        assert_eq!(error, Some("Cost limit exceeded: $1.5000 > $1.00 limit"));
    }
}
