//! Commands that ask an endpoint, against one on this machine.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// Answers requests one after the other; what was asked comes out of the channel.
fn serve(answers: Vec<(u16, String)>) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for (status, body) in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim_end().to_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(found) = line.strip_prefix("content-length: ") {
                    length = found.parse().unwrap();
                }
                head = head + &line + "\n";
            }
            let mut asked = vec![0; length];
            reader.read_exact(&mut asked).unwrap();
            sender.send((head, serde_json::from_slice(&asked).unwrap())).unwrap();
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n");
            (&stream).write_all((head + &body).as_bytes()).unwrap();
        }
    });
    (url, asked)
}

/// Runs a pipeline in a directory; its report.
fn run(text: &str, stdin: &str, dir: &Path, env: &[(&str, &str)]) -> Value {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clawflow"))
        .args(["__pipeline", "run", text])
        .current_dir(dir)
        .env("LOBSTER_STATE_DIR", dir.join("state"))
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

fn answer(body: Value) -> (u16, String) {
    (200, body.to_string())
}

#[test]
fn lobster_openclaw_invoke_calls_a_tool() {
    let dir = tempfile::tempdir().unwrap();
    let (url, asked) = serve(vec![answer(json!({"ok": true, "result": [1, 2]}))]);
    let text = format!(
        "openclaw.invoke --url {url}/x --token t --tool a --action b --args-json '{{\"c\":1}}' --dry-run"
    );
    assert_eq!(run(&text, "[9]", dir.path(), &[])["items"], json!([1, 2]));
    let (head, body) = asked.recv().unwrap();
    assert!(head.starts_with("post /tools/invoke http/1.1\n"), "{head}");
    assert!(head.contains("\nauthorization: bearer t\n"), "{head}");
    assert_eq!(body.to_string(), r#"{"tool":"a","action":"b","args":{"c":1},"dryRun":true}"#);
}

#[test]
fn lobster_openclaw_invoke_calls_a_tool_for_each_item() {
    let dir = tempfile::tempdir().unwrap();
    let (url, asked) = serve(vec![answer(json!("bare")), answer(json!({"ok": true, "result": 2}))]);
    let text = "clawd.invoke --tool a --action b --each --item-key it --session-key s";
    let report = run(text, r#"["x", {"y": 1}]"#, dir.path(), &[("OPENCLAW_URL", &url)]);
    assert_eq!(report["items"], json!(["bare", 2]));
    assert_eq!(asked.recv().unwrap().1["args"], json!({"it": "x"}));
    let second = asked.recv().unwrap().1;
    assert_eq!((&second["args"], &second["sessionKey"]), (&json!({"it": {"y": 1}}), &json!("s")));
}

#[test]
fn lobster_openclaw_invoke_tells_what_went_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let (url, _asked) = serve(vec![
        (500, "é".repeat(500)),
        (200, "<html>".to_owned()),
        answer(json!({"ok": false, "error": {"message": "no such tool"}})),
        answer(json!({"ok": 1})),
        answer(json!("x".repeat(100))),
    ]);
    let env = [("OPENCLAW_URL", &*url), ("LOBSTER_MAX_HTTP_RESPONSE_BYTES", "2000")];
    let says = |env: &[(&str, &str)]| {
        let report = run("openclaw.invoke --tool a --action b", "", dir.path(), env);
        report["error"]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(says(&env), format!("openclaw.invoke failed (500): {}", "é".repeat(400)));
    assert_eq!(says(&env), "openclaw.invoke expected JSON response");
    assert_eq!(says(&env), "openclaw.invoke tool error: no such tool");
    assert_eq!(says(&env), "openclaw.invoke tool error: Unknown error");
    let small = [("OPENCLAW_URL", &*url), ("LOBSTER_MAX_HTTP_RESPONSE_BYTES", "50")];
    assert_eq!(says(&small), "HTTP response body exceeded 50 bytes");
    let far = [("OPENCLAW_URL", "http://example.invalid"), ("OPENCLAW_TOKEN", "t")];
    assert!(says(&far).starts_with("openclaw.invoke refuses to send OPENCLAW_TOKEN/CLAWD_TOKEN"));
}

#[test]
fn lobster_llm_invoke_asks_once() {
    let dir = tempfile::tempdir().unwrap();
    let result = json!({"output": {"text": "hi"}, "model": "m", "usage": {"inputTokens": 1}});
    let (url, asked) = serve(vec![answer(json!({"ok": true, "result": result}))]);
    let env = [("LOBSTER_LLM_ADAPTER_URL", &*url), ("LOBSTER_LLM_ADAPTER_TOKEN", "t")];
    let text =
        "llm.invoke --prompt 'Say hi' --model m --temperature 0.5 --metadata-json '{\"a\":1}'";
    let report = run(text, r#"["x", {"kind": "k"}, [1], 5]"#, dir.path(), &env);
    let item = &report["items"][0];
    let fields: Vec<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "kind runId prompt model schemaVersion status cacheKey artifactHashes output usage metadata warnings diagnostics createdAt source cached attemptCount";
    assert_eq!(fields.join(" "), expected);
    assert_eq!(item["output"], json!({"format": "text", "text": "hi", "data": null}));
    assert_eq!((&item["source"], &item["cached"]), (&json!("http"), &json!(false)));
    let (head, body) = asked.recv().unwrap();
    assert!(head.starts_with("post /invoke http/1.1\n"), "{head}");
    let artifacts = json!([{"kind": "text", "text": "x"}, {"kind": "k"}, {"kind": "json", "data": [1]}, {"kind": "text", "text": "5"}]);
    assert_eq!(body["artifacts"], artifacts);
    let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "prompt model artifacts artifactHashes metadata schemaVersion temperature";
    assert_eq!(names.join(" "), expected);
    // As Lobster computes them, so that both use the same answers.
    assert_eq!(item["cacheKey"], CACHE_KEY);
    assert_eq!(item["artifactHashes"][0], ARTIFACT_HASH);

    // Nobody serves any more.
    let again = run(text, r#"["x", {"kind": "k"}, [1], 5]"#, dir.path(), &env);
    let kept = &again["items"][0];
    assert_eq!((&kept["source"], &kept["cached"]), (&json!("cache"), &json!(true)));
    assert_eq!((&kept["replayed"], &kept["output"]), (&json!(true), &item["output"]));
}

const CACHE_KEY: &str = "672221a16455e0e071cef360915dddb1e2911eb94815a1bd3eff003029a2f059";
const ARTIFACT_HASH: &str = "312404a4627d44bab12f2c21853860fc658e708b004bd3f7909c7f80b55c7a45";

#[test]
fn lobster_llm_invoke_asks_again_until_the_answer_fits() {
    let dir = tempfile::tempdir().unwrap();
    let data = |data: Value| answer(json!({"output": {"data": data}}));
    let (url, asked) = serve(vec![data(json!({"n": "x"})), data(json!({"n": 5}))]);
    let env = [("LOBSTER_LLM_ADAPTER_URL", &*url)];
    let schema = r#"{"type":"object","required":["n"],"properties":{"n":{"type":"number"}}}"#;
    let text =
        format!("llm.invoke --prompt a --state-key run --disable-cache --output-schema '{schema}'");
    let report = run(&text, "", dir.path(), &env);
    assert_eq!(report["items"][0]["output"]["data"], json!({"n": 5}));
    assert_eq!(report["items"][0]["attemptCount"], 2);
    assert_eq!(asked.recv().unwrap().1.get("retryContext"), None);
    let retry = json!({"attempt": 2, "validationErrors": ["/n must be number"]});
    assert_eq!(asked.recv().unwrap().1["retryContext"], retry);
    let again = run(&text, "", dir.path(), &env);
    assert_eq!(again["items"][0]["source"], "run_state");
    assert!(!dir.path().join(".lobster-cache").join("llm.invoke").join("x").exists());

    let (url, _asked) = serve(vec![data(json!(1)), data(json!({})), (500, "no".to_owned())]);
    let env = [("LOBSTER_LLM_ADAPTER_URL", &*url), ("LOBSTER_LLM_FORCE_REFRESH", "1")];
    let report = run(&text, "", dir.path(), &env);
    let expected = "llm.invoke output failed schema validation: / must have required property 'n'";
    assert_eq!(report["error"]["message"], expected);
    let report = run("llm.invoke b", "", dir.path(), &env);
    let expected = "llm.invoke request failed: 500 Internal Server Error: no";
    assert_eq!(report["error"]["message"], expected);
}

#[test]
fn lobster_llm_task_asks_openclaw() {
    let dir = tempfile::tempdir().unwrap();
    let inner = json!({"ok": true, "result": {"ok": true, "result": {"output": {"data": [1]}}}});
    let (url, asked) = serve(vec![answer(inner), answer(json!({"ok": true, "result": {}}))]);
    let env = [("OPENCLAW_URL", &*url)];
    let report = run("llm_task.invoke --prompt a", "", dir.path(), &env);
    assert_eq!(report["items"][0]["source"], "clawd");
    assert_eq!(report["items"][0]["output"]["format"], "json");
    let (head, body) = asked.recv().unwrap();
    assert!(head.starts_with("post /tools/invoke http/1.1\n"), "{head}");
    assert_eq!((&body["tool"], &body["action"]), (&json!("llm-task"), &json!("invoke")));
    assert_eq!(body["args"]["prompt"], "a");
    let report = run("llm_task.invoke --prompt b", "", dir.path(), &env);
    let expected = "llm_task.invoke received invalid response envelope";
    assert_eq!(report["error"]["message"], expected);
}

#[test]
fn lobster_email_triage_asks_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let decisions = json!([
        {"id": "1", "category": "needs_reply", "rationale": "asks", "reply": {"body": "Yes."}},
        {"id": "2", "category": "needs_reply", "reply": {"subject": "S", "body": "No."}},
        {"id": "9", "category": "needs_action"},
        {"id": " ", "category": "fyi"},
    ]);
    let result = json!({"model": "m", "output": {"data": {"decisions": decisions}}});
    let (url, asked) = serve(vec![answer(json!({"ok": true, "result": result}))]);
    let env = [("LOBSTER_LLM_PROVIDER", "http"), ("LOBSTER_LLM_ADAPTER_URL", url.as_str())];
    let mail = r#"[{"id":"1","from":"Ann <ann@x.org>","subject":"Hi"},
                   {"id":"2","from":"noreply@x.org","subject":"News"}]"#;
    let report = run("email.triage --llm --model x", mail, dir.path(), &env);
    let report = &report["items"][0];
    assert_eq!(report["summary"], "2 need replies, 1 need action, 0 FYI");
    assert_eq!(report["mode"], "llm");
    // Nobody answers a program.
    let draft = json!([{"emailId": "1", "to": "ann@x.org", "subject": "Re: Hi", "body": "Yes."}]);
    assert_eq!(report["drafts"], draft);
    assert_eq!(report["decisions"].as_array().unwrap().len(), 3);
    let (_, body) = asked.recv().unwrap();
    let prompt = body["prompt"].as_str().unwrap();
    assert!(prompt.starts_with("You are an email triage assistant.\nGiven"), "{prompt}");
    assert!(prompt.ends_with("\"labels\": []\n  }\n]"), "{prompt}");
    assert_eq!(body["schemaVersion"], "email_triage.v1");
    assert_eq!(body["artifacts"][0]["threadId"], "1");
    // The answer is kept; the drafts alone are what can be sent.
    let drafts = run("email.triage --llm --model x --emit drafts", mail, dir.path(), &env);
    let fields: Vec<_> = drafts["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["to", "subject", "body", "emailId"]);
}

#[test]
fn lobster_email_triage_fails_with_its_model() {
    let dir = tempfile::tempdir().unwrap();
    let (url, _asked) = serve(vec![(500, "down".to_owned())]);
    let env = [("LOBSTER_LLM_PROVIDER", "http"), ("LOBSTER_LLM_ADAPTER_URL", url.as_str())];
    let report = run("email.triage --llm", r#"[{"id":"1"}]"#, dir.path(), &env);
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("llm.invoke request failed: "), "{message}");
}
