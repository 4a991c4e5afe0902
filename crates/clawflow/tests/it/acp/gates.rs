//! Permissions: by rule, by a person, and by nobody else.

use super::agent::{self, touch};
use super::{flow, served};
use crate::scenes_support::{Home, stdout_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_engine::api::FlowView;

fn permissions(view: &FlowView) -> Vec<&Wait> {
    view.waits.iter().filter(|wait| wait.kind == WaitKind::Permission).collect()
}

/// A flow whose agent asks to run this, once it does.
fn asking(home: &Home, key: &str, command: &str) -> String {
    let file = flow(&[&format!("ask execute {command}"), "say end"], "", "");
    let id = home.flow(key, &format!("notify: state_changes\n{file}"));
    home.wait(&id, |view| permissions(view).iter().any(|wait| wait.state == WaitState::Open));
    id
}

#[test]
fn a_person_decides_by_the_command_line_and_once() {
    let home = served("");
    let id = asking(&home, "yes", "touch done");
    let view = home.view(&id);
    let wait = permissions(&view)[0];
    assert_eq!(wait.prompt.as_deref(), Some("mine asks (execute): touch done"));
    assert_eq!(wait.preview.as_deref(), Some("touch done"));
    let why = home.cli(&["flows", "why", &id]).out;
    assert!(why.contains("mine asks (execute): touch done"), "{why}");
    assert!(why.contains("clawflow flows approve"), "{why}");
    let shown = home.cli(&["flows", "show", &id]).out;
    assert!(shown.contains("a permission for work"), "{shown}");
    let inbox = home.cli(&["inbox", "list", "--json"]).out;
    assert!(inbox.contains("touch done"), "{inbox}");

    let said = home.cli(&["flows", "approve", &id, "--by", "ann"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "allowed touch done. end");
    assert!(home.path().join("done").exists());
    let wait = permissions(&view)[0];
    assert_eq!((wait.state, wait.answered_by.as_deref()), (WaitState::Resolved, Some("ann")));
    // The second answer is told of the first.
    let wait = wait.wait_id.to_string();
    let again = home.cli(&["flows", "deny", &id, "--wait-id", &wait]);
    assert!(again.out.contains("ann") || again.err.contains("ann"), "{again:?}");

    let id = asking(&home, "no", "touch never");
    assert_eq!(home.cli(&["flows", "deny", &id, "--step", "work"]).code, Some(0));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "refused touch never. end");
    assert!(!home.path().join("never").exists());
}

#[test]
fn rules_decide_without_asking() {
    let home = served("");
    let rules = ", permissions: [\"allow execute touch *\", \"reject edit .git/*\", allow]";
    let lines = ["ask execute touch one", "ask edit .git/config", "ask edit a", "say end"];
    let id = home.flow("k", &flow(&lines, rules, ""));
    let view = home.ends(&id, FlowStatus::Succeeded);
    let said = "allowed touch one. refused .git/config. allowed a. end";
    assert_eq!(stdout_of(&view, "work"), said);
    assert!(permissions(&view).is_empty());
}

#[test]
fn a_question_is_void_when_its_turn_is_over() {
    let home = served("");
    let id = asking(&home, "k", "true");
    home.cli(&["flows", "cancel", &id]);
    let view = home.ends(&id, FlowStatus::Cancelled);
    let wait = permissions(&view)[0];
    assert_eq!((wait.state, &wait.answer), (WaitState::Cancelled, &None));
    let wait = wait.wait_id.to_string();
    let said = home.cli(&["flows", "approve", &id, "--wait-id", &wait]);
    assert_ne!(said.code, Some(0), "{said:?}");
    assert_eq!(home.count("cancelled true"), 1);
}

#[test]
fn an_answer_reaches_an_agent_that_asked_a_gateway_before() {
    let mut home = served("");
    let id = asking(&home, "k", "touch done");
    home.restart();
    let view = home.view(&id);
    assert_eq!(permissions(&view).len(), 1);
    assert_eq!(home.cli(&["flows", "approve", &id]).code, Some(0));
    home.ends(&id, FlowStatus::Succeeded);
    assert_eq!((home.count("asks touch done"), home.count("allowed touch done")), (1, 1));
    assert_eq!(permissions(&home.view(&id)).len(), 1);
}

#[test]
fn an_answer_between_two_gateways_is_not_lost() {
    let mut home = served("");
    let id = asking(&home, "k", "touch done");
    home.kill_gateway();
    // Without a gateway the command writes it into the ledger itself.
    assert_eq!(home.cli(&["flows", "approve", &id]).code, Some(0));
    home.gateway();
    home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(home.count("allowed touch done"), 1);
}

#[test]
fn an_agent_cannot_answer_its_own_question() {
    let home = served("");
    let clawflow = env!("CARGO_BIN_EXE_clawflow");
    let (test, me) = (agent::NAME, std::env::current_exe().unwrap());
    // Its rules let it run this program; the flow id is in its environment.
    let line = format!(
        "until [ -e go ]; do sleep 0.01; done; \
         {clawflow} flows approve $CLAWFLOW_FLOW_ID --by root 2>> said; \
         env -i HOME=$HOME CLAWFLOW_HOME=$CLAWFLOW_HOME setsid {clawflow} flows approve \
         $CLAWFLOW_FLOW_ID --by root 2>> said; \
         SCRIPTED=orphan {} --exact {test} --nocapture > orphan; \
         until [ -e answered ]; do sleep 0.01; done; touch tried",
        me.display()
    );
    std::fs::write(home.path().join("try.sh"), line).unwrap();
    let lines =
        ["ask execute sh -c 'sh try.sh &'", "ask edit secret", "say end"].map(str::to_owned);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let rules = ", permissions: [\"ask edit\", allow]";
    let id = home.flow("k", &flow(&lines, rules, ""));
    home.wait(&id, |view| !permissions(view).is_empty());
    touch(home.path(), "go");
    until("it to try", || home.path().join("tried").exists().then_some(()));
    let said = std::fs::read_to_string(home.path().join("said")).unwrap();
    assert_eq!(said.matches("error: what an attempt started may not answer").count(), 2, "{said}");
    assert!(said.contains("HTTP/1.1 403 "), "{said}");
    assert_eq!(permissions(&home.view(&id))[0].state, WaitState::Open);
    assert_eq!(home.cli(&["flows", "deny", &id]).code, Some(0));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert!(stdout_of(&view, "work").ends_with("refused secret. end"));
}

#[test]
fn files_are_served_below_the_directory_only() {
    let home = served("");
    std::fs::write(home.path().join("a.txt"), "inside").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", home.path().join("link")).unwrap();
    let lines =
        ["read a.txt", "say |", "read link", "say |", "write b.txt", "say |", "read /etc/passwd"];
    let view = |key: &str, access: &str| {
        let id = home.flow(key, &flow(&lines, access, ""));
        stdout_of(&home.ends(&id, FlowStatus::Succeeded), "work")
    };
    let off = view("off", "");
    assert_eq!(off.matches("is not supported").count(), 4, "{off}");
    let read = view("read", ", file_access: read");
    assert!(read.starts_with("inside|not: link: "), "{read}");
    assert!(read.contains("|not: fs/write_text_file is not supported|not: "), "{read}");
    assert!(!home.path().join("b.txt").exists());
    let forbidden = view("no", ", file_access: read, permissions: [\"reject read a.txt\", allow]");
    assert!(forbidden.starts_with("not: a rule forbids it|"), "{forbidden}");
    assert!(view("write", ", file_access: write").contains("|done|"));
    assert_eq!(std::fs::read_to_string(home.path().join("b.txt")).unwrap(), "written");
}

/// A gate is there for somebody else than what waits behind it, or runs beside it.
#[test]
fn a_flow_cannot_answer_its_own_gate_and_another_can() {
    let home = served("");
    let clawflow = env!("CARGO_BIN_EXE_clawflow");
    let line = format!(
        "{clawflow} flows approve \"$1\" --by root 2>> said && echo yes >> said; \
         env -i CLAWFLOW_HOME=\"$CLAWFLOW_HOME\" setsid -w {clawflow} flows approve \"$1\" \
         --by root 2>> said; true"
    );
    std::fs::write(home.path().join("try.sh"), line).unwrap();
    let gate = "  - { id: gate, approval: go on }\n";
    let tries = "  - { id: try, needs: [], argv: [sh, -c, 'until [ -e go ]; do sleep 0.01; done; \
                 sh try.sh \"$CLAWFLOW_FLOW_ID\"'] }\n";
    let id = home.flow("own", &format!("steps:\n{gate}{tries}"));
    home.wait(&id, |view| view.waits.iter().any(|wait| wait.state == WaitState::Open));
    touch(home.path(), "go");
    home.wait_step(&id, "try", StepStatus::Succeeded);
    let said = std::fs::read_to_string(home.path().join("said")).unwrap();
    let refused =
        "error: what an attempt of the flow has started may not answer what the flow asks";
    assert_eq!((said.matches(refused).count(), said.contains("yes")), (2, false), "{said}");
    // A step of another flow is somebody else.
    let other = format!("steps:\n  - {{ id: try, argv: [sh, try.sh, {id}] }}\n");
    let other = home.flow("other", &other);
    home.ends(&other, FlowStatus::Succeeded);
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(view.waits[0].answered_by.as_deref(), Some("root"));
}
