//! Conversations, as tables of what is heard and said.

use super::super::request::{FileAccess, OnStop};
use super::super::wire::key_of;
use super::*;
use serde_json::json;

fn plan(change: impl FnOnce(&mut Plan)) -> Plan {
    let request = AcpRequest { agent: "a".into(), prompt: "do it".into(), ..AcpRequest::default() };
    let mut plan = Plan {
        request,
        policy: Policy::reads(),
        cwd: "/w".into(),
        auth: None,
        version: 1,
        text_max: 1000,
        budget: Budget::default(),
        used_before: None,
    };
    change(&mut plan);
    plan
}

/// A conversation, and all that was said in it.
pub(super) struct World {
    pub(super) talk: Talk,
    pub(super) said: Vec<Value>,
    pub(super) acts: Vec<Act>,
}

impl World {
    pub(super) fn new(change: impl FnOnce(&mut Plan)) -> Self {
        let mut talk = Talk::new(plan(change));
        let acts = talk.begin();
        let mut world = Self { talk, said: Vec::new(), acts: Vec::new() };
        world.take(acts);
        world
    }

    pub(super) fn take(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Say { key, line } => {
                    assert_eq!(key_of(line.as_bytes()), Some(key));
                    self.said.push(serde_json::from_str(&line).unwrap());
                }
                Act::Save(_) => {
                    let acts = self.talk.saved();
                    self.take(acts);
                }
                other => self.acts.push(other),
            }
        }
    }

    pub(super) fn hear(&mut self, message: Value) -> &mut Self {
        let acts = self.talk.hear(message.to_string().as_bytes());
        self.take(acts);
        self
    }

    /// Answers the newest request.
    pub(super) fn answers(&mut self, result: Value) -> &mut Self {
        let id = self.last()["id"].clone();
        self.hear(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
    }

    pub(super) fn fails(&mut self, code: i64, message: &str) -> &mut Self {
        let id = self.last()["id"].clone();
        let error = json!({ "code": code, "message": message });
        self.hear(json!({ "jsonrpc": "2.0", "id": id, "error": error }))
    }

    pub(super) fn updates(&mut self, update: Value) -> &mut Self {
        let params = json!({ "sessionId": "s", "update": update });
        self.hear(json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }))
    }

    pub(super) fn says(&mut self, text: &str) -> &mut Self {
        let content = json!({ "type": "text", "text": text });
        self.updates(json!({ "sessionUpdate": "agent_message_chunk", "content": content }))
    }

    pub(super) fn wants(&mut self, id: Value, tool: Value) -> &mut Self {
        let option = |id: &str, kind: &str| json!({ "optionId": id, "name": id, "kind": kind });
        let options = [option("yes", "allow_once"), option("no", "reject_once")];
        self.wants_with(id, tool, json!(options))
    }

    pub(super) fn wants_with(&mut self, id: Value, tool: Value, options: Value) -> &mut Self {
        let params = json!({ "sessionId": "s", "toolCall": tool, "options": options });
        self.hear(json!({ "id": id, "method": "session/request_permission", "params": params }))
    }

    /// Up to the prompt, of an agent that can resume or not.
    pub(super) fn opened(change: impl FnOnce(&mut Plan), can: Value) -> Self {
        let mut world = Self::new(change);
        world.answers(json!({ "protocolVersion": 1, "agentCapabilities": can }));
        world.answers(json!({ "sessionId": "s" }));
        assert_eq!(world.method(), "session/prompt");
        world
    }

    pub(super) fn ends(&mut self, reason: &str) -> &mut Self {
        let prompt = self.said.iter().rev().find(|said| said["method"] == "session/prompt");
        let id = prompt.unwrap()["id"].clone();
        self.hear(json!({ "id": id, "result": { "stopReason": reason } }))
    }

    pub(super) fn last(&self) -> &Value {
        self.said.last().unwrap()
    }

    pub(super) fn method(&self) -> &str {
        self.last()["method"].as_str().unwrap_or_default()
    }

    pub(super) fn outcome(&self) -> AgentEnd {
        assert!(self.talk.is_over());
        self.talk.outcome()
    }

    pub(super) fn code(&self) -> String {
        match self.outcome().end {
            End::Failed(error) | End::Short(error) => error.code,
            other => format!("{other:?}"),
        }
    }
}

#[test]
fn a_turn_is_held_from_its_beginning_to_its_end() {
    let mut w = World::opened(
        |plan| {
            plan.request.context = Some(json!({ "a": 1 }));
            plan.request.files = vec!["src/a b.rs".into(), "/etc/hosts".into()];
        },
        json!({}),
    );
    let prompt = &w.last()["params"];
    assert_eq!(prompt["sessionId"], "s");
    assert_eq!(prompt["prompt"][0], json!({ "type": "text", "text": "do it" }));
    assert_eq!(prompt["prompt"][1]["text"], "{\"a\":1}");
    assert_eq!(prompt["prompt"][2]["uri"], "file:///w/src/a%20b.rs");
    assert_eq!(prompt["prompt"][3]["uri"], "file:///etc/hosts");
    w.says("I look. ").says("Then:");
    assert_eq!(w.talk.take_progress().as_deref(), Some("Then:"));
    assert_eq!(w.talk.take_progress(), None);
    w.updates(json!({ "sessionUpdate": "tool_call", "toolCallId": "t", "title": "Read x" }));
    w.updates(json!({ "sessionUpdate": "tool_call_update", "toolCallId": "t" }));
    w.says("All ").says("good.");
    let cost = json!({ "amount": 0.5, "currency": "USD" });
    w.updates(json!({ "sessionUpdate": "usage_update", "used": 10, "size": 20, "cost": cost }));
    let id = w.last()["id"].clone();
    let usage = json!({ "inputTokens": 3, "outputTokens": 4, "totalTokens": 7 });
    w.hear(json!({ "id": id, "result": { "stopReason": "end_turn", "usage": usage } }));
    let outcome = w.outcome();
    assert_eq!((outcome.end, outcome.text.as_deref()), (End::Done, Some("All good.")));
    let usage = outcome.usage.unwrap();
    assert_eq!((usage.tokens, usage.cost_usd, usage.tool_calls), (Some(7), Some(0.5), Some(1)));
    assert_eq!(outcome.notes["oddities"], Value::Null);
}

#[test]
fn stop_reasons_are_ends() {
    for (reason, code) in [
        ("refusal", "refusal"),
        ("max_tokens", "max_tokens"),
        ("max_turn_requests", "max_turn_requests"),
        ("cancelled", "cancelled"),
        ("bored", "agent"),
        ("", "agent"),
    ] {
        let mut w = World::opened(|plan| plan.request.on_stop = OnStop::Block, json!({}));
        w.says("so far").ends(reason);
        assert_eq!(w.code(), code, "{reason}");
        let outcome = w.outcome();
        assert_eq!(outcome.text.as_deref(), Some("so far"));
        assert_eq!(outcome.on_stop, OnStop::Block);
        assert_eq!(matches!(outcome.end, End::Short(_)), reason.contains('_') || code == "refusal");
    }
}

#[test]
fn versions_that_nobody_speaks_are_refused() {
    for (version, code) in
        [(json!(0), "protocol"), (json!(3), "protocol"), (json!("1"), "protocol")]
    {
        let mut w = World::new(|_| {});
        w.answers(json!({ "protocolVersion": version }));
        assert_eq!(w.code(), code);
    }
    let mut w = World::new(|_| {});
    w.fails(-32600, "only version 9");
    assert_eq!(w.code(), "agent");
}

#[test]
fn a_login_is_made_only_if_one_is_configured() {
    let login = |auth: Option<&str>| {
        let auth = auth.map(str::to_owned);
        let mut w = World::new(|plan| plan.auth = auth);
        w.answers(json!({ "protocolVersion": 1, "authMethods": [{ "id": "key" }] }));
        w.fails(-32000, "log in");
        w
    };
    assert_eq!(login(None).code(), "auth_required");
    assert_eq!(login(Some("other")).code(), "auth_required");
    let mut w = login(Some("key"));
    assert_eq!((w.method(), &w.last()["params"]["methodId"]), ("authenticate", &json!("key")));
    w.answers(json!({}));
    assert_eq!(w.method(), "session/new");
    // Once: an agent that wants it again and again gets no further.
    w.fails(-32000, "log in");
    assert_eq!(w.code(), "auth_required");
}

#[test]
fn mode_and_model_are_set_before_the_prompt() {
    let wants = |plan: &mut Plan| {
        plan.request.mode = Some("Plan".into());
        plan.request.model = Some("big".into());
    };
    let open = |session: Value| {
        let mut w = World::new(wants);
        w.answers(json!({ "protocolVersion": 1 })).answers(session);
        w
    };
    let modes = json!({ "currentModeId": "code", "availableModes": [{ "id": "plan" }] });
    let option = json!({ "id": "model", "category": "model", "currentValue": "small",
        "options": [{ "name": "G", "options": [{ "value": "big", "name": "Big" }] }] });
    let mut w =
        open(json!({ "sessionId": "s", "modes": modes, "configOptions": [option.clone()] }));
    assert_eq!((w.method(), &w.last()["params"]["modeId"]), ("session/set_mode", &json!("plan")));
    w.answers(json!({}));
    assert_eq!(w.method(), "session/set_config_option");
    assert_eq!(
        (&w.last()["params"]["configId"], &w.last()["params"]["value"]),
        (&json!("model"), &json!("big"))
    );
    w.answers(json!({}));
    assert_eq!(w.method(), "session/prompt");
    assert_eq!(open(json!({ "sessionId": "s" })).code(), "mode");
    let set = json!({ "currentModeId": "plan", "availableModes": [{ "id": "plan" }] });
    assert_eq!(open(json!({ "sessionId": "s", "modes": set })).code(), "model");
}

#[test]
fn a_broken_off_turn_is_gone_on_with_and_never_begun_again() {
    let resume = |can: Value| {
        let mut w = World::new(|plan| {
            plan.request.session = Some("s".into());
            plan.request.resume = true;
        });
        w.answers(json!({ "protocolVersion": 1, "agentCapabilities": can }));
        w
    };
    let mut w = resume(json!({ "loadSession": true, "sessionCapabilities": { "resume": {} } }));
    assert_eq!(w.method(), "session/resume");
    w.answers(json!({}));
    assert!(w.last()["params"]["prompt"][0]["text"].as_str().unwrap().contains("interrupted"));
    // Nobody knows whether the prompt came there.
    assert!(
        w.last()["params"]["prompt"][1]["text"].as_str().unwrap().starts_with("If there is no")
    );

    let mut w = resume(json!({ "loadSession": true }));
    assert_eq!(w.method(), "session/load");
    let past = json!({ "sessionUpdate": "user_message_chunk", "content": { "text": "do it" } });
    w.updates(past).says("old answer").answers(json!({}));
    assert!(w.last()["params"]["prompt"][0]["text"].as_str().unwrap().contains("interrupted"));
    assert_eq!(w.last()["params"]["prompt"].as_array().unwrap().len(), 1);
    w.says("new").ends("end_turn");
    assert_eq!(w.outcome().text.as_deref(), Some("new"));

    // A session that is known to hold nothing never had the prompt.
    let mut w = resume(json!({ "loadSession": true }));
    w.answers(json!({}));
    assert_eq!(w.last()["params"]["prompt"][0]["text"], "do it");

    assert!(matches!(resume(json!({})).outcome().end, End::NoSession(_)));
    let mut w = resume(json!({ "loadSession": true }));
    w.fails(-32002, "no such session");
    assert!(matches!(w.outcome().end, End::NoSession(_)));
}

#[test]
fn nothing_is_asked_before_the_session_is_on_record() {
    let mut talk = Talk::new(plan(|_| {}));
    talk.begin();
    let can = json!({ "loadSession": true });
    let hear = |talk: &mut Talk, message: Value| talk.hear(message.to_string().as_bytes());
    let said = json!({ "protocolVersion": 1, "agentCapabilities": can });
    hear(&mut talk, json!({ "id": 0, "result": said }));
    let acts = hear(&mut talk, json!({ "id": 1, "result": { "sessionId": "s" } }));
    assert_eq!(acts, [Act::Save("s".into())]);
    assert!(!talk.is_prompted());
    assert_eq!(talk.saved().len(), 1);
    assert_eq!(talk.saved(), []);
}

#[test]
fn permissions_are_decided_by_rule_or_asked_for() {
    let mut w = World::opened(|_| {}, json!({}));
    w.wants(json!(7), json!({ "toolCallId": "t", "kind": "read" }));
    assert_eq!(w.last()["result"]["outcome"]["optionId"], "yes");
    assert_eq!(w.last()["id"], 7);
    let input = json!({ "command": "rm x" });
    let told = json!({ "sessionUpdate": "tool_call", "toolCallId": "u", "kind": "execute",
        "title": "Remove x", "rawInput": input });
    w.updates(told);
    w.wants(json!("p"), json!({ "toolCallId": "u" }));
    let Some(Act::Ask(asked)) = w.acts.pop() else { panic!("it asks") };
    assert_eq!((asked.tool.title.as_str(), asked.preview.as_deref()), ("Remove x", Some("rm x")));
    assert!(w.talk.is_asking());
    let acts = w.talk.answer(&asked.key, false);
    w.take(acts);
    assert_eq!(
        (&w.last()["id"], &w.last()["result"]["outcome"]["optionId"]),
        (&json!("p"), &json!("no"))
    );
    // Once.
    assert_eq!(w.talk.answer(&asked.key, true), []);
    assert!(!w.talk.is_asking());
}

#[test]
fn without_an_option_for_it_nothing_is_permitted() {
    let mut w = World::opened(|_| {}, json!({}));
    let never = json!([{ "optionId": "never", "kind": "reject_always" }]);
    w.wants_with(json!(1), json!({ "kind": "read" }), never);
    assert_eq!(w.last()["result"]["outcome"]["outcome"], "cancelled");
    w.wants_with(json!(2), json!({ "kind": "read" }), json!("nonsense"));
    assert_eq!(w.last()["result"]["outcome"]["outcome"], "cancelled");
    w.ends("end_turn");
    assert_eq!(w.outcome().notes["oddities"]["no_option"], 2);
}

#[test]
fn a_stop_tells_the_agent_and_answers_what_is_open() {
    let mut w = World::opened(|_| {}, json!({}));
    w.wants(json!(1), json!({ "kind": "edit" }));
    let before = w.said.len();
    let acts = w.talk.stop(Why::Cancelled);
    w.take(acts);
    assert_eq!(w.said[before]["result"]["outcome"]["outcome"], "cancelled");
    assert_eq!(w.said[before + 1]["method"], "session/cancel");
    assert_eq!(w.talk.stop(Why::TimedOut), []);
    // What comes late gains nothing.
    w.wants(json!(2), json!({ "kind": "read" }));
    assert_eq!(w.last()["result"]["outcome"]["outcome"], "cancelled");
    for reason in ["cancelled", "end_turn"] {
        let mut w = World::opened(|_| {}, json!({}));
        let acts = w.talk.stop(Why::TimedOut);
        w.take(acts);
        w.ends(reason);
        assert_eq!(w.outcome().end, End::Stopped(Why::TimedOut));
    }
    let mut w = World::new(|_| {});
    assert_eq!(w.talk.stop(Why::Cancelled), []);
    assert_eq!(w.outcome().end, End::Stopped(Why::Cancelled));
}

#[test]
fn an_agent_that_is_gone_is_lost_only_if_it_was_asked() {
    let mut w = World::new(|_| {});
    w.talk.gone("with exit code 3");
    assert_eq!(w.code(), "agent");
    let mut w = World::opened(|_| {}, json!({}));
    w.talk.gone("with exit code 3");
    assert!(matches!(w.outcome().end, End::Lost(_)));
    let mut w = World::opened(|_| {}, json!({}));
    w.ends("end_turn");
    w.talk.gone("by signal 9");
    assert_eq!(w.outcome().end, End::Done);
}

#[test]
fn what_makes_no_sense_is_counted_and_harmless() {
    let mut w = World::opened(|_| {}, json!({}));
    let before = w.said.len();
    for noise in
        ["starting up…", "[1,2]", "{\"a\":", "null", "{}", "{\"id\":true,\"method\":\"x\"}"]
    {
        assert_eq!(w.talk.hear(noise.as_bytes()), []);
    }
    assert_eq!(w.talk.hear(b"\xff\xfe"), []);
    assert_eq!(w.talk.hear(b"  \r"), []);
    w.hear(json!({ "id": 99, "result": {} })).hear(json!({ "id": 1, "result": {} }));
    w.hear(json!({ "method": "session/update", "params": { "sessionId": "other" } }));
    w.updates(json!({ "sessionUpdate": "from_the_future", "x": [1] })).updates(json!(null));
    assert_eq!(w.said.len(), before);
    w.hear(json!({ "id": "x", "method": "terminal/create", "params": {} }));
    assert_eq!(w.last()["error"]["code"], -32601);
    w.hear(json!({ "id": "x", "method": "terminal/create", "params": {} }));
    assert_eq!(w.said.len(), before + 1);
    w.says("fine").ends("end_turn").ends("end_turn").says("late");
    let outcome = w.outcome();
    assert_eq!((outcome.end, outcome.text.as_deref()), (End::Done, Some("fine")));
    let counts = &outcome.notes["oddities"];
    assert_eq!(
        (&counts["noise"], &counts["strays"], &counts["late"]),
        (&json!(7), &json!(4), &json!(1))
    );
    assert_eq!((&counts["unknown"], &counts["repeated"]), (&json!(1), &json!(1)));
    assert_eq!(outcome.notes["firstOddity"], "noise: starting up…");
}

#[test]
fn large_messages_are_left_out_or_end_it() {
    let mut w = World::opened(|_| {}, json!({}));
    w.talk.hear_too_long(b"{\"method\":\"session/update\",\"params\":{");
    assert!(!w.talk.is_over());
    w.talk.hear_too_long(b"{\"id\":2,\"result\":{");
    assert_eq!(w.code(), "message_too_large");
    let mut w = World::opened(|_| {}, json!({}));
    w.says(&"x".repeat(900)).says(&"y".repeat(900)).ends("end_turn");
    assert_eq!(w.code(), "output_too_large");
}

#[test]
fn an_answer_must_be_as_its_schema_says() {
    let shape = json!({ "type": "object", "required": ["ok"] });
    let ask = |corrections: u64| {
        World::opened(
            |plan| {
                plan.request.schema = Some(shape.clone());
                plan.request.corrections = corrections;
            },
            json!({}),
        )
    };
    let mut w = ask(1);
    assert!(w.last().to_string().contains("JSON Schema"));
    w.says("Sorry?").ends("end_turn");
    assert_eq!(w.method(), "session/prompt");
    w.says("```json\n{\"ok\":1}\n```").ends("end_turn");
    assert_eq!(w.outcome().text.as_deref(), Some("{\"ok\":1}"));
    let mut w = ask(1);
    w.says("{}").ends("end_turn").says("{}").ends("end_turn");
    assert_eq!(w.code(), "schema");
    let w = World::new(|plan| plan.request.schema = Some(json!({ "type": 3 })));
    assert_eq!((w.code().as_str(), w.said.len()), ("schema", 0));
}

#[test]
fn files_are_off_unless_they_are_on() {
    let wants = |access: FileAccess, method: &str| {
        let mut w = World::opened(|plan| plan.request.file_access = access, json!({}));
        let params = json!({ "sessionId": "s", "path": "/w/a", "content": "x" });
        w.hear(json!({ "id": 5, "method": method, "params": params }));
        w
    };
    for (access, method, served) in [
        (FileAccess::Off, "fs/read_text_file", false),
        (FileAccess::Read, "fs/read_text_file", true),
        (FileAccess::Read, "fs/write_text_file", false),
        (FileAccess::Write, "fs/write_text_file", true),
    ] {
        let w = wants(access, method);
        assert_eq!(!w.acts.is_empty(), served, "{access} {method}");
        assert_eq!(w.last()["error"]["code"] == -32601, !served);
    }
    let mut w = wants(FileAccess::Read, "fs/read_text_file");
    let Some(Act::File(file)) = w.acts.pop() else { panic!("it wants a file") };
    let acts = w.talk.file_done(&file.key, Ok(Some("text".into())));
    w.take(acts);
    assert_eq!(w.last()["result"]["content"], "text");
    assert_eq!(w.talk.file_done(&file.key, Ok(None)), []);
}

#[test]
fn what_a_session_cost_before_is_not_counted_again() {
    let mut w = World::opened(|plan| plan.request.cost_before = Some(0.3), json!({}));
    let cost = |amount: f64| json!({ "amount": amount, "currency": "USD" });
    w.updates(json!({ "sessionUpdate": "usage_update", "cost": cost(0.5) }));
    w.updates(json!({ "sessionUpdate": "usage_update", "cost": cost(-1.0) }));
    w.updates(
        json!({ "sessionUpdate": "usage_update", "cost": { "amount": 9, "currency": "EUR" } }),
    );
    w.ends("end_turn");
    let outcome = w.outcome();
    assert_eq!(outcome.session_cost, Some(0.5));
    let cost = outcome.usage.unwrap().cost_usd.unwrap();
    assert!((cost - 0.2).abs() < 1e-9);
    // An agent that counts anew with each process begins below.
    let mut w = World::opened(|plan| plan.request.cost_before = Some(0.3), json!({}));
    let cost = json!({ "amount": 0.1, "currency": "USD" });
    w.updates(json!({ "sessionUpdate": "usage_update", "cost": cost }));
    let cost = json!({ "amount": 0.4, "currency": "USD" });
    w.updates(json!({ "sessionUpdate": "usage_update", "cost": cost })).ends("end_turn");
    assert_eq!(w.outcome().usage.unwrap().cost_usd, Some(0.4));
}

fn spends(w: &mut World, amount: f64) {
    let cost = json!({ "amount": amount, "currency": "USD" });
    w.updates(json!({ "sessionUpdate": "usage_update", "cost": cost }));
}

#[test]
fn a_turn_is_broken_off_once_its_budget_is_used_up() {
    let limit = |plan: &mut Plan| plan.budget.cost_usd = Some(0.5);
    let mut w = World::opened(limit, json!({}));
    spends(&mut w, 0.4);
    assert_eq!(w.last()["method"], "session/prompt");
    spends(&mut w, 0.5);
    assert_eq!(w.last()["method"], "session/cancel");
    spends(&mut w, 0.9);
    w.ends("cancelled");
    assert_eq!(w.code(), "budget");
    let outcome = w.outcome();
    assert!(matches!(&outcome.end, End::Failed(why) if why.message.contains("$0.5 of $0.5")));
    assert_eq!(outcome.usage.unwrap().cost_usd, Some(0.9));
    // It comes to an end by itself within its budget, or is cancelled before it used it up.
    let mut w = World::opened(limit, json!({}));
    spends(&mut w, 0.4);
    w.ends("end_turn");
    assert_eq!(w.outcome().end, End::Done);
    let mut w = World::opened(limit, json!({}));
    let acts = w.talk.stop(Why::Cancelled);
    w.take(acts);
    spends(&mut w, 0.6);
    w.ends("cancelled");
    assert_eq!(w.outcome().end, End::Stopped(Why::Cancelled));
    // Whoever comes later knows that it was told to stop, and not why.
    let mut w = World::opened(limit, json!({}));
    w.talk.was_stopped(Why::TimedOut);
    spends(&mut w, 0.6);
    w.ends("cancelled");
    assert_eq!(w.code(), "budget");
}

#[test]
fn no_correction_is_asked_for_beyond_the_budget() {
    let change = |plan: &mut Plan| {
        plan.request.schema = Some(json!({ "type": "object" }));
        plan.request.corrections = 3;
        plan.budget.turns = Some(1);
    };
    let mut w = World::opened(change, json!({}));
    w.says("no JSON").ends("end_turn");
    assert_eq!((w.code(), w.outcome().usage.unwrap().turns), ("budget".to_owned(), Some(1)));
}

/// However the messages of an agent are cut off, hearing all of them again says the same.
#[test]
fn what_is_heard_again_says_the_same() {
    let told: Vec<Value> = vec![
        json!({ "id": 0, "result": { "protocolVersion": 1,
            "agentCapabilities": { "loadSession": true } } }),
        json!({ "id": 1, "result": { "sessionId": "s" } }),
        json!({ "id": 9, "method": "session/request_permission", "params": { "sessionId": "s",
            "toolCall": { "kind": "read" }, "options": [{ "optionId": "y", "kind": "allow_once" }] } }),
        json!({ "id": 2, "result": { "stopReason": "end_turn" } }),
    ];
    let run = |count: usize| {
        let mut w = World::new(|_| {});
        for message in &told[..count] {
            w.hear(message.clone());
        }
        w.said
    };
    let all = run(told.len());
    for count in 0..told.len() {
        let some = run(count);
        assert_eq!(some[..], all[..some.len()], "{count}");
    }
}

#[test]
fn one_that_is_not_told_to_go_on_leaves_it_in_doubt() {
    let resumes = |plan: &mut Plan| {
        plan.request.session = Some("s".into());
        plan.request.resume = true;
        plan.used_before = Some(Usage { tokens: Some(5), ..Usage::default() });
    };
    // It begins nothing anew, whatever kept it.
    let mut w = World::new(resumes);
    w.talk.gone("by signal 9");
    assert!(matches!(w.outcome().end, End::Lost(_)), "{:?}", w.outcome().end);
    let mut w = World::new(resumes);
    w.fails(-32600, "not now");
    assert!(matches!(w.outcome().end, End::NoSession(_)), "{:?}", w.outcome().end);
    // What was used before counts, and once.
    let can = json!({ "sessionCapabilities": { "resume": {} } });
    let mut w = World::opened(resumes, can);
    assert_eq!(w.talk.usage().unwrap().tokens, Some(5));
    let usage = json!({ "totalTokens": 3 });
    w.answers(json!({ "stopReason": "end_turn", "usage": usage }));
    assert_eq!(w.outcome().usage.unwrap().tokens, Some(8));
}
