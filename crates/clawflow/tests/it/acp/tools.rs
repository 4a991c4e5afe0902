//! Agents that are asked by another one, with the tool of the server for agents.

use super::asks::{asks, ended, task};
use super::{heard, served};
use crate::scenes_support::Home;
use clawflow_core::task::{Runtime, TaskStatus};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// A client of `clawflow mcp`.
struct Tools {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Tools {
    fn new(home: &Home) -> Self {
        let mut command = home.command(&["mcp", "--session", "agent:main:main"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, to, from: BufReader::new(from) }
    }

    fn call(&mut self, name: &str, arguments: Value) -> Value {
        let params = json!({ "name": name, "arguments": arguments });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        writeln!(self.to, "{call}").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        answer["result"]["structuredContent"].clone()
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_agent_asks_another_by_itself_and_in_its_flow() {
    let home = served("");
    let mut tools = Tools::new(&home);
    let asked = json!({ "agent": "mine", "prompt": "ask edit a.txt\nsay fine", "mode": "plan" });
    let made = tools.call("task_run", json!({ "acp": asked }));
    let id = made["taskId"].as_str().unwrap_or_else(|| panic!("{made}"));
    // A person answers what it asks; the one who asked it may pass that on.
    let wait = asks(&home, id);
    assert_eq!(made["flowId"], wait.flow_id.as_str());
    tools.call("flow_answer", json!({ "flow": wait.flow_id.as_str(), "approve": true }));
    let told = tools.call("task_wait", json!({ "task": id, "timeoutMs": 30_000 }));
    assert_eq!(
        (&told["status"], &told["answer"]),
        (&json!("succeeded"), &json!("allowed a.txt. fine"))
    );
    assert!(told.get("stdout").is_none(), "{told}");
    assert_eq!(heard(&home)[2], "mode \"plan\"");

    let flow = tools.call("flow_create", json!({ "goal": "two opinions" }));
    let asked = json!({ "agent": "mine", "prompt": "say no" });
    let child = json!({ "flow": flow["flowId"], "await": true, "acp": asked });
    let made = tools.call("task_run", child);
    let id = made["taskId"].as_str().unwrap_or_else(|| panic!("{made}"));
    assert_eq!(made["flowStatus"], "waiting");
    let over = ended(&home, id);
    assert_eq!((over.runtime, over.status), (Runtime::Acp, TaskStatus::Succeeded));
    assert_eq!(task(&home, id).answer.as_deref(), Some("no"));

    let none = tools.call("task_run", json!({ "acp": { "agent": "nobody", "prompt": "x" } }));
    assert!(none["error"]["message"].as_str().unwrap().contains("there is no agent"), "{none}");
    let blank = tools.call("task_run", json!({ "acp": { "agent": "mine", "prompt": " " } }));
    assert!(blank["error"]["message"].as_str().unwrap().contains("blank"), "{blank}");
}
