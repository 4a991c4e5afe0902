//! Homes and stores that cannot be used: exit code 5, what was there stays as it was, nothing runs.

use super::bad_support::with_marker;
use super::support::{Home, Out};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the flow in this home, which must refuse.
#[track_caller]
fn refused(home: &Home, dir: &Path, why: &str) {
    let out = home.run(&["--home", dir.to_str().unwrap(), "run", "ok.yaml"]);
    assert_eq!((out.code, out.stdout.as_str()), (5, ""), "{out:?}");
    let told = out.stderr.replace(dir.to_str().unwrap(), "HOME");
    assert_eq!(told, format!("error: {why}\n"));
    assert!(!home.path().join("marker").exists());
}

/// A home in which a flow has run.
fn used(home: &Home, name: &str) -> PathBuf {
    let dir = home.path().join(name);
    let ran = home.run(&["--home", dir.to_str().unwrap(), "run", "ok.yaml"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    std::fs::remove_file(home.path().join("marker")).unwrap();
    dir
}

#[test]
fn what_is_no_home_is_refused_and_left_alone() {
    let home = Home::new();
    with_marker(&home);
    let at = |name: &str| home.path().join(name);
    home.write("file", "precious");
    refused(&home, &at("file"), "cannot use HOME as home: it is not a directory");
    assert_eq!(std::fs::read_to_string(at("file")).unwrap(), "precious");
    let why = "cannot create the home HOME: No such file or directory (os error 2)";
    refused(&home, Path::new("/proc/nothing"), why);
    symlink(at("gone"), at("dangling")).unwrap();
    refused(&home, &at("dangling"), "cannot create the home HOME: File exists (os error 17)");
    std::fs::create_dir_all(at("locked/gateway.lock")).unwrap();
    refused(&home, &at("locked"), "cannot open HOME/gateway.lock: Is a directory (os error 21)");
    std::fs::create_dir(at("taken")).unwrap();
    home.write("taken/gateway.sock", "precious");
    let why = "cannot make the socket HOME/gateway.sock: there is something else";
    refused(&home, &at("taken"), why);
    assert_eq!(std::fs::read_to_string(at("taken/gateway.sock")).unwrap(), "precious");
}

#[test]
fn what_is_no_database_is_refused_and_left_alone() {
    let home = Home::new();
    with_marker(&home);
    let at = |name: &str| home.path().join(name);
    std::fs::create_dir(at("text")).unwrap();
    home.write("text/clawflow.db", "precious text, and no database at all");
    let why = "the store is damaged: while reading HOME/clawflow.db: file is not a database";
    refused(&home, &at("text"), why);
    let kept = std::fs::read_to_string(at("text/clawflow.db")).unwrap();
    assert_eq!(kept, "precious text, and no database at all");

    let newer = used(&home, "newer");
    let mut bytes = std::fs::read(newer.join("clawflow.db")).unwrap();
    // `PRAGMA user_version`, at its place in SQLite's header.
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    std::fs::write(newer.join("clawflow.db"), &bytes).unwrap();
    refused(&home, &newer, "the store has schema 999, this clawflow knows up to 3");
    assert_eq!(std::fs::read(newer.join("clawflow.db")).unwrap(), bytes);

    let damaged = used(&home, "damaged");
    let mut bytes = std::fs::read(damaged.join("clawflow.db")).unwrap();
    bytes[4096..].fill(0x5a);
    std::fs::write(damaged.join("clawflow.db"), &bytes).unwrap();
    let why = "the store is damaged: while reading HOME/clawflow.db: \
               database disk image is malformed";
    refused(&home, &damaged, why);
    assert_eq!(std::fs::read(damaged.join("clawflow.db")).unwrap(), bytes);

    let cut = used(&home, "cut");
    let file = std::fs::OpenOptions::new().write(true).open(cut.join("clawflow.db")).unwrap();
    file.set_len(5000).unwrap();
    refused(&home, &cut, why);
}

#[test]
fn what_a_dead_holder_left_does_no_harm() {
    let home = Home::new();
    with_marker(&home);
    std::fs::create_dir(home.path().join("home")).unwrap();
    let socket = home.path().join("home/gateway.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let lock = r#"{"pid":1,"kind":"gateway","version":"0","startedAt":1,"socket":"/nowhere"}"#;
    home.write("home/gateway.lock", lock);
    assert_eq!(home.ok(&["run", "ok.yaml"]).stdout, "hi\n");
    assert!(!socket.exists());
}

#[test]
fn homes_by_odd_names() {
    let home = Home::new();
    with_marker(&home);
    let relative = home.command(&["run", "ok.yaml"]).env("CLAWFLOW_HOME", "rel").output().unwrap();
    assert_eq!(relative.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(relative.stderr).unwrap(),
        "error: CLAWFLOW_HOME: must be an absolute path, not `rel`\n\
         hint: a relative one would mean another place in every directory\n"
    );
    let deep = home.path().join("d".repeat(120));
    let out = home.run(&["--home", deep.to_str().unwrap(), "run", "ok.yaml"]);
    assert_eq!(out.code, 2, "{out:?}");
    assert!(out.stderr.ends_with("hint: set `gateway.socket` to a shorter path\n"), "{out:?}");
    assert!(!deep.exists() && !home.path().join("marker").exists());
    assert_eq!(home.ok(&["--home", "rel", "run", "ok.yaml"]).stdout, "hi\n");
    assert!(home.path().join("rel/clawflow.db").exists());
    std::fs::create_dir(home.path().join("real")).unwrap();
    symlink(home.path().join("real"), home.path().join("link")).unwrap();
    let link = home.path().join("link");
    assert_eq!(home.ok(&["--home", link.to_str().unwrap(), "run", "ok.yaml"]).stdout, "hi\n");
    assert!(home.path().join("real/clawflow.db").exists());
}

#[test]
fn a_second_gateway_is_refused() {
    let mut home = Home::new();
    home.start_gateway();
    let out = home.run(&["gateway", "run"]);
    assert_eq!(out.code, 5, "{out:?}");
    assert!(out.stderr.starts_with("error: a gateway already runs on "), "{out:?}");
    assert!(out.stderr.ends_with("hint: clawflow gateway stop\n"), "{out:?}");
}

/// Runs a script as root of a mount namespace of its own, with a disk of 2 MiB at `disk`. `None`
/// where this machine does not allow it.
fn with_small_disk(home: &Home, script: &str) -> Option<Out> {
    std::fs::create_dir_all(home.path().join("disk")).unwrap();
    home.write("in.sh", format!("mount -t tmpfs -o size=2m none disk || exit 99\n{script}"));
    let template = home.command(&[]);
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "in.sh"]).arg(template.get_program()).current_dir(home.path());
    command.env("CLAWFLOW_HOME", home.path().join("disk/h"));
    let out = command.output().ok()?;
    let code = out.status.code().unwrap_or(-1);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let out = Out { code, stdout: text(out.stdout), stderr: text(out.stderr) };
    let cannot = out.code == 99 || out.stderr.contains("unshare failed");
    if cannot {
        eprintln!("skipped: no mount namespace here: {}", out.stderr);
    }
    (!cannot).then_some(out)
}

#[test]
fn a_full_disk_loses_nothing() {
    let home = Home::new();
    with_marker(&home);
    home.write(
        "large.yaml",
        "steps:
  - { id: a, run: head -c 3000000 /dev/zero | tr '\\0' x }
  - { id: b, run: wc -c, stdin: $a.stdout }
",
    );
    // The log has no room for what the step printed: that it ended is told once there is room for
    // that, and that its output was cut is told to whoever needs it whole. The disk is busy until
    // the last shim has gone, a moment after the command.
    let script = "
        timeout -s INT 10 $1 run large.yaml --key large >/dev/null 2>&1; echo full $?
        dd if=/dev/zero of=disk/fill bs=4096 2>/dev/null
        $1 run ok.yaml >/dev/null 2>said; echo other $?; test -e marker && echo ran
        grep -c 'No space left\\|disk is full' said
        rm disk/fill; mount -o remount,size=40m disk
        timeout -s INT 60 $1 run --continue large 2>/dev/null; echo went on $?
        $1 flows show large | grep -c 'a  succeeded\\|b  failed .*output_too_large'
        $1 run ok.yaml 2>/dev/null; echo other $?
        for i in $(seq 100); do mount -o remount,ro disk 2>/dev/null && break; sleep 0.1; done
        rm marker
        $1 run ok.yaml 2>&1 | grep -c Read-only; test -e marker && echo ran; true";
    let script = script.replace("$1", "\"$1\"");
    let Some(out) = with_small_disk(&home, &script) else { return };
    let told = "full 130\nother 5\n1\nwent on 1\n2\nhi\nother 0\n1\n";
    assert_eq!(out.stdout.replace("full 124", "full 130"), told, "{out:?}");
}
