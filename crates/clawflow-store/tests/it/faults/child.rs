//! Running one test of this binary in a process of its own.

use clawflow_store::Store;
use clawflow_store::conformance::fixtures::{OWNER, flow_id, whole_flow};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the child finds its store; a test that is a child does nothing without it.
pub(super) const DIR: &str = "CLAWFLOW_STORE_TEST_DIR";
/// What the child shall do, by test.
pub(super) const ARG: &str = "CLAWFLOW_STORE_TEST_ARG";

/// A command that runs the test `name` as a child.
pub(super) fn command(name: &str, dir: &Path, arg: &str) -> Command {
    with_shell(name, dir, arg, "exec \"$0\" \"$@\"")
}

/// A command that runs the test `name` as a child of a shell that runs `script` first.
pub(super) fn with_shell(name: &str, dir: &Path, arg: &str, script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script).arg(std::env::current_exe().expect("this program"));
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command.env(DIR, dir).env(ARG, arg).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// The child's directory and argument; `None` when the test is not run as a child.
pub(super) fn role() -> Option<(std::path::PathBuf, String)> {
    Some((std::env::var_os(DIR)?.into(), std::env::var(ARG).ok()?))
}

/// Says something to the parent, past the test harness.
pub(super) fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{line}\n").as_bytes()).expect("the parent listens");
    out.flush().expect("the parent listens");
}

/// Whether the flow is there; fails the test when only a part of it is.
pub(super) fn whole(store: &dyn Store, n: u64) -> bool {
    let unit = whole_flow(n);
    let id = flow_id(n);
    let steps = store.steps(&id).expect("steps").len();
    let waits = store.waits(&id).expect("waits").len();
    let events = store.last_event(id.as_str()).expect("events");
    let task = store.task(&unit.tasks[0].row.task_id).expect("task").is_some();
    let others = [
        store.delivery(&unit.deliveries[0].row.delivery_id).expect("delivery").is_some(),
        store.token_by_hash(&unit.tokens[0].row.hash).expect("token").is_some(),
        store.outcome(OWNER, &unit.outcomes[0].key).expect("outcome").is_some(),
        store.oldest_signals(OWNER, usize::MAX).expect("signals").contains(&unit.signals[0]),
    ];
    let Some(bundle) = store.load(&id).expect("load") else {
        assert_eq!((steps, waits, events, task), (0, 0, 0, false), "half of flow {n}");
        assert_eq!(others, [false; 4], "half of flow {n}");
        return false;
    };
    assert_eq!((steps, waits, events, task), (2, 1, 2, true), "half of flow {n}");
    assert_eq!(others, [true; 4], "half of flow {n}");
    assert!(bundle.spec.is_some() && bundle.source.is_some(), "half of flow {n}");
    true
}
