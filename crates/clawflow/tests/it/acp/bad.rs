//! Agents that do not keep to the protocol.

use super::{agent_notes, error_of, flow, served};
use crate::scenes_support::{stdout_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::task::TaskStatus;

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
fn a_prompt_of_a_mebibyte_arrives() {
    let home = served("");
    let file = "steps:
  - { id: long, run: \"printf 'say '; head -c 1048576 /dev/zero | tr '\\\\0' x\" }
  - { id: work, acp: { agent: mine, prompt: $long.stdout } }
";
    let view = home.ends(&home.flow("k", file), FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "x".repeat(1 << 20));
}
