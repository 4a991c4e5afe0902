//! Lobster's own command line, as `clawflow lobster` and under its own name.

mod bad;
mod durable;
mod gates;

use crate::scenes_support::{Home, Said};
use serde_json::Value;
use std::process::{Command, Output};

fn lobster(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clawflow"));
    command.arg("lobster").args(args).output().unwrap()
}

/// The document that a program reads.
#[track_caller]
fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

/// Runs Lobster's command line in a home.
fn tool(home: &Home, args: &[&str]) -> (Value, i32) {
    let said = home.cli(&[&["lobster"], args].concat());
    (json(&said), said.code.unwrap())
}

/// Writes a workflow file.
fn file(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The token of the gate that a run has come to.
#[track_caller]
fn token(said: &Value) -> String {
    let asked = match said["status"].as_str() {
        Some("needs_approval") => &said["requiresApproval"],
        _ => &said["requiresInput"],
    };
    asked["resumeToken"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
}

fn message(said: &Value) -> &str {
    said["error"]["message"].as_str().unwrap_or_else(|| panic!("{said}"))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn lobster_tells_its_version_under_every_name() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("lobster");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_clawflow"), &link).unwrap();
    for word in ["version", "--version", "-v"] {
        let said = lobster(&[word]);
        assert_eq!((text(&said.stdout), said.status.code()), ("2026.9.13\n", Some(0)));
        let same = Command::new(&link).arg(word).output().unwrap();
        assert_eq!(same.stdout, said.stdout);
    }
    let mut flagged = Command::new(env!("CARGO_BIN_EXE_clawflow"));
    let flagged = flagged.args(["--home", "/nowhere", "lobster", "version"]).output().unwrap();
    assert_eq!(text(&flagged.stdout), "2026.9.13\n");
}

#[test]
fn lobster_helps_with_commands_of_pipelines() {
    for args in [&["help"][..], &["--help"], &["help", "-h"], &[], &["anything", "--help"]] {
        let said = lobster(args);
        assert!(text(&said.stdout).contains("Usage:"), "{args:?}");
        assert_eq!(said.status.code(), Some(0));
    }
    let said = lobster(&["help", "where"]);
    assert!(text(&said.stdout).starts_with("where — "));
    let said = lobster(&["help", "walk"]);
    assert_eq!((text(&said.stderr), said.status.code()), ("Unknown command: walk\n", Some(2)));
}
