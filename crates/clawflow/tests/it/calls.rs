//! Steps that ask a server, against servers on this machine that behave well and badly.

mod doubt;
mod http;
mod llm;
mod questions;
mod server;
mod tls;

use crate::support::Home;
use serde_json::Value;

/// Runs a file; its steps.
fn steps(home: &Home, file: &str, more: &[&str]) -> Vec<Value> {
    home.write("call.flow.yaml", file);
    let mut words = vec!["run", "call.flow.yaml", "--json"];
    words.extend(more);
    let mut view = home.run(&words).json();
    view["steps"].as_array_mut().map(std::mem::take).unwrap_or_else(|| panic!("{view}"))
}

/// Runs a file of one `http` step, written as a mapping of YAML.
fn http(home: &Home, call: &str, more: &str) -> Value {
    let file = format!("steps:\n  - {{ id: ask, http: {call}{more} }}\n");
    steps(home, &file, &[]).remove(0)
}

/// The code and the message of a step's failure.
#[track_caller]
fn failure(step: &Value) -> (&str, &str) {
    assert_eq!(step["status"], "failed", "{step}");
    let text = |key: &str| step["error"][key].as_str().unwrap_or_else(|| panic!("{step}"));
    (text("code"), text("message"))
}
