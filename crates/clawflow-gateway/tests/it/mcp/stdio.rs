//! Conversations on pipes.

use super::support::{GATE, Pipe};
use crate::support::{DEADLINE, serve};
use clawflow_engine::Scope;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_on_pipes() {
    let served = serve(Scope::All);
    let mut pipe = Pipe::to(&served, "a", None);
    // Older clients get what they know.
    let hello = json!({ "protocolVersion": "2024-11-05", "capabilities": {} });
    let said = pipe.ask("initialize", hello).await;
    assert_eq!(
        (&said["protocolVersion"], said["capabilities"].get("tasks")),
        (&"2024-11-05".into(), None)
    );
    assert_eq!(pipe.ask("ping", json!({})).await, json!({}));
    let tools = pipe.ask("tools/list", json!({})).await;
    let tools = tools["tools"].as_array().unwrap();
    let names: BTreeSet<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    for name in [
        "flow_run",
        "flow_create",
        "task_run",
        "flow_wait",
        "flow_show",
        "flow_list",
        "flow_resume",
        "flow_finish",
        "flow_fail",
        "flow_cancel",
        "flow_signal",
        "flow_answer",
        "flow_why",
        "inbox",
    ] {
        assert!(names.contains(name), "{name}");
    }
    let run = tools.iter().find(|tool| tool["name"] == "flow_run").unwrap();
    assert_eq!(run["execution"]["taskSupport"], "optional");
    let prompts = pipe.ask("prompts/list", json!({})).await;
    for prompt in prompts["prompts"].as_array().unwrap() {
        let arguments: serde_json::Map<String, Value> = prompt["arguments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["name"].as_str().unwrap().to_owned(), "given".into()))
            .collect();
        let get = json!({ "name": prompt["name"], "arguments": arguments });
        let got = pipe.ask("prompts/get", get).await;
        assert_eq!(got["messages"][0]["role"], "user", "{got}");
    }
    let templates = pipe.ask("resources/templates/list", json!({})).await;
    assert_eq!(templates["resourceTemplates"].as_array().map(Vec::len), Some(5));
    pipe.close().await;
    assert!(pipe.server.await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_may_wait_and_ask_at_once() {
    let served = serve(Scope::All);
    let mut pipe = Pipe::to(&served, "a", None);
    let flow = pipe.tool("flow_create", json!({ "goal": "x" })).await["flowId"].clone();
    let wait = json!({ "name": "flow_wait", "arguments": { "flow": flow, "timeoutMs": 40_000 } });
    let waiting = pipe.send("tools/call", wait.clone()).await;
    // Answered while the other one waits.
    assert_eq!(pipe.tool("flow_show", json!({ "flow": flow })).await["status"], "running");
    // One that is cancelled is not answered any more.
    let cancelled = pipe.send("tools/call", wait).await;
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": cancelled } });
    pipe.write(&format!("{cancel}\n")).await;
    let finished = pipe
        .send("tools/call", json!({ "name": "flow_finish", "arguments": { "flow": flow } }))
        .await;
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let message = pipe.read().await;
        if message["id"] == waiting {
            assert_eq!(message["result"]["structuredContent"]["status"], "succeeded");
        }
        seen.insert(message["id"].as_u64().unwrap());
    }
    assert_eq!(seen, BTreeSet::from([waiting, finished]));
    assert_eq!(pipe.ask("ping", json!({})).await, json!({}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_leaves_nothing_waiting() {
    let served = serve(Scope::All);
    let mut pipe = Pipe::to(&served, "a", None);
    let flow = pipe.tool("flow_run", json!({ "source": GATE })).await["flowId"].clone();
    let wait = json!({ "flow": flow, "until": "end", "timeoutMs": 45_000 });
    pipe.send("tools/call", json!({ "name": "flow_wait", "arguments": wait })).await;
    // What changes something is carried out all the same.
    let cancel = json!({ "name": "flow_cancel", "arguments": { "flow": flow } });
    pipe.send("tools/call", cancel).await;
    pipe.close().await;
    let ended = tokio::time::timeout(DEADLINE / 2, &mut pipe.server).await;
    assert!(ended.expect("it still waits").unwrap().is_ok());
    let mut again = Pipe::to(&served, "a", None);
    let end = json!({ "flow": flow, "until": "end", "timeoutMs": 20_000 });
    assert_eq!(again.tool("flow_wait", end).await["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_in_a_step_does_not_answer_for_its_flow() {
    let served = serve(Scope::All);
    let mut outside = Pipe::to(&served, "a", None);
    let flow = outside.tool("flow_run", json!({ "source": GATE })).await["flowId"].clone();
    let other = outside.tool("flow_run", json!({ "source": GATE })).await["flowId"].clone();
    let mut inside = Pipe::to(&served, "a", flow.as_str());
    let refused = inside.tool("flow_answer", json!({ "flow": flow, "approve": true })).await;
    assert_eq!(refused["error"]["code"], "forbidden", "{refused}");
    let by_key = format!("…{}", &flow.as_str().unwrap()[23..]);
    let part = by_key.trim_start_matches('…');
    let refused = inside.tool("flow_answer", json!({ "flow": part, "approve": true })).await;
    assert_eq!(refused["error"]["code"], "forbidden", "{refused}");
    let fine = inside.tool("flow_answer", json!({ "flow": other, "approve": true })).await;
    assert_eq!(fine["applied"], true);
    let fine = outside.tool("flow_answer", json!({ "flow": flow, "approve": true })).await;
    assert_eq!(fine["applied"], true);
}
