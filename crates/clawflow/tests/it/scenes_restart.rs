//! The gateway dies while a step runs; what it had recorded stays, what runs goes on.

use crate::scenes_support::{END, Home, START, kill_9, stdout_of, step_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::task::TaskStatus;
use clawflow_engine::clock::now;
use clawflow_engine::shim::procfs;

/// Three steps; the second one waits for the file `go`.
fn three() -> String {
    format!(
        "steps:
  - {{ id: one, run: '{START}; echo first; {END}' }}
  - {{ id: two, run: '{START}; until [ -e go ]; do sleep 0.05; done; echo real; {END}' }}
  - {{ id: three, run: '{START}; cat; {END}', stdin: $two.stdout }}
"
    )
}

#[test]
fn what_ends_while_nobody_looks_is_recorded_as_it_was() {
    let mut home = Home::new();
    home.gateway();
    let flow = home.flow("three", &three());
    let before = home.wait_step(&flow, "two", StepStatus::Running);
    home.wait_mark("start two 1");
    home.kill_gateway();
    std::fs::write(home.path().join("go"), "").unwrap();
    home.wait_mark("end two 1");
    let (shim, _) = home.processes(task_of(&before, "two"));
    until("the shim's end", || (!procfs::is_alive(shim)).then_some(()));
    let between = now();
    home.gateway();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    let two = view.tasks.iter().find(|t| t.step_id.as_deref() == Some("two")).unwrap();
    assert_eq!(two.status, TaskStatus::Succeeded);
    assert!(two.ended_at.unwrap() <= between, "{two:?}");
    assert_eq!(stdout_of(&view, "two"), "real\n");
    assert_eq!(stdout_of(&view, "three"), "real\n");
    assert_eq!(step_of(&view, "three").attempt, 1);
    let all = ["start one 1", "end one 1", "start two 1", "end two 1", "start three 1"];
    assert_eq!(home.marks().lines().collect::<Vec<_>>(), [&all[..], &["end three 1"]].concat());
}

#[test]
fn what_still_runs_is_adopted_and_not_started_again() {
    let mut home = Home::new();
    home.gateway();
    let flow = home.flow("three", &three());
    let before = home.wait_step(&flow, "two", StepStatus::Running);
    home.wait_mark("start two 1");
    for _ in 0..3 {
        home.restart();
    }
    let after = home.view(&flow);
    assert_eq!(task_of(&before, "two").task_id, task_of(&after, "two").task_id);
    assert_eq!(task_of(&before, "two").fence, task_of(&after, "two").fence);
    assert_eq!(step_of(&after, "two").status, StepStatus::Running);
    std::fs::write(home.path().join("go"), "").unwrap();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "three"), "real\n");
    assert_eq!(home.count("start two 1"), 1);
    assert_eq!(home.marks().lines().count(), 6, "{}", home.marks());
}

#[test]
fn a_graceful_stop_leaves_tasks_to_the_next_gateway() {
    let mut home = Home::new();
    home.gateway();
    let flow = home.flow("three", &three());
    let before = home.wait_step(&flow, "two", StepStatus::Running);
    home.wait_mark("start two 1");
    let pid = home.gateway_pid();
    let second = home.cli(&["gateway", "run"]);
    assert_eq!(second.code, Some(5), "{second:?}");
    assert!(second.err.contains("a gateway already runs"), "{second:?}");
    assert!(second.err.contains(&format!("pid {pid}")), "{second:?}");
    home.stop_gateway();
    let (shim, child) = home.processes(task_of(&before, "two"));
    assert!(procfs::is_alive(shim) && procfs::is_alive(child));
    home.gateway();
    std::fs::write(home.path().join("go"), "").unwrap();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_eq!(task_of(&view, "two").fence, task_of(&before, "two").fence);
    assert_eq!(home.count("start two 1"), 1);
}

#[test]
fn a_killed_fork_server_harms_no_attempt_and_is_started_again() {
    let mut home = Home::new();
    home.gateway();
    let flow = home.flow("three", &three());
    home.wait_step(&flow, "two", StepStatus::Running);
    let servers = || {
        let gateway = home.gateway_pid();
        let all = procfs::all().into_iter().filter(move |stat| stat.ppid == gateway);
        all.filter(|stat| !stat.is_dead()).map(|stat| stat.id).collect::<Vec<_>>()
    };
    let before = servers();
    assert_eq!(before.len(), 1);
    kill_9(before[0]);
    std::fs::write(home.path().join("go"), "").unwrap();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert!(view.steps.iter().all(|step| step.attempt == 1));
    assert_ne!(servers(), before);
}

#[test]
fn a_start_that_the_gateway_did_not_survive_happens_once() {
    let mut home = Home::new();
    home.gateway();
    let step = |n: u32| format!("  - {{ id: s{n}, run: '{START}; {END}', needs: [] }}\n");
    let file = format!("steps:\n{}", (0..8).map(step).collect::<String>());
    for round in 0..6u32 {
        // Killed between the commit of the starts and the shims' locks, or near it.
        let flow = home.flow(&format!("wide{round}"), &file);
        std::thread::sleep(std::time::Duration::from_micros(u64::from(round) * 700));
        home.restart();
        let view = home.ends(&flow, FlowStatus::Succeeded);
        assert!(view.tasks.len() == 8 && view.tasks.iter().all(|t| t.fence == 1 && t.attempt == 1));
    }
    for n in 0..8 {
        assert_eq!(home.count(&format!("start s{n} 1")), 6);
        assert_eq!(home.count(&format!("end s{n} 1")), 6);
    }
}
