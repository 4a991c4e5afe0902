//! What an agent may have run, as tables of what is heard and said.

use super::super::limits::{TERMINAL_REQUESTS_MAX, TERMINALS_MAX};
use super::super::policy::Policy;
use super::terminal::{TerminalAction, TerminalDone, TerminalExit, TerminalRequest};
use super::tests::World;
use super::{Act, Plan, Why};
use serde_json::{Value, json};

fn on(plan: &mut Plan) {
    plan.request.terminals = true;
}

fn asks(w: &mut World, id: u64, method: &str, mut params: Value) {
    params["sessionId"] = json!("s");
    w.hear(json!({ "id": id, "method": format!("terminal/{method}"), "params": params }));
}

/// The newest request that is to be carried out.
fn wanted(w: &mut World) -> TerminalRequest {
    match w.acts.pop() {
        Some(Act::Terminal(request)) => request,
        other => panic!("{other:?}: {}", w.last()),
    }
}

fn done(w: &mut World, request: &TerminalRequest, done: Result<TerminalDone, String>) {
    let acts = w.talk.terminal_done(request, done);
    w.take(acts);
}

/// A terminal, by its id.
fn made(w: &mut World, id: u64) -> String {
    asks(w, id, "create", json!({ "command": "make", "args": ["-k"] }));
    let request = wanted(w);
    done(w, &request, Ok(TerminalDone::Yes));
    w.last()["result"]["terminalId"].as_str().unwrap().to_owned()
}

fn why(w: &World) -> &str {
    w.last()["error"]["message"].as_str().unwrap_or_default()
}

#[test]
fn terminals_are_off_unless_they_are_on() {
    let mut w = World::opened(|_| {}, json!({}));
    assert_eq!(w.said[0]["params"]["clientCapabilities"]["terminal"], false);
    asks(&mut w, 5, "create", json!({ "command": "make" }));
    assert_eq!((w.last()["error"]["code"].as_i64(), w.acts.len()), (Some(-32601), 0));
    let mut w = World::opened(on, json!({}));
    assert_eq!(w.said[0]["params"]["clientCapabilities"]["terminal"], true);
    asks(&mut w, 5, "resize", json!({}));
    assert_eq!((w.last()["error"]["code"].as_i64(), w.acts.len()), (Some(-32601), 0));
}

#[test]
fn a_command_is_run_asked_about_ended_and_forgotten() {
    let mut w = World::opened(on, json!({}));
    let env = json!([{ "name": "A", "value": "b=c" }]);
    let params = json!({ "command": "make", "args": ["-k", ""], "env": env, "cwd": "/w/src",
        "outputByteLimit": 100 });
    asks(&mut w, 5, "create", params);
    let request = wanted(&mut w);
    let TerminalAction::Create(command) = &request.action else { panic!("{request:?}") };
    assert_eq!(command.args, Some(vec!["-k".to_owned(), String::new()]));
    assert_eq!((&*command.env["A"], command.cwd.as_deref()), ("b=c", Some("/w/src")));
    done(&mut w, &request, Ok(TerminalDone::Yes));
    let terminal = w.last()["result"]["terminalId"].clone();
    let of = json!({ "terminalId": terminal });

    asks(&mut w, 6, "output", of.clone());
    let request = wanted(&mut w);
    assert_eq!(request.action, TerminalAction::Output { max: 100 });
    let text = "so far".to_owned();
    done(&mut w, &request, Ok(TerminalDone::Output { text, truncated: true, exit: None }));
    let so_far = json!({ "output": "so far", "truncated": true, "exitStatus": null });
    assert_eq!(w.last()["result"], so_far);

    asks(&mut w, 7, "wait_for_exit", of.clone());
    let waits = wanted(&mut w);
    asks(&mut w, 8, "kill", of.clone());
    let request = wanted(&mut w);
    done(&mut w, &request, Ok(TerminalDone::Yes));
    assert_eq!((&w.last()["id"], &w.last()["result"]), (&json!(8), &json!({})));
    let exit = TerminalExit { code: None, signal: Some("SIGTERM".to_owned()) };
    done(&mut w, &waits, Ok(TerminalDone::Exited(exit)));
    let status = json!({ "exitCode": null, "signal": "SIGTERM" });
    assert_eq!((&w.last()["id"], &w.last()["result"]), (&json!(7), &status));

    asks(&mut w, 9, "release", of.clone());
    let request = wanted(&mut w);
    done(&mut w, &request, Ok(TerminalDone::Yes));
    asks(&mut w, 10, "output", of);
    assert_eq!((why(&w), w.acts.len()), ("no such terminal", 0));
    w.ends("end_turn");
    assert_eq!(w.talk.outcome().notes["terminals"], 1);
}

/// What is no id.
const IDS: [&str; 7] =
    ["", "term-", "term-0", "term-01", "term-+1", "term-99999999999999999999", "make"];

#[test]
fn ids_are_those_that_were_given() {
    let mut w = World::opened(on, json!({}));
    let own = made(&mut w, 5);
    for (at, bad) in IDS.into_iter().enumerate() {
        assert_ne!(own, bad);
        asks(&mut w, 100 + at as u64, "kill", json!({ "terminalId": bad }));
    }
    asks(&mut w, 200, "output", json!({ "terminalId": 1 }));
    asks(&mut w, 201, "release", json!({}));
    let refused = w.said.iter().filter(|said| said["error"]["message"] == "no such terminal");
    assert_eq!((refused.count(), w.acts.len()), (IDS.len() + 2, 0));
    // Of another session there is none.
    let params = json!({ "sessionId": "other", "terminalId": own });
    w.hear(json!({ "id": 300, "method": "terminal/output", "params": params }));
    assert_eq!((why(&w), w.acts.len()), ("no such session", 0));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut w = World::opened(on, json!({}));
    for (at, params) in [
        json!({}),
        json!({ "command": "" }),
        json!({ "command": " \n" }),
        json!({ "command": 5 }),
        json!({ "command": "a\u{0}b" }),
        json!({ "command": "a", "args": "b" }),
        json!({ "command": "a", "args": [5] }),
        json!({ "command": "a", "args": ["b\u{0}"] }),
        json!({ "command": "a", "env": { "A": "b" } }),
        json!({ "command": "a", "env": [{ "name": "", "value": "b" }] }),
        json!({ "command": "a", "env": [{ "name": "A=B", "value": "b" }] }),
        json!({ "command": "a", "env": [{ "name": "A", "value": "\u{0}" }] }),
        json!({ "command": "a", "cwd": ["/w"] }),
        json!({ "command": "a", "outputByteLimit": -1 }),
        json!({ "command": "a", "outputByteLimit": "all" }),
    ]
    .into_iter()
    .enumerate()
    {
        asks(&mut w, 10 + at as u64, "create", params.clone());
        assert_eq!(w.last()["error"]["code"], -32602, "{params}");
        assert!(w.acts.is_empty(), "{params}");
    }
    asks(&mut w, 50, "create", json!({ "command": "a", "outputByteLimit": u64::MAX }));
    assert!(matches!(wanted(&mut w).action, TerminalAction::Create(_)));
}

#[test]
fn what_a_rule_forbids_is_not_run() {
    let mut w = World::opened(
        |plan| {
            on(plan);
            plan.policy = Policy::parse(&["reject execute rm *", "ask"]).unwrap();
        },
        json!({}),
    );
    let long = "x".repeat(9000);
    for params in [
        json!({ "command": "rm", "args": ["-rf", "x"] }),
        json!({ "command": "true; rm -rf x" }),
        json!({ "command": "make", "args": [long] }),
    ] {
        let id = w.said.len() as u64 + 50;
        asks(&mut w, id, "create", params);
        assert_eq!((why(&w), w.acts.len()), ("a rule forbids it", 0));
    }
    made(&mut w, 9);
}

/// However many an agent wants, there are few, and few requests wait.
#[test]
fn there_are_few_at_once() {
    let mut w = World::opened(on, json!({}));
    for id in 0..10_000 {
        asks(&mut w, 100 + id, "create", json!({ "command": "make" }));
    }
    assert_eq!(w.acts.len(), TERMINALS_MAX);
    assert!(why(&w).contains("release one"), "{}", why(&w));
    // One that could not be started leaves its place to another.
    let request = wanted(&mut w);
    done(&mut w, &request, Err("no such program".to_owned()));
    assert_eq!(why(&w), "no such program");
    let own = made(&mut w, 5);
    for id in 0..10_000 {
        asks(&mut w, 20_000 + id, "wait_for_exit", json!({ "terminalId": own }));
    }
    assert!(why(&w).contains("are not answered"), "{}", why(&w));
    assert_eq!(w.acts.len(), TERMINAL_REQUESTS_MAX);
    // It is released only once nothing of it is left.
    for act in std::mem::take(&mut w.acts) {
        let Act::Terminal(request) = act else { continue };
        done(&mut w, &request, Err("lost".to_owned()));
    }
    asks(&mut w, 90_000, "release", json!({ "terminalId": own }));
    let release = wanted(&mut w);
    done(&mut w, &release, Ok(TerminalDone::Yes));
    made(&mut w, 90_001);
}

#[test]
fn nothing_is_begun_outside_of_a_turn() {
    let mut w = World::opened(on, json!({}));
    let own = made(&mut w, 5);
    let acts = w.talk.stop(Why::Cancelled);
    w.take(acts);
    asks(&mut w, 6, "create", json!({ "command": "make" }));
    assert_eq!((why(&w), w.acts.len()), ("the turn is being broken off", 0));
    // What there is can still be asked about.
    asks(&mut w, 7, "output", json!({ "terminalId": own }));
    assert!(matches!(wanted(&mut w).action, TerminalAction::Output { .. }));
    w.ends("cancelled");
    asks(&mut w, 8, "create", json!({ "command": "make" }));
    assert_eq!((why(&w), w.acts.len()), ("nothing runs outside of a turn", 0));
}

/// Who comes later hears all of it again, knows what was answered, and finds the same ids, whatever
/// was refused in between.
#[test]
fn ids_are_the_same_for_whoever_hears_it_again() {
    let mut first = World::opened(on, json!({}));
    for id in 0..TERMINALS_MAX as u64 {
        made(&mut first, 10 + id);
    }
    // Refused: there are too many. Then one is released, and another made.
    asks(&mut first, 50, "create", json!({ "command": "make" }));
    asks(&mut first, 51, "release", json!({ "terminalId": "term-1" }));
    let release = wanted(&mut first);
    done(&mut first, &release, Ok(TerminalDone::Yes));
    let newest = made(&mut first, 52);

    let mut again = World::opened(on, json!({}));
    for id in 0..TERMINALS_MAX as u64 {
        asks(&mut again, 10 + id, "create", json!({ "command": "make" }));
        let request = wanted(&mut again);
        // The first is gone by now.
        again.talk.terminal_told(&request, request.terminal != 1);
    }
    asks(&mut again, 50, "create", json!({ "command": "make" }));
    let refused = wanted(&mut again);
    again.talk.terminal_told(&refused, false);
    asks(&mut again, 51, "release", json!({ "terminalId": "term-1" }));
    asks(&mut again, 52, "create", json!({ "command": "make" }));
    let request = wanted(&mut again);
    again.talk.terminal_told(&request, true);
    assert_eq!(format!("term-{}", request.terminal), newest);
    asks(&mut again, 53, "output", json!({ "terminalId": newest }));
    assert_eq!(wanted(&mut again).terminal, request.terminal);
}
