//! Everything dies in the middle of a request: nobody knows whether the server acted.

use super::server::{Act, Server, reply};
use crate::scenes_support::{Home, kill_9, step_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;

/// The first request hangs, and gateway, shim and request die; then a gateway starts again.
fn all_die(home: &mut Home, method: &str, more: &str) -> (Server, String) {
    let server = Server::start(|number, _| match number {
        0 => Act::Hang,
        _ => reply(200, "", "again"),
    });
    home.gateway();
    let file = format!(
        "steps:\n  - {{ id: ask, http: {{ method: {method}, url: {}/x }}{more} }}\n",
        server.url
    );
    let flow = home.flow("ask", &file);
    until("the request", || (!server.asked().is_empty()).then_some(()));
    let (shim, child) = home.processes(task_of(&home.view(&flow), "ask"));
    home.kill_gateway();
    kill_9(shim);
    kill_9(child);
    home.gateway();
    (server, flow)
}

#[test]
fn a_post_is_in_doubt_and_a_rerun_has_the_same_key() {
    let mut home = Home::new();
    let (server, flow) = all_die(&mut home, "POST", "");
    let view = home.wait_step(&flow, "ask", StepStatus::InDoubt);
    assert_eq!((view.flow.status, server.asked().len()), (FlowStatus::Blocked, 1));
    home.settle(&flow, clawflow_engine::api::SettleHow::Rerun, None).unwrap();
    home.ends(&flow, FlowStatus::Succeeded);
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    let key = asked[0].header("idempotency-key");
    assert!(key.is_some() && key == asked[1].header("idempotency-key"), "{asked:?}");
}

#[test]
fn what_may_be_asked_twice_is_asked_again() {
    for (method, more) in [("PUT", ""), ("POST", ", idempotent: true")] {
        let mut home = Home::new();
        let (server, flow) = all_die(&mut home, method, more);
        let view = home.ends(&flow, FlowStatus::Succeeded);
        assert_eq!((server.asked().len(), step_of(&view, "ask").attempt), (2, 2));
    }
}

#[test]
fn a_request_outlives_its_gateway() {
    let (answer, wait) = std::sync::mpsc::channel::<()>();
    let server = Server::start(move |_, _| {
        wait.recv().unwrap();
        reply(200, "", "once")
    });
    let mut home = Home::new();
    home.gateway();
    let file =
        format!("steps:\n  - {{ id: ask, http: {{ method: POST, url: {}/x }} }}\n", server.url);
    let flow = home.flow("ask", &file);
    until("the request", || (!server.asked().is_empty()).then_some(()));
    home.kill_gateway();
    answer.send(()).unwrap();
    home.gateway();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    let step = step_of(&view, "ask");
    let said = step.result.as_ref().and_then(|result| result.stdout.as_deref());
    assert_eq!((said, step.attempt, server.asked().len()), (Some("once"), 1, 1));
}
