//! Gates: what is asked, who may answer, what an answer does.

use super::{file, message, token, tool};
use crate::scenes_support::Home;
use serde_json::json;

const GATED: &str = "
steps:
  - { id: draft, run: 'echo hello' }
  - { id: ask, approval: { prompt: 'Send?', required_approver: ada }, stdin: $draft.stdout }
  - { id: send, run: 'echo \"{\\\"n\\\": 1.0}\"', when: $ask.approved }
";

const ASKS: &str = "
steps:
  - { id: draft, run: 'echo [1]' }
  - id: how
    input: { prompt: 'How?', responseSchema: { type: object, required: [way] } }
  - { id: go, run: cat, stdin: $how.response }
";

#[test]
fn lobster_gate_asks_as_it_always_did() {
    let home = Home::new();
    let path = file(&home, "gated.lobster", GATED);
    let (said, code) = tool(&home, &["run", "--mode", "tool", &path]);
    assert_eq!(code, 0);
    let asked = said["requiresApproval"].as_object().unwrap();
    let fields: Vec<&str> = asked.keys().map(String::as_str).collect();
    let expected = ["type", "prompt", "items", "preview", "requiredApprover"];
    assert_eq!(fields, [&expected[..], &["resumeToken", "approvalId"]].concat());
    assert_eq!(asked["preview"], "hello");
    assert_eq!((&said["status"], &said["output"]), (&json!("needs_approval"), &json!([])));
}

#[test]
fn lobster_yes_counts_only_from_who_may_give_it() {
    let mut home = Home::new();
    let path = file(&home, "gated.lobster", GATED);
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    let token = token(&said);
    let yes = ["resume", "--token", &token, "--approve", "yes"];
    let (refused, code) = tool(&home, &yes);
    let expected = "Workflow step ask approval requires approver identity; \
                    set LOBSTER_APPROVAL_APPROVED_BY";
    assert_eq!((message(&refused), code), (expected, 2));
    home.set("LOBSTER_APPROVAL_APPROVED_BY", "bob");
    let (refused, code) = tool(&home, &yes);
    let expected = "Workflow step ask approval requires approver 'ada', got 'bob'";
    assert_eq!((message(&refused), code), (expected, 2));
    home.set("LOBSTER_APPROVAL_APPROVED_BY", "ada");
    let (done, code) = tool(&home, &yes);
    assert_eq!((&done["output"], code), (&json!([{ "n": 1 }]), 0));
}

#[test]
fn lobster_answer_that_does_not_fit_leaves_the_gate_open() {
    let home = Home::new();
    let path = file(&home, "asks.lobster", ASKS);
    let (said, _) = tool(&home, &["run", "--mode", "tool", "--file", &path]);
    assert_eq!(said["requiresInput"]["subject"], json!([1]));
    let token = token(&said);
    let resume = |intent: &[&str]| {
        let (said, code) = tool(&home, &[&["resume", "--token", &token], intent].concat());
        (said.clone(), said["error"]["message"].as_str().unwrap_or("none").to_owned(), code)
    };
    let (_, said, code) = resume(&["--response-json", "{}"]);
    let expected = "Workflow input step how response failed schema validation at /: \
                    must have required property 'way'";
    assert_eq!((said.as_str(), code), (expected, 2));
    let (_, said, code) = resume(&["--approve", "yes"]);
    let expected = "Workflow resume requires --response-json for input requests";
    assert_eq!((said.as_str(), code), (expected, 2));
    let (_, said, code) = resume(&["--response-json", "{"]);
    assert_eq!((said.as_str(), code), ("resume --response-json must be valid JSON", 2));
    let (done, _, code) = resume(&["--response-json", r#"{"way":"up"}"#]);
    assert_eq!((&done["output"], code), (&json!([{ "way": "up" }]), 0));
    let (_, said, code) = resume(&["--response-json", r#"{"way":"up"}"#]);
    assert_eq!((said.as_str(), code), ("Workflow resume state not found", 1));
}

#[test]
fn lobster_no_and_cancel_end_a_run_once() {
    let home = Home::new();
    let path = file(&home, "gated.lobster", GATED);
    let start = || token(&tool(&home, &["run", "--mode", "tool", &path]).0);
    let (denied, cancelled) = (start(), start());
    let (said, code) = tool(&home, &["resume", "--token", &denied, "--decision", "no"]);
    assert_eq!((said["status"].as_str(), code), (Some("cancelled"), 0));
    let (said, code) = tool(&home, &["resume", "--token", &cancelled, "--cancel"]);
    assert_eq!((said["status"].as_str(), code), (Some("cancelled"), 0));
    for gone in [&denied, &cancelled] {
        let (said, code) = tool(&home, &["resume", "--token", gone, "--cancel"]);
        assert_eq!((message(&said), code), ("Resume state not found", 1));
    }
}

#[test]
fn lobster_id_is_found_without_its_file() {
    let home = Home::new();
    let (said, _) = tool(&home, &["run", "--mode", "tool", "exec echo a | approve | map --wrap x"]);
    let id = said["requiresApproval"]["approvalId"].as_str().unwrap();
    std::fs::remove_file(home.path().join(format!(".lobster/state/approval_{id}.json"))).unwrap();
    let (done, code) = tool(&home, &["resume", "--id", id, "--approve", "yes"]);
    assert_eq!((&done["output"], code), (&json!([{ "x": "a" }]), 0));
    let (said, code) = tool(&home, &["resume", "--id", id, "--approve", "yes"]);
    let expected = format!("Approval ID \"{id}\" not found or expired");
    assert_eq!((message(&said), code), (expected.as_str(), 2));
}

#[test]
fn lobster_gate_may_be_answered_by_others() {
    let mut home = Home::new();
    home.gateway();
    let (said, _) = tool(&home, &["run", "--mode", "tool", "exec echo a | approve | map --wrap x"]);
    let token = token(&said);
    let listed = home.cli(&["flows", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    let flow = listed["flows"][0]["flowId"].as_str().unwrap();
    assert_eq!(home.cli(&["flows", "approve", flow]).code, Some(0));
    home.wait_end(flow);
    let (said, code) = tool(&home, &["resume", "--token", &token, "--approve", "yes"]);
    assert_eq!((message(&said), code), ("Pipeline resume state not found", 1));
    home.stop_gateway();
}

#[test]
fn lobster_question_inside_of_a_pipeline_step_is_asked() {
    let home = Home::new();
    let path = file(
        &home,
        "inside.lobster",
        "steps:\n  - { id: a, run: 'echo [1]' }\n  \
         - { id: b, stdin: $a.json, pipeline: \"ask --subject-from-stdin | map --wrap said\" }\n",
    );
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    assert_eq!(said["requiresInput"]["subject"], json!({ "text": "1" }));
    let token = token(&said);
    let (refused, code) = tool(&home, &["resume", "--token", &token, "--response-json", "{}"]);
    let expected = "Workflow input step b response failed schema validation at /: \
                    must have required property 'decision'";
    assert_eq!((message(&refused), code), (expected, 2));
    let answer = r#"{"decision":"reject"}"#;
    let (done, _) = tool(&home, &["resume", "--token", &token, "--response-json", answer]);
    assert_eq!(done["output"], json!([{ "said": { "decision": "reject" } }]));
}

#[test]
fn lobster_child_file_has_the_directory_and_the_variables_of_its_step() {
    let home = Home::new();
    for dir in ["kids", "work/deep"] {
        std::fs::create_dir_all(home.path().join(dir)).unwrap();
    }
    let child = r#"
args: { color: { default: none } }
env: { D: kid }
steps:
  - { id: a, run: 'echo "${PWD##*/} $A $B $C $D $LOBSTER_ARG_WHO $LOBSTER_ARG_COLOR"' }
"#;
    file(&home, "kids/child.lobster", child);
    let parent = r#"
args: { who: { default: ann }, sub: { default: deep } }
env: { A: file, B: "of ${who}" }
cwd: work
steps:
  - id: one
    workflow: kids/child.lobster
    workflow_args: { color: "red-${who}" }
    env: { B: step, C: "by $none.json" }
    cwd: work/${sub}
  - { id: two, workflow: kids/child.lobster }
  - { id: show, run: 'cat; echo "${PWD##*/} $B"', stdin: '$one.json$two.json' }
"#;
    let path = file(&home, "parent.lobster", parent);
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    // What Lobster 2026.9.13 makes of the same files.
    let expected = "deep file step by $none.json kid ann red-ann\nwork file of ann  kid ann none\nwork of ann\n";
    assert_eq!(said["output"], serde_json::json!([expected]));
}
