//! `clawflow mcp` with the real binary: under a gateway, beside a foreground run, with neither.

use crate::support::{Home, wait_until};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// A client of the server, and the server as its child.
struct Agent {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    next: u64,
}

impl Agent {
    fn new(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = home.command(&[&["mcp"], args].concat());
        command.envs(env.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().unwrap());
        Self { child, to, from, next: 0 }
    }

    /// One that may start no gateway.
    fn modest(home: &Home) -> Self {
        Self::new(home, &[], &[("CLAWFLOW_GATEWAY_AUTOSTART", "false")])
    }

    fn send(&mut self, name: &str, arguments: Value) {
        self.next += 1;
        let params = json!({ "name": name, "arguments": arguments });
        let message =
            json!({ "jsonrpc": "2.0", "id": self.next, "method": "tools/call", "params": params });
        writeln!(self.to.as_mut().unwrap(), "{message}").unwrap();
    }

    #[track_caller]
    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let message: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(message["id"], self.next, "{message}");
        message["result"]["structuredContent"].clone()
    }

    #[track_caller]
    fn tool(&mut self, name: &str, arguments: Value) -> Value {
        self.send(name, arguments);
        self.read()
    }

    /// Goes away, and waits until the server has ended.
    fn leave(mut self) -> Option<i32> {
        drop(self.to.take());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // One that has ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn flow_of(home: &Home, key: &str) -> Value {
    home.ok(&["flows", "show", key, "--json"]).json()
}

#[test]
fn with_neither_records_are_kept_and_work_is_refused() {
    let home = Home::new();
    let mut agent = Agent::modest(&home);
    assert_eq!(agent.tool("flow_list", json!({})), json!({ "flows": [] }));
    let made = agent.tool("flow_create", json!({ "goal": "write", "key": "w" }));
    // The home is free between two calls.
    assert_eq!(flow_of(&home, "w")["flowId"], made["flowId"]);
    let parked = json!({ "flow": "w", "waitFor": { "kind": "timer", "afterMs": 60_000 } });
    let parked = agent.tool("flow_set_waiting", parked);
    assert_eq!(parked["status"], "waiting");
    assert!(parked["note"].as_str().unwrap().contains("no gateway runs"), "{parked}");
    let digest = agent.tool("flow_wait", json!({ "flow": "w", "timeoutMs": 45_000 }));
    assert!(digest["note"].as_str().unwrap().contains("clawflow gateway run"), "{digest}");
    let refused = agent.tool("flow_run", json!({ "path": "gated.flow.yaml" }));
    assert_eq!(refused["error"]["code"], "unavailable");
    assert_eq!(refused["error"]["hint"], "clawflow gateway run");
    assert_eq!(agent.tool("flow_finish", json!({ "flow": "w" }))["status"], "succeeded");
    assert_eq!(agent.leave(), Some(0));
}

#[test]
fn with_neither_a_gateway_is_started_for_work_and_outlives_the_agent() {
    let home = Home::new();
    let mut agent = Agent::new(&home, &["--session", "agent:a:main"], &[]);
    let run = agent.tool("flow_run", json!({ "path": "gated.flow.yaml", "key": "k" }));
    let flow = run["flowId"].clone();
    assert_eq!(agent.leave(), Some(0));
    home.wait_for("k", "waiting");
    let shown = flow_of(&home, "k");
    assert_eq!(shown["ownerKey"], "agent:a:main");
    // The next one finds it and goes on.
    let mut agent = Agent::new(&home, &[], &[("CLAWFLOW_SESSION", "agent:a:main")]);
    let asks = agent.tool("flow_wait", json!({ "flow": flow }));
    assert_eq!(asks["asks"][0]["prompt"], "go on?", "{asks}");
    agent.tool("flow_answer", json!({ "flow": flow, "approve": true }));
    let end = json!({ "flow": flow, "cursor": asks["cursor"], "until": "end" });
    assert_eq!(agent.tool("flow_wait", end)["result"], "delivered\n");
    // To another session it is not there, and the step's own agent does not answer for it.
    let mut other = Agent::new(&home, &["--session", "agent:b:main"], &[]);
    let shown = other.tool("flow_show", json!({ "flow": flow }));
    assert_eq!(shown["error"]["code"], "not_found");
    home.ok(&["gateway", "stop"]);
}

#[test]
fn beside_a_run_its_flows_are_seen_and_answered() {
    let mut home = Home::new();
    home.start_run("mine");
    let mut agent = Agent::new(&home, &[], &[]);
    let asks = agent.tool("flow_wait", json!({ "flow": "mine" }));
    assert_eq!(asks["asks"][0]["prompt"], "go on?", "{asks}");
    let refused = agent.tool("flow_run", json!({ "path": "gated.flow.yaml" }));
    assert_eq!(refused["error"]["code"], "unavailable");
    assert!(refused["error"]["message"].as_str().unwrap().contains("a foreground run"));
    let answered = agent.tool("flow_answer", json!({ "flow": "mine", "approve": true }));
    // The session's name, and not the user's.
    assert_eq!(
        (&answered["applied"], &answered["answeredBy"]),
        (&true.into(), &"agent:main:main".into())
    );
    wait_until("the end", || flow_of(&home, "mine")["status"] == "succeeded");
}

#[test]
fn a_gateway_that_is_killed_ends_a_wait_and_the_next_one_goes_on() {
    let mut home = Home::new();
    home.start_gateway();
    let mut agent = Agent::modest(&home);
    agent.tool("flow_run", json!({ "path": "gated.flow.yaml", "key": "k" }));
    let asks = agent.tool("flow_wait", json!({ "flow": "k" }));
    let wait =
        json!({ "flow": "k", "cursor": asks["cursor"], "until": "end", "timeoutMs": 45_000 });
    agent.send("flow_wait", wait.clone());
    home.kill_newest();
    let told = agent.read();
    assert_eq!(told["status"], "waiting", "{told}");
    assert!(told["note"].as_str().unwrap().contains("nothing moves it now"), "{told}");
    home.start_gateway();
    agent.tool("flow_answer", json!({ "flow": "k", "approve": true }));
    assert_eq!(agent.tool("flow_wait", wait)["status"], "succeeded");
    assert_eq!(agent.leave(), Some(0));
}

#[test]
fn a_file_runs_as_from_the_command_line_and_no_text_is_executed() {
    let mut home = Home::new();
    home.start_gateway();
    home.write(
        "echo.flow.yaml",
        "args: { text: {} }\nsteps:\n  - { id: say, argv: [echo, \"${text}\"] }\n  - { id: where, \
         run: 'basename \"$CLAWFLOW_FLOW_DIR\"; echo \"$USER\"' }\n",
    );
    let mut agent = Agent::new(&home, &[], &[]);
    let text = "$(touch made) `touch made` ; touch made";
    let run = json!({ "path": "echo.flow.yaml", "args": { "text": text }, "key": text });
    let flow = agent.tool("flow_run", run)["flowId"].clone();
    let end = agent.tool("flow_wait", json!({ "flow": flow, "until": "end" }));
    assert_eq!(end["status"], "succeeded", "{end}");
    let said = agent.tool("flow_show", json!({ "flow": flow, "step": "say" }));
    assert_eq!(said["result"], format!("{text}\n"));
    assert!(end["result"].as_str().unwrap().ends_with("tester\n"), "{end}");
    assert!(!home.path().join("made").exists());
    let gone = agent.tool("flow_run", json!({ "path": "no-such.yaml" }));
    assert_eq!(gone["error"]["code"], "bad_file");
    let stdin = agent.tool("flow_run", json!({ "path": "-" }));
    assert_eq!(stdin["error"]["code"], "bad_request");
}
