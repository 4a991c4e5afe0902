//! Flows as tasks, in both dialects.

use super::support::{GATE, MODERN, Pipe, Web, modern_meta, request};
use crate::support::{serve, serve_tcp};
use clawflow_engine::Scope;
use serde_json::{Value, json};

fn declared() -> Value {
    json!({ "elicitation": { "form": {} }, "extensions": { "io.modelcontextprotocol/tasks": {} } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_2025_over_http() {
    let served = serve_tcp();
    let mut web = Web::of(&served, "operate", Some("a")).await;
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": { "elicitation": {} },
        "clientInfo": { "name": "t", "version": "0" } });
    let answer = web.post(&[], &request("initialize", hello)).await;
    web.session = answer.header("mcp-session-id").map(str::to_owned);

    let call = json!({ "name": "flow_run", "task": { "ttl": 60_000 },
        "arguments": { "source": GATE, "cwd": "/" } });
    let made = web.ask("tools/call", call).await;
    let id = made["task"]["taskId"].as_str().unwrap().to_owned();
    assert!(made["task"]["ttl"].is_null() && made["task"]["createdAt"].is_string());
    let seen = web.ask("tasks/get", json!({ "taskId": id })).await;
    assert_eq!((&seen["status"], &seen["pollInterval"]), (&"input_required".into(), &5000.into()));
    let listed = web.ask("tasks/list", json!({})).await;
    assert_eq!(listed["tasks"][0]["taskId"], id);

    // A tool that is no task's cannot be called as one.
    let call = json!({ "name": "flow_show", "task": {}, "arguments": { "flow": id } });
    assert_eq!(web.ask("tools/call", call).await["code"], -32601);
    // Awaiting a flow that is there gives its task.
    let call = json!({ "name": "flow_wait", "task": {}, "arguments": { "flow": id } });
    assert_eq!(web.ask("tools/call", call).await["task"]["taskId"], id);

    // The question comes on the stream of the result, and its answer in a request of its own.
    let mut asker = Web::of(&served, "operate", Some("a")).await;
    asker.session.clone_from(&web.session);
    let named = id.clone();
    let waiting = tokio::spawn(async move {
        asker.post(&[], &request("tasks/result", json!({ "taskId": named }))).await
    });
    let view = web.tool("flow_show", json!({ "flow": id })).await;
    let wait = view["waits"][0]["waitId"].as_str().unwrap().to_owned();
    let say = |action: &str| {
        json!({ "jsonrpc": "2.0", "id": format!("answer/{id}/{wait}"),
            "result": { "action": action, "content": { "approve": true } } })
        .to_string()
    };
    // Nobody sits there: the question stays.
    assert_eq!(web.post(&[], &say("decline")).await.status, 202);
    let seen = web.ask("tasks/get", json!({ "taskId": id })).await;
    assert_eq!(seen["status"], "input_required");
    assert_eq!(web.post(&[], &say("accept")).await.status, 202);
    let stream = waiting.await.unwrap();
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    let events: Vec<Value> = stream
        .body
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
        .collect();
    let result = &events.last().unwrap()["result"];
    assert_eq!(result["structuredContent"]["status"], "succeeded", "{}", stream.body);
    assert_eq!(result["isError"], false);
    assert_eq!(result["_meta"]["io.modelcontextprotocol/related-task"]["taskId"], id);
    let ended = web.ask("tasks/cancel", json!({ "taskId": id })).await;
    assert_eq!(ended["code"], -32602);
    assert_eq!(web.ask("tasks/update", json!({ "taskId": id })).await["code"], -32601);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_2025_on_pipes_ask_and_are_cancelled() {
    let served = serve(Scope::All);
    let mut pipe = Pipe::to(&served, "a", None);
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": { "elicitation": {} } });
    pipe.ask("initialize", hello).await;
    let run = json!({ "name": "flow_run", "task": {}, "arguments": { "source": GATE } });
    let made = pipe.ask("tools/call", run.clone()).await;
    let id = made["task"]["taskId"].as_str().unwrap().to_owned();
    let result = pipe.send("tasks/result", json!({ "taskId": id })).await;
    let question = pipe.read().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    assert_eq!(question["params"]["message"], "Go on?");
    let about = &question["params"]["_meta"]["io.modelcontextprotocol/related-task"];
    assert_eq!(about["taskId"], id);
    let answer = json!({ "jsonrpc": "2.0", "id": question["id"],
        "result": { "action": "accept", "content": { "approve": true } } });
    pipe.write(&format!("{answer}\n")).await;
    let ended = pipe.read().await;
    assert_eq!(ended["id"], result);
    assert_eq!(ended["result"]["structuredContent"]["status"], "succeeded", "{ended}");

    let made = pipe.ask("tools/call", run).await;
    let id = made["task"]["taskId"].as_str().unwrap().to_owned();
    let gone = pipe.ask("tasks/cancel", json!({ "taskId": id })).await;
    assert_eq!(gone["status"], "cancelled");
    let result = pipe.ask("tasks/result", json!({ "taskId": id })).await;
    assert_eq!(result["isError"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_2026_over_http() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let (status, about) = web.ask_modern(declared(), "server/discover", json!({})).await;
    assert_eq!((status, &about["resultType"]), (200, &"complete".into()));
    assert!(about["supportedVersions"].as_array().unwrap().contains(&MODERN.into()));
    let run = || json!({ "name": "flow_run", "arguments": { "source": GATE, "cwd": "/" } });
    // Who does not know tasks gets none.
    let (_, plain) = web.ask_modern(json!({}), "tools/call", run()).await;
    assert_eq!((&plain["resultType"], &plain["isError"]), (&"complete".into(), &false.into()));
    let (_, made) = web.ask_modern(declared(), "tools/call", run()).await;
    assert_eq!((&made["resultType"], &made["ttlMs"]), (&"task".into(), &Value::Null));
    let id = made["taskId"].as_str().unwrap().to_owned();
    let named = || json!({ "taskId": id });

    let (status, undeclared) = web.ask_modern(json!({}), "tasks/get", named()).await;
    assert_eq!((status, &undeclared["code"]), (400, &(-32021).into()));
    let needed = &undeclared["data"]["requiredCapabilities"]["extensions"];
    assert!(needed["io.modelcontextprotocol/tasks"].is_object());
    for method in ["tasks/result", "tasks/list", "initialize", "ping"] {
        let (status, error) = web.ask_modern(declared(), method, named()).await;
        assert_eq!((status, &error["code"]), (404, &(-32601).into()), "{method}");
    }

    let (_, seen) = web.ask_modern(declared(), "tasks/get", named()).await;
    assert_eq!(
        (&seen["status"], &seen["resultType"]),
        (&"input_required".into(), &"complete".into())
    );
    let requests = seen["inputRequests"].as_object().unwrap();
    let (key, question) = requests.iter().next().unwrap();
    assert_eq!(question["method"], "elicitation/create");
    // A client that asks nobody is not told to.
    let silent = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    let (_, seen) = web.ask_modern(silent, "tasks/get", named()).await;
    assert_eq!((&seen["status"], seen.get("inputRequests")), (&"working".into(), None));

    let update =
        |key: &str, response: Value| json!({ "taskId": id, "inputResponses": { key: response } });
    let yes = json!({ "action": "accept", "content": { "approve": true } });
    for (key, response) in [
        ("no-such-key", yes.clone()),
        (key.as_str(), json!({ "action": "decline" })),
        (key.as_str(), json!("rubbish")),
    ] {
        let (_, ack) = web.ask_modern(declared(), "tasks/update", update(key, response)).await;
        assert_eq!(ack, json!({ "resultType": "complete" }));
    }
    let (_, still) = web.ask_modern(declared(), "tasks/get", named()).await;
    assert!(still["inputRequests"].get(key).is_some(), "{still}");
    web.ask_modern(declared(), "tasks/update", update(key, yes.clone())).await;
    // The second answer is ignored, and no error.
    let (_, ack) = web.ask_modern(declared(), "tasks/update", update(key, yes)).await;
    assert_eq!(ack, json!({ "resultType": "complete" }));
    let (_, ended) = web.ask_modern(declared(), "tasks/get", named()).await;
    assert_eq!(ended["status"], "completed");
    assert_eq!(ended["result"]["structuredContent"]["status"], "succeeded");
    let (_, ack) = web.ask_modern(declared(), "tasks/cancel", named()).await;
    assert_eq!(ack, json!({ "resultType": "complete" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_flow_is_told_in_the_words_of_each_dialect() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let made = web.tool("flow_create", json!({ "goal": "x" })).await;
    let id = made["flowId"].clone();
    let named = json!({ "taskId": id });
    assert_eq!(web.ask("tasks/get", named.clone()).await["status"], "working");
    web.tool("flow_fail", json!({ "flow": id, "error": "no luck" })).await;
    assert_eq!(web.ask("tasks/get", named.clone()).await["status"], "failed");
    let (_, modern) = web.ask_modern(declared(), "tasks/get", named).await;
    assert_eq!(
        (&modern["status"], &modern["result"]["isError"]),
        (&"completed".into(), &true.into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pace_of_polling_is_that_of_the_flow() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let pace = async |sleep: &str| {
        let flow = web.run(&format!("steps:\n  - {{ id: nap, sleep: {sleep} }}\n")).await;
        let task = web.ask("tasks/get", json!({ "taskId": flow })).await;
        assert_eq!(task["status"], "working", "{task}");
        task["pollInterval"].as_u64().unwrap()
    };
    assert_eq!(pace("2h").await, 60_000);
    let soon = pace("30s").await;
    assert!((10_000..=30_000).contains(&soon), "{soon}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_of_2026_say_what_the_message_says() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let body = |meta: bool| {
        let mut params = json!({ "name": "flow_list" });
        if meta {
            params["_meta"] = modern_meta(json!({}));
        }
        request("tools/call", params)
    };
    let version = ("mcp-protocol-version", MODERN);
    let method = ("mcp-method", "tools/call");
    for (headers, meta) in [
        (vec![], true),
        (vec![version], true),
        (vec![version, method], true),
        (vec![version, method, ("mcp-name", "flow_run")], true),
        (vec![version, method, ("mcp-name", "=?base64?!?=")], true),
        (vec![version, ("mcp-method", "ping"), ("mcp-name", "flow_list")], true),
        (vec![version, method, ("mcp-name", "flow_list")], false),
        (vec![("mcp-protocol-version", "2025-11-25"), method], true),
        (vec![version, version, method, ("mcp-name", "flow_list")], true),
    ] {
        let answer = web.post(&headers, &body(meta)).await;
        let error = answer.json()["error"]["code"].clone();
        assert_eq!((answer.status, error), (400, (-32020).into()), "{headers:?}");
    }
    let good = [version, method, ("mcp-name", "=?base64?Zmxvd19saXN0?=")];
    assert_eq!(web.post(&good, &body(true)).await.status, 200);
    let strange = web.post(&[("mcp-protocol-version", "1999-01-01")], &body(false)).await;
    assert_eq!((strange.status, &strange.json()["error"]["code"]), (400, &(-32022).into()));
}
