//! `llm` steps, against a server that answers as models do, good and bad.

use super::server::{Server, reply};
use super::{failure, steps};
use crate::support::Home;
use serde_json::{Value, json};

/// What a server of models answers.
fn completion(text: &str, tokens: u64) -> Value {
    json!({
        "model": "m-1",
        "choices": [{ "message": { "content": text }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": tokens, "completion_tokens": tokens },
    })
}

/// A server that says one text after the other, the last one again and again.
fn model(texts: &'static [&'static str]) -> Server {
    Server::start(move |number, _| {
        let text = texts[number.min(texts.len() - 1)];
        reply(200, "content-type: application/json\r\n", &completion(text, 500_000).to_string())
    })
}

fn sent(server: &Server, number: usize) -> Value {
    serde_json::from_str(&server.asked()[number].body).unwrap()
}

const ASK: &str = r#"
steps:
  - { id: list, stdin: { rows: [1, 2] } }
  - id: ask
    llm:
      endpoint: mine
      system: You count.
      prompt: "How many are $list.json.rows?"
      temperature: 0.5
      max_tokens: 100
      schema: { type: object, required: [n], properties: { n: { type: integer } } }
  - { id: show, stdin: { n: $ask.json.n, used: $ask.usage.tokens } }
"#;

fn endpoints(home: &Home, url: &str, more: &str) {
    std::fs::create_dir_all(home.path().join("home")).unwrap();
    let text = format!(
        "[mine]\nurl = \"{url}/v1\"\nmodel = \"m-1\"\n{more}\n\
         [mine.prices.m-1]\ninput = 1\noutput = 3\n"
    );
    home.write("home/llm.toml", text);
}

#[test]
fn an_answer_that_does_not_fit_is_corrected_and_all_is_counted() {
    let home = Home::new();
    let server = model(&["There are two.", "```json\n{\"n\": 2}\n```"]);
    home.write("key", "s3cr3t\n");
    endpoints(&home, &server.url, "api_key_file = \"key\"");
    let ended = steps(&home, ASK, &[]);
    assert_eq!(ended[2]["result"]["json"], json!({ "n": 2, "used": 2_000_000 }), "{ended:?}");
    assert_eq!(
        ended[1]["result"]["usage"],
        json!({
            "tokens": 2_000_000, "inputTokens": 1_000_000, "outputTokens": 1_000_000, "costUsd": 4.0
        })
    );
    let asked = server.asked();
    assert_eq!((asked.len(), asked[0].line.as_str()), (2, "POST /v1/chat/completions"));
    assert_eq!(asked[0].header("authorization"), Some("Bearer s3cr3t"));
    let first = sent(&server, 0);
    assert_eq!((&first["model"], &first["temperature"]), (&json!("m-1"), &json!(0.5)));
    assert_eq!(first["max_tokens"], 100);
    let system = first["messages"][0]["content"].as_str().unwrap();
    assert!(system.starts_with("You count.") && system.contains("integer"), "{system}");
    assert_eq!(first["messages"][1]["content"], "How many are [1,2]?");
    let second = sent(&server, 1);
    assert_eq!(second["messages"][2]["content"], "There are two.");
    let again = second["messages"][3]["content"].as_str().unwrap();
    assert!(again.contains("it is not JSON"), "{again}");
    let task = home.ok(&["tasks", "list", "--json"]).json();
    let asked = task["tasks"].as_array().unwrap().iter().find(|task| task["stepId"] == "ask");
    assert_eq!(asked.unwrap()["usage"]["costUsd"], 4.0, "{task}");
}

#[test]
fn a_server_that_takes_a_format_is_given_it() {
    for (format, expected) in [
        ("json_schema", json!({ "type": "json_schema", "json_schema": { "name": "answer" } })),
        ("json_object", json!({ "type": "json_object" })),
    ] {
        let home = Home::new();
        let server = model(&["{\"n\": 2}"]);
        endpoints(&home, &server.url, &format!("response_format = \"{format}\""));
        let ended = steps(&home, ASK, &[]);
        assert_eq!(ended[1]["status"], "succeeded", "{ended:?}");
        let mut told = sent(&server, 0)["response_format"].clone();
        if let Some(named) = told.get_mut("json_schema").and_then(Value::as_object_mut) {
            let schema = named.remove("schema").unwrap();
            assert_eq!(schema["required"], json!(["n"]));
        }
        assert_eq!(told, expected);
    }
    let home = Home::new();
    let server = model(&["hello"]);
    endpoints(&home, &server.url, "response_format = \"json_schema\"");
    let plain = "steps: [{ id: ask, llm: { endpoint: mine, prompt: hi } }]";
    assert_eq!(steps(&home, plain, &[])[0]["result"]["stdout"], "hello");
    assert_eq!(sent(&server, 0).get("response_format"), None, "nothing is to be checked");
}

#[test]
fn a_server_of_models_says_when_it_may_be_asked_again() {
    let home = Home::new();
    let server = Server::start(|number, _| match number {
        0 => reply(429, "retry-after: 1\r\n", "{}"),
        _ => reply(200, "", &completion("hello", 1).to_string()),
    });
    let file = format!(
        "steps:\n  - id: ask\n    llm: {{ endpoint: '{}', prompt: hi }}\n    \
         retry: {{ max: 2, delay_ms: 1 }}\n",
        server.url
    );
    let ended = steps(&home, &file, &[]);
    assert_eq!(ended[0]["result"]["stdout"], "hello");
    let listed = home.ok(&["flows", "list", "--all", "--json"]).json();
    let flow = listed["flows"][0]["flowId"].as_str().unwrap().to_owned();
    let events = home.ok(&["flows", "events", &flow, "--json"]).stdout;
    let mut events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let retried = events.find(|event| event["kind"] == "step.retrying").unwrap();
    assert_eq!(retried["data"]["delayMs"], 1000, "{retried}");
}

#[test]
fn a_model_that_never_fits_fails_after_its_corrections() {
    let home = Home::new();
    let server = model(&["{\"n\": \"two\"}"]);
    endpoints(&home, &server.url, "");
    let ended =
        steps(&home, &ASK.replace("      schema:", "      corrections: 3\n      schema:"), &[]);
    let (code, message) = failure(&ended[1]);
    assert!(code == "schema" && message.contains("/n"), "{message}");
    assert_eq!(server.asked().len(), 4);
    assert_eq!(ended[1]["result"]["usage"]["costUsd"], 8.0);
    assert_eq!(ended[1]["result"]["stdout"], "{\"n\": \"two\"}");
}

#[test]
fn servers_of_models_that_fail_fail_the_step() {
    let cut = || {
        let mut cut = completion("half an answ", 1);
        cut["choices"][0]["finish_reason"] = json!("length");
        cut.to_string()
    };
    let server = Server::start(move |_, asked| match asked.line.as_str() {
        "POST /quota/chat/completions" => reply(429, "", r#"{"error": {"message": "quota"}}"#),
        "POST /empty/chat/completions" => reply(200, "", &completion("", 1).to_string()),
        "POST /cut/chat/completions" => reply(200, "", &cut()),
        "POST /plain/chat/completions" => reply(200, "", &completion("hello", 1).to_string()),
        _ => reply(200, "", "<html>login</html>"),
    });
    let home = Home::new();
    let ask = |path: &str| {
        let llm = format!("{{ endpoint: '{}/{path}', model: gpt-4o, prompt: hi }}", server.url);
        steps(&home, &format!("steps:\n  - {{ id: ask, llm: {llm} }}\n"), &[]).remove(0)
    };
    let quota = ask("quota");
    assert!(failure(&quota).1.contains("status 429") && failure(&quota).1.contains("quota"));
    assert_eq!(failure(&ask("empty")), ("answer", "the model said nothing"));
    let cut = ask("cut");
    assert!(failure(&cut).1.contains("max_tokens"));
    assert_eq!(cut["result"]["stdout"], "half an answ");
    assert_eq!(failure(&ask("login")).0, "answer");
    let plain = ask("plain");
    assert_eq!(plain["result"]["stdout"], "hello");
    // The price of a model that everybody knows.
    assert_eq!(
        plain["result"]["usage"],
        json!({
            "tokens": 2, "inputTokens": 1, "outputTokens": 1, "costUsd": 1.25e-5
        })
    );
}

#[test]
fn an_endpoint_that_is_not_there_is_named() {
    let home = Home::new();
    let none = steps(&home, ASK, &[]);
    assert!(failure(&none[1]).1.contains("llm.toml"), "{none:?}");
    endpoints(&home, "http://127.0.0.1:1", "api_key_env = \"NO_SUCH\"");
    let no_key = steps(&home, ASK, &[]);
    assert!(failure(&no_key[1]).1.contains("NO_SUCH"), "{no_key:?}");
    let other = steps(&home, &ASK.replace("endpoint: mine", "endpoint: other"), &[]);
    assert!(failure(&other[1]).1.contains("no endpoint `other`, it has mine"), "{other:?}");
}

#[test]
fn a_flow_that_costs_too_much_fails_before_its_next_step() {
    let home = Home::new();
    let server = model(&["{\"n\": 2}"]);
    endpoints(&home, &server.url, "");
    let limited = |limit: f64| {
        let file = format!("cost_limit: {{ max_usd: {limit}, action: stop }}\n{ASK}");
        home.write("limited.flow.yaml", file);
        home.run(&["run", "limited.flow.yaml", "--json"]).json()
    };
    assert_eq!(limited(2.0)["status"], "succeeded");
    let view = limited(1.99);
    assert_eq!(view["error"], "Cost limit exceeded: $2.0000 > $1.99 limit");
    assert_eq!(
        (&view["steps"][1]["status"], &view["steps"][2]["status"]),
        (&json!("succeeded"), &json!("skipped"))
    );
}

#[test]
fn what_a_pipeline_asks_a_model_is_on_its_task() {
    let answer = json!({
        "ok": true,
        "result": {
            "model": "gpt-4o",
            "output": { "text": "hello", "data": null },
            "usage": { "inputTokens": 1_000_000, "outputTokens": 0 },
        },
    });
    let server = Server::start(move |_, _| reply(200, "", &answer.to_string()));
    let home = Home::new();
    let file = format!(
        r#"
cost_limit: {{ max_usd: 3, action: stop }}
env:
  LOBSTER_LLM_ADAPTER_URL: {url}
  LOBSTER_STATE_DIR: state
  LOBSTER_CACHE_DIR: cache
steps:
  - {{ id: one, pipeline: "llm.invoke --provider http --prompt hi | pick usage,model" }}
  - {{ id: two, pipeline: llm.invoke --provider http --prompt hi }}
  - {{ id: three, argv: [echo, done] }}
"#,
        url = server.url
    );
    let ended = steps(&home, &file, &[]);
    assert_eq!(ended[2]["status"], "succeeded", "{ended:?}");
    // The second answer was there already.
    assert_eq!((server.asked().len(), &ended[1]["result"]["usage"]), (1, &Value::Null));
    assert_eq!(ended[0]["result"]["usage"], json!({ "tokens": 1_000_000, "costUsd": 2.5 }));
}
