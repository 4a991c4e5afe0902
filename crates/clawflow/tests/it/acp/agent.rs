//! The scripted agent: this test binary, started again. Each line of its prompt is something to do.
//!
//! `say TEXT`, `ask KIND WHAT`, `mark LINE` (to the file `marks`), `until FILE`, `end REASON`,
//! `exit CODE`, `noise`, `strays`, `flood BYTES`, `long BYTES`, `hang` (until a cancel), `deaf`,
//! `read PATH`, `write PATH`, `run LINE` (in a terminal, to its end), `create JSON` and `terminal
//! METHOD` (of the newest), `updates COUNT` (numbered), `cost USD` (all so far), `stubborn` (goes on
//! after a cancel), `trap WHAT` (asks without an option for a yes), `tell NAME` (a variable, on both
//! outputs). `CAN` in its environment, else the file `can`, is what it can do with sessions
//! (`refuses`: it opens none), `VERSION` what it speaks: with `2` that version, with `echo` the
//! first, whatever number it is offered. Where it is in a session it keeps in a file, so that
//! another process of it can go on.

use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The name of the test that is the agent.
pub(super) const NAME: &str = "acp::agent::the_agent_does_what_it_is_told";

/// Connects to the gateway and ends: a child that has the connection answers its flow's question.
fn hand_on() {
    let socket = UnixStream::connect(std::env::var_os("CLAWFLOW_SOCKET").unwrap()).unwrap();
    let line = "while [ -e /proc/$0 ]; do sleep 0.01; done; body='{\"approve\":true,\"by\":\"root\"}'; \
                printf 'POST /v1/flows/%s/answer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                Content-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
                \"$CLAWFLOW_FLOW_ID\" ${#body} \"$body\"; cat >> said; touch answered";
    let both = [socket.try_clone().unwrap(), socket].map(OwnedFd::from);
    let [stdin, stdout] = both.map(Stdio::from);
    let own = std::process::id().to_string();
    let orphan = Command::new("sh").args(["-c", line, &own]).stdin(stdin).stdout(stdout).spawn();
    drop(orphan.unwrap());
}

/// As a test it is nothing; as an agent it serves until its input ends.
#[test]
fn the_agent_does_what_it_is_told() {
    match std::env::var("SCRIPTED").as_deref() {
        Err(_) => return,
        Ok("orphan") => return hand_on(),
        Ok(_) => {}
    }
    let (sender, told) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if let Ok(message) = serde_json::from_str::<Value>(&line) {
                let _ = sender.send(message);
            }
        }
    });
    let mut agent = Agent { told, cancelled: false, next: 1000, newest: String::new() };
    while let Ok(message) = agent.told.recv() {
        agent.serve(&message);
    }
    // Not by way of the test's report, which is no message.
    std::process::exit(0);
}

struct Agent {
    told: Receiver<Value>,
    cancelled: bool,
    next: u64,
    /// Its newest terminal.
    newest: String,
}

fn send(message: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("{message}\n").as_bytes());
    let _ = out.flush();
}

fn append(file: &str, line: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// What it can do with sessions.
fn can() -> String {
    match env("CAN") {
        none if none.is_empty() => std::fs::read_to_string("can").unwrap_or_default(),
        can => can,
    }
}

/// Whether it speaks version 2.
fn is_second() -> bool {
    env("VERSION") == "2"
}

fn state(state: &str) {
    update(json!({ "sessionUpdate": "state_update", "state": state }));
}

fn update(update: Value) {
    let params = json!({ "sessionId": "s1", "update": update });
    send(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }));
}

fn say(text: &str) {
    let content = json!({ "type": "text", "text": text });
    let mut chunk = json!({ "sessionUpdate": "agent_message_chunk", "content": content });
    if is_second() {
        chunk["messageId"] = json!("m");
    }
    update(chunk);
}

/// The answer to `initialize`.
fn hello(params: &Value) -> Value {
    let can = can();
    if is_second() {
        append("heard", &format!("offered {}", params["protocolVersion"]));
        let info = json!({ "name": "scripted", "version": "1" });
        let session = json!({ "mcp": { "stdio": {} } });
        return json!({ "protocolVersion": 2, "info": info, "capabilities": { "session": session } });
    }
    let version = match env("VERSION").as_str() {
        "echo" => params["protocolVersion"].clone(),
        other => json!(other.parse().unwrap_or(1)),
    };
    let mut caps = json!({ "loadSession": can.contains("load") });
    if can.contains("resume") {
        caps["sessionCapabilities"] = json!({ "resume": {} });
    }
    json!({ "protocolVersion": version, "agentCapabilities": caps })
}

impl Agent {
    fn serve(&mut self, message: &Value) {
        let method = message["method"].as_str().unwrap_or_default();
        let can = can();
        let reply = |result: Value| send(&json!({ "id": message["id"], "result": result }));
        match method {
            "initialize" => {
                append("heard", "initialize");
                if env("VERSION") == "never" {
                    return;
                }
                reply(hello(&message["params"]));
            }
            "session/new" => {
                append("heard", "session/new");
                if can.contains("refuses") {
                    let data = json!({ "details": "it must not be run as root" });
                    let error =
                        json!({ "code": -32603, "message": "Internal error", "data": data });
                    return send(&json!({ "id": message["id"], "error": error }));
                }
                for server in message["params"]["mcpServers"].as_array().into_iter().flatten() {
                    append("marks", &format!("mcp {}", server["name"].as_str().unwrap()));
                    std::fs::write("mcp.json", server.to_string()).unwrap();
                }
                let modes = json!({ "currentModeId": "code",
                    "availableModes": [{ "id": "code" }, { "id": "plan" }] });
                let values = json!([{ "value": "code" }, { "value": "plan" }]);
                let option = json!({ "configId": "how", "category": "mode", "type": "select",
                    "currentValue": "code", "options": values });
                reply(match is_second() {
                    true => json!({ "sessionId": "s1", "configOptions": [option] }),
                    false => json!({ "sessionId": "s1", "modes": modes }),
                });
            }
            "session/resume" | "session/load" => {
                append("heard", method);
                if can.contains("forgets") {
                    let error = json!({ "code": -32002, "message": "no such session" });
                    return send(&json!({ "id": message["id"], "error": error }));
                }
                if method == "session/load" && Path::new("session.json").exists() {
                    update(json!({ "sessionUpdate": "user_message_chunk" }));
                    say("what I said before");
                }
                reply(json!({}));
            }
            "session/set_mode" => {
                append("heard", &format!("mode {}", message["params"]["modeId"]));
                reply(json!({}));
            }
            "session/set_config_option" => {
                append("heard", &format!("option {}", message["params"]["value"]));
                reply(json!({ "configOptions": [] }));
            }
            "session/prompt" => self.turn(message),
            "session/cancel" => self.cancelled = true,
            _ => {}
        }
    }

    fn turn(&mut self, message: &Value) {
        let text = message["params"]["prompt"][0]["text"].as_str().unwrap_or_default();
        append("heard", &format!("prompt {}", text.lines().next().unwrap_or_default()));
        if is_second() {
            send(&json!({ "id": message["id"], "result": {} }));
            let content = &message["params"]["prompt"];
            update(
                json!({ "sessionUpdate": "user_message", "messageId": "u", "content": content }),
            );
            state("running");
        }
        let kept = std::fs::read_to_string("session.json").unwrap_or_default();
        let mut state = match serde_json::from_str::<Value>(&kept) {
            Ok(state) if text.contains("interrupted") => state,
            _ => json!({ "lines": text.lines().collect::<Vec<_>>(), "at": 0 }),
        };
        let lines = state["lines"].as_array().cloned().unwrap_or_default();
        let mut reason = "end_turn".to_owned();
        for at in state["at"].as_u64().unwrap_or(0)..lines.len() as u64 {
            let line = lines[usize::try_from(at).unwrap()].as_str().unwrap_or_default().to_owned();
            // A line that has begun is not begun again.
            state["at"] = json!(at + 1);
            std::fs::write("session.new", state.to_string()).unwrap();
            std::fs::rename("session.new", "session.json").unwrap();
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb {
                "end" => reason = rest.to_owned(),
                _ => self.act(verb, rest),
            }
            if self.cancelled {
                reason = "cancelled".to_owned();
                break;
            }
        }
        let usage = json!({ "inputTokens": 3, "outputTokens": 4, "totalTokens": 7 });
        if is_second() {
            let idle = json!({ "sessionUpdate": "state_update", "state": "idle",
                "stopReason": reason, "usage": usage });
            return update(idle);
        }
        let result = json!({ "stopReason": reason, "usage": usage });
        send(&json!({ "id": message["id"], "result": result }));
    }

    fn act(&mut self, verb: &str, rest: &str) {
        match verb {
            "say" => say(rest),
            "mark" => append("marks", rest),
            "until" => {
                while !Path::new(rest).exists() && !self.cancelled {
                    self.wait(Duration::from_millis(5));
                }
            }
            "hang" => {
                append("marks", "hangs");
                while !self.cancelled {
                    self.wait(Duration::from_secs(60));
                }
            }
            "deaf" => {
                append("marks", "hangs");
                loop {
                    std::thread::sleep(Duration::from_secs(60));
                }
            }
            "exit" => std::process::exit(rest.parse().unwrap()),
            "updates" => (0..rest.parse::<u64>().unwrap()).for_each(|n| say(&format!("{n},"))),
            "cost" => {
                let cost = json!({ "amount": rest.parse::<f64>().unwrap(), "currency": "USD" });
                update(json!({ "sessionUpdate": "usage_update", "cost": cost }));
            }
            "stubborn" => {
                self.act("hang", "");
                self.cancelled = false;
            }
            "tell" => {
                say(&env(rest));
                eprintln!("{}", env(rest));
            }
            "ask" => self.ask(rest, true),
            "trap" => self.ask(&format!("execute {rest}"), false),
            "read" | "write" => self.file(verb, rest),
            "run" | "create" | "terminal" => self.in_terminal(verb, rest),
            "noise" => {
                let mut out = std::io::stdout().lock();
                out.write_all(b"npm WARN something\n\xff\xfe\n{\"half\":\n[1]\n").unwrap();
            }
            "strays" => {
                send(&json!({ "id": 2, "result": { "stopReason": "end_turn" }, "x": 1 }));
                send(&json!({ "id": 777, "result": {} }));
                send(&json!({ "id": "t", "method": "terminal/create", "params": {} }));
                let other = json!({ "sessionId": "other", "update": {} });
                send(&json!({ "method": "session/update", "params": other }));
            }
            "flood" => {
                let line = format!("{}\n", "x".repeat(1 << 20));
                let mut out = std::io::stdout().lock();
                for _ in 0..rest.parse::<u64>().unwrap() {
                    out.write_all(line.as_bytes()).unwrap();
                }
            }
            "long" => {
                let long = "y".repeat(rest.parse().unwrap());
                update(json!({ "sessionUpdate": "tool_call", "toolCallId": "t", "title": long }));
            }
            "answer" => {
                let long = "z".repeat(rest.parse().unwrap());
                send(&json!({ "id": 2, "result": { "stopReason": "end_turn", "z": long } }));
            }
            _ => panic!("the prompt says {verb}"),
        }
    }

    /// Takes in what comes meanwhile; an answer to a request of ours is given back.
    fn wait(&mut self, time: Duration) -> Option<Value> {
        let message = self.told.recv_timeout(time).ok()?;
        if message["method"] == "session/cancel" {
            append("heard", "session/cancel");
            self.cancelled = true;
        }
        message["method"].is_null().then_some(message)
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        send(&json!({ "id": id, "method": method, "params": params }));
        loop {
            match self.wait(Duration::from_secs(60)) {
                Some(answer) if answer["id"] == id => return answer,
                _ => {}
            }
        }
    }

    fn ask(&mut self, rest: &str, may: bool) {
        let (kind, what) = rest.split_once(' ').unwrap();
        let input = match kind {
            "execute" => json!({ "command": what }),
            _ => json!({ "path": what }),
        };
        let tool = json!({ "toolCallId": "t1", "kind": kind, "title": what, "rawInput": input });
        let option = |id: &str, kind: &str| json!({ "optionId": id, "name": id, "kind": kind });
        let options =
            [option("3", "reject_once"), option("1", "allow_always"), option("2", "allow_once")];
        let options = &options[..if may { 3 } else { 1 }];
        let mut params = json!({ "sessionId": "s1", "toolCall": tool, "options": options });
        if is_second() {
            state("requires_action");
            let subject = match kind {
                "execute" => json!({ "type": "command", "command": what, "cwd": "/" }),
                _ => json!({ "type": "tool_call", "toolCall": tool }),
            };
            params = json!({ "sessionId": "s1", "title": format!("May I {kind}?"),
                "subject": subject, "options": options });
        }
        append("marks", &format!("asks {what}"));
        let answer = self.request("session/request_permission", params);
        if is_second() {
            state("running");
        }
        let outcome = &answer["result"]["outcome"];
        let said = match outcome["optionId"].as_str() {
            Some("2") => "allowed",
            Some("3") => "refused",
            _ => outcome["outcome"].as_str().unwrap_or("nothing"),
        };
        append("marks", &format!("{said} {what}"));
        say(&format!("{said} {what}. "));
        if said == "allowed" && kind == "execute" {
            let status = std::process::Command::new("sh").arg("-c").arg(what).status();
            append("marks", &format!("code {:?}", status.unwrap().code()));
        }
    }

    fn in_terminal(&mut self, verb: &str, rest: &str) {
        match verb {
            "run" => {
                self.terminal("create", json!({ "command": rest }));
                for method in ["wait_for_exit", "output", "release"] {
                    self.terminal(method, json!({}));
                }
            }
            "create" => self.terminal("create", serde_json::from_str(rest).unwrap()),
            _ => self.terminal(rest, json!({})),
        }
    }

    /// Says what comes of it, with a bar behind.
    fn terminal(&mut self, method: &str, mut params: Value) {
        if params["sessionId"].is_null() {
            params["sessionId"] = json!("s1");
        }
        if method != "create" && params["terminalId"].is_null() {
            params["terminalId"] = json!(self.newest);
        }
        let answer = self.request(&format!("terminal/{method}"), params);
        let result = &answer["result"];
        if let Some(id) = result["terminalId"].as_str() {
            id.clone_into(&mut self.newest);
        }
        match (method, answer["error"]["message"].as_str()) {
            (_, Some(why)) => say(&format!("not: {why}|")),
            ("output", _) => {
                let before = if result["truncated"] == true { "…" } else { "" };
                say(&format!("{before}{}|", result["output"].as_str().unwrap()));
            }
            ("wait_for_exit", _) => {
                let signal = || result["signal"].as_str().unwrap().to_owned();
                let code = result["exitCode"].as_i64();
                say(&format!("{}|", code.map_or_else(signal, |code| code.to_string())));
            }
            _ => {}
        }
    }

    fn file(&mut self, verb: &str, path: &str) {
        let method = format!("fs/{verb}_text_file");
        let params = json!({ "sessionId": "s1", "path": path, "content": "written" });
        let answer = self.request(&method, params);
        let said = answer["result"]["content"].as_str().unwrap_or("done").to_owned();
        say(&answer["error"]["message"].as_str().map_or(said, |why| format!("not: {why}")));
    }
}

/// A file of the agent's directory.
pub(super) fn touch(dir: &Path, name: &str) {
    File::create(dir.join(name)).unwrap();
}
