//! Turns of coding agents in the real binary, with an agent that does what its prompt says.

mod agent;
mod asks;
mod bad;
mod gates;
mod killed;
mod resumed;
mod second;
mod spawned;
mod terminals;
mod tools;
mod turns;

use crate::scenes_support::{Home, step_of};
use clawflow_engine::api::FlowView;
use serde_json::Value;

/// A home with the agent `mine`, and more of its configuration.
fn home_with(config: &str) -> Home {
    let home = Home::new();
    std::fs::create_dir_all(home.home()).unwrap();
    let exe = std::env::current_exe().unwrap();
    let words = [exe.to_str().unwrap(), "--exact", agent::NAME, "--nocapture", "-q"];
    let text = format!("[agents.mine]\ncommand = {words:?}\nenv = [\"SCRIPTED=1\"]\n{config}");
    std::fs::write(home.home().join("config.toml"), text).unwrap();
    home
}

/// With a gateway.
fn served(config: &str) -> Home {
    let mut home = home_with(config);
    home.gateway();
    home
}

/// A flow of one step `work`, whose agent is told these lines; `more` are keys of `acp`, `step` keys
/// of the step, each with a comma before it.
fn flow(lines: &[&str], more: &str, step: &str) -> String {
    let prompt = serde_json::to_string(&lines.join("\n")).unwrap();
    format!("steps:\n  - {{ id: work, acp: {{ agent: mine, prompt: {prompt}{more} }}{step} }}\n")
}

/// What the agents were told, a line each.
fn heard(home: &Home) -> Vec<String> {
    let text = std::fs::read_to_string(home.path().join("heard")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn error_of(view: &FlowView) -> (String, String) {
    let error = step_of(view, "work").error.clone().unwrap_or_else(|| panic!("{view:#?}"));
    (error.code, error.message)
}

/// What the newest end of a task tells of its agent.
fn agent_notes(home: &Home, flow: &str) -> Value {
    let events = home.events(flow);
    let notes = |event: &clawflow_core::event::Event| event.data["stop"]["agent"].clone();
    events.iter().rev().map(notes).find(Value::is_object).unwrap_or_default()
}
