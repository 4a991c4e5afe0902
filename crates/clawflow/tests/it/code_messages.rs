//! Messages to owners, and access tokens.

use crate::code_support::{SESSION, refusal};
use crate::support::{Home, wait_until};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn a_message_lies_in_the_inbox_until_it_is_acknowledged() {
    let home = Home::new();
    let flow = home.make("k");
    let emit = ["flows", "emit", &flow, "three \u{1b}[2Jthreads", "--event-key", "e"];
    assert_eq!(home.words(&emit)[3], "session_queued");
    home.words(&emit);
    let page = home.bound(&["inbox", "list", "--json"]).json();
    assert_eq!(page["deliveries"].as_array().unwrap().len(), 1, "{page}");
    let id = page["deliveries"][0]["deliveryId"].as_str().unwrap().to_owned();
    let list = home.bound(&["inbox", "list"]).stdout;
    assert!(list.contains("three \\x1b[2Jthreads") && list.contains(&id), "{list}");
    assert!(home.as_session("agent:other", &["inbox", "list"]).stdout.is_empty());
    let foreign = home.as_session("agent:other", &["inbox", "ack", &id]);
    assert_eq!(foreign.code, 3, "{foreign:?}");
    assert_eq!(home.words(&["inbox", "ack", &id]), [id.as_str(), "acknowledged"]);
    assert_eq!(home.words(&["inbox", "ack", &id])[1], "acknowledged");
    assert!(home.bound(&["inbox", "list"]).stdout.is_empty());
    assert!(home.bound(&["inbox", "list", "--all"]).stdout.contains(&id));
    let out = home.bound(&["tasks", "dismiss", &id, "--json"]);
    assert_eq!(refusal(&out), (4, "terminal".to_owned()));
}

#[test]
fn all_messages_are_acknowledged_at_once_and_only_ones_own() {
    let home = Home::new();
    let flow = home.make("k");
    (0..3).for_each(|n| drop(home.words(&["flows", "emit", &flow, &n.to_string()])));
    home.words(&["flows", "finish", &flow]);
    let made = ["flows", "create", "g", "--controller", "c", "--status", "running"];
    let other = home.as_session("agent:other", &made);
    let other = other.stdout.split(' ').next().unwrap().to_owned();
    home.as_session("agent:other", &["flows", "finish", &other]);
    assert_eq!(home.words(&["inbox", "ack", "--all"]).len(), 8);
    assert_eq!(home.bound(&["inbox", "ack", "--all"]).stderr, "no messages\n");
    let left = home.as_session("agent:other", &["inbox", "list", "--json"]).json();
    assert_eq!(left["deliveries"].as_array().unwrap().len(), 1);
}

#[test]
fn messages_are_dismissed_and_counted_where_the_flow_is_shown() {
    let home = Home::new();
    let flow = home.make("k");
    home.words(&["flows", "emit", &flow, "a"]);
    home.words(&["flows", "emit", &flow, "b"]);
    let dismissed = home.words(&["tasks", "dismiss", &flow]);
    assert_eq!((dismissed.len(), dismissed[1].as_str()), (4, "dismissed"));
    home.words(&["flows", "emit", &flow, "c"]);
    let shown = home.ok(&["flows", "show", &flow]).stdout;
    assert!(shown.contains("messages: 1 session_queued, 2 dismissed\n"), "{shown}");
    let list = home.bound(&["tasks", "deliveries", "--flow", &flow, "--state", "dismissed"]);
    assert_eq!(list.stdout.lines().count(), 3, "{list:?}");
    let again = home.words(&["tasks", "redeliver", &dismissed[0]]);
    assert_eq!(again[1], "session_queued");
}

#[test]
fn what_is_told_of_a_task_can_be_changed() {
    let home = Home::new();
    let flow = home.make("k");
    let record = ["flows", "run-task", &flow, "--record", "--task", "t", "--status", "running"];
    let task = home.words(&record)[0].clone();
    assert_eq!(home.words(&["tasks", "notify", &task, "done_only"]), [task.as_str(), "running"]);
    home.words(&["tasks", "report", &task, "--status", "succeeded"]);
    let page = home.bound(&["tasks", "deliveries", "--task", &task, "--json"]).json();
    assert_eq!(page["deliveries"][0]["kind"], "task.ended", "{page}");
}

#[test]
fn a_watch_prints_what_is_there_and_what_comes_until_ctrl_c() {
    let mut home = Home::new();
    let flow = home.make("k");
    assert_eq!(home.bound(&["inbox", "watch"]).code, 5);
    home.words(&["flows", "emit", &flow, "first"]);
    home.start_gateway();
    let mut command = home.command(&["inbox", "watch", "--session", SESSION, "--ack"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().ends_with(&format!(" {flow} first")));
    home.words(&["flows", "emit", &flow, "second\n\u{1b}line"]);
    assert!(next().ends_with(&format!(" {flow} second\\n\\x1bline")));
    let acknowledged = || home.bound(&["inbox", "list"]).stdout.is_empty();
    wait_until("the messages to be acknowledged", acknowledged);
    home.ok(&["gateway", "stop"]);
    home.start_gateway();
    home.words(&["flows", "emit", &flow, "third"]);
    assert!(next().ends_with("third"));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_token_has_a_secret_that_is_shown_once() {
    let home = Home::new();
    let args = ["tokens", "create", "laptop", "--access", "operate", "--owner", SESSION];
    let out = home.ok(&[&args[..], &["--expires", "30d"]].concat());
    let secret = out.stdout.trim();
    assert_eq!((out.stdout.lines().count(), secret.contains(' ')), (1, false), "{out:?}");
    assert!(out.stderr.contains("(laptop): operate for agent:main:main, expires "), "{out:?}");
    assert!(!out.stderr.contains(secret), "{out:?}");
    let json = home.ok(&["tokens", "create", "ci", "--access", "read", "--json"]).json();
    let other = json["secret"].as_str().unwrap();
    assert!(json["token"].get("hash").is_none_or(|hash| hash == ""), "{json}");
    let list = home.ok(&["tokens", "list"]).stdout;
    let list_json = home.ok(&["tokens", "list", "--json"]).stdout;
    for text in [&list, &list_json] {
        assert!(text.contains("laptop") && text.contains("ci"), "{text}");
        assert!(!text.contains(secret) && !text.contains(other), "{text}");
    }
    assert!(home.ok(&["tokens", "revoke", "laptop"]).stdout.starts_with("revoked tok_"));
    let list = home.ok(&["tokens", "list"]).stdout;
    let laptop = list.lines().find(|line| line.contains("laptop")).unwrap();
    assert!(laptop.contains("revoked "), "{list}");
    assert_eq!(home.run(&["tokens", "revoke", "none"]).code, 3);
}
