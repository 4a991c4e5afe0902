//! Pipelines as processes: items in, a gate, its answer, and what must not break it.

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs the entry with a text on stdin; its report and its exit code.
fn pipeline(args: &[&str], stdin: &[u8]) -> (Value, i32) {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_clawflow"))
        .arg("__pipeline")
        .args(args)
        .env("LOBSTER_STATE_DIR", dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
}

fn items(text: &str, stdin: &str) -> Value {
    pipeline(&["run", text], stdin.as_bytes()).0["items"].take()
}

fn message(text: &str, stdin: &[u8]) -> (String, i32) {
    let (report, code) = pipeline(&["run", text], stdin);
    (report["error"]["message"].as_str().unwrap().to_owned(), code)
}

#[test]
fn lobster_items_come_from_stdin() {
    assert_eq!(items("pick a", r#"[{"a":1,"b":2}]"#), json!([{"a": 1}]));
    assert_eq!(items("pick a", r#"{"a":1,"b":2}"#), json!([{"a": 1}]));
    assert_eq!(items("head", r#""text""#), json!(["text"]));
    assert_eq!(items("head", ""), json!([]));
    assert_eq!(items("head", "null"), json!([]));
}

#[test]
fn lobster_exit_codes_tell_who_is_to_blame() {
    assert_eq!(pipeline(&["run", "head"], b"").1, 0);
    assert_eq!(message("exec false", b""), ("exec failed (1): false".to_owned(), 1));
    assert_eq!(message("'", b""), ("Unclosed quote".to_owned(), 2));
    assert_eq!(message("head", b"nope").1, 2);
    assert_eq!(pipeline(&["walk"], b"").1, 2);
}

#[test]
fn lobster_approval_goes_on_with_its_items() {
    let text = "where n>1 | approve --prompt Sure? | map --unwrap n | json";
    let (report, code) = pipeline(&["run", text], br#"[{"n":1},{"n":2},{"n":3}]"#);
    assert_eq!((report["status"].as_str(), code), (Some("needs_approval"), 0));
    assert_eq!(report["stage"], "approve");
    assert_eq!(report["request"]["items"], json!([{"n": 2}, {"n": 3}]));

    let yes = json!({"resume": report["resume"], "approved": true}).to_string();
    let (ended, code) = pipeline(&["resume"], yes.as_bytes());
    assert_eq!((ended["status"].as_str(), code), (Some("ok"), 0));
    assert_eq!(ended["rendered"], "[\n  2,\n  3\n]\n");

    let no = json!({"resume": report["resume"], "approved": false}).to_string();
    assert_eq!(pipeline(&["resume"], no.as_bytes()).0, json!({"status": "cancelled"}));

    let wrong = json!({"resume": report["resume"], "response": 1}).to_string();
    let (ended, code) = pipeline(&["resume"], wrong.as_bytes());
    assert_eq!((ended["error"]["type"].as_str(), code), (Some("parse_error"), 2));
}

#[test]
fn lobster_question_goes_on_with_a_fitting_answer() {
    let (report, _) = pipeline(&["run", "ask --prompt 'How?' | map --wrap said"], b"");
    let answer = |response: Value| {
        let stdin = json!({"resume": report["resume"], "response": response}).to_string();
        pipeline(&["resume"], stdin.as_bytes())
    };
    let said = "pipeline input response failed schema validation at";
    let bad = answer(json!({"decision": "maybe"}));
    let expected = format!("{said} /decision: must be equal to one of the allowed values");
    assert_eq!((bad.0["error"]["message"].as_str(), bad.1), (Some(&*expected), 2));
    let bad = answer(json!({"feedback": "x"}));
    let expected = format!("{said} /: must have required property 'decision'");
    assert_eq!((bad.0["error"]["message"].as_str(), bad.1), (Some(&*expected), 2));
    let good = answer(json!({"decision": "approve"}));
    assert_eq!(good.0["items"], json!([{"said": {"decision": "approve"}}]));
}

#[test]
fn lobster_question_is_refused_where_nobody_can_answer() {
    let (report, code) = pipeline(&["run", "--unattended", "ask"], b"");
    let expected = "requestInput is not supported in this pipeline context";
    assert_eq!((report["error"]["message"].as_str(), code), (Some(expected), 1));
}

#[test]
fn lobster_nesting_is_bounded_everywhere() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let (said, code) = message("head", nested(100_000).as_bytes());
    assert!(said.contains("nested more than 500 deep"), "{said}");
    assert_eq!(code, 2);
    // What comes out is too deep for the reader of this test.
    let deep = nested(499);
    let text = "sort | dedupe | groupBy --key a | template '{{items}}' | head --n 0";
    assert_eq!(items(text, &deep), json!([]));
    let wraps = vec!["map --wrap w"; 498].join(" | ");
    assert_eq!(items(&format!("{wraps} | dedupe | head --n 0"), &deep), json!([]));
    let (said, code) = message(&vec!["head"; 501].join("|"), b"");
    assert_eq!((said.as_str(), code), ("Pipeline has more than 500 stages", 2));
}

#[test]
fn lobster_hostile_texts_are_only_texts() {
    assert_eq!(items("exec printf 'a\\0b'", ""), json!(["a\u{0}b"]));
    assert_eq!(items("exec head -c 2 /dev/urandom | map --wrap x | head --n 0", ""), json!([]));
    let proto = r#"[{"__proto__":{"admin":true},"a":1}]"#;
    assert_eq!(items("where admin==true", proto), json!([]));
    assert_eq!(items("pick a,__proto__", r#"[{"a":1}]"#), json!([{"a": 1}]));
    assert_eq!(items("map constructor={{toString}}", "[{}]"), json!([{"constructor": ""}]));
    let braces = "{{".repeat(50_000);
    assert_eq!(items(&format!("template '{braces}'"), "[1]"), json!([braces]));
    let (said, code) = message("exec --shell 'exit 7' | nosuch", &[b' '; 10]);
    assert_eq!((said.as_str(), code), ("exec failed (7): exit 7", 1));
    assert_eq!(message("head", &[0xff, 0xfe, 0]).1, 2);
    assert_eq!(
        items("head", r#"["\ud800", "\ud83d\ude00", "\\ud800"]"#),
        json!(["\u{fffd}", "😀", "\\ud800"])
    );
}

#[test]
fn lobster_output_beyond_its_limit_stops_the_program() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clawflow"));
    command.args(["__pipeline", "run", "exec --shell 'yes & yes'"]).stdin(Stdio::null());
    let output = command.env("LOBSTER_MAX_OUTPUT_BYTES", "1000").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["error"]["message"], "Process output exceeded 1000 bytes");

    let mut command = Command::new(env!("CARGO_BIN_EXE_clawflow"));
    command.args(["__pipeline", "run", "exec true"]).stdin(Stdio::null());
    let output = command.env("LOBSTER_MAX_OUTPUT_BYTES", "1e3").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = "LOBSTER_MAX_OUTPUT_BYTES must be a positive safe integer (bytes)";
    assert_eq!(report["error"]["message"], expected);
}

#[test]
fn lobster_many_items_flow() {
    let text = "exec --shell 'seq 100000' | map --wrap n | where n>99998 | pick n";
    assert_eq!(items(text, ""), json!([{"n": "99999"}, {"n": "100000"}]));
    let many: Vec<i32> = (0..100_000).map(|n| (n * 7919) % 100_003).collect();
    let sorted = items("sort | head --n 3", &json!(many).to_string());
    let mut expected = many;
    expected.sort_unstable();
    assert_eq!(sorted, json!(expected[..3]));
}
