//! Rubbish, floods and lies.

use super::support::{GATE, Pipe, Web, request};
use crate::support::{serve, serve_tcp};
use clawflow_engine::Scope;
use clawflow_engine::api::FlowPurge;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_on_pipes_is_answered_and_the_next_line_read() {
    let served = serve(Scope::Nothing);
    let mut pipe = Pipe::to(&served, "a", None);
    let huge = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\"}}", "x".repeat(5 << 20));
    for (line, code) in [
        ("{", -32700),
        ("\u{0}\u{1}", -32700),
        ("[]", -32600),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"params\":{\"requestId\":1}}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"method\":7}", -32600),
        ("{\"jsonrpc\":\"1.0\",\"method\":\"notifications/initialized\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", -32602),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no/such\"}", -32601),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}", -32602),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"completion/complete\"}", -32601),
        (huge.as_str(), -32700),
    ] {
        pipe.write(&format!("{line}\n")).await;
        let message = pipe.read().await;
        assert_eq!(message["error"]["code"], code, "{line:.60}");
    }
    pipe.write("\n\n\r\n").await;
    // Notifications nobody asked for, in no order, and answers to nothing.
    for method in ["notifications/initialized", "notifications/cancelled", "no/such", "initialize"]
    {
        let note = json!({ "jsonrpc": "2.0", "method": method, "params": { "requestId": 99 } });
        pipe.write(&format!("{note}\n")).await;
    }
    for id in ["answer/x/y", "answer/", "answer/flow_1", "", "7"] {
        let answer = json!({ "jsonrpc": "2.0", "id": id, "result": { "action": "accept" } });
        pipe.write(&format!("{answer}\n")).await;
    }
    pipe.write("{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":1,\"message\":\"no\"}}\n").await;
    assert_eq!(pipe.ask("ping", json!({})).await, json!({}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_floods_is_told_so() {
    let served = serve(Scope::All);
    let mut pipe = Pipe::to(&served, "a", None);
    let flow = pipe.tool("flow_create", json!({ "goal": "x" })).await["flowId"].clone();
    let wait = json!({ "name": "flow_wait",
        "arguments": { "flow": flow, "until": "end", "timeoutMs": 45_000 } });
    for _ in 0..70 {
        pipe.send("tools/call", wait.clone()).await;
    }
    for _ in 0..6 {
        let message = pipe.read().await;
        assert_eq!(message["error"]["code"], -32000, "{message}");
    }
    // The same id twice at once is no way to say which is meant.
    let again = json!({ "jsonrpc": "2.0", "id": 5, "method": "ping" });
    pipe.write(&format!("{again}\n")).await;
    assert_eq!(pipe.read().await["error"]["code"], -32600);
    pipe.close().await;
    assert!(pipe.server.await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_over_http_is_answered() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    for (body, code) in [("{", -32700), ("", -32700), ("[]", -32600), ("{}", -32600)] {
        let answer = web.post(&[], body).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &code.into()), "{body}");
    }
    let huge = format!("\"{}\"", "x".repeat(5 << 20));
    assert_eq!(web.post(&[], &huge).await.status, 413);
    let text = web.post(&[("content-type", "text/plain")], "{}").await;
    // Two of that header: the first counts, and it is JSON.
    assert_eq!(text.status, 400);
    assert_eq!(web.ask("no/such", json!({})).await["code"], -32601);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_arguments_are_told_to_the_model() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let flow = web.run(GATE).await;
    for (tool, arguments) in [
        ("flow_show", json!({})),
        ("flow_show", json!({ "flow": 7 })),
        ("flow_show", json!({ "flow": flow, "step": 7 })),
        ("flow_show", json!({ "flow": flow, "step": "a", "output": "b" })),
        ("flow_show", json!({ "flow": flow, "flw": 1 })),
        ("flow_wait", json!({ "flow": flow, "until": "never" })),
        ("flow_wait", json!({ "flow": flow, "timeoutMs": -1 })),
        ("flow_wait", json!({ "flow": flow, "timeoutMs": "long" })),
        ("flow_wait", json!({ "flow": flow, "cursor": "7-zz" })),
        ("flow_wait", json!({ "flow": flow, "cursor": "x" })),
        ("flow_run", json!({ "cwd": "/" })),
        ("flow_run", json!({ "source": GATE })),
        ("flow_run", json!({ "source": GATE, "path": "/x", "cwd": "/" })),
        ("flow_run", json!({ "path": "/etc/passwd", "cwd": "/" })),
        ("flow_run", json!({ "source": GATE, "cwd": "/", "args": [] })),
        ("flow_run", json!({ "source": GATE, "cwd": "/", "autoApprove": true })),
        ("flow_run", json!({ "source": GATE, "cwd": "/", "owner": "b" })),
        ("task_run", json!({ "argv": [], "cwd": "/" })),
        ("task_run", json!({ "argv": ["true"], "cwd": "/", "await": true })),
        ("task_run", json!({ "cwd": "/" })),
        ("task_run", json!({ "acp": "claude", "cwd": "/" })),
        ("task_run", json!({ "acp": { "agent": "a", "prompt": "x" } })),
        ("task_run", json!({ "acp": { "agent": "a", "prompt": "x" }, "argv": ["x"], "cwd": "/" })),
        ("task_run", json!({ "acp": { "agent": "a", "prompt": "x", "resume": true }, "cwd": "/" })),
        ("task_run", json!({ "acp": { "agent": "a", "permissions": ["allow"] }, "cwd": "/" })),
        ("task_run", json!({ "acp": { "agent": "a", "prompt": 7 }, "cwd": "/" })),
        ("flow_answer", json!({ "flow": flow })),
        ("flow_list", json!({ "limit": "many" })),
        ("flow_list", json!({ "status": ["nope"] })),
        ("inbox", json!({ "ack": "all" })),
    ] {
        let refused = web.tool(tool, arguments.clone()).await;
        let code = refused["error"]["code"].as_str().unwrap_or_default();
        assert_eq!(code, "bad_request", "{tool} {arguments}: {refused}");
    }
    let bad_file = json!({ "source": "steps: 7", "cwd": "/" });
    assert_eq!(web.tool("flow_run", bad_file).await["error"]["code"], "bad_file");
    let params: [Value; 4] = [
        json!({}),
        json!({ "name": "no" }),
        json!({ "name": 7 }),
        json!({ "name": "flow_list", "arguments": [] }),
    ];
    for params in params {
        let error = web.ask("tools/call", params.clone()).await;
        assert_eq!(error["code"], -32602, "{params}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_polls_fast_learns_the_same_every_time() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let flow = web.run(GATE).await;
    let first = web.ask("tasks/get", json!({ "taskId": flow })).await;
    for _ in 0..50 {
        assert_eq!(web.ask("tasks/get", json!({ "taskId": flow })).await, first);
    }
    // Nobody reads the stream: it ends with its connection, and the flow does not notice.
    let result = request("tasks/result", json!({ "taskId": flow }));
    let broken =
        tokio::time::timeout(std::time::Duration::from_millis(200), web.post(&[], &result)).await;
    assert!(broken.is_err());
    let answered = web.tool("flow_answer", json!({ "flow": flow, "approve": true })).await;
    assert_eq!(answered["applied"], true);
    let task = json!({ "flow": flow, "until": "end", "timeoutMs": 20_000 });
    assert_eq!(web.tool("flow_wait", task).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_has_expired_is_as_unknown_as_any() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let flow = web.run(GATE).await;
    let named = json!({ "taskId": flow });
    assert_eq!(web.ask("tasks/get", named.clone()).await["status"], "input_required");
    web.tool("flow_answer", json!({ "flow": flow, "approve": true })).await;
    let end = json!({ "flow": flow, "until": "end", "timeoutMs": 20_000 });
    let digest = web.tool("flow_wait", end.clone()).await;
    assert_eq!(digest["status"], "succeeded");
    let gone = serde_json::from_value(json!({ "flow": flow })).unwrap();
    assert_eq!(
        served.client.call::<FlowPurge>(&gone).await.unwrap().flows,
        std::slice::from_ref(&flow)
    );
    for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
        // The result is a stream.
        let answer = web.post(&[], &request(method, named.clone())).await;
        assert!(answer.body.contains("it has expired"), "{method}: {}", answer.body);
    }
    let read = web.ask("resources/read", json!({ "uri": format!("flow://{flow}") })).await;
    assert_eq!(read["code"], -32002, "{read}");
    // A cursor of what is gone, too.
    for arguments in [end, json!({ "flow": flow, "cursor": digest["cursor"] })] {
        assert_eq!(web.tool("flow_wait", arguments).await["error"]["code"], "not_found");
    }
    for tool in ["flow_show", "flow_cancel", "flow_why", "flow_finish"] {
        let refused = web.tool(tool, json!({ "flow": flow })).await;
        assert_eq!(refused["error"]["code"], "not_found", "{tool}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_breaks_off_over_http_takes_nothing_with_it() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let flow = web.run(GATE).await;
    let wait = json!({ "name": "flow_wait", "arguments": { "flow": flow, "until": "end",
        "timeoutMs": 45_000 } });
    let waiting = request("tools/call", wait);
    for _ in 0..20 {
        let brief = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(brief, web.post(&[], &waiting)).await.is_err());
    }
    let answered = web.tool("flow_answer", json!({ "flow": flow, "approve": true })).await;
    assert_eq!(answered["applied"], true);
    let end = json!({ "flow": flow, "until": "end", "timeoutMs": 20_000 });
    assert_eq!(web.tool("flow_wait", end).await["status"], "succeeded");
}
