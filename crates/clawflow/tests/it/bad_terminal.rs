//! Terminals that go away, and texts that would steer one.

use super::bad_support::with_marker;
use super::support::{Home, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::process::{Child, Stdio};

const SLOW: &str = "steps:\n  - { id: a, run: sleep 1; echo one }\n  - { id: b, run: echo two }\n";

/// A foreground run whose first step executes.
fn slow(home: &Home, key: &str) -> Child {
    home.write("slow.yaml", SLOW);
    let mut command = home.command(&["run", "slow.yaml", "--key", key]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the run to serve", || {
        home.path().join("home/gateway.sock").exists()
            && home.run(&["flows", "show", key]).stdout.contains("a  running")
    });
    child
}

#[test]
fn signals_leave_the_flow_safe() {
    let home = Home::new();
    let signals: [(&str, &[Signal], i32); 4] = [
        ("int", &[Signal::INT], 130),
        ("twice", &[Signal::INT, Signal::INT], 130),
        ("term", &[Signal::TERM], 130),
        ("hup", &[Signal::HUP], -1),
    ];
    for (key, signals, code) in signals {
        let child = slow(&home, key);
        for signal in signals {
            kill_process(Pid::from_child(&child), *signal).unwrap();
        }
        let out = child.wait_with_output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code().unwrap_or(-1), code, "{key}: {said}");
        if code == 130 {
            let hint =
                format!("interrupted; nothing is lost\nhint: clawflow run --continue {key}\n");
            assert!(said.ends_with(&hint), "{key}: {said}");
            assert!(!home.path().join("home/gateway.sock").exists(), "{key}");
        }
        let went_on = home.run(&["run", "--continue", key]);
        assert_eq!((went_on.code, went_on.stdout.as_str()), (0, "two\n"), "{key}: {went_on:?}");
        assert_eq!(went_on.stderr.matches("a: started").count(), 1, "{key}: {went_on:?}");
    }
}

#[test]
fn closed_and_full_outputs_do_not_end_a_run() {
    let home = Home::new();
    with_marker(&home);
    let marker = home.path().join("marker");
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let cases: [(&str, Stdio, Stdio, i32); 4] = [
        ("stderr closed", Stdio::null(), closed().into(), 0),
        ("stderr full", Stdio::null(), full().into(), 0),
        ("stdout closed", closed().into(), Stdio::null(), 0),
        ("stdout full", full().into(), Stdio::null(), 1),
    ];
    for (name, stdout, stderr, code) in cases {
        let mut command = home.command(&["run", "ok.yaml"]);
        let status = command.stdout(stdout).stderr(stderr).status().unwrap();
        assert_eq!(status.code(), Some(code), "{name}");
        assert!(std::fs::remove_file(&marker).is_ok(), "{name}");
    }
    let mut bad = home.command(&["run", "nothing.yaml"]);
    assert_eq!(bad.stderr(closed()).status().unwrap().code(), Some(2));
}

#[test]
fn a_gateway_whose_log_nobody_reads_goes_on() {
    let home = Home::new();
    with_marker(&home);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut gateway = home.command(&["gateway", "run"]);
    let mut gateway = gateway.stdout(Stdio::null()).stderr(writer).spawn().unwrap();
    wait_until("the gateway", || home.run(&["gateway", "status"]).code == 0);
    assert_eq!(home.ok(&["run", "ok.yaml"]).stdout, "hi\n");
    home.ok(&["gateway", "stop"]);
    assert!(gateway.wait().unwrap().success());
}

const HOSTILE: &str = r#"
name: "n\u001b[31mame\u202e"
goal: "go\u001b]0;owned\u0007al"
labels: { "l\u001b[2J": "v\u009b31m" }
steps:
  - id: gather
    run: |
      printf '::progress:: \033[2J wiped\n'; printf '\033[31mred\n'; printf '\033[1merr\n' >&2
      sleep 0.6
  - id: ask
    approval: { prompt: "Send \u001b]0;owned\u0007 it?", preview: $gather.stdout }
  - { id: fail, run: "printf '\\033[5mblink\\007' >&2; exit 3" }
"#;

#[test]
fn no_stored_text_steers_the_terminal() {
    let mut home = Home::new();
    home.write("hostile.yaml", HOSTILE);
    home.start_gateway();
    let asked = home.run(&["run", "hostile.yaml", "--key", "h"]);
    assert_eq!(asked.code, 7, "{asked:?}");
    let clean = |text: &str, what: &str| {
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(bad), "{what}: {text:?}");
    };
    clean(&asked.stderr, "run");
    let looks: [&[&str]; 7] = [
        &["flows", "list", "--all"],
        &["flows", "show", "h"],
        &["flows", "why", "h"],
        &["flows", "events", "h"],
        &["flows", "graph", "h"],
        &["tasks", "list"],
        &["flows", "lint", "hostile.yaml"],
    ];
    for look in looks {
        let out = home.run(look);
        clean(&out.stdout, &format!("{look:?}"));
        clean(&out.stderr, &format!("{look:?}"));
    }
    home.ok(&["flows", "approve", "h"]);
    let ended = home.run(&["run", "--continue", "h"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{ended:?}");
    clean(&ended.stderr, "run --continue");
    for look in looks {
        clean(&home.run(look).stdout, &format!("{look:?}"));
    }
}

#[test]
fn a_terminal_of_ten_columns_is_wide_enough() {
    let home = Home::new();
    with_marker(&home);
    for (name, value) in [("COLUMNS", "10"), ("COLUMNS", "0"), ("COLUMNS", "x"), ("NO_COLOR", "1")]
    {
        let mut command = home.command(&["run", "ok.yaml"]);
        let out = command.env(name, value).output().unwrap();
        assert_eq!(out.stdout, b"hi\n", "{name}={value}");
        let listed = home.command(&["flows", "list", "--all"]).env(name, value).output().unwrap();
        assert!(listed.status.success(), "{name}={value}");
    }
}

#[test]
fn a_result_that_was_cut_says_so() {
    let home = Home::new();
    home.write("f.yaml", "steps:\n  - { id: a, run: yes | head -c 2000000 }\n");
    let mut command = home.command(&["run", "f.yaml"]);
    let out = command.env("CLAWFLOW_LIMITS_STDOUT_BYTES", "1MiB").output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.success(), "{said}");
    assert!(said.contains("warning: the result of a was cut"), "{said}");
}
