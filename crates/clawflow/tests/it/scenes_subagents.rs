//! Sub-agents under the real gateway: killed while they run, refused, watched from a terminal.

use crate::scenes_support::{Home, PATIENCE, pause};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_engine::api::{TaskRef, TaskShow};
use serde_json::Value;
use std::time::Instant;

const ME: &str = "agent:main:main";

/// A home whose agent `sh` runs its prompt.
fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir_all(home.home()).unwrap();
    let text = "[subagents]\ndepth = 1\nchildren = 2\n\
                [agents.sh]\nprotocol = 'stdin'\ncommand = ['sh']\nmodel = 'small'\n";
    std::fs::write(home.home().join("config.toml"), text).unwrap();
    home
}

fn spawn(home: &Home, session: &str, prompt: &str) -> (String, String) {
    let said = home.cli(&["agents", "spawn", "sh", "--session", session, prompt]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (key, task) = said.out.trim().split_once(' ').unwrap();
    (key.to_owned(), task.to_owned())
}

fn ended(home: &Home, task: &str) -> Task {
    let began = Instant::now();
    loop {
        let request = TaskRef { task: task.to_owned() };
        let task = home.call::<TaskShow>(&request).unwrap();
        if task.status.is_terminal() {
            return task;
        }
        assert!(began.elapsed() < PATIENCE, "it does not end: {task:?}");
        pause();
    }
}

#[test]
fn an_answer_comes_once_although_the_gateway_was_killed() {
    let mut home = home();
    home.gateway();
    let prompt = "until [ -e go ]; do sleep 0.02; done; echo \"$CLAWFLOW_AGENT_MODEL says yes\"";
    let (key, task) = spawn(&home, ME, prompt);
    assert!(key.starts_with("agent:sh:subagent:"), "{key}");
    let began = Instant::now();
    let runs = |home: &Home| {
        let request = TaskRef { task: task.clone() };
        home.call::<TaskShow>(&request).unwrap().status == TaskStatus::Running
    };
    while !runs(&home) {
        assert!(began.elapsed() < PATIENCE);
        pause();
    }
    home.kill_gateway();
    std::fs::write(home.path().join("go"), "").unwrap();
    home.gateway();
    let over = ended(&home, &task);
    assert_eq!(
        (over.status, over.answer.as_deref()),
        (TaskStatus::Succeeded, Some("small says yes"))
    );
    home.restart();
    let said = home.cli(&["inbox", "list", "--owner", ME, "--json"]);
    let page: Value = serde_json::from_str(&said.out).unwrap();
    let messages = page["deliveries"].as_array().unwrap();
    let of_task = |one: &&Value| one["taskId"] == task.as_str();
    assert_eq!(messages.iter().filter(of_task).count(), 1, "{messages:?}");
    let told = messages.iter().find(of_task).unwrap();
    assert_eq!(told["data"]["answer"], "small says yes");
    assert_eq!(told["data"]["childSessionKey"], key.as_str());
}

#[test]
fn limits_and_unknown_agents_are_refused_with_a_word() {
    let mut home = home();
    home.gateway();
    let (key, first) = spawn(&home, ME, "sleep 600");
    let said = home.cli(&["agents", "spawn", "sh", "--session", &key, "true"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert!(said.err.contains("depth 2") && said.err.contains("hint:"), "{said:?}");
    spawn(&home, ME, "sleep 600");
    let said = home.cli(&["agents", "spawn", "sh", "--session", ME, "true"]);
    assert!(said.code == Some(4) && said.err.contains("2 open"), "{said:?}");
    let said = home.cli(&["agents", "spawn", "nobody", "true"]);
    assert!(said.code == Some(3) && said.err.contains("agent not found"), "{said:?}");
    let said = home.cli(&["agents", "list"]);
    assert!(said.out.contains("sh") && said.out.contains("stdin"), "{said:?}");
    let said = home.cli(&["tasks", "cancel", &first]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(ended(&home, &first).status, TaskStatus::Cancelled);
}

#[test]
fn an_agent_is_asked_in_the_foreground() {
    let home = home();
    std::fs::write(home.path().join("prompt"), "echo one; echo \"two $CLAWFLOW_PARENT_SESSION\"")
        .unwrap();
    let said = home.cli(&["agents", "spawn", "sh", "@prompt", "--session", ME, "--wait"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "one\ntwo agent:main:main\n"));
    let said = home.cli(&["agents", "spawn", "sh", "exit 5", "--wait"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let said = home.cli(&["agents", "spawn", "sh", "@none", "--wait"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}
