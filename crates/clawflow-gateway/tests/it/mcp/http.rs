//! Who gets what over HTTP, and how a conversation goes.

use super::support::{GATE, Web, request};
use crate::support::{ask, ask_tcp, serve_tcp};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_over_http() {
    let served = serve_tcp();
    let mut web = Web::of(&served, "operate", Some("a")).await;
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "t", "version": "0" } });
    let answer = web.post(&[], &request("initialize", hello)).await;
    let said = answer.json()["result"].clone();
    assert_eq!(said["protocolVersion"], "2025-11-25");
    assert!(said["capabilities"]["tasks"]["requests"]["tools"]["call"].is_object());
    web.session = answer.header("mcp-session-id").map(str::to_owned);
    assert!(web.session.is_some());
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let answer = web.post(&[], note).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));

    let flow = web.run(GATE).await;
    let digest = web.tool("flow_wait", json!({ "flow": flow, "timeoutMs": 20_000 })).await;
    assert_eq!(
        (&digest["status"], &digest["asks"][0]["prompt"]),
        (&"waiting".into(), &"Go on?".into())
    );
    // What is known is not told again: it waits, and says the same.
    let cursor = digest["cursor"].clone();
    let again = json!({ "flow": flow, "cursor": cursor, "timeoutMs": 50 });
    let again = web.tool("flow_wait", again).await;
    assert_eq!((&again["cursor"], again.get("news")), (&cursor, None));
    let why = web.tool("flow_why", json!({ "flow": flow })).await;
    assert_eq!(why["reasons"][0]["kind"], "approval");

    let answered = web.tool("flow_answer", json!({ "flow": flow, "approve": true })).await;
    assert_eq!((&answered["applied"], &answered["answeredBy"]), (&true.into(), &"operate".into()));
    let end = json!({ "flow": flow, "cursor": cursor, "until": "end", "timeoutMs": 20_000 });
    assert_eq!(web.tool("flow_wait", end).await["status"], "succeeded");
    let mail = web.tool("inbox", json!({})).await;
    assert_eq!(mail["messages"][0]["flowId"], flow);
    let ack = json!({ "ack": [mail["messages"][0]["id"]] });
    assert_eq!(web.tool("inbox", ack).await["messages"], json!([]));

    let uri = format!("flow://{flow}");
    let listed = web.ask("resources/list", json!({})).await;
    assert_eq!(listed["resources"][0]["uri"], uri);
    let read = web.ask("resources/read", json!({ "uri": uri })).await;
    let record: Value =
        serde_json::from_str(read["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(record["status"], "succeeded");
    let file = web.ask("resources/read", json!({ "uri": format!("{uri}/file") })).await;
    assert_eq!(file["contents"][0]["text"], GATE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_an_agent_drives() {
    let served = serve_tcp();
    let web = Web::of(&served, "operate", Some("a")).await;
    let made = web.tool("flow_create", json!({ "goal": "write", "key": "w" })).await;
    assert_eq!((&made["status"], &made["revision"]), (&"running".into(), &0.into()));
    let wait = json!({ "flow": "w", "expectedRevision": 0, "stateJson": { "at": 1 },
        "waitFor": { "kind": "event", "name": "mail", "key": "k" } });
    let parked = web.tool("flow_set_waiting", wait.clone()).await;
    assert_eq!(parked["status"], "waiting");
    let stale = web.tool("flow_set_waiting", wait).await;
    assert_eq!(stale["error"]["code"], "revision_conflict");
    assert_eq!(stale["error"]["current"]["revision"], 1);
    let told = web.tool("flow_signal", json!({ "name": "mail", "key": "k", "payload": 1 })).await;
    assert_eq!(told["flows"].as_array().map(Vec::len), Some(1));
    web.tool("flow_set_output", json!({ "flow": "w", "name": "n", "value": [1] })).await;
    let shown = web.tool("flow_show", json!({ "flow": "w", "output": "n" })).await;
    assert_eq!(shown["value"], json!([1]));
    let ended = web.tool("flow_finish", json!({ "flow": "w" })).await;
    assert_eq!((&ended["status"], &ended["stateJson"]), (&"succeeded".into(), &json!({ "at": 1 })));
    let late = web.tool("flow_resume", json!({ "flow": "w" })).await;
    assert_eq!(late["error"]["code"], "terminal");
    let other = web.tool("flow_create", json!({ "goal": "x" })).await;
    let fail = json!({ "flow": other["flowId"], "error": "no luck" });
    assert_eq!(web.tool("flow_fail", fail).await["error"], "no luck");
    let third = web.tool("flow_create", json!({ "goal": "x" })).await;
    let cancel = json!({ "flow": third["flowId"], "waitMs": 60_000 });
    assert_eq!(web.tool("flow_cancel", cancel).await["status"], "cancelled");
    let all = web.tool("flow_list", json!({ "status": ["failed"], "limit": 100_000 })).await;
    assert_eq!(all["flows"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_of_the_session_is_not_there() {
    let served = serve_tcp();
    let mine = Web::of(&served, "operate", Some("a")).await;
    let other = Web::of(&served, "operate", Some("b")).await;
    let flow = mine.run(GATE).await;
    let nowhere = "flow_00000000000000000000000000";
    for id in [flow.as_str(), nowhere, "flow_", "x", ""] {
        let get = other.ask("tasks/get", json!({ "taskId": id })).await;
        let same = json!({ "code": -32602,
            "message": "there is no such task, or it has expired" });
        assert_eq!(get, same, "{id}");
        for method in ["tasks/cancel", "tasks/result"] {
            let answer = other.post(&[], &request(method, json!({ "taskId": id }))).await;
            assert!(answer.body.contains("no such task"), "{method} {id}: {}", answer.body);
        }
    }
    for tool in ["flow_show", "flow_why", "flow_cancel", "flow_wait", "flow_resume", "flow_finish"]
    {
        let refused = other.tool(tool, json!({ "flow": flow })).await;
        assert_eq!(refused["error"]["code"], "not_found", "{tool}: {refused}");
    }
    let answer = other.tool("flow_answer", json!({ "flow": flow, "approve": true })).await;
    assert_eq!(answer["error"]["code"], "not_found");
    let read = other.ask("resources/read", json!({ "uri": format!("flow://{flow}") })).await;
    assert_eq!(read["code"], -32002);
    assert_eq!(other.tool("flow_list", json!({ "all": true })).await["flows"], json!([]));
    assert_eq!(other.ask("tasks/list", json!({})).await["tasks"], json!([]));
    assert_eq!(other.ask("resources/list", json!({})).await["resources"], json!([]));
    // The answer to a question is bound in the same way.
    let waits = mine.tool("flow_show", json!({ "flow": flow })).await;
    let id = format!("answer/{flow}/{}", waits["waits"][0]["waitId"].as_str().unwrap());
    let said = json!({ "jsonrpc": "2.0", "id": id,
        "result": { "action": "accept", "content": { "approve": true } } });
    assert_eq!(other.post(&[], &said.to_string()).await.status, 202);
    assert_eq!(mine.tool("flow_show", json!({ "flow": flow })).await["status"], "waiting");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_may_what_it_may() {
    let served = serve_tcp();
    let list = request("tools/list", json!({}));
    let at = served.tcp();
    let none = ask_tcp(at, "POST", "/mcp", &[("content-type", "application/json")], &list).await;
    assert_eq!((none.status, none.code().as_str()), (401, "unauthorized"));
    let ping = Web::of(&served, "ping", Some("a")).await.post(&[], &list).await;
    assert_eq!((ping.status, ping.code().as_str()), (403, "forbidden"));

    let reader = Web::of(&served, "read", Some("a")).await;
    let tools = reader.ask("tools/list", json!({})).await;
    let names: Vec<&str> =
        tools["tools"].as_array().unwrap().iter().filter_map(|t| t["name"].as_str()).collect();
    let looks = ["task_wait", "flow_wait", "flow_show", "flow_list", "flow_why", "inbox"];
    assert_eq!(names.len(), looks.len(), "{names:?}");
    assert!(looks.iter().all(|name| names.contains(name)), "{names:?}");
    let flow = Web::of(&served, "operate", Some("a")).await.run(GATE).await;
    for (tool, arguments) in [
        ("flow_run", json!({ "source": GATE, "cwd": "/" })),
        ("flow_answer", json!({ "flow": flow, "approve": true })),
        ("flow_cancel", json!({ "flow": flow })),
        ("inbox", json!({ "ack": ["x"] })),
    ] {
        let refused = reader.tool(tool, arguments).await;
        assert_eq!(refused["error"]["code"], "forbidden", "{tool}");
    }
    let cancel = reader.ask("tasks/cancel", json!({ "taskId": flow })).await;
    assert_eq!(cancel["data"]["code"], "forbidden");
    assert_eq!(reader.tool("flow_show", json!({ "flow": flow })).await["status"], "waiting");
    // A token that is bound to one session does not act for another.
    let foreign = reader.post(&[("clawflow-session", "b")], &list).await;
    assert_eq!((foreign.status, foreign.code().as_str()), (403, "forbidden"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_others_and_other_names_do_not_get_in() {
    let served = serve_tcp();
    let web = Web::of(&served, "admin", None).await;
    let list = request("tools/list", json!({}));
    for header in [("origin", "https://evil.example"), ("host", "evil.example")] {
        let answer = web.post(&[header], &list).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{header:?}");
    }
    for method in ["GET", "DELETE", "PUT"] {
        assert_eq!(ask(&served.socket, method, "/mcp", "").await.status, 405, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_for_certain_people_is_not_the_agents_to_open() {
    let served = serve_tcp();
    let agent = Web::of(&served, "operate", Some("a")).await;
    let only_ann = "steps:\n  - { id: ask, approval: { prompt: Go?, approvers: [ann] } }\n";
    let another = "steps:\n  - { id: ask, approval: { prompt: Go?, initiated_by: operate, \
                   require_different_approver: true } }\n";
    for source in [only_ann, another] {
        let flow = agent.run(source).await;
        let refused = agent.tool("flow_answer", json!({ "flow": flow, "approve": true })).await;
        assert_eq!(refused["error"]["code"], "invalid", "{refused}");
        // Nor can it say that it is somebody else.
        let lie = json!({ "flow": flow, "approve": true, "by": "ann" });
        assert_eq!(agent.tool("flow_answer", lie).await["error"]["code"], "bad_request");
        let body = json!({ "name": "flow_answer",
            "arguments": { "flow": flow, "approve": true } });
        let as_ann = [("clawflow-actor", "ann"), ("mcp-protocol-version", "2025-11-25")];
        let answer = agent.post(&as_ann, &request("tools/call", body)).await.json();
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert_eq!(agent.tool("flow_show", json!({ "flow": flow })).await["status"], "waiting");
    }
}
