//! The gateway, the agent or its shim is killed in the middle of a turn.

use super::agent::touch;
use super::{error_of, flow, heard, served};
use crate::scenes_support::{kill_9, stdout_of, step_of, task_of};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::task::TaskStatus;
use clawflow_engine::api::SettleHow;

const LINES: [&str; 5] = ["say one. ", "mark begun", "until go", "mark ended", "say two."];

#[test]
fn a_turn_goes_on_while_its_gateway_is_killed() {
    let mut home = served("");
    let id = home.flow("k", &flow(&LINES, "", ""));
    home.wait_mark("begun");
    for _ in 0..3 {
        home.restart();
    }
    home.kill_gateway();
    touch(home.path(), "go");
    home.wait_mark("ended");
    home.gateway();
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "one. two.");
    assert_eq!(step_of(&view, "work").attempt, 1);
    assert_eq!(heard(&home), ["initialize", "session/new", "prompt say one. "]);
}

/// Whenever the gateway is killed, nothing is said twice.
#[test]
fn nothing_is_said_twice_however_early_the_gateway_is_killed() {
    for round in 0..6 {
        let mut home = served("");
        let id =
            home.flow("k", &flow(&["say hi", "mark begun", "say !"], "", ", env: { CAN: load }"));
        std::thread::sleep(std::time::Duration::from_millis(round * 15));
        home.restart();
        let view = home.ends(&id, FlowStatus::Succeeded);
        assert_eq!(stdout_of(&view, "work"), "hi!", "{round}");
        assert_eq!(heard(&home), ["initialize", "session/new", "prompt say hi"], "{round}");
        assert_eq!(home.count("begun"), 1);
    }
}

#[test]
fn an_agent_that_was_killed_goes_on_in_its_session() {
    for (can, how) in [("resume", "session/resume"), ("load", "session/load")] {
        let home = served("");
        let id = home.flow("k", &flow(&LINES, "", &format!(", env: {{ CAN: {can} }}")));
        home.wait_mark("begun");
        let view = home.view(&id);
        let first = task_of(&view, "work").clone();
        let (_, agent) = home.processes(&first);
        kill_9(agent);
        touch(home.path(), "go");
        let view = home.ends(&id, FlowStatus::Succeeded);
        assert_eq!((step_of(&view, "work").attempt, home.count("begun")), (2, 1), "{can}");
        let lost = view.tasks.iter().find(|task| task.task_id == first.task_id).unwrap();
        assert_eq!(lost.status, TaskStatus::Lost);
        let heard = heard(&home);
        assert_eq!(heard[3..5], ["initialize", how]);
        assert!(heard[5].starts_with("prompt Your work"), "{heard:?}");
        assert_eq!(heard.len(), 6);
        assert!(stdout_of(&view, "work").ends_with("two."));
    }
}

#[test]
fn an_agent_without_sessions_is_in_doubt_when_it_was_killed() {
    let home = served("");
    let id = home.flow("k", &flow(&LINES, "", ""));
    home.wait_mark("begun");
    let (_, agent) = home.processes(task_of(&home.view(&id), "work"));
    kill_9(agent);
    let view = home.wait_step(&id, "work", StepStatus::InDoubt);
    assert_eq!(view.flow.status, FlowStatus::Blocked);
    let (code, why) = error_of(&view);
    assert_eq!(
        (code.as_str(), why.as_str()),
        ("lost", "the agent ended by signal 9 during its turn")
    );
    assert_eq!(heard(&home).len(), 3);
    touch(home.path(), "go");
    home.settle(&id, SettleHow::Rerun, None).unwrap();
    home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(heard(&home)[3..], ["initialize", "session/new", "prompt say one. "]);

    let file = flow(&["mark second", "exit 3"], "", ", on_lost: fail");
    let view = home.ends(&home.flow("fails", &file), FlowStatus::Failed);
    assert!(error_of(&view).1.contains("exit code 3"));
    assert_eq!(home.count("second"), 1);
}

#[test]
fn an_agent_that_forgot_its_session_gets_no_empty_one() {
    let home = served("");
    let file = flow(&["mark begun", "exit 3"], "", ", env: { CAN: 'load forgets' }");
    let id = home.flow("k", &file);
    let view = home.wait_step(&id, "work", StepStatus::InDoubt);
    assert!(error_of(&view).1.contains("no such session"), "{:?}", error_of(&view));
    assert_eq!(heard(&home)[3..], ["initialize", "session/load"]);
    assert_eq!(home.count("begun"), 1);
}

#[test]
fn a_shim_that_was_killed_leaves_a_session_to_go_on_in() {
    let home = served("");
    let id = home.flow("k", &flow(&LINES, "", ", env: { CAN: load }"));
    home.wait_mark("begun");
    let (shim, _) = home.processes(task_of(&home.view(&id), "work"));
    kill_9(shim);
    touch(home.path(), "go");
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!((step_of(&view, "work").attempt, home.count("begun")), (2, 1));
}

#[test]
fn an_agent_that_ended_while_nobody_watched_is_settled_by_what_it_said() {
    let mut home = served("");
    let id = home.flow("k", &flow(&["mark begun", "until go", "exit 3"], "", ""));
    home.wait_mark("begun");
    let (shim, _) = home.processes(task_of(&home.view(&id), "work"));
    home.kill_gateway();
    touch(home.path(), "go");
    crate::scenes_support::until("its shim to go", || {
        (!clawflow_engine::shim::procfs::is_alive(shim)).then_some(())
    });
    home.gateway();
    let view = home.wait_step(&id, "work", StepStatus::InDoubt);
    assert!(error_of(&view).1.contains("exit code 3"), "{:?}", error_of(&view));
}
