//! What a step leaves in the background is ended after its grace, also if its shim is killed first.

use crate::scenes_support::{END, Home, START, kill_9, recorded, stdout_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_engine::shim::procfs::{self, ProcId};

/// A step that ends by itself and leaves a process that ignores TERM in a session of its own.
const LEAVES: &str = r#"steps:
  - id: work
    run: |
      setsid sh -c 'trap "" TERM; echo $$ > far; exec sleep 1000' &
      until [ -s far ] && [ -e go ]; do sleep 0.01; done
      echo done
"#;

/// A home whose shims give so much grace that only others can end what is left.
fn started() -> (Home, String, ProcId, ProcId) {
    let mut home = Home::new();
    home.set("CLAWFLOW_CANCEL_GRACE", "5m");
    home.gateway();
    let flow = home.flow("leaves", LEAVES);
    let far = home.pid_in("far");
    let (shim, _) = home.processes(task_of(&home.view(&flow), "work"));
    (home, flow, shim, far)
}

fn go(home: &Home) {
    std::fs::write(home.path().join("go"), "").unwrap();
}

fn assert_gone(home: &Home, far: ProcId) {
    until("the leftover to go", || (!procfs::is_alive(far)).then_some(()));
    assert_eq!(home.left(), Vec::<u32>::new());
}

#[test]
fn leftovers_of_a_killed_shim_are_ended_by_its_gateway() {
    let (home, flow, shim, far) = started();
    go(&home);
    home.ends(&flow, FlowStatus::Succeeded);
    assert!(procfs::is_alive(far) && procfs::is_alive(shim));
    kill_9(shim);
    assert_gone(&home, far);
}

#[test]
fn leftovers_of_an_end_that_nobody_saw_are_ended_by_the_next_gateway() {
    let (mut home, flow, shim, far) = started();
    let dir = home.run_dir(task_of(&home.view(&flow), "work"));
    home.kill_gateway();
    go(&home);
    until("an exit on record", || (recorded(&dir).len() == 3).then_some(()));
    kill_9(shim);
    assert!(procfs::is_alive(far));
    home.gateway();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "done\n");
    assert_gone(&home, far);
}

#[test]
fn leftovers_of_a_settled_attempt_are_ended_by_the_next_gateway() {
    let (mut home, flow, shim, far) = started();
    go(&home);
    home.ends(&flow, FlowStatus::Succeeded);
    home.kill_gateway();
    kill_9(shim);
    assert!(procfs::is_alive(far));
    home.gateway();
    assert_gone(&home, far);
}

#[test]
fn the_next_attempt_does_not_meet_what_the_one_before_left() {
    let mut home = Home::new();
    home.gateway();
    let file = format!(
        r#"steps:
  - id: work
    retry: {{ max: 2, backoff: fixed, delay: 10ms }}
    run: |
      {START}
      [ $CLAWFLOW_ATTEMPT = 1 ] || {{ {END}; exit 0; }}
      setsid sh -c 'trap "" TERM; while echo beat >> marks; do sleep 0.01; done' &
      until grep -q beat marks; do sleep 0.01; done
      exit 1
"#
    );
    let flow = home.flow("retried", &file);
    home.ends(&flow, FlowStatus::Succeeded);
    let marks = home.marks();
    let (before, after) = marks.split_once("start work 2").unwrap();
    assert!(before.contains("beat") && !after.contains("beat"), "{marks}");
}
