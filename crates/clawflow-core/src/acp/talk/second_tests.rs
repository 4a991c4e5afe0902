//! Conversations in version 2.

use super::super::request::{FileAccess, McpServer};
use super::tests::World;
use super::*;

fn second(change: impl FnOnce(&mut Plan)) -> World {
    World::new(|plan| {
        plan.version = 2;
        change(plan);
    })
}

/// What an agent of version 2 answers first.
fn hello() -> Value {
    let session = json!({ "mcp": { "stdio": {} } });
    json!({ "protocolVersion": 2, "info": { "name": "a", "version": "1" },
        "capabilities": { "session": session } })
}

/// Up to the prompt.
fn opened(change: impl FnOnce(&mut Plan)) -> World {
    let mut world = second(change);
    world.answers(hello());
    world.answers(json!({ "sessionId": "s" }));
    assert_eq!(world.method(), "session/prompt");
    world
}

fn state(state: &str) -> Value {
    json!({ "sessionUpdate": "state_update", "state": state })
}

fn idle(reason: &str) -> Value {
    json!({ "sessionUpdate": "state_update", "state": "idle", "stopReason": reason })
}

/// A whole message.
fn message(id: &str, texts: &[&str]) -> Value {
    let parts: Vec<_> = texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
    json!({ "sessionUpdate": "agent_message", "messageId": id, "content": parts })
}

fn chunk(id: &str, text: &str) -> Value {
    let content = json!({ "type": "text", "text": text });
    json!({ "sessionUpdate": "agent_message_chunk", "messageId": id, "content": content })
}

#[test]
fn a_turn_ends_when_its_work_does() {
    let mut w = opened(|_| {});
    let first = &w.said[0]["params"];
    assert_eq!(
        (&first["protocolVersion"], &first["info"]["name"]),
        (&json!(2), &json!("clawflow"))
    );
    assert!(first["capabilities"].is_object() && first["clientCapabilities"].is_object());
    w.answers(json!({}))
        .updates(state("running"))
        .updates(chunk("m", "tw"))
        .updates(chunk("m", "o"));
    w.updates(state("requires_action")).updates(state("running")).updates(state("_thinks"));
    assert!(!w.talk.is_over());
    let mut end = idle("end_turn");
    end["usage"] = json!({ "totalTokens": 5 });
    w.updates(end).updates(idle("end_turn"));
    let outcome = w.outcome();
    assert_eq!((outcome.end, outcome.text.as_deref()), (End::Done, Some("two")));
    assert_eq!(outcome.usage.unwrap().tokens, Some(5));
    assert_eq!(outcome.notes["oddities"], json!({ "late": 1 }));
}

#[test]
fn what_is_idle_without_this_prompt_ends_nothing() {
    // A session that is opened or gone on with may be said to be idle, and why it once was.
    let mut w = second(|_| {});
    w.answers(hello()).updates(idle("cancelled")).answers(json!({ "sessionId": "s" }));
    w.updates(state("idle")).updates(idle("cancelled")).answers(json!({})).updates(state("idle"));
    assert!(!w.talk.is_over());
    // It needs not say that it runs.
    w.updates(idle("end_turn"));
    assert_eq!(w.outcome().end, End::Done);

    // Work may be over before the prompt is said to be accepted.
    let mut w = opened(|_| {});
    w.updates(state("running")).updates(idle("refusal"));
    assert!(!w.talk.is_over());
    w.answers(json!({}));
    assert_eq!(w.code(), "refusal");
    // Work that goes on was not over.
    let mut w = opened(|_| {});
    w.updates(state("running")).updates(idle("refusal")).updates(state("running"));
    w.answers(json!({}));
    assert!(!w.talk.is_over());

    // Each prompt has an end of its own.
    let mut w = opened(|plan| {
        plan.request.schema = Some(json!({ "type": "object" }));
        plan.request.corrections = 1;
    });
    w.answers(json!({})).updates(chunk("a", "no")).updates(idle("end_turn"));
    w.updates(idle("end_turn")).updates(message("b", &["{}"]));
    assert!(!w.talk.is_over());
    w.answers(json!({})).updates(idle("end_turn"));
    assert_eq!(w.outcome().text.as_deref(), Some("{}"));
}

#[test]
fn an_end_without_a_reason_or_with_an_error_is_a_failure() {
    let mut w = opened(|_| {});
    w.answers(json!({})).updates(state("running")).updates(state("idle"));
    assert_eq!(w.code(), "agent");
    let mut w = opened(|_| {});
    let error = json!({ "code": -32000, "message": "sign in" });
    let mut end = idle("error");
    end["error"] = error;
    w.answers(json!({})).updates(end);
    assert_eq!(w.code(), "auth_required");
    let mut w = opened(|_| {});
    w.fails(-32602, "no such block");
    assert_eq!(w.code(), "agent");
    let mut w = opened(|_| {});
    w.answers(json!({})).updates(state("running"));
    w.talk.gone("by signal 9");
    assert!(matches!(w.outcome().end, End::Lost(_)));
}

#[test]
fn a_cancel_is_over_when_the_agent_is_idle() {
    let mut w = opened(|_| {});
    w.answers(json!({})).updates(state("running"));
    let acts = w.talk.stop(Why::Cancelled);
    w.take(acts);
    assert_eq!(w.method(), "session/cancel");
    w.updates(chunk("m", "half")).updates(idle("cancelled"));
    assert_eq!(w.outcome().end, End::Stopped(Why::Cancelled));
}

#[test]
fn messages_are_put_in_place_by_their_ids() {
    let mut w = opened(|_| {});
    w.answers(json!({})).updates(message("a", &["one"])).updates(chunk("a", " more"));
    w.updates(json!({ "sessionUpdate": "agent_thought", "messageId": "t", "content": [] }));
    w.updates(json!({ "sessionUpdate": "user_message", "messageId": "u", "content": [] }));
    w.updates(message("b", &["tw", "x"])).updates(message("b", &["two"])).updates(chunk("b", "!"));
    w.updates(json!({ "sessionUpdate": "agent_message", "messageId": "b" }));
    let plan =
        json!({ "type": "items", "planId": "p", "entries": [{ "status": "completed" }, {}] });
    w.updates(json!({ "sessionUpdate": "plan_update", "plan": plan }));
    assert_eq!(w.talk.take_progress().as_deref(), Some("plan: 1 of 2"));
    w.updates(idle("end_turn"));
    assert_eq!(w.outcome().text.as_deref(), Some("two!"));
    // What is taken back is not the answer.
    let mut w = opened(|_| {});
    w.answers(json!({})).updates(message("a", &["one"])).updates(message("b", &["secret"]));
    let gone = json!({ "sessionUpdate": "agent_message", "messageId": "b", "content": null });
    w.updates(gone).updates(idle("end_turn"));
    assert_eq!(w.outcome().text.as_deref(), Some("one"));
}

fn asks(w: &mut World, id: u64, subject: Value) {
    let option = |id: &str, kind: &str| json!({ "optionId": id, "name": id, "kind": kind });
    let options = [option("yes", "allow_once"), option("no", "reject_once")];
    let params = json!({ "sessionId": "s", "title": "May I?", "description": "It is needed.",
        "subject": subject, "options": options });
    w.hear(json!({ "id": id, "method": "session/request_permission", "params": params }));
}

#[test]
fn a_permission_is_about_its_subject() {
    let rules = ["allow execute ls *", "reject edit .git/*", "ask"].map(str::to_owned);
    let mut w = opened(|plan| plan.policy = Policy::parse(&rules).unwrap());
    w.answers(json!({}));
    let chosen = |w: &World| w.last()["result"]["outcome"]["optionId"].clone();
    asks(&mut w, 70, json!({ "type": "command", "command": "ls -l", "cwd": "/w" }));
    assert_eq!(chosen(&w), "yes");
    let moved = json!({ "operation": "move", "oldPath": "/w/a", "path": "/w/.git/config" });
    let diff = json!({ "type": "diff", "changes": [moved] });
    let tool = json!({ "toolCallId": "t", "kind": "edit", "title": "Move", "content": [diff] });
    asks(&mut w, 71, json!({ "type": "tool_call", "toolCall": tool }));
    assert_eq!(chosen(&w), "no");
    // The command counts, not what was said of the tool before.
    let command = json!({ "type": "command", "command": "rm x", "cwd": "/etc", "toolCallId": "t" });
    for (id, subject) in [(72, command), (73, json!({ "type": "_else" })), (74, Value::Null)] {
        asks(&mut w, id, subject);
    }
    let asked: Vec<_> = std::mem::take(&mut w.acts)
        .into_iter()
        .map(|act| match act {
            Act::Ask(asked) => asked,
            other => panic!("{other:?}"),
        })
        .collect();
    let kinds: Vec<_> = asked.iter().map(|one| one.tool.kind.as_str()).collect();
    assert_eq!(kinds, ["execute", "other", "other"]);
    assert!(asked.iter().all(|one| one.tool.title == "May I?"));
    assert_eq!(asked[0].preview.as_deref(), Some("rm x\nin /etc\nIt is needed."));
    let acts = w.talk.answer(&asked[0].key, true);
    w.take(acts);
    assert_eq!(chosen(&w), "yes");
}

#[test]
fn files_and_modes_of_version_one_are_not_there() {
    let mut w = second(|plan| {
        plan.request.mode = Some("plan".into());
        plan.request.model = Some("big".into());
        plan.request.file_access = FileAccess::Write;
        plan.request.mcp = vec![McpServer {
            name: "n".into(),
            command: vec!["/n".into()],
            ..McpServer::default()
        }];
    });
    w.answers(hello());
    assert_eq!(w.last()["params"]["mcpServers"][0]["type"], "stdio");
    let option = |id: &str, category: &str, now: &str, others: &[&str]| {
        let values: Vec<_> =
            others.iter().map(|value| json!({ "value": value, "name": value })).collect();
        json!({ "configId": id, "category": category, "type": "select", "currentValue": now,
            "options": [{ "groupId": "g", "options": values }] })
    };
    let options =
        json!([option("m", "mode", "ask", &["plan"]), option("x", "model", "small", &[])]);
    w.answers(json!({ "sessionId": "s", "configOptions": options }));
    let params = &w.last()["params"];
    assert_eq!(
        (&params["configId"], &params["type"], &params["value"]),
        (&json!("m"), &json!("id"), &json!("plan"))
    );
    // What the mode makes possible.
    let options = json!([option("x", "model", "small", &["big"])]);
    w.answers(json!({ "configOptions": options }));
    assert_eq!(w.last()["params"]["value"], "big");
    w.answers(json!({ "configOptions": [] })).answers(json!({}));
    let params = json!({ "sessionId": "s", "path": "/w/a" });
    w.hear(json!({ "id": 9, "method": "fs/read_text_file", "params": params }));
    assert_eq!(w.last()["error"]["code"], -32601);
}

#[test]
fn what_is_offered_is_not_what_is_spoken() {
    // One repeats the number, and speaks version 1.
    let mut w = second(|_| {});
    w.answers(json!({ "protocolVersion": 2, "agentCapabilities": {}, "authMethods": [] }));
    w.answers(json!({ "sessionId": "s" })).ends("end_turn");
    assert_eq!(w.outcome().end, End::Done);
    // One names its own, one refuses.
    let mut w = second(|_| {});
    w.answers(json!({ "protocolVersion": 1, "agentCapabilities": {} }));
    assert_eq!(w.method(), "session/new");
    let mut w = second(|_| {});
    w.fails(-32602, "unsupported version");
    assert_eq!((w.method(), &w.last()["params"]["protocolVersion"]), ("initialize", &json!(1)));
    assert!(w.last()["params"].get("info").is_none());
    w.fails(-32602, "unsupported version");
    assert_eq!(w.code(), "agent");
    // One speaks what is not offered, one what nobody knows.
    let mut w = World::new(|_| {});
    w.answers(hello());
    assert_eq!(w.method(), "session/new");
    for bad in [
        json!({ "protocolVersion": 3, "capabilities": {} }),
        json!({ "protocolVersion": 2, "capabilities": {}, "info": {} }),
    ] {
        let mut w = second(|_| {});
        w.answers(bad);
        assert_eq!(w.code(), "protocol");
    }
    let mut w = second(|plan| plan.request.mcp = vec![McpServer::default()]);
    w.answers(json!({ "protocolVersion": 2, "capabilities": { "session": {} } }));
    assert_eq!(w.code(), "protocol");
}

#[test]
fn a_session_is_gone_on_with_by_resume_and_a_login_has_another_name() {
    let mut w = second(|plan| {
        plan.request.session = Some("s".into());
        plan.request.resume = true;
        plan.auth = Some("key".into());
    });
    let mut hello = hello();
    hello["authMethods"] = json!([{ "methodId": "key", "type": "agent" }]);
    w.answers(hello);
    assert_eq!(w.method(), "session/resume");
    w.fails(-32000, "log in");
    assert_eq!((w.method(), &w.last()["params"]["methodId"]), ("auth/login", &json!("key")));
    w.answers(json!({})).answers(json!({}));
    let prompt = w.last()["params"]["prompt"].as_array().unwrap();
    assert_eq!(prompt.len(), 2, "nobody knows whether it has read the request: {prompt:?}");
}

#[test]
fn several_messages_may_come_at_once() {
    let mut w = opened(|_| {});
    let update = |update: Value| {
        json!({ "method": "session/update",
        "params": { "sessionId": "s", "update": update } })
    };
    let id = w.last()["id"].clone();
    w.hear(json!([{ "id": id, "result": {} }, update(chunk("m", "hi")), update(idle("end_turn"))]));
    assert_eq!(w.outcome().text.as_deref(), Some("hi"));
    let mut w = opened(|_| {});
    w.hear(json!([])).hear(json!([1])).hear(json!([[{}]]));
    assert_eq!(w.talk.outcome().notes["oddities"], json!({ "noise": 3 }));
}
