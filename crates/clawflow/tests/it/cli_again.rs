//! Retry and fork, of one flow and of many.

use crate::support::{Home, redact};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const REPORT: &str = "\
name: report
args: { text: { default: one } }
labels: { team: ops }
steps:
  - { id: gather, run: 'echo gathered >> marks; echo data' }
  - { id: send, argv: [sh, -c, 'echo \"$0\" >> marks; test -e good', '${text}'] }
";

/// A gateway, and flows with these keys that have failed at `send`.
fn failed(keys: &[&str]) -> Home {
    let mut home = Home::new();
    home.write("report.flow.yaml", REPORT);
    home.start_gateway();
    for key in keys {
        assert_eq!(home.run(&["run", "report.flow.yaml", "--key", key]).code, 1);
    }
    home
}

fn marks(home: &Home) -> Vec<String> {
    let marks = std::fs::read_to_string(home.path().join("marks")).unwrap_or_default();
    marks.lines().map(str::to_owned).collect()
}

fn flows(home: &Home) -> Vec<Value> {
    let listed = home.ok(&["flows", "list", "--all", "--limit", "1000", "--json"]).json();
    listed["flows"].as_array().unwrap().clone()
}

#[test]
fn a_step_to_begin_with_is_named_and_what_is_before_it_is_kept() {
    let home = failed(&["r"]);
    insta::assert_snapshot!(home.run(&["flows", "retry", "r", "--from", "sned"]).told(), @r"
    error: the flow has no step sned to run from: did you mean send?
    exit 2
    ");
    insta::assert_snapshot!(home.run(&["flows", "retry", "r", "--from", "send"]).told(), @r"
    r (flow_[ID]) tries flow_[ID] again, from send on
    exit 0
    ");
    home.wait_for("r", "failed");
    home.write("good", "");
    let fork = ["flows", "fork", "r", "--from", "send", "--arg", "text=two", "--key", "f"];
    insta::assert_snapshot!(home.run(&fork).told(), @r"
    f (flow_[ID]) is forked from flow_[ID], from send on
    note: what is before send was made with the old arguments and stays as it was recorded
    exit 0
    ");
    home.wait_for("f", "succeeded");
    insta::assert_snapshot!(home.run(&["flows", "show", "f"]).told(), @r"
    flow f (flow_[ID]) managed · succeeded · revision 1 · owner agent:main:main
    goal: report
    fork of: flow_[ID]
    ended: [T] ago, after [T]
      1 gather succeeded [T] reused
      2 send succeeded [T] [ID]
    messages: 1 session_queued
    exit 0
    ");
    assert_eq!(marks(&home), ["gathered", "one", "one", "two"]);
    insta::assert_snapshot!(home.run(&["flows", "retry", "f"]).told(), @r"
    error: the flow succeeded: nothing to retry
    hint: clawflow flows fork FLOW --from STEP, or run its file again
    hint: the flow is succeeded, at revision 1
    exit 4
    ");
    let fork = ["flows", "fork", "f", "--from", "send", "--arg", "txet=two"];
    insta::assert_snapshot!(home.run(&fork).told(), @r"
    error: the flow has no argument txet
    hint: did you mean text?
    exit 2
    ");
}

#[test]
fn a_live_flow_is_not_retried_but_may_be_forked_from_what_has_ended() {
    let mut home = Home::new();
    home.start_gateway();
    let run = ["run", "gated.flow.yaml", "--key", "live", "--detach"];
    home.ok(&run);
    home.wait_for("live", "waiting");
    insta::assert_snapshot!(home.run(&["flows", "retry", "live"]).told(), @r"
    error: the flow is waiting: only an ended flow is retried
    hint: clawflow flows cancel FLOW, or wait for its end
    hint: the flow is waiting, at revision 1
    exit 4
    ");
    insta::assert_snapshot!(home.run(&["flows", "fork", "live", "--from", "deliver"]).told(), @r"
    error: cannot run from deliver: ask, which it stands on, has no result to keep
    exit 4
    ");
    home.ok(&["flows", "fork", "live", "--from", "ask", "--key", "twin"]);
    home.wait_for("twin", "waiting");
    let taken = ["flows", "fork", "twin", "--from", "ask", "--key", "live"];
    insta::assert_snapshot!(home.run(&taken).told(), @r"
    error: the key `live` belongs to the live flow flow_[ID]
    hint: give the fork a key of its own: --key KEY
    exit 4
    ");
}

#[test]
fn many_are_retried_by_a_filter_and_none_of_them_twice() {
    let home = failed(&["r1", "r2", "r3"]);
    let other = REPORT.replace("name: report", "name: other");
    home.write("other.flow.yaml", other);
    assert_eq!(home.run(&["run", "other.flow.yaml", "--key", "o"]).code, 1);
    home.write("good", "");
    let bulk = ["flows", "retry", "--status", "failed", "--name", "report", "--label", "team=ops"];
    let with = |more: &'static str| [&bulk[..], &[more]].concat();
    insta::assert_snapshot!(home.run(&bulk).told(), @r"
    error: nobody can be asked whether to retry these flows
    hint: add --yes, or --dry-run to see them
    exit 2
    ");
    insta::assert_snapshot!(home.run(&with("--dry-run")).told(), @r"
    would retry r1 (flow_[ID]), failed
    would retry r2 (flow_[ID]), failed
    would retry r3 (flow_[ID]), failed
    3 flows
    exit 0
    ");
    insta::assert_snapshot!(home.run(&with("--yes")).told(), @r"
    r1 (flow_[ID]) tries flow_[ID] again
    r2 (flow_[ID]) tries flow_[ID] again
    r3 (flow_[ID]) tries flow_[ID] again
    exit 0
    ");
    for key in ["r1", "r2", "r3"] {
        home.wait_for(key, "succeeded");
    }
    insta::assert_snapshot!(home.run(&with("--yes")).told(), @r"
    nothing to retry
    exit 0
    ");
    let told = home.ok(&["flows", "retry", "--status", "failed,lost", "--yes", "--json"]).json();
    assert_eq!(told["found"].as_array().unwrap().len(), 1);
    assert_eq!((&told["done"][0]["key"], &told["refused"]), (&"o".into(), &Value::Array(vec![])));
    let bad = ["flows", "retry", "--status", "running", "--yes"];
    insta::assert_snapshot!(home.run(&bad).told(), @r"
    error: there is nothing to retry in flows that are running
    hint: --status failed,cancelled,lost
    exit 2
    ");
    assert_eq!(home.run(&["flows", "retry", "r1", "--status", "failed"]).code, 2);
    assert_eq!(home.run(&["flows", "retry", "r1", "--name", "report"]).code, 2);
    assert_eq!(home.run(&["flows", "retry"]).code, 2);
}

#[test]
fn of_many_those_that_refuse_are_named_and_the_others_are_done() {
    let home = failed(&["r1", "r2"]);
    home.write("good", "");
    // A live flow has the key of one of them.
    home.ok(&["run", "gated.flow.yaml", "--key", "r1", "--detach"]);
    let out = home.run(&["flows", "retry", "--status", "failed", "--yes"]);
    insta::assert_snapshot!(out.told(), @r"
    r2 (flow_[ID]) tries flow_[ID] again
    r1 (flow_[ID]): the key `r1` belongs to the live flow flow_[ID]
    retry: 1 of 2 flows
    exit 4
    ");
    home.wait_for("r2", "succeeded");
}

#[test]
fn many_are_cancelled_by_a_filter() {
    let mut home = Home::new();
    home.start_gateway();
    for key in ["a", "b"] {
        home.ok(&["run", "gated.flow.yaml", "--key", key, "--detach"]);
        home.wait_for(key, "waiting");
    }
    let bulk = ["flows", "cancel", "--status", "waiting", "--name", "gated", "--yes"];
    insta::assert_snapshot!(home.run(&bulk).told(), @r"
    ended a (flow_[ID]), cancelled, revision 2
    ended b (flow_[ID]), cancelled, revision 2
    exit 0
    ");
    home.wait_for("a", "cancelled");
    home.wait_for("b", "cancelled");
}

#[test]
fn a_bulk_that_is_killed_and_given_again_retries_nothing_twice() {
    let keys: Vec<String> = (0..24).map(|n| format!("r{n}")).collect();
    let home = failed(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    home.write("good", "");
    let bulk = ["flows", "retry", "--status", "failed", "--yes"];
    let mut killed = home.command(&bulk).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(killed.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(redact(&line).contains("again"), "{line}");
    home.ok(&bulk);
    let mut retries: BTreeMap<String, usize> = BTreeMap::new();
    for flow in flows(&home) {
        if let Some(old) = flow["retryOf"].as_str() {
            *retries.entry(old.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(retries.len(), keys.len());
    assert!(retries.values().all(|count| *count == 1), "{retries:?}");
}
