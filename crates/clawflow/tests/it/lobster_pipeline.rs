//! The pipeline language against Lobster: what it said, and what it says if it is here.
//!
//! The tables hold pipelines and what Lobster made of them in tool mode. With `LOBSTER_ORIGINAL`,
//! the path of an installed `bin/lobster.js`, the same pipelines are run by both.

mod agent;
mod choose;
mod exec;
mod gates;
mod monitor;
mod remote;
mod shape;
mod shown;
mod steps;
mod template;
mod triage;

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A pipeline, how it ends, and what it prints. An end with `…` is the beginning of it: the rest
/// is in the words of a runtime.
struct Case(&'static str, &'static str, &'static str);

/// Stands for `@people` in the tables.
const PEOPLE: &str = r#"exec --json echo '[{"name":"Ada","age":36,"tags":["x","y"],"at":{"city":"London"}},{"name":"bob","age":9},{"1":"one","2":"two","name":"Cy","age":null}]'"#;
/// Stands for `@mixed` in the tables.
const MIXED: &str = r#"exec --json echo '[10,9,"9a",null,true,"10",{"a":1},[3],2.5,-1]'"#;

const TABLES: [&[Case]; 9] = [
    agent::CASES,
    choose::CASES,
    exec::CASES,
    gates::CASES,
    monitor::CASES,
    shape::CASES,
    shown::CASES,
    template::CASES,
    triage::CASES,
];

impl Case {
    fn text(&self) -> String {
        self.0.replace("@mail", triage::MAIL).replace("@people", PEOPLE).replace("@mixed", MIXED)
    }
}

/// Runs a program in a directory and an environment of its own.
fn run(program: &str, args: &[&str], dir: &Path) -> Output {
    std::fs::write(dir.join("t.txt"), "Hi {{name}}!\n").unwrap();
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).env_clear().stdin(Stdio::null());
    std::fs::create_dir_all(dir.join("bin")).unwrap();
    for (name, text) in [("gh", monitor::GH), ("openclaw", agent::OPENCLAW)] {
        let program = dir.join("bin").join(name);
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(dir.join("bin")).chain(std::env::split_paths(&others));
    command.env("PATH", std::env::join_paths(path).unwrap());
    command.env("HOME", dir).env("TZ", "UTC").env("LOBSTER_STATE_DIR", dir.join("state"));
    command.output().unwrap()
}

/// How a pipeline ends here, and what it prints.
fn ours(text: &str) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let clawflow = env!("CARGO_BIN_EXE_clawflow");
    let output = run(clawflow, &["__pipeline", "run", text], dir.path());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let says = match report["status"].as_str().unwrap() {
        "ok" => format!("ok {}", report["items"]),
        "needs_approval" => format!("approval {}", report["request"]),
        "needs_input" => format!("input {}", report["request"]),
        _ => told(&report["error"]),
    };
    (says, report["rendered"].as_str().unwrap_or_default().to_owned())
}

/// How a pipeline ends with Lobster, and what it prints.
fn theirs(original: &str, text: &str) -> (String, String) {
    const MARK: &str = "{\n  \"protocolVersion\"";
    let dir = tempfile::tempdir().unwrap();
    let output = run("node", &[original, "run", "--mode", "tool", text], dir.path());
    let output = String::from_utf8(output.stdout).unwrap();
    let (printed, envelope) = output.split_at(output.rfind(MARK).unwrap());
    let envelope: Value = serde_json::from_str(envelope).unwrap();
    let request = |name: &str| {
        let mut request = envelope[name].clone();
        let fields = request.as_object_mut().unwrap();
        fields.shift_remove("resumeToken");
        fields.shift_remove("approvalId");
        request
    };
    let says = match envelope["status"].as_str() {
        Some("ok") => format!("ok {}", envelope["output"]),
        Some("needs_approval") => format!("approval {}", request("requiresApproval")),
        Some("needs_input") => format!("input {}", request("requiresInput")),
        _ => told(&envelope["error"]),
    };
    (says, printed.to_owned())
}

fn told(error: &Value) -> String {
    let kind = if error["type"] == "parse_error" { "parse" } else { "error" };
    format!("{kind} {}", error["message"].as_str().unwrap())
}

/// Whether something was said as it is in the table.
fn fits(case: &Case, says: &str, prints: &str) -> bool {
    let printed = !says.starts_with("ok ") || case.2 == prints;
    let same = match case.1.split_once('…') {
        Some((beginning, "")) => says.starts_with(beginning),
        _ => same_json(case.1, says),
    };
    printed && same
}

/// The same text, or the same JSON after the first word.
fn same_json(left: &str, right: &str) -> bool {
    let json = |text: &str| {
        let (word, json) = text.split_once(' ')?;
        let json: Value = serde_json::from_str(json).ok()?;
        Some(format!("{word} {json}"))
    };
    left == right || json(left).is_some_and(|left| json(right) == Some(left))
}

#[test]
fn lobster_pipelines_end_as_recorded() {
    let cases: Vec<&Case> = TABLES.into_iter().flatten().collect();
    assert!(cases.len() > 310, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let (says, prints) = ours(&case.text());
        if !fits(case, &says, &prints) {
            wrong.push(format!("{}\n  not: {}{}\n  but: {says}{prints}", case.0, case.1, case.2));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether the tables are right, for whoever has Lobster.
#[test]
fn lobster_itself_ends_as_recorded() {
    let Some(original) = std::env::var_os("LOBSTER_ORIGINAL") else { return };
    let original = original.into_string().unwrap();
    let mut wrong = Vec::new();
    for case in TABLES.into_iter().flatten() {
        let (says, prints) = theirs(&original, &case.text());
        if !fits(case, &says, &prints) {
            wrong.push(format!("{}\n  not: {}\n  but: {says}", case.0, case.1));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
