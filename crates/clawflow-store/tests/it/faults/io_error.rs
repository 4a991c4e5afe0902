//! Writes that fail: refused is not there, acknowledged is, and it works again afterwards.

use super::child::{role, say, whole, with_shell};
use clawflow_store::conformance::fixtures::whole_flow;
use clawflow_store::conformance::put;
use clawflow_store::{ApplyError, SqliteStore, Store, StoreError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Runs as a child whose files may not grow: writes until that fails, then lifts the limit.
#[test]
fn limited_child() {
    let Some((dir, _)) = role() else { return };
    let store = SqliteStore::open(&dir).expect("a store");
    let mut n = 0;
    let error = loop {
        match put(&store, whole_flow(n)) {
            Ok(_) => n += 1,
            Err(error) => break error,
        }
        assert!(n < 100_000, "the limit does not hold");
    };
    let refused = matches!(
        error,
        ApplyError::Store(StoreError::Unavailable { .. } | StoreError::Full { .. })
    );
    assert!(refused, "{error:?}");
    assert!(!whole(&store, n), "refused, but there");
    put(&store, whole_flow(n)).expect_err("still no room");
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: maximum, maximum }).expect("a new limit");
    assert!((0..n).all(|n| whole(&store, n)), "acknowledged, but gone");
    put(&store, whole_flow(n)).expect("it works again");
    say(&format!("wrote {n}"));
    // No clean end: what was refused must not come back from the log.
    std::process::exit(0);
}

#[test]
fn after_an_io_error_the_store_works_again() {
    // Limits in blocks of 512 bytes, below and above the size at which the log is copied.
    for blocks in [800, 1001, 2000] {
        let dir = tempfile::tempdir().expect("a directory");
        let script = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"");
        let name = "faults::io_error::limited_child";
        let output = with_shell(name, dir.path(), "", &script).output().expect("a child");
        let text = String::from_utf8_lossy(&output.stdout);
        let count = text.lines().find_map(|line| line.strip_prefix("wrote ")?.parse::<u64>().ok());
        let errors = String::from_utf8_lossy(&output.stderr);
        let count = count.unwrap_or_else(|| panic!("the child failed: {text}\n{errors}"));
        let store = SqliteStore::open(dir.path()).expect("it opens");
        assert!((0..=count).all(|n| whole(&store, n)));
        assert!(!whole(&store, count + 1));
        assert_eq!(store.check().expect("check"), Vec::<String>::new());
    }
}
