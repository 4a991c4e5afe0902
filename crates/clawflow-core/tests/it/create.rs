//! New flows, and flows that begin with the results of an ended one.

use super::world::{World, code, new_flow};
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::drive::{self, Reuse};
use clawflow_core::error::Code;
use serde_json::json;
use std::sync::Arc;

#[test]
fn arguments_have_defaults_and_reach_the_command() {
    let yaml = "args: {week: {default: W15}, who: {}}\nkey: report-${week}\ngoal: Report\n\
                labels: {team: ops}\nsteps: [{id: a, argv: [echo, \"${week}\", \"${who}\"]}]";
    let mut new = new_flow(yaml);
    new.args.insert("who".to_owned(), json!("ann"));
    let w = World::make(new, 1).unwrap();
    assert_eq!(w.state.flow.key.as_deref(), Some("report-W15"));
    assert_eq!(w.state.flow.goal, "Report");
    assert_eq!(w.state.flow.labels["team"], "ops");
    let launch = drive::launch(&w.state, &w.task("a").task_id).unwrap().unwrap();
    assert_eq!(launch.command.argv, ["echo", "W15", "ann"]);
    assert_eq!(launch.command.env["LOBSTER_ARG_WEEK"], "W15");
    assert_eq!(launch.idempotency_key, format!("{}/a", w.state.flow.flow_id));
}

#[test]
fn arguments_of_lobster_are_texts_as_javascript_has_them() {
    let text = "args: {nil: {default: null}, obj: {default: {a: 1}}, list: {default: [1, x]}}\n\
                steps: [{id: a, run: 'echo ${nil}'}]";
    let made = |dialect: Dialect| {
        let definition = Definition::parse("f", text.as_bytes(), dialect).unwrap();
        let mut new = new_flow("steps: [{id: a, run: x}]");
        new.definition = Arc::new(definition);
        new.args.insert("nil".to_owned(), json!(null));
        let w = World::make(new, 1).unwrap();
        drive::launch(&w.state, &w.task("a").task_id).unwrap().unwrap().command
    };
    let all = |dialect: Dialect| {
        let command = made(dialect);
        ["NIL", "OBJ", "LIST"].map(|name| command.env[&format!("LOBSTER_ARG_{name}")].clone())
    };
    assert_eq!(all(Dialect::Lobster), ["null", "[object Object]", "1,x"]);
    assert_eq!(all(Dialect::Strict), ["", r#"{"a":1}"#, r#"[1,"x"]"#]);
    // There the default counts as well; here `null` is none.
    let definition = Definition::parse("f", text.as_bytes(), Dialect::Lobster).unwrap();
    let mut new = new_flow("steps: [{id: a, run: x}]");
    new.definition = Arc::new(definition);
    let w = World::make(new, 1).unwrap();
    let launch = drive::launch(&w.state, &w.task("a").task_id).unwrap().unwrap();
    assert_eq!(launch.command.argv.last().unwrap(), "echo null");
}

#[test]
fn what_cannot_be_is_refused() {
    let yaml = "args: {x: {default: 1}}\nsteps: [{id: a, run: x}]";
    let refused = |change: fn(&mut drive::NewFlow)| {
        let mut new = new_flow(yaml);
        change(&mut new);
        code(World::make(new, 1).map(|_| ()))
    };
    assert_eq!(refused(|new| new.owner_key = " ".into()), Code::Invalid);
    assert_eq!(refused(|new| new.key = Some(" ".into())), Code::Invalid);
    assert_eq!(refused(|new| new.key = Some("a\nb".into())), Code::Invalid);
    let large = |new: &mut drive::NewFlow| {
        new.args.insert("x".to_owned(), json!("y".repeat(300_000)));
    };
    assert_eq!(refused(large), Code::Invalid);
    let nul = |new: &mut drive::NewFlow| {
        new.args.insert("x".to_owned(), json!(["a\0b"]));
    };
    assert_eq!(refused(nul), Code::Invalid);
}

/// A retry of the world's ended flow.
pub(crate) fn again(yaml: &str, ended: &World) -> World {
    World::make(reusing(yaml, ended, None), 100).unwrap()
}

/// The world's ended flow, to begin with.
pub(crate) fn reusing(yaml: &str, ended: &World, from: Option<&str>) -> drive::NewFlow {
    let mut new = new_flow(yaml);
    new.reuse =
        Some(Reuse { old: ended.state.clone(), from: from.map(str::to_owned), fork: false });
    new
}

#[test]
fn a_retry_begins_with_what_was_reached() {
    let yaml = "steps: [{id: a, run: x, output: o}, {id: b, run: y, when: $a.json}, \
                {id: c, run: z, stdin: $a.stdout}, {id: d, run: z}]";
    let mut w = World::new(yaml);
    w.print("a", "0");
    w.fail("c");
    assert_eq!(w.show(), "a=succeeded b=skipped c=failed d=skipped | failed");
    let retry = again(yaml, &w);
    assert_eq!(retry.show(), "a=succeeded b=skipped c=starting d=pending | running");
    assert_eq!(retry.state.flow.outputs["o"], json!(0));
    assert_eq!(retry.state.flow.retry_of.as_ref(), Some(&w.state.flow.flow_id));
    let launch = drive::launch(&retry.state, &retry.task("c").task_id).unwrap().unwrap();
    assert_eq!(launch.idempotency_key, format!("{}/c", w.state.flow.flow_id));
    assert_eq!(launch.stdin.unwrap(), b"0");
}

#[test]
fn a_retry_runs_again_what_stands_on_a_step_that_runs_again() {
    let yaml = "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: [a]}, \
                {id: c, run: x, needs: []}]";
    let mut w = World::new(yaml);
    w.ok("a");
    w.ok("b");
    w.fail("c");
    let edited = yaml.replace("id: a,", "id: a2,").replace("[a]", "[a2]");
    let retry = again(&edited, &w);
    assert_eq!(retry.show(), "a2=starting b=pending c=starting | running");
}

#[test]
fn a_retry_skips_the_fallback_of_a_step_that_it_takes_over() {
    let yaml = "steps: [{id: a, run: x, on_error: {fallback: f}}, {id: f, run: x}, \
                {id: b, run: x}]";
    let mut w = World::new(yaml);
    w.ok("a");
    w.fail("b");
    let mut retry = again(yaml, &w);
    assert_eq!(retry.show(), "a=succeeded f=skipped b=starting | running");
    retry.ok("b");
    assert_eq!(retry.show(), "a=succeeded f=skipped b=succeeded | succeeded");
}

#[test]
fn a_retry_of_a_flow_that_succeeded_ends_at_once_but_unwinds_anew() {
    let yaml = "steps: [{id: a, run: x}]\nfinally: [{id: f, run: f}]";
    let mut w = World::new(yaml);
    w.ok("a");
    w.ok("f");
    let retry = again(yaml, &w);
    assert_eq!(retry.show(), "a=succeeded f=starting | running");
}

#[test]
fn the_key_is_known_before_the_flow_is_made() {
    let mut new =
        new_flow("args: {week: {default: W15}}\nkey: r-${week}\nsteps: [{id: a, run: x}]");
    assert_eq!(drive::key_of(&new).unwrap().as_deref(), Some("r-W15"));
    new.args.insert("week".to_owned(), json!("W16"));
    assert_eq!(drive::key_of(&new).unwrap().as_deref(), Some("r-W16"));
    new.key = Some("mine".to_owned());
    assert_eq!(drive::key_of(&new).unwrap().as_deref(), Some("mine"));
}

#[test]
fn a_retry_from_a_step_runs_it_and_all_that_needs_it_anew() {
    let yaml = "steps: [{id: a, run: x, needs: []}, {id: b, run: x, needs: [a]}, \
                {id: c, run: x, needs: [b]}, {id: d, run: x, needs: [a]}]";
    let mut w = World::new(yaml);
    w.ok("a");
    w.ok("b");
    w.ok("d");
    w.fail("c");
    let retry = World::make(reusing(yaml, &w, Some("b")), 9).unwrap();
    assert_eq!(retry.show(), "a=succeeded b=starting c=pending d=succeeded | running");
    assert_eq!(code(World::make(reusing(yaml, &w, Some("e")), 9).map(|_| ())), Code::Invalid);
}

#[test]
fn a_fork_has_other_arguments_and_keys_of_its_own() {
    let yaml = "args: {n: {default: 1}}\nsteps: [{id: a, run: x}, {id: b, argv: [y, \"${n}\"]}]";
    let mut w = World::new(yaml);
    w.print("a", "1");
    w.ok("b");
    let mut new = reusing(yaml, &w, Some("b"));
    new.args.insert("n".to_owned(), json!(2));
    if let Some(reuse) = &mut new.reuse {
        reuse.fork = true;
    }
    let fork = World::make(new, 9).unwrap();
    assert_eq!(fork.show(), "a=succeeded b=starting | running");
    assert_eq!(fork.state.flow.fork_of.as_ref(), Some(&w.state.flow.flow_id));
    assert_eq!(fork.state.flow.retry_of, None);
    let launch = drive::launch(&fork.state, &fork.task("b").task_id).unwrap().unwrap();
    assert_eq!(launch.command.argv, ["y", "2"]);
    assert_eq!(launch.idempotency_key, format!("{}/b", fork.state.flow.flow_id));
}

#[test]
fn a_retry_keeps_what_is_inside_of_a_step_that_it_takes_over() {
    let yaml = "steps: [{id: p, parallel: {branches: [{id: a, run: x}, {id: b, run: x}]}}, \
                {id: z, run: z, stdin: $a.json}]";
    let mut w = World::new(yaml);
    w.print("a", "7");
    w.ok("b");
    w.fail("z");
    let retry = again(yaml, &w);
    assert_eq!(retry.show(), "p=succeeded z=starting a=succeeded b=succeeded | running");
    let launch = drive::launch(&retry.state, &retry.task("z").task_id).unwrap().unwrap();
    assert_eq!(launch.stdin.unwrap(), b"7");
}
