//! Words, files and tokens that make no sense.

use super::{file, message, token, tool};
use crate::scenes_support::Home;
use serde_json::json;

#[test]
fn lobster_tokens_that_name_nothing_are_told_apart() {
    let home = Home::new();
    let resume = |token: &str| {
        let (said, code) = tool(&home, &["resume", "--token", token, "--approve", "yes"]);
        (message(&said).to_owned(), code)
    };
    let invalid = ("Invalid token".to_owned(), 2);
    let long = "A".repeat(100_000);
    for token in ["x", "\u{fffd}", "e30.", "bnVsbA", &long, "--approve"] {
        assert_eq!(resume(token), invalid);
    }
    assert_eq!(resume("e30"), ("Unsupported protocol version".to_owned(), 2));
    let (said, code) = tool(&home, &["resume", "--token", "", "--approve", "yes"]);
    assert_eq!((message(&said), code), ("resume requires --token or --id", 2));

    let (said, _) = tool(&home, &["run", "--mode", "tool", "approve"]);
    let ours = token(&said);
    let theirs = Home::new();
    let (said, code) = tool(&theirs, &["resume", "--token", &ours, "--approve", "yes"]);
    assert_eq!((message(&said), code), ("Pipeline resume state not found", 1));
    let (said, code) = tool(&home, &["resume", "--token", &ours, "--response-json", "1"]);
    let expected = "approval resumes require approved=true|false, not response";
    assert_eq!((message(&said), code), (expected, 2));
}

#[test]
fn lobster_resume_takes_one_intent() {
    let home = Home::new();
    let resume = |intent: &[&str]| {
        let (said, code) = tool(&home, &[&["resume", "--token", "x"], intent].concat());
        assert_eq!(code, 2);
        message(&said).to_owned()
    };
    let none = "resume requires --approve yes|no, --response-json, or --cancel";
    assert_eq!(resume(&[]), none);
    assert_eq!(resume(&["--cancel", "false"]), none);
    let many = "resume accepts only one of --approve, --response-json, or --cancel";
    assert_eq!(resume(&["--approve", "yes", "--cancel"]), many);
    assert_eq!(resume(&["--approve", "maybe"]), "resume --approve must be yes or no");
    assert_eq!(resume(&["--cancel=2"]), "resume --cancel must be true or false");
    assert_eq!(resume(&["--response-json", "nope"]), "resume --response-json must be valid JSON");
}

#[test]
fn lobster_files_that_are_none_are_named() {
    let home = Home::new();
    let run = |args: &[&str]| {
        let (said, code) = tool(&home, &[&["run", "--mode", "tool"], args].concat());
        (said["error"]["type"].as_str().unwrap().to_owned(), message(&said).to_owned(), code)
    };
    let missing = home.path().join("missing.lobster").display().to_string();
    let (kind, said, code) = run(&["--file", "missing.lobster"]);
    let expected = format!("ENOENT: no such file or directory, stat '{missing}'");
    assert_eq!((kind.as_str(), said, code), ("parse_error", expected, 2));
    assert_eq!(run(&["--file", "."]).1, "Workflow path is not a file");
    file(&home, "notes.txt", "steps: []");
    let ending = "Workflow file must end in .lobster, .yaml, .yml, or .json";
    assert_eq!(run(&["--file", "notes.txt"]).1, ending);
    assert_eq!(run(&["missing.lobster"]).1, "Unknown command: missing.lobster");

    std::fs::write(home.path().join("binary.lobster"), [0, 159, 146, 150, 0xff]).unwrap();
    std::fs::write(home.path().join("empty.lobster"), "").unwrap();
    file(&home, "none.lobster", "steps: []");
    file(&home, "nameless.json", r#"{"steps":[{"run":"touch made"}]}"#);
    for name in ["binary.lobster", "empty.lobster", "none.lobster", "nameless.json"] {
        let (kind, _, code) = run(&[name]);
        assert_eq!((kind.as_str(), code), ("runtime_error", 1), "{name}");
    }
    assert!(!home.path().join("made").exists());
}

/// The text that steps are given is that of Lobster 2026.9.13, byte for byte.
#[test]
fn lobster_arguments_are_as_javascript_writes_them() {
    let home = Home::new();
    let text = r#"
args: {z: {default: 1.0}, c: {default: 1.0e-5}}
steps:
  - id: a
    run: echo "$LOBSTER_ARGS_JSON|$LOBSTER_ARG_B|$LOBSTER_ARG_A|$LOBSTER_ARG_C|$LOBSTER_ARG_2"
"#;
    file(&home, "args.lobster", text);
    let given = r#"{"b":1.0,"2":1e21,"a":1e-7,"1":{"9":1,"x":1e-5,"3":12345678901234567890}}"#;
    let words = ["run", "args.lobster", "--mode=tool", "--args-json", given];
    let (said, _) = tool(&home, &words);
    let json = r#"{"1":{"3":12345678901234567000,"9":1,"x":0.00001},"2":1e+21,"z":1,"c":0.00001,"b":1,"a":1e-7}"#;
    assert_eq!(said["output"], json!([format!("{json}|1|1e-7|0.00001|1e+21\n")]));
}

#[test]
fn lobster_arguments_may_be_odd_but_not_broken() {
    let home = Home::new();
    file(&home, "args.json", r#"{"steps":[{"id":"a","run":"printf %s \"$LOBSTER_ARGS_JSON\""}]}"#);
    let run = |args: &str| {
        let words = ["run", "args.json", "--mode=tool", "--args-json", args];
        let (said, code) = tool(&home, &words);
        (said, code)
    };
    let (said, code) = run("{");
    assert_eq!((message(&said), code), ("run --args-json must be valid JSON", 2));
    assert_eq!(run(r#"{"a":[1,"ü"]}"#).0["output"], json!([{ "a": [1, "ü"] }]));
    assert_eq!(run(r#"["x"]"#).0["output"], json!([{ "0": "x" }]));
    assert_eq!(run("3").0["output"], json!([{}]));
    // An argument is a variable of its steps: what the system does not take is an error.
    let huge = format!(r#"{{"a":"{}"}}"#, "x".repeat(120_000));
    assert_eq!(run(&huge).0["ok"], json!(true));
    let (said, code) = run(r#"{"a":"\u0000"}"#);
    assert_eq!((message(&said), code), ("the argument a contains a NUL character", 1));
}

#[test]
fn lobster_people_are_told_in_words() {
    let home = Home::new();
    let told = |args: &[&str]| {
        let said = home.cli(&[&["lobster"], args].concat());
        assert_eq!(said.out, "");
        (said.err, said.code.unwrap())
    };
    assert_eq!(told(&["run", "'"]), ("Parse error: Unclosed quote\n".to_owned(), 2));
    assert_eq!(told(&["run"]), ("Parse error: Empty pipeline\n".to_owned(), 2));
    assert_eq!(told(&["walk"]), ("Error: Unknown command: walk\n".to_owned(), 1));
    file(&home, "bad.lobster", "steps: [{ id: a, run: 'echo why >&2; exit 3' }]");
    let failed = "Error: workflow command failed (3): why\n";
    assert_eq!(told(&["run", "bad.lobster"]), (failed.to_owned(), 1));
    let (said, code) = told(&["run", "bad.lobster", "--args-json", "{"]);
    assert_eq!((said.as_str(), code), ("run --args-json must be valid JSON\n", 2));
}

#[test]
fn lobster_tells_what_is_tried_again_and_what_costs_too_much() {
    let home = Home::new();
    let used = r#"{"model": "gpt-4o", "usage": {"output_tokens": 60000}}"#;
    std::fs::write(home.path().join("used.json"), used).unwrap();
    let text = "
cost_limit: { max_usd: 0.1 }
steps:
  - id: a
    run: 'echo x >> tries; [ $(wc -l < tries) -gt 2 ] || { echo bad >&2; exit 3; }; cat used.json'
    retry: { max: 3, delay_ms: 20 }
  - { id: list, run: 'echo [1]' }
  - { id: p, pipeline: \"exec --shell 'exit 4'\", retry: { max: 2, delay_ms: 5 }, on_error: continue }
  - { id: t, run: sleep 5, timeout_ms: 50, retry: { max: 2, delay_ms: 5 }, on_error: continue }
  - { id: l, for_each: $list.json, steps: [{ id: m, run: 'exit 5' }], retry: { max: 2, delay_ms: 5 }, on_error: continue }
  - { id: ask, approval: ok? }
  - { id: z, run: 'exit 9', retry: { max: 2, delay_ms: 5 } }
";
    let path = file(&home, "retry.lobster", text);
    let said = home.cli(&["lobster", "run", "--mode", "tool", &path]);
    let retry = |step: &str, tries: &str, why: &str, ms: u64| {
        format!("[RETRY] Step '{step}' failed (attempt {tries}): {why}. Retrying in {ms}ms...\n")
    };
    let bad = "workflow command failed (3): bad";
    let expected = retry("a", "1/3", bad, 20)
        + &retry("a", "2/3", bad, 20)
        + "[WARN] Cost $0.6000 exceeds limit $0.10\n"
        + &retry("p", "1/2", "exec failed (4): exit 4", 5)
        + &retry("t", "1/2", "Step 't' timed out after 50ms", 5)
        + &retry("l", "1/2", "workflow command failed (5): exit 5", 5);
    assert_eq!(said.err, expected);
    let token = token(&super::json(&said));
    // What was told before the gate is not told again.
    let said = home.cli(&["lobster", "resume", "--token", &token, "--approve", "yes"]);
    assert_eq!(said.err, retry("z", "1/2", "workflow command failed (9): exit 9", 5));
}

#[test]
fn lobster_step_writes_no_more_than_it_may() {
    let home = Home::new();
    let text = "
steps:
  - { id: a, run: 'yes', env: { LOBSTER_MAX_OUTPUT_BYTES: ' 1000 ' }, on_error: continue }
  - { id: b, run: 'echo x', env: { LOBSTER_MAX_OUTPUT_BYTES: '1e3' }, on_error: continue }
  - { id: c, run: 'yes >&2', env: { LOBSTER_MAX_OUTPUT_BYTES: '1000' }, on_error: continue }
  - { id: d, run: cat, stdin: '$a.errorMessage / $b.errorMessage / $c.errorMessage' }
";
    let path = file(&home, "much.lobster", text);
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    let exceeded = "Process output exceeded 1000 bytes";
    let invalid = "LOBSTER_MAX_OUTPUT_BYTES must be a positive safe integer (bytes)";
    assert_eq!(said["output"], json!([format!("{exceeded} / {invalid} / {exceeded}")]));
    assert_eq!(home.left(), Vec::<u32>::new());
}

#[test]
fn lobster_failures_keep_their_words() {
    let home = Home::new();
    let run = |steps: &str| {
        let path = file(&home, "words.lobster", &format!("steps:\n{steps}"));
        message(&tool(&home, &["run", "--mode", "tool", &path]).0).to_owned()
    };
    let late = run("  - { id: a, run: sleep 5, timeout_ms: 100 }");
    assert_eq!(late, "Step 'a' timed out after 100ms");
    assert_eq!(run("  - { id: a, run: exit 4 }"), "workflow command failed (4): exit 4");
    let killed = run("  - { id: a, run: 'kill -9 $$' }");
    assert_eq!(killed, "workflow command failed (null): kill -9 $$");
    let branch = run("  - { id: p, parallel: { branches: [{ id: x, run: 'echo no; exit 1' }] } }");
    assert_eq!(branch, "Parallel branch failed: workflow command failed (1): no");
    let asks = "Workflow step p halted for approval inside pipeline stage approve. \
                Use a separate approval step in the workflow file.";
    assert_eq!(run("  - { id: p, pipeline: approve }"), asks);
    let quote = "Workflow step p pipeline parse failed: Unclosed quote";
    assert_eq!(run("  - { id: p, pipeline: \"exec '\" }"), quote);
}

#[test]
fn lobster_costs_that_cannot_be_counted_are_warned_of() {
    let mut home = Home::new();
    let used = r#"{"model":"zz-9","usage":{"outputTokens":5}}"#;
    let text = format!(
        "cost_limit: {{ max_usd: 1 }}
steps:
  - {{ id: a, run: 'echo ''{used}''' }}
  - {{ id: b, run: 'echo ''{used}''' }}
"
    );
    let path = file(&home, "cost.lobster", &text);
    let unknown = "[WARN] No LLM pricing configured for model \"zz-9\"; recording zero cost. Set \
                   LOBSTER_LLM_PRICING_JSON to enable cost_limit enforcement for this model.\n";
    let run = ["lobster", "run", "--mode", "tool", &path];
    assert_eq!(home.cli(&run).err, unknown);
    home.set("LOBSTER_LLM_PRICING_JSON", r#"{"zz-9": {"input": 1}}"#);
    let said = home.cli(&run).err;
    assert!(said.starts_with("[WARN] Ignoring invalid LOBSTER_LLM_PRICING_JSON;"), "{said}");
    assert!(said.ends_with(unknown), "{said}");
    home.set("LOBSTER_LLM_PRICING_JSON", r#"{"zz-9": {"input": 1, "output": 1}}"#);
    assert_eq!(home.cli(&run).err, "");
}
