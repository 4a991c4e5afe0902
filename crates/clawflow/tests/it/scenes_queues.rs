//! Queues of the real gateway: limits hold while it is killed, and what waits costs nothing.

use crate::scenes_support::{Home, kill_9, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::task::TaskStatus;
use clawflow_engine::api::{QueueList, QueueListRequest, QueueView, TaskList, TaskListRequest};
use std::collections::BTreeSet;

/// The file `go` ends it.
const HOLDER: &str =
    "steps: [{ id: hold, queue: one, run: 'until [ -e go ]; do sleep 0.05; done' }]\n";

fn configure(home: &Home, text: &str) {
    std::fs::create_dir_all(home.home()).unwrap();
    std::fs::write(home.home().join("config.toml"), text).unwrap();
}

fn queue(home: &Home, name: &str) -> QueueView {
    let request = QueueListRequest { queue: Some(name.to_owned()), limit: None };
    home.call::<QueueList>(&request).unwrap().queues.remove(0)
}

fn many(items: usize, queue: &str, line: &str) -> String {
    let numbers: Vec<String> = (0..items).map(|n| n.to_string()).collect();
    let numbers = numbers.join(", ");
    format!(
        "steps:
  - id: all
    for_each: [{numbers}]
    concurrency: {items}
    steps: [{{ id: one, queue: {queue}, run: '{line}' }}]
"
    )
}

#[test]
fn two_hundred_wait_for_three_places_while_the_gateway_is_killed() {
    let mut home = Home::new();
    configure(&home, "[queues.few]\nconcurrency = 3\n");
    home.gateway();
    let line = "echo start $CLAWFLOW_STEP >> marks; sleep 0.03; echo end $CLAWFLOW_STEP >> marks";
    let flow = home.flow("many", &many(200, "few", line));
    let shown = queue(&home, "few");
    assert!(shown.running.len() <= 3 && shown.waiting > 100, "{shown:?}");
    for kill in 1..=4 {
        until("some more have run", || {
            (home.marks().lines().filter(|line| line.starts_with("end")).count() >= kill * 15)
                .then_some(())
        });
        home.restart();
    }
    home.ends(&flow, FlowStatus::Succeeded);
    let marks = home.marks();
    let (mut running, mut started) = (BTreeSet::new(), BTreeSet::new());
    for line in marks.lines() {
        let (what, step) = line.split_once(' ').unwrap();
        match what {
            "start" => {
                assert!(started.insert(step), "{step} has run twice");
                running.insert(step);
            }
            _ => assert!(running.remove(step), "{step} has ended before"),
        }
        assert!(running.len() <= 3, "{running:?} at once");
    }
    assert_eq!((started.len(), running.len()), (200, 0));
    let shown = queue(&home, "few");
    assert_eq!((shown.running.len(), shown.waiting, shown.held), (0, 0, None));
}

#[test]
fn a_rate_is_not_exceeded_over_a_restart() {
    const PERIOD_MS: i64 = 2000;
    let mut home = Home::new();
    configure(&home, "[queues.slow]\nrate = \"3/2s\"\n");
    home.gateway();
    let flow = home.flow("slow", &many(8, "slow", "true"));
    until("the first ones have run", || {
        let shown = queue(&home, "slow");
        (shown.waiting == 5 && shown.running.is_empty()).then_some(())
    });
    let shown = queue(&home, "slow");
    assert_eq!(shown.held.as_deref(), Some("rate"));
    let next_at = shown.next_at.unwrap();
    home.restart();
    let again = queue(&home, "slow");
    // What is stored is the start, what was remembered is its commit, a moment later.
    let earlier = next_at - again.next_at.unwrap_or(next_at);
    assert!((0..PERIOD_MS / 2).contains(&earlier), "{next_at}, then {again:?}");
    home.ends(&flow, FlowStatus::Succeeded);
    let tasks = home.call::<TaskList>(&TaskListRequest::default()).unwrap().tasks;
    let mut starts: Vec<i64> = tasks.iter().filter_map(|task| task.started_at).collect();
    starts.sort_unstable();
    assert_eq!(starts.len(), 8);
    for window in starts.windows(4) {
        assert!(window[3] - window[0] >= PERIOD_MS, "{starts:?}");
    }
}

#[test]
fn a_queue_that_is_configured_no_more_limits_nothing_and_says_so() {
    let mut home = Home::new();
    configure(&home, "[queues.one]\nconcurrency = 1\n");
    home.gateway();
    let holder = home.flow("holder", HOLDER);
    let waits = home.flow("waits", "steps: [{ id: a, queue: one, argv: [sleep, '60'] }]\n");
    until("one runs", || (queue(&home, "one").running.len() == 1).then_some(()));
    let why = home.cli(&["flows", "why", "waits"]);
    assert!(why.out.contains("step a waits in the queue one; it is next: 1 of 1 run"), "{why:?}");
    home.kill_gateway();
    configure(&home, "[queues.ones]\nconcurrency = 1\n");
    let doctor = home.cli(&["doctor"]);
    assert!(doctor.out.contains("queues: not configured any more"), "{doctor:?}");
    home.gateway();
    until("both run", || (queue(&home, "one").running.len() == 2).then_some(()));
    let shown = home.cli(&["queues"]);
    assert!(shown.err.contains("one is not configured any more"), "{shown:?}");
    let error = home.try_flow("new", HOLDER).unwrap_err();
    assert_eq!(error.code, "bad_file");
    assert!(error.message.contains("did you mean `ones`?"), "{error:?}");
    for flow in [holder, waits] {
        home.cli(&["flows", "cancel", &flow]);
        home.ends(&flow, FlowStatus::Cancelled);
    }
}

#[test]
fn a_thousand_that_wait_cost_no_descriptor_and_no_thread() {
    let mut home = Home::new();
    configure(&home, "[queues.one]\nconcurrency = 1\nrate = \"1/1h\"\n");
    home.gateway();
    home.flow("holder", HOLDER);
    until("the place is taken", || (queue(&home, "one").running.len() == 1).then_some(()));
    let count = |what: &str| {
        let dir = format!("/proc/{}/{what}", home.gateway_pid());
        std::fs::read_dir(dir).unwrap().count()
    };
    let before = (count("fd"), count("task"));
    let flow = home.flow("many", &many(1000, "one", "true"));
    assert_eq!(queue(&home, "one").waiting, 1000);
    let after = (count("fd"), count("task"));
    // A connection that is just being closed, a thread for a read that was just made.
    assert!(after.0 <= before.0 + 8 && after.1 <= before.1 + 8, "{before:?}, then {after:?}");
    home.cli(&["flows", "cancel", &flow]);
    home.ends(&flow, FlowStatus::Cancelled);
    let shown = queue(&home, "one");
    assert_eq!((shown.running.len(), shown.waiting), (1, 0));
    std::fs::write(home.path().join("go"), "").unwrap();
}

#[test]
fn a_place_is_free_again_after_its_process_was_killed() {
    let mut home = Home::new();
    configure(&home, "[queues.one]\nconcurrency = 1\n");
    home.gateway();
    let holder = home.flow("holder", HOLDER);
    let next = home.flow("next", "steps: [{ id: a, queue: one, run: 'true' }]\n");
    let view = home.wait_step(&holder, "hold", clawflow_core::step::StepStatus::Running);
    let task = view.tasks.iter().find(|task| task.status == TaskStatus::Running).unwrap();
    let (_, child) = home.processes(task);
    kill_9(child);
    home.ends(&holder, FlowStatus::Failed);
    home.ends(&next, FlowStatus::Succeeded);
}

/// One run of the key `import` at a time; each waits for a file of its own name.
fn import(name: &str) -> String {
    let line = format!("echo start {name} >> marks; until [ -e {name} ]; do sleep 0.05; done");
    format!(
        "on_conflict: queue
steps: [{{ id: a, run: '{line}; echo end {name} >> marks' }}]
finally: [{{ id: f, run: 'echo over {name} >> marks' }}]
"
    )
}

#[test]
fn runs_of_one_key_go_one_after_another_whoever_dies_meanwhile() {
    let mut home = Home::new();
    home.gateway();
    let flows: Vec<String> =
        ["f1", "f2", "f3", "f4"].iter().map(|name| home.flow("import", &import(name))).collect();
    home.wait_mark("start f1");
    let status = |home: &Home, at: usize| home.view(&flows[at]).flow.status;
    assert_eq!([1, 2, 3].map(|at| status(&home, at)), [FlowStatus::Queued; 3]);
    let by_key = home.cli(&["flows", "show", "import", "--field", "flowId"]);
    assert_eq!(by_key.out.trim(), flows[0], "the key finds the one that has begun");
    let why = home.cli(&["flows", "why", &flows[2]]);
    assert!(why.out.contains(&format!("it waits in line for {} to end", flows[0])), "{why:?}");
    home.cli(&["flows", "cancel", &flows[1]]);
    home.ends(&flows[1], FlowStatus::Cancelled);
    home.restart();
    assert_eq!(status(&home, 2), FlowStatus::Queued);
    // It ends while nobody looks, and the next gateway finds who is next.
    home.kill_gateway();
    std::fs::write(home.path().join("f1"), "").unwrap();
    home.wait_mark("end f1");
    home.gateway();
    home.ends(&flows[0], FlowStatus::Succeeded);
    home.wait_mark("start f3");
    assert_eq!(status(&home, 3), FlowStatus::Queued);
    for name in ["f3", "f4"] {
        std::fs::write(home.path().join(name), "").unwrap();
    }
    home.ends(&flows[2], FlowStatus::Succeeded);
    home.ends(&flows[3], FlowStatus::Succeeded);
    let marks = home.marks();
    let wanted: Vec<String> = ["f1", "f3", "f4"]
        .iter()
        .flat_map(|name| ["start", "end", "over"].map(|what| format!("{what} {name}")))
        .collect();
    assert_eq!(marks.lines().collect::<Vec<_>>(), wanted);
}
