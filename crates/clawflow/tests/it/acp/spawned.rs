//! Agents that are spoken to, as sub-agents and as children of flows that code drives.

use super::asks::{asked, asks, ended, task};
use super::{heard, served};
use crate::scenes_support::{Home, kill_9, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::task::{Exit, Runtime, TaskStatus};
use clawflow_core::wait::{WaitKind, WaitState};
use serde_json::{Value, json};

const ME: &str = "agent:main:main";

/// The session and the task of a new sub-agent.
fn spawn(home: &Home, session: &str, prompt: &str) -> (String, String) {
    let said = home.cli(&["agents", "spawn", "mine", "--session", session, prompt]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (key, task) = said.out.trim().split_once(' ').unwrap();
    (key.to_owned(), task.to_owned())
}

fn told(home: &Home, session: &str) -> Vec<Value> {
    let said = home.cli(&["inbox", "list", "--owner", session, "--json"]);
    let page: Value = serde_json::from_str(&said.out).unwrap();
    page["deliveries"].as_array().unwrap().clone()
}

#[test]
fn an_agents_last_words_come_to_its_parent_once_although_the_gateway_was_killed() {
    let mut home = served("");
    let (key, id) = spawn(&home, ME, "say one. \nmark begun\nuntil go\nsay two.");
    assert!(key.starts_with("agent:mine:subagent:"), "{key}");
    home.wait_mark("begun");
    home.restart();
    home.kill_gateway();
    super::agent::touch(home.path(), "go");
    home.gateway();
    let over = ended(&home, &id);
    assert_eq!((over.status, over.answer.as_deref()), (TaskStatus::Succeeded, Some("one. two.")));
    assert_eq!((over.runtime, over.child_session_key.as_ref()), (Runtime::Subagent, Some(&key)));
    assert_eq!(over.exit, Some(Exit::StopReason("end_turn".to_owned())));
    assert_eq!(over.usage.unwrap().tokens, Some(7));
    assert_eq!(heard(&home), ["initialize", "session/new", "prompt say one. "]);
    home.restart();
    let told = told(&home, ME);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["idempotencyKey"], format!("task:{id}:ended"));
    assert_eq!(told[0]["data"]["answer"], "one. two.");
    assert_eq!(told[0]["data"]["childSessionKey"], key.as_str());
    // What it is asked is not in the row.
    assert!(!format!("{:?}", over.command).contains("mark begun"));
    until("nothing to be left", || home.left().is_empty().then_some(()));
}

#[test]
fn one_that_fails_stops_early_or_dies_answers_nothing() {
    let home = served("");
    for (prompt, status, why) in [
        ("say half\nend refusal", TaskStatus::Failed, "refus"),
        ("say half\nexit 3", TaskStatus::Lost, "exit code 3"),
    ] {
        let (_, id) = spawn(&home, ME, prompt);
        let over = ended(&home, &id);
        assert_eq!((over.status, &over.answer), (status, &None), "{prompt}");
        assert!(over.error.as_ref().unwrap().contains(why), "{over:?}");
    }
    let (_, id) = spawn(&home, ME, "mark begun\nhang");
    home.wait_mark("begun");
    let (_, agent) = home.processes(&task(&home, &id));
    kill_9(agent);
    assert_eq!(ended(&home, &id).status, TaskStatus::Lost);
    assert_eq!(home.count("begun"), 1, "it is not asked again by itself");
    let told = told(&home, ME);
    assert!(told.len() == 3 && told.iter().all(|one| one["data"].get("answer").is_none()));
}

#[test]
fn a_cancel_is_told_to_the_agent_and_reaches_what_its_session_began() {
    let home = served("");
    let (key, id) = spawn(&home, ME, "hang");
    home.wait_mark("hangs");
    let (_, below) = spawn(&home, &key, "ask edit a.txt");
    let wait = asks(&home, &below);
    assert_eq!(home.cli(&["tasks", "cancel", &id]).code, Some(0));
    for one in [&id, &below] {
        assert_eq!(ended(&home, one).status, TaskStatus::Cancelled);
    }
    assert!(heard(&home).iter().any(|line| line == "session/cancel"));
    let after = asked(&home, &below);
    assert_eq!((after[0].wait_id.clone(), after[0].state), (wait.wait_id, WaitState::Cancelled));
}

#[test]
fn a_sub_agents_question_is_answered_by_a_person_and_its_answer_is_printed() {
    let home = served("");
    let args = ["agents", "spawn", "mine", "ask edit a.txt\nsay fine", "--wait"];
    let waits = home.terminal(&args);
    let id = until("its task", || {
        let err = waits.err();
        err.lines().find_map(|line| line.strip_prefix("task ")).map(str::to_owned)
    });
    let wait = asks(&home, &id);
    assert_eq!(home.cli(&["flows", "approve", wait.flow_id.as_str()]).code, Some(0));
    let said = waits.end();
    assert_eq!((said.code, said.out.as_str()), (Some(0), "allowed a.txt. fine\n"), "{said:?}");
}

/// The words of a line that a command has printed.
fn words(home: &Home, args: &[&str]) -> Vec<String> {
    let said = home.cli(args);
    assert_eq!(said.code, Some(0), "{args:?}: {said:?}");
    said.out.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_controller_asks_an_agent_as_a_child_of_its_flow() {
    let mut home = served("");
    let made =
        words(&home, &["flows", "create", "--session", ME, "--controller", "me", "two opinions"]);
    let flow = made[0].clone();
    let prompt = "mark begun\nask edit a.txt\nsay fine";
    let child = ["flows", "run-task", &flow, "--await", "--acp", "mine", "--", prompt];
    let id = words(&home, &child)[0].clone();
    let wait = asks(&home, &id);
    assert_eq!(wait.flow_id.as_str(), flow);
    home.restart();
    let view = home.view(&flow);
    assert_eq!(view.flow.status, FlowStatus::Waiting);
    let open = view.waits.iter().filter(|wait| wait.state == WaitState::Open);
    let mut kinds: Vec<_> = open.map(|wait| wait.kind).collect();
    kinds.sort_by_key(|kind| kind.as_str());
    assert_eq!(kinds, [WaitKind::Permission, WaitKind::Task]);
    let revision = view.flow.revision;
    assert_eq!(home.cli(&["flows", "approve", &flow, "--by", "ann"]).code, Some(0));
    let over = ended(&home, &id);
    assert_eq!((over.runtime, over.agent_id.as_deref()), (Runtime::Acp, Some("mine")));
    assert_eq!(over.answer.as_deref(), Some("allowed a.txt. fine"));
    assert_eq!(over.usage.unwrap().turns, Some(1));
    let view = home.wait(&flow, |view| view.flow.status == FlowStatus::Running);
    assert_eq!(view.flow.revision, revision + 1, "a question and its answer are no revision");
    assert_eq!(home.count("begun"), 1);

    // What cannot be is refused with a word.
    for (args, why) in [
        (["--acp", "nobody", "--", "x"].as_slice(), "there is no agent `nobody`"),
        (&["--acp", "mine", "--runtime", "cli", "--", "x"], "an agent has the runtime acp"),
        (&["--acp", "mine", "--", " "], "blank"),
        (&["--runtime", "acp", "--", "true"], "an agent is asked, not run"),
    ] {
        let said = home.cli(&[&["flows", "run-task", &flow], args].concat());
        assert!(said.code != Some(0) && said.err.contains(why), "{args:?}: {said:?}");
    }

    // A cancel of the flow reaches the agent, which asks nobody any more.
    let child = ["flows", "run-task", &flow, "--acp", "mine", "--", "ask edit b.txt\nsay x"];
    let id = words(&home, &child)[0].clone();
    asks(&home, &id);
    assert_eq!(home.cli(&["flows", "cancel", &flow]).code, Some(0));
    assert_eq!(ended(&home, &id).status, TaskStatus::Cancelled);
    home.ends(&flow, FlowStatus::Cancelled);
    let view = home.view(&flow);
    assert!(view.waits.iter().all(|wait| wait.state != WaitState::Open), "{:?}", view.waits);
    assert_eq!(json!(view.task_summary.total), json!(2));
}
