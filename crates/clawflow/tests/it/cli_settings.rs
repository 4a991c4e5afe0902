//! The user sees no difference: each verb under a gateway, beside a foreground run, with neither.

use crate::support::{Home, redact};

/// Who drives the store while the verbs are used.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Setting {
    Gateway,
    Run,
    Neither,
}

/// Each verb; a flow of this key waits at its gate for it. They are used in this order.
const VERBS: &[&[&str]] = &[
    &["flows", "list", "--status", "waiting", "--limit", "3"],
    &["tasks", "flow", "show", "f-show"],
    &["flows", "logs", "f-show"],
    &["flows", "logs", "f-show", "--step", "gather", "--stderr"],
    &["flows", "graph", "f-show", "--format", "ascii"],
    &["flows", "pause", "f-pause"],
    &["flows", "show", "f-pause"],
    &["flows", "unpause", "f-pause", "--expected-revision", "0"],
    &["flows", "unpause", "f-pause"],
    &["flows", "approve", "f-approve", "--by", "ann"],
    &["flows", "approve", "f-approve", "--by", "bob", "--step", "ask"],
    &["flows", "deny", "f-approve", "--by", "bob", "--step", "ask"],
    &["flows", "settle", "f-show", "--skip"],
    &["flows", "purge", "f-show"],
    &["flows", "cancel", "f-cancel", "--reason", "no more"],
    &["flows", "cancel", "f-cancel"],
    &["tasks", "flow", "retry", "f-cancel"],
    &["flows", "purge", "--status", "cancelled", "--dry-run"],
    &["tasks", "list", "--flow", "f-show"],
    &["tasks", "cancel", "no-such-task"],
    &["tasks", "show", "no-such-task"],
    &["flows", "show", "no-such-flow"],
];

const KEYS: [&str; 4] = ["f-show", "f-pause", "f-approve", "f-cancel"];

fn home(setting: Setting) -> Home {
    let mut home = Home::new();
    match setting {
        Setting::Gateway => home.start_gateway(),
        Setting::Run => home.start_run("holder"),
        Setting::Neither => {}
    }
    for key in KEYS {
        match setting {
            Setting::Gateway => {
                home.ok(&["run", "gated.flow.yaml", "--detach", "--key", key]);
                home.wait_for(key, "waiting");
            }
            // At its gate, without a person, a second run leaves its flow to the first.
            Setting::Run => {
                let out = home.run(&["run", "gated.flow.yaml", "--key", key]);
                assert_eq!(out.code, 7, "{out:?}");
            }
            Setting::Neither => {
                home.start_run(key);
                home.interrupt();
            }
        }
    }
    home
}

const HINT: &str = "hint: nothing drives this flow now";

fn transcript(setting: Setting) -> (String, Vec<String>) {
    let home = home(setting);
    let mut told = String::new();
    let mut hinted = Vec::new();
    for verb in VERBS {
        let out = home.run(verb);
        let line = verb.join(" ");
        if out.stderr.contains(HINT) {
            hinted.push(line.clone());
        }
        let stderr: Vec<&str> = out.stderr.lines().filter(|line| !line.contains(HINT)).collect();
        // A foreground run is itself a flow in the list.
        let stdout = out.stdout.lines().filter(|line| !line.contains(" active · "));
        let stdout = stdout.collect::<Vec<_>>().join("\n");
        let said = redact(&format!("{stdout}\n{}", stderr.join("\n")));
        let said: String =
            said.lines().filter(|line| !line.is_empty()).map(|l| format!("{l}\n")).collect();
        told.push_str(&format!("$ {line}\n{said}exit {}\n", out.code));
    }
    (told, hinted)
}

#[test]
fn under_a_gateway_each_verb_answers() {
    let (told, hinted) = transcript(Setting::Gateway);
    let middle = told.find("$ flows settle").unwrap();
    let (first, second) = told.split_at(middle);
    looks_and_answers(first);
    decisions_and_ends(second);
    assert!(hinted.is_empty(), "{hinted:?}");
}

fn looks_and_answers(told: &str) {
    insta::assert_snapshot!(told, @r#"
    $ flows list --status waiting --limit 3
    FLOW KEY MODE STATUS REV STEP TASKS AGE GOAL
    [ID] f-cancel managed waiting 1 ask 0 active/1 [T] gated
    [ID] f-approve managed waiting 1 ask 0 active/1 [T] gated
    [ID] f-pause managed waiting 1 ask 0 active/1 [T] gated
    hint: there are more: add --after flow_[ID]
    exit 0
    $ tasks flow show f-show
    flow f-show (flow_[ID]) managed · waiting · revision 1 · owner agent:main:main
    goal: gated
    waiting for: approval of ask "go on?", since [T], no deadline
      1 gather succeeded [T] [ID]
      2 ask waiting [T]
      3 deliver pending
    exit 0
    $ flows logs f-show
    collected
    exit 0
    $ flows logs f-show --step gather --stderr
    warned
    exit 0
    $ flows graph f-show --format ascii
    gather succeeded run
    ask waiting approval <- gather
    deliver pending run <- ask
    exit 0
    $ flows pause f-pause
    paused f-pause (flow_[ID]), waiting, paused, revision 2
    exit 0
    $ flows show f-pause
    flow f-pause (flow_[ID]) managed · waiting · revision 2 · owner agent:main:main
    goal: gated
    waiting for: unpause, since [T]
    waiting for: approval of ask "go on?", since [T], no deadline
      1 gather succeeded [T] [ID]
      2 ask waiting [T]
      3 deliver pending
    exit 0
    $ flows unpause f-pause --expected-revision 0
    error: expected revision 0, the flow is at 2
    hint: the flow is waiting, at revision 2
    exit 4
    $ flows unpause f-pause
    unpaused f-pause (flow_[ID]), waiting, revision 3
    exit 0
    $ flows approve f-approve --by ann
    approved ask of f-approve (flow_[ID])
    exit 0
    $ flows approve f-approve --by bob --step ask
    ask of f-approve (flow_[ID]) was already approved by ann
    exit 0
    $ flows deny f-approve --by bob --step ask
    error: ask of f-approve (flow_[ID]) was already approved by ann
    hint: an approval is answered once
    exit 4
    "#);
}

fn decisions_and_ends(told: &str) {
    insta::assert_snapshot!(told, @r"
    $ flows settle f-show --skip
    error: no step of the flow is in doubt
    hint: clawflow flows why FLOW
    exit 4
    $ flows purge f-show
    error: the flow is waiting: only an ended flow is purged
    hint: clawflow flows cancel FLOW
    hint: the flow is waiting, at revision 1
    exit 4
    $ flows cancel f-cancel --reason no more
    ended f-cancel (flow_[ID]), cancelled, revision 2
    exit 0
    $ flows cancel f-cancel
    error: the flow is already cancelled
    hint: the flow is cancelled, at revision 2
    exit 4
    $ tasks flow retry f-cancel
    f-cancel (flow_[ID]) tries flow_[ID] again
    exit 0
    $ flows purge --status cancelled --dry-run
    would delete flow_[ID]
    exit 0
    $ tasks list --flow f-show
    TASK FLOW STEP RUNTIME STATUS TOOK AGE WHAT
    [ID] [ID] gather cli succeeded [T] [T] echo collected; echo warned >&2
    exit 0
    $ tasks cancel no-such-task
    error: task not found: no-such-task
    hint: clawflow tasks list
    exit 3
    $ tasks show no-such-task
    error: task not found: no-such-task
    hint: clawflow tasks list
    exit 3
    $ flows show no-such-flow
    error: flow not found: no-such-flow
    hint: clawflow flows list
    exit 3
    ");
}

#[test]
fn beside_a_foreground_run_each_verb_answers_the_same() {
    let (told, hinted) = transcript(Setting::Run);
    assert_eq!(told, transcript(Setting::Gateway).0);
    assert!(hinted.is_empty(), "{hinted:?}");
}

#[test]
fn with_neither_each_verb_answers_the_same_and_says_that_nothing_drives_the_flow() {
    let (told, hinted) = transcript(Setting::Neither);
    assert_eq!(told, transcript(Setting::Gateway).0);
    insta::assert_snapshot!(hinted.join("\n"), @r"
    flows unpause f-pause
    flows approve f-approve --by ann
    tasks flow retry f-cancel
    ");
}
