//! Turns that come to their end.

use super::{agent_notes, error_of, flow, heard, home_with, served};
use crate::scenes_support::{stdout_of, step_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::task::{Exit, Runtime, TaskStatus};
use clawflow_core::wait::WaitKind;
use clawflow_engine::api::{FlowView, SettleHow};
use serde_json::json;

#[test]
fn an_agents_answer_is_the_steps_result() {
    let home = served("");
    let file = "steps:
  - id: work
    acp: { agent: mine, prompt: \"mark it\\nsay {\\\"n\\\":3}\", mode: plan, schema: { type: object } }
  - { id: after, argv: [echo, $work.json.n] }
";
    let id = home.flow("k", file);
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(
        (stdout_of(&view, "work").as_str(), stdout_of(&view, "after").as_str()),
        ("{\"n\":3}", "3\n")
    );
    let task = task_of(&view, "work");
    assert_eq!((task.runtime, task.agent_id.as_deref()), (Runtime::Acp, Some("mine")));
    assert_eq!(task.exit, Some(Exit::StopReason("end_turn".to_owned())));
    assert_eq!(task.usage.as_ref().unwrap().tokens, Some(7));
    assert_eq!(heard(&home), ["initialize", "session/new", "mode \"plan\"", "prompt mark it"]);
    assert_eq!(agent_notes(&home, &id)["stopReason"], "end_turn");
    until("nothing to be left", || home.left().is_empty().then_some(()));
}

#[test]
fn a_text_of_the_agent_is_progress_and_not_executed() {
    let home = served("");
    let lines = ["say $(touch owned) `touch owned`", "until go", "say done"];
    let id = home.flow("k", &flow(&lines, "", ""));
    home.wait(&id, |view| {
        task_of(view, "work").progress_summary.as_deref() == Some("$(touch owned) `touch owned`")
    });
    super::agent::touch(home.path(), "go");
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "$(touch owned) `touch owned`done");
    assert!(!home.path().join("owned").exists());
}

#[test]
fn an_agent_that_stops_early_fails_the_step_or_blocks_the_flow() {
    let home = served("");
    let id = home.flow("fails", &flow(&["say no", "end refusal"], "", ""));
    let view = home.ends(&id, FlowStatus::Failed);
    assert_eq!(error_of(&view).0, "refusal");
    assert_eq!(task_of(&view, "work").status, TaskStatus::Failed);

    let file = flow(&["say so far", "end max_turn_requests"], ", on_stop: block", "");
    let id = home.flow("blocks", &file);
    let view = home.wait_step(&id, "work", StepStatus::InDoubt);
    assert_eq!(view.flow.status, FlowStatus::Blocked);
    assert_eq!(stdout_of(&view, "work"), "so far");
    assert!(task_of(&view, "work").terminal_outcome.is_some());
    home.settle(&id, SettleHow::Succeeded, Some(json!("by hand"))).unwrap();
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "by hand");
}

#[test]
fn a_later_step_goes_on_in_the_session_of_an_earlier_one() {
    let home = served("");
    let file = "steps:
  - { id: work, acp: { agent: mine, prompt: say one }, env: { CAN: resume } }
  - { id: more, acp: { agent: mine, prompt: say two, session: $work.session }, env: { CAN: load } }
";
    let view = home.ends(&home.flow("k", file), FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "more"), "two");
    assert_eq!(heard(&home)[3..], ["initialize", "session/load", "prompt say two"]);
    // Never a new one in its place.
    let none = file.replace("CAN: resume", "CAN: nothing");
    let view = home.wait_step(&home.flow("none", &none), "more", StepStatus::InDoubt);
    let error = step_of(&view, "more").error.clone().unwrap();
    assert!(error.message.contains("the session to go on with has no id"), "{error:?}");
}

#[test]
fn an_agent_is_given_servers_and_our_own_sees_its_owner_only() {
    let home = served("");
    let more = ", mcp: [{ name: notes, command: [./notes, -q], env: { A: b } }, clawflow]";
    home.ends(&home.flow("k", &flow(&["say x"], more, "")), FlowStatus::Succeeded);
    assert_eq!((home.count("mcp notes"), home.count("mcp clawflow")), (1, 1));
    let own = std::fs::read_to_string(home.path().join("mcp.json")).unwrap();
    let own: serde_json::Value = serde_json::from_str(&own).unwrap();
    assert_eq!(
        (&own["command"], &own["args"]),
        (&json!(env!("CARGO_BIN_EXE_clawflow")), &json!(["mcp"]))
    );
    let owner = json!({ "name": "CLAWFLOW_SESSION", "value": "agent:main:main" });
    assert!(own["env"].as_array().unwrap().contains(&owner), "{own}");
}

#[test]
fn a_cancel_reaches_the_agent_before_its_process() {
    let home = served("");
    let id = home.flow("k", &flow(&["hang"], "", ""));
    home.wait_mark("hangs");
    let said = home.cli(&["flows", "cancel", &id]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let view = home.ends(&id, FlowStatus::Cancelled);
    assert_eq!(task_of(&view, "work").status, TaskStatus::Cancelled);
    assert_eq!(heard(&home).last().unwrap(), "session/cancel");
    assert_eq!(agent_notes(&home, &id)["stopReason"], "cancelled");
    until("nothing to be left", || home.left().is_empty().then_some(()));
}

#[test]
fn a_task_of_its_own_has_an_answer_and_rules() {
    let home = home_with("");
    let prompt = "ask read a.txt\nask edit a.txt\nsay fine";
    let rules = ["--permission", "allow read", "--permission", "reject", "--", prompt];
    let said = home.cli(&[&["tasks", "run", "--acp", "mine", "--wait"], &rules[..]].concat());
    assert_eq!((said.code, said.out.as_str()), (Some(0), "allowed a.txt. refused a.txt. fine\n"));
    let rule = ["tasks", "run", "--acp", "mine", "--wait", "--permission", "allow", "--", "say x"];
    assert_eq!(home.cli(&rule).out, "x\n");
    let said = home.cli(&["tasks", "run", "--acp", "nobody", "--wait", "--", "x"]);
    assert!(said.err.contains("there is no agent `nobody`"), "{said:?}");
}

#[test]
fn a_schedule_asks_an_agent_and_keeps_its_answer() {
    let home = served("permissions = [\"allow read\", \"reject\"]\n");
    let prompt = "ask read a.txt\nask edit a.txt\nsay fine";
    std::fs::write(home.path().join("prompt"), prompt).unwrap();
    let made = home.cli(&["cron", "add", "look", "--every", "1h", "--agent", "mine", "@prompt"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let ran = || {
        let ran = home.cli(&["cron", "run", "look", "--wait", "--json"]);
        let run: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let task = home.cli(&["tasks", "show", run["taskId"].as_str().unwrap(), "--json"]).out;
        (ran.code, run, serde_json::from_str::<serde_json::Value>(&task).unwrap())
    };
    let (code, run, task) = ran();
    assert_eq!((code, &run["status"]), (Some(0), &json!("succeeded")), "{run}");
    assert_eq!(task["answer"], "allowed a.txt. refused a.txt. fine");
    let facts = ["runtime", "agentId", "label"].map(|key| task[key].clone());
    assert_eq!(facts, ["acp", "mine", "look"]);
    assert_eq!(task["sourceId"], run["scheduleId"]);
    // What is not named stays; the run that fails says why.
    let rule = ["cron", "edit", "look", "--permission", "allow", "--mode", "plan"];
    assert_eq!(home.cli(&rule).code, Some(0));
    let shown = home.cli(&["cron", "show", "look"]).out;
    for wanted in ["agent: mine, mode plan, permissions allow", "what: agent mine: ask read"] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    assert_eq!(ran().2["answer"], "allowed a.txt. allowed a.txt. fine");
    home.cli(&["cron", "edit", "look", "say no\nend refusal"]);
    let (code, run, _) = ran();
    assert_eq!((code, &run["status"]), (Some(1), &json!("failed")), "{run}");
}

#[test]
fn agents_are_listed_with_whether_they_are_there() {
    let home = home_with("permissions = [\"allow read\", \"reject\"]\n");
    let listed = home.cli(&["agents", "--json"]).out;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let agents = listed["agents"].as_array().unwrap();
    let of = |name: &str| agents.iter().find(|agent| agent["name"] == name).unwrap();
    assert_eq!(of("mine")["found"], true);
    assert_eq!(of("mine")["permissions"], json!(["allow read", "reject"]));
    assert_eq!((&of("goose")["configured"], &of("goose")["found"]), (&json!(false), &json!(false)));
    assert!(home.cli(&["agents"]).out.contains("allow read; reject"));
}

#[test]
fn turns_draw_from_the_budget_of_the_flow() {
    let home = served("");
    let step = |id: &str| format!("  - {{ id: {id}, acp: {{ agent: mine, prompt: say x }} }}\n");
    let file = format!("budget: {{ turns: 1 }}\nsteps:\n{}{}", step("work"), step("more"));
    let id = home.flow("k", &file);
    let held = |view: &FlowView| view.waits.iter().any(|wait| wait.kind == WaitKind::Budget);
    let view = home.wait(&id, |view| held(view));
    assert_eq!(task_of(&view, "work").usage.as_ref().unwrap().turns, Some(1));
    assert_eq!(step_of(&view, "more").status, StepStatus::Pending);
    assert_eq!(home.cli(&["flows", "budget", &id, "--turns", "5"]).code, Some(0));
    home.ends(&id, FlowStatus::Succeeded);
}

/// One long turn uses ten times what its flow may: it is known at once, and nothing is broken off.
#[test]
fn a_turn_goes_on_when_the_budget_of_its_flow_is_used_up() {
    let home = served("");
    let lines = ["cost 1", "until go", "say done"];
    let more = "  - { id: more, argv: [touch, more] }\n";
    let file = format!("budget: {{ usd: 0.1 }}\n{}{more}", flow(&lines, "", ""));
    let id = home.flow("k", &file);
    let held = |view: &FlowView| view.waits.iter().any(|wait| wait.kind == WaitKind::Budget);
    let view = home.wait(&id, held);
    assert_eq!(step_of(&view, "work").status, StepStatus::Running);
    super::agent::touch(home.path(), "go");
    let view = home.wait_step(&id, "work", StepStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "done");
    assert_eq!(step_of(&view, "more").status, StepStatus::Pending);
    assert_eq!(home.cli(&["flows", "budget", &id, "--usd", "9"]).code, Some(0));
    home.ends(&id, FlowStatus::Succeeded);
    assert!(home.path().join("more").exists());
}

#[test]
fn an_attempt_is_stopped_where_its_own_budget_is_used_up() {
    let home = served("");
    let step = ", retry: { max: 3, delay: 1ms }, budget: { usd: 0.5 }";
    let id = home.flow("k", &flow(&["cost 0.2", "until go", "cost 0.7", "hang"], "", step));
    let low = |view: &FlowView| {
        let task = view.tasks.iter().find(|task| task.step_id.as_deref() == Some("work"));
        task.and_then(|task| task.usage.as_ref()?.cost_usd) == Some(0.2)
    };
    home.wait(&id, low);
    assert_eq!(home.count("hangs"), 0);
    super::agent::touch(home.path(), "go");
    let view = home.ends(&id, FlowStatus::Failed);
    let (code, why) = error_of(&view);
    assert_eq!((code.as_str(), why.contains("its budget is used up")), ("budget", true), "{why}");
    assert_eq!((step_of(&view, "work").attempt, home.count("hangs")), (1, 1));
    assert_eq!(heard(&home).last().unwrap(), "session/cancel");
    // Within its budget it comes to its end.
    let step = ", budget: { usd: 0.5 }";
    let id = home.flow("within", &flow(&["cost 0.2", "say fine"], "", step));
    assert_eq!(stdout_of(&home.ends(&id, FlowStatus::Succeeded), "work"), "fine");
}

#[test]
fn a_task_with_a_flow_that_mirrors_it_runs_again() {
    let home = home_with("");
    let said = home.cli(&["tasks", "run", "--acp", "mine", "--wait", "--json", "--", "say x"]);
    let first: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(first["parentFlowId"].is_string(), "{first}");
    let id = first["taskId"].as_str().unwrap();
    let said = home.cli(&["tasks", "rerun", id, "--wait", "--json"]);
    let again: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&again["status"], &again["answer"]), (&json!("succeeded"), &json!("x")), "{again}");
    assert_eq!(again["parentTaskId"], first["taskId"]);
    assert!(again["parentFlowId"].is_string(), "{again}");
    assert_ne!(again["parentFlowId"], first["parentFlowId"]);
    let prompts = heard(&home).iter().filter(|line| *line == "prompt say x").count();
    assert_eq!(prompts, 2);
}

#[test]
fn an_agent_that_speaks_no_protocol_is_not_spoken_to() {
    let home = home_with("[agents.plain]\ncommand = [\"cat\"]\nprotocol = \"stdin\"\n");
    let said = home.cli(&["tasks", "run", "--acp", "plain", "--wait", "--", "x"]);
    assert!(said.code != Some(0) && said.err.contains("only reads a prompt"), "{said:?}");
}

#[test]
fn an_agents_budget_holds_for_each_of_its_tasks() {
    let home = served("budget = { usd = 0.5, time = \"1h\" }\n");
    let why = "its budget is used up: $0.6 of $0.5";
    let lines = ["cost 0.4", "mark half", "cost 0.6", "hang"];
    let file = flow(&lines, "", ", retry: { max: 3 }");
    let view = home.ends(&home.flow("k", &file), FlowStatus::Failed);
    assert_eq!(error_of(&view), ("budget".to_owned(), why.to_owned()));
    assert_eq!((step_of(&view, "work").attempt, home.count("half")), (1, 1));
    let usage = task_of(&view, "work").usage.clone().unwrap();
    assert_eq!(usage.cost_usd, Some(0.6));
    let prompt = lines.join("\n");
    let said = home.cli(&["tasks", "run", "--acp", "mine", "--wait", "--json", "--", &prompt]);
    let task: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&task["status"], &task["error"]), (&json!("failed"), &json!(why)));
    assert_eq!(task["budget"], json!({ "costUsd": 0.5, "wallMs": 3_600_000 }));
    // Who asks may ask for less, and not for more.
    for (asked, wanted) in [("usd=0.3", "$0.4 of $0.3"), ("usd=9", why)] {
        let run = ["tasks", "run", "--acp", "mine", "--wait", "--budget", asked, "--", &prompt];
        let said = home.cli(&run);
        assert!(said.code == Some(1) && said.err.contains(wanted), "{said:?}");
    }
    let within = flow(&["cost 0.4", "say fine"], "", "");
    home.ends(&home.flow("within", &within), FlowStatus::Succeeded);
}

#[test]
fn an_agents_tools_are_given_to_its_sessions() {
    let home = served("tools = { clawflow = true, notes = [\"./other\"], more = [\"./more\"] }\n");
    let more = ", mcp: [{ name: notes, command: [./notes, -q] }]";
    home.ends(&home.flow("k", &flow(&["say x"], more, "")), FlowStatus::Succeeded);
    let counts = ["mcp notes", "mcp clawflow", "mcp more"].map(|line| home.count(line));
    assert_eq!(counts, [1, 1, 1], "that of the step counts, once");
    // A sub-agent uses clawflow as itself.
    let said = home.cli(&["config", "show", "--json"]);
    assert!(said.out.contains("agents.mine.tools"), "{said:?}");
    let home = served("tools = { clawflow = true }\n");
    let said = home.cli(&["agents", "spawn", "mine", "say x", "--wait"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "x\n"), "{said:?}");
    let own = std::fs::read_to_string(home.path().join("mcp.json")).unwrap();
    assert!(own.contains("agent:mine:subagent:"), "{own}");
}
