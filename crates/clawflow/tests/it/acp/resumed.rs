//! Agents that are no steps, killed in the middle of their turn: they go on in their session.

use super::agent::touch;
use super::asks::{asked, asks, ended, task};
use super::{heard, served};
use crate::scenes_support::{Home, kill_9, until};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::wait::WaitState;

const ME: &str = "agent:main:main";

/// Who asks an agent that is no step.
#[derive(Clone, Copy, Debug)]
enum Who {
    Task,
    Parent,
    Controller,
}

const ALL: [Who; 3] = [Who::Task, Who::Parent, Who::Controller];

/// Asks the agent; it can do this with sessions. Gives the id of the task.
fn ask(home: &Home, who: Who, can: &str, prompt: &str) -> String {
    let said = |args: &[&str]| {
        let said = home.cli(args);
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let can = format!("CAN={can}");
    match who {
        Who::Task => {
            let owned = ["tasks", "run", "--owner", ME, "--acp", "mine", "--env", &can];
            said(&[&owned[..], &["--", prompt]].concat())[0].clone()
        }
        Who::Parent => {
            std::fs::write(home.path().join("can"), &can).unwrap();
            said(&["agents", "spawn", "mine", "--session", ME, prompt])[1].clone()
        }
        Who::Controller => {
            let made = said(&["flows", "create", "--session", ME, "--controller", "me", "goal"]);
            let child = ["flows", "run-task", &made[0], "--await", "--acp", "mine", "--env", &can];
            said(&[&child[..], &["--", prompt]].concat())[0].clone()
        }
    }
}

/// Kills the agent of the task.
fn kill(home: &Home, id: &str) {
    let (_, agent) = home.processes(&task(home, id));
    kill_9(agent);
}

/// The task in its next attempt, at work.
fn again(home: &Home, id: &str, attempt: u32) -> Task {
    until("the next attempt", || {
        Some(task(home, id)).filter(|task| {
            task.attempt == attempt && task.executor.as_ref().is_some_and(|one| one.pid.is_some())
        })
    })
}

#[test]
fn an_agent_that_was_killed_goes_on_and_its_answer_comes_once() {
    for who in ALL {
        for (can, how) in [("resume", "session/resume"), ("load", "session/load")] {
            let home = served("");
            let prompt = "cost 0.5\nsay one. \nmark begun\nuntil go\nuntil go\ncost 0.75\nsay two.";
            let id = ask(&home, who, can, prompt);
            home.wait_mark("begun");
            kill(&home, &id);
            again(&home, &id, 2);
            touch(home.path(), "go");
            let over = ended(&home, &id);
            assert_eq!((over.status, over.attempt), (TaskStatus::Succeeded, 2), "{who:?} {over:?}");
            assert!(over.answer.as_ref().unwrap().ends_with("two."), "{over:?}");
            assert_eq!(home.count("begun"), 1);
            let heard = heard(&home);
            assert_eq!(heard[3..5], ["initialize", how]);
            assert!(heard[5].starts_with("prompt Your work"), "{heard:?}");
            assert_eq!(heard.len(), 6);
            // Of the first turn it has not told its tokens; what the session cost counts once.
            let used = over.usage.unwrap();
            assert_eq!((used.tokens, used.turns, used.cost_usd), (Some(7), Some(2), Some(0.75)));
            let page = home.cli(&["inbox", "list", "--owner", ME, "--json"]).out;
            let told = page.matches(&format!("task:{id}:ended")).count();
            assert!(told <= 1, "{page}");
            let flow = over.parent_flow_id.unwrap();
            let kinds = home.events(flow.as_str()).into_iter().map(|event| event.kind);
            assert_eq!(kinds.filter(|kind| kind == "task.interrupted").count(), 1);
        }
    }
}

#[test]
fn an_agent_that_is_killed_again_and_again_is_lost() {
    let home = served("");
    let id = ask(&home, Who::Task, "resume", "mark begun\nhang\nhang\nhang\nhang");
    home.wait_mark("begun");
    for attempt in 2..=4 {
        kill(&home, &id);
        again(&home, &id, attempt);
    }
    kill(&home, &id);
    let over = ended(&home, &id);
    assert_eq!((over.status, over.attempt), (TaskStatus::Lost, 4));
    assert_eq!(home.count("begun"), 1);
}

#[test]
fn an_agent_goes_on_after_it_and_its_gateway_were_killed() {
    for who in ALL {
        let mut home = served("");
        let id = ask(&home, who, "load", "mark begun\nuntil go\nsay done");
        home.wait_mark("begun");
        let (_, agent) = home.processes(&task(&home, &id));
        home.kill_gateway();
        kill_9(agent);
        touch(home.path(), "go");
        home.gateway();
        let over = ended(&home, &id);
        assert_eq!((over.status, over.attempt), (TaskStatus::Succeeded, 2), "{who:?} {over:?}");
        assert_eq!(over.answer.as_deref(), Some("done"));
        assert_eq!(home.count("begun"), 1);
        // The second attempt is adopted as the first one is.
        home.restart();
        until("nothing to be left", || home.left().is_empty().then_some(()));
    }
}

#[test]
fn the_gateway_is_killed_while_an_agent_goes_on() {
    let mut home = served("");
    let id = ask(&home, Who::Parent, "resume", "mark begun\nuntil go\nuntil go\nsay done");
    home.wait_mark("begun");
    kill(&home, &id);
    again(&home, &id, 2);
    home.restart();
    home.kill_gateway();
    touch(home.path(), "go");
    home.gateway();
    let over = ended(&home, &id);
    assert_eq!((over.status, over.attempt), (TaskStatus::Succeeded, 2), "{over:?}");
    assert_eq!(heard(&home).iter().filter(|line| line.starts_with("prompt")).count(), 2);
}

#[test]
fn what_a_dead_agent_asked_is_void_and_a_cancel_holds() {
    let home = served("");
    let id = ask(&home, Who::Task, "resume", "mark begun\nask edit a.txt\nhang");
    let wait = asks(&home, &id);
    kill(&home, &id);
    again(&home, &id, 2);
    let states: Vec<_> = asked(&home, &id).iter().map(|wait| wait.state).collect();
    assert_eq!(states, [WaitState::Cancelled]);
    let flow = wait.flow_id.as_str();
    let late = home.cli(&["flows", "approve", flow, "--wait-id", wait.wait_id.as_str()]);
    assert_ne!(late.code, Some(0), "{late:?}");
    home.wait_mark("hangs");
    assert_eq!(home.cli(&["tasks", "cancel", &id]).code, Some(0));
    let over = ended(&home, &id);
    assert_eq!((over.status, over.attempt), (TaskStatus::Cancelled, 2), "{over:?}");
    assert_eq!(home.count("allowed a.txt"), 0);
}

#[test]
fn an_agent_that_forgot_its_session_is_lost_and_gets_no_empty_one() {
    let home = served("");
    let id = ask(&home, Who::Task, "load,forgets", "mark begun\nexit 3");
    let over = ended(&home, &id);
    assert_eq!((over.status, over.attempt), (TaskStatus::Lost, 2));
    assert!(over.error.as_ref().unwrap().contains("no such session"), "{over:?}");
    assert_eq!(heard(&home)[3..], ["initialize", "session/load"]);
    assert_eq!(home.count("begun"), 1);
}
