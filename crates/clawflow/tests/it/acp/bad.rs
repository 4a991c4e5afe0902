//! Agents that do not keep to the protocol.

use super::agent::touch;
use super::{agent_notes, error_of, flow, home_with, served};
use crate::scenes_support::{stdout_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::task::TaskStatus;
use clawflow_core::wait::WaitKind;
use clawflow_engine::api::FlowView;
use clawflow_engine::clock;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

#[test]
fn noise_and_strays_are_counted_and_change_nothing() {
    let home = served("");
    let id = home.flow("k", &flow(&["noise", "say fine", "noise"], "", ""));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "fine");
    let notes = agent_notes(&home, &id);
    assert!(notes["oddities"]["noise"].as_u64().unwrap() >= 8, "{notes}");
    // An answer that comes too early is the answer; what follows is late.
    let id = home.flow("early", &flow(&["say fine", "strays", "say late"], "", ""));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "fine");
    let notes = agent_notes(&home, &id);
    assert_eq!(notes["oddities"]["strays"], 2, "{notes}");
}

#[test]
fn a_wrong_version_is_a_clear_failure() {
    let home = served("");
    let file = flow(&["say x"], "", ", env: { VERSION: '7' }");
    let view = home.ends(&home.flow("k", &file), FlowStatus::Failed);
    let (code, why) = error_of(&view);
    assert_eq!(code, "protocol");
    assert_eq!(why, "the agent speaks version 7 of the protocol, not 1 or 2");
}

#[test]
fn an_agent_that_cannot_be_started_fails_the_step() {
    let home = served("[agents.gone]\ncommand = [\"/nonexistent/agent\"]\n");
    let file = "steps:\n  - { id: work, acp: { agent: gone, prompt: x } }\n";
    let view = home.ends(&home.flow("k", file), FlowStatus::Failed);
    assert!(error_of(&view).1.contains("/nonexistent/agent"), "{:?}", error_of(&view));
    let file = "steps:\n  - { id: work, acp: { agent: nobody, prompt: x } }\n";
    let view = home.ends(&home.flow("none", file), FlowStatus::Failed);
    assert!(error_of(&view).1.contains("no agent `nobody`"), "{:?}", error_of(&view));
}

#[test]
fn an_agent_that_never_answers_is_stopped_at_its_timeout() {
    let home = served("");
    for (key, line) in [("hangs", "hang"), ("deaf", "deaf")] {
        let id = home.flow(key, &flow(&[line], "", ", timeout: 1s"));
        let view = home.ends(&id, FlowStatus::Failed);
        assert_eq!(task_of(&view, "work").status, TaskStatus::TimedOut, "{key}");
        assert_eq!(error_of(&view).0, "timed_out");
    }
    let file = flow(&["say x"], "", ", env: { VERSION: never }");
    let id = home.flow("never", &file);
    let begun = || super::heard(&home).iter().filter(|line| *line == "initialize").count();
    home.wait(&id, |_| begun() == 3);
    home.cli(&["flows", "cancel", &id]);
    home.ends(&id, FlowStatus::Cancelled);
    until("nothing to be left", || home.left().is_empty().then_some(()));
}

#[test]
fn an_agent_that_exits_before_its_turn_fails_the_step() {
    let home = served("[agents.exits]\ncommand = [\"sh\", \"-c\", \"echo no key >&2; exit 4\"]\n");
    let file = "steps:\n  - { id: work, acp: { agent: exits, prompt: x } }\n";
    let view = home.ends(&home.flow("k", file), FlowStatus::Failed);
    let (code, why) = error_of(&view);
    assert_eq!(code, "agent");
    assert!(why.ends_with("with exit code 4 (no key) before it was asked anything"), "{why}");
}

/// Many agents have one message for all, and the reason beside it.
#[test]
fn an_agent_that_refuses_says_why() {
    let home = served("");
    let id = home.flow("k", &flow(&["say x"], "", ", env: { CAN: refuses }"));
    let (code, why) = error_of(&home.ends(&id, FlowStatus::Failed));
    let wanted = "the agent answered with error -32603: Internal error: it must not be run as root";
    assert_eq!((code.as_str(), why.as_str()), ("agent", wanted));
}

#[test]
fn huge_messages_are_left_out_or_end_the_turn() {
    let home = served("");
    let id = home.flow("k", &flow(&["long 10485760", "say fine"], "", ""));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "fine");
    assert_eq!(agent_notes(&home, &id)["oddities"]["too_long"], 1);
    let id = home.flow("answer", &flow(&["answer 10485760"], "", ""));
    let view = home.ends(&id, FlowStatus::Failed);
    assert_eq!(error_of(&view).0, "message_too_large");
}

#[test]
fn a_flood_ends_the_turn() {
    let home = served("");
    let id = home.flow("k", &flow(&["flood 400", "say fine"], "", ""));
    let view = home.ends(&id, FlowStatus::Failed);
    assert!(error_of(&view).1.contains("said more than"), "{:?}", error_of(&view));
}

#[test]
fn every_update_is_heard_and_few_are_recorded() {
    let home = served("");
    let id = home.flow("k", &flow(&["updates 5000", "until go"], "", ""));
    let shown =
        |view: &FlowView| task_of(view, "work").progress_summary.as_deref() == Some("4999,");
    let view = home.wait(&id, shown);
    let task = task_of(&view, "work");
    let seconds = (clock::now() - task.created_at) / 1000 + 1;
    // Its start and its process are two more.
    assert!(task.version <= 3 + 2 * seconds.cast_unsigned(), "{seconds} s: {task:?}");
    touch(home.path(), "go");
    let view = home.ends(&id, FlowStatus::Succeeded);
    let all: String = (0..5000).map(|n| format!("{n},")).collect();
    assert_eq!(stdout_of(&view, "work"), all);
    assert_eq!(agent_notes(&home, &id)["updates"], 5000);
}

#[test]
fn what_is_said_after_a_cancel_gains_nothing() {
    let home = served("");
    let lines = ["stubborn", "say I am done", "ask execute touch late", "end end_turn"];
    let id = home.flow("k", &flow(&lines, ", permissions: [allow]", ""));
    home.wait_mark("hangs");
    home.cli(&["flows", "cancel", &id]);
    let view = home.ends(&id, FlowStatus::Cancelled);
    assert_eq!(task_of(&view, "work").status, TaskStatus::Cancelled);
    // It did end its turn as if it had done its work.
    assert_eq!(agent_notes(&home, &id)["stopReason"], "end_turn");
    assert_eq!(home.count("cancelled touch late"), 1);
    assert!(!home.path().join("late").exists());
}

#[test]
fn a_question_without_a_yes_is_answered_with_none() {
    let home = served("");
    let id = home.flow("k", &flow(&["trap touch trapped", "say end"], "", ""));
    home.wait(&id, |view| view.waits.iter().any(|wait| wait.kind == WaitKind::Permission));
    assert_eq!(home.cli(&["flows", "approve", &id, "--by", "ann"]).code, Some(0));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "cancelled touch trapped. end");
    assert!(!home.path().join("trapped").exists());
    assert_eq!(agent_notes(&home, &id)["oddities"]["no_option"], 1);
}

/// Files below the directory that have this in them and that others of the machine can read.
fn open_to_others(dir: &Path, what: &str) -> Vec<PathBuf> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let (path, about) = (entry.path(), entry.metadata().unwrap());
        if about.permissions().mode() & 0o077 == 0 {
            continue;
        }
        if about.is_dir() {
            open.extend(open_to_others(&path, what));
        } else if about.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            if String::from_utf8_lossy(&bytes).contains(what) {
                open.push(path);
            }
        }
    }
    open
}

/// What an agent prints is recorded as it is, for its owner to read, and goes nowhere else.
#[test]
fn a_secret_that_an_agent_prints_stays_in_the_home() {
    let mut home = home_with("");
    let config = home.home().join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("[\"SCRIPTED=1\"", "[\"SCRIPTED=1\", \"KEY\"")).unwrap();
    home.set("KEY", "s3cr3t");
    home.gateway();
    let id = home.flow("k", &flow(&["say x", "until go", "tell KEY", "until gone"], "", ""));
    home.wait(&id, |view| task_of(view, "work").progress_summary.as_deref() == Some("x"));
    // It is given to the agent, and clawflow says nothing of it.
    let told = ["show", "events"].map(|verb| home.cli(&["flows", verb, &id, "--json"]).out);
    assert!(!told.concat().contains("s3cr3t"), "{told:?}");
    touch(home.path(), "go");
    home.wait(&id, |view| task_of(view, "work").progress_summary.as_deref() == Some("s3cr3t"));
    touch(home.path(), "gone");
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "xs3cr3t");
    assert!(!home.log().contains("s3cr3t"), "{}", home.log());
    assert_eq!(open_to_others(&home.home(), "s3cr3t"), Vec::<PathBuf>::new());
}

#[test]
fn a_prompt_of_a_mebibyte_arrives() {
    let home = served("");
    let file = "steps:
  - { id: long, run: \"printf 'say '; head -c 1048576 /dev/zero | tr '\\\\0' x\" }
  - { id: work, acp: { agent: mine, prompt: $long.stdout } }
";
    let view = home.ends(&home.flow("k", file), FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "x".repeat(1 << 20));
}
