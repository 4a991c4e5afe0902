//! The lock of a home.

use crate::support::{info, take};
use clawflow_gateway::holder::{self, HolderError, Kind, LOCK_FILE, Taken};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Tells a copy of this test binary to hold a home.
const HOLD: &str = "CLAWFLOW_GATEWAY_TEST_HOLD";

fn held_by(home: &Path) -> holder::HolderInfo {
    match holder::take(home, info(Kind::Command, &home.join("other.sock"))).unwrap() {
        Taken::HeldBy(holder) => holder,
        Taken::Lock(_) => panic!("the home is free"),
    }
}

#[test]
fn the_second_taker_is_told_of_the_first() {
    let tmp = TempDir::new().unwrap();
    let home = tmp.path().join("deep/er/home");
    let guard = take(&home, &home.join("gateway.sock"));
    assert_eq!(std::fs::metadata(&home).unwrap().permissions().mode() & 0o777, 0o700);
    let lock = std::fs::metadata(home.join(LOCK_FILE)).unwrap();
    assert_eq!(lock.permissions().mode() & 0o777, 0o600);
    assert_eq!(held_by(&home), *guard.info());
    assert_eq!(holder::look(&home).unwrap().as_ref(), Some(guard.info()));
    drop(guard);
    assert_eq!(holder::look(&home).unwrap(), None);
    drop(take(&home, &home.join("gateway.sock")));
}

#[test]
fn looking_makes_nothing() {
    let tmp = TempDir::new().unwrap();
    let home = tmp.path().join("home");
    assert_eq!(holder::look(&home).unwrap(), None);
    assert!(!home.exists());
}

#[test]
fn a_file_without_a_lock_is_nothing() {
    let tmp = TempDir::new().unwrap();
    let own = info(Kind::Gateway, Path::new("/s"));
    let long = "x".repeat(100_000);
    for text in [serde_json::to_string(&own).unwrap(), String::new(), "{\"pid\":".into(), long] {
        std::fs::write(tmp.path().join(LOCK_FILE), text).unwrap();
        assert_eq!(holder::look(tmp.path()).unwrap(), None);
        let guard = take(tmp.path(), Path::new("/s"));
        assert_eq!(held_by(tmp.path()), *guard.info());
    }
}

#[test]
fn many_takers_get_it_one_at_a_time() {
    let tmp = TempDir::new().unwrap();
    let inside = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut taken = 0;
                while taken < 20 {
                    let info = info(Kind::Command, Path::new("/s"));
                    match holder::take(tmp.path(), info) {
                        Ok(Taken::Lock(guard)) => {
                            use std::sync::atomic::Ordering::SeqCst;
                            assert_eq!(inside.fetch_add(1, SeqCst), 0);
                            assert_eq!(inside.fetch_sub(1, SeqCst), 1);
                            drop(guard);
                            taken += 1;
                        }
                        Ok(Taken::HeldBy(_)) => std::thread::yield_now(),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
}

#[test]
fn a_killed_holder_frees_the_home() {
    let tmp = TempDir::new().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["holding::held_by_a_child", "--exact", "--nocapture"])
        .env(HOLD, tmp.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held-by-child")), "the child died");
    let holder = held_by(tmp.path());
    assert_eq!((holder.pid, holder.kind), (child.id(), Kind::Run));
    child.kill().unwrap();
    child.wait().unwrap();
    drop(take(tmp.path(), Path::new("/s")));
}

/// Not a test of its own: the child of the one above.
#[test]
fn held_by_a_child() {
    let Some(home) = std::env::var_os(HOLD).map(PathBuf::from) else { return };
    let taken = holder::take(&home, info(Kind::Run, Path::new("/s"))).unwrap();
    assert!(matches!(taken, Taken::Lock(_)));
    println!("held-by-child");
    std::thread::sleep(crate::support::DEADLINE);
    drop(taken);
}

#[test]
fn a_home_that_cannot_be_one_is_named() {
    let tmp = TempDir::new().unwrap();
    let file = tmp.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = |home: &Path| {
        let error = holder::take(home, info(Kind::Command, Path::new("/s"))).unwrap_err();
        error.to_string().replace(tmp.path().to_str().unwrap(), "T")
    };
    assert_eq!(error(&file), "cannot use T/file as home: it is not a directory");
    let below = error(&file.join("home"));
    assert_eq!(below, "cannot look at the home T/file/home: Not a directory (os error 20)");
    let sys = error(Path::new("/proc/clawflow-home"));
    assert!(sys.starts_with("cannot create the home /proc/clawflow-home: "), "{sys}");
    std::fs::create_dir_all(tmp.path().join("h").join(LOCK_FILE)).unwrap();
    let lock = error(&tmp.path().join("h"));
    assert!(lock.starts_with("cannot open T/h/gateway.lock: "), "{lock}");
}

#[test]
fn a_holder_without_a_name_is_an_error() {
    let tmp = TempDir::new().unwrap();
    let file = std::fs::File::create(tmp.path().join(LOCK_FILE)).unwrap();
    file.lock().unwrap();
    let error = holder::take(tmp.path(), info(Kind::Command, Path::new("/s"))).unwrap_err();
    assert!(matches!(error, HolderError::Nameless { .. }), "{error}");
}
