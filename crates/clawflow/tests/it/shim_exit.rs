//! How a program's end, output and failure to execute are reported.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use clawflow_engine::supervise::{ExecErrorKind, ExitRecord, RunEvent, RunSpec};

use crate::shim_support::{Home, emptied, exit, next, started, text};

fn exec_error(record: &ExitRecord) -> ExecErrorKind {
    assert_eq!((record.code, record.signal), (None, None), "{record:?}");
    record.exec_error.as_ref().expect("an exec error").kind
}

#[tokio::test]
async fn a_program_ends_well_with_its_output() {
    let home = Home::new();
    let mut run = home.start(&home.sh("echo out; echo err >&2")).await;
    started(&mut run).await;
    let record = exit(&mut run).await;
    assert_eq!((record.code, record.signal, record.exec_error.is_none()), (Some(0), None, true));
    assert_eq!(text(&record), "out\n");
    assert_eq!((record.out_bytes, record.err_bytes), (4, 4));
    assert!(record.empty && !record.timed_out && !record.stop_requested);
    assert!(record.started_at <= record.ended_at);
    let sha256 = "54034ac5c6e9ea95734ec2b729fd6d62abf64af34a9f9ce5d466cb788191a73d";
    assert_eq!(record.out_sha256, sha256);
    run.handle().collected().await.unwrap();
    assert_eq!(emptied(&mut run).await, Vec::<u32>::new());
    assert_eq!(next(&mut run).await, RunEvent::ShimGone);
    let attempt = (home.boot.as_str(), home.task.as_str(), 1);
    assert_eq!(home.supervisor.output(attempt, 3).await.unwrap(), b"out");
    assert_eq!(std::fs::read(home.dir().join("err.log")).unwrap(), b"err\n");
}

#[tokio::test]
async fn an_exit_code_is_kept() {
    let home = Home::new();
    let record = home.run(&home.sh("exit 127")).await;
    assert_eq!((record.code, record.exec_error), (Some(127), None));
}

#[tokio::test]
async fn a_deadly_signal_is_kept() {
    let home = Home::new();
    let record = home.run(&home.sh("kill -SEGV $$")).await;
    assert_eq!((record.code, record.signal), (None, Some(11)));
}

#[tokio::test]
async fn of_a_screen_the_end_is_kept_on_a_bounded_disk() {
    let home = Home::new();
    let both = "echo out; echo err >&2; echo out";
    let spec = RunSpec { screen: true, log_cap_bytes: 1 << 20, ..home.sh(both) };
    home.run(&spec).await;
    assert_eq!(std::fs::read(home.dir().join("out.log")).unwrap(), b"out\nerr\nout\n");
    assert!(!home.dir().join("err.log").exists());

    let home = Home::new();
    let flood = "head -c 20000000 /dev/zero | tr '\\0' x; echo END >&2";
    let spec = RunSpec { screen: true, log_cap_bytes: 1 << 20, ..home.sh(flood) };
    let record = home.run(&spec).await;
    assert_eq!((record.code, record.out_bytes, record.out_truncated), (Some(0), 20_000_004, true));
    let log = home.dir().join("out.log");
    let meta = std::fs::metadata(&log).unwrap();
    assert_eq!(meta.len(), 20_000_004);
    assert!(meta.blocks() * 512 <= 3 << 20, "{} blocks", meta.blocks());
    let end = std::fs::read(log).unwrap().split_off(20_000_004 - (1 << 20));
    assert!(end.ends_with(b"xEND\n") && end[..end.len() - 4].iter().all(|byte| *byte == b'x'));
}

#[tokio::test]
async fn a_missing_program_is_not_an_exit_code() {
    for program in ["no-such-program-here", "/no/such/program"] {
        let home = Home::new();
        let record = home.run(&home.spec(&[program])).await;
        assert_eq!(exec_error(&record), ExecErrorKind::NotFound);
        assert!(record.exec_error.unwrap().message.contains(program));
    }
}

#[tokio::test]
async fn a_file_without_the_executable_bit_is_not_executable() {
    let home = Home::new();
    let path = home.path().join("plain");
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let record = home.run(&home.spec(&["./plain"])).await;
    assert_eq!(exec_error(&record), ExecErrorKind::NotExecutable);
}

#[tokio::test]
async fn a_missing_working_directory_is_told_apart() {
    let home = Home::new();
    let mut spec = home.sh("true");
    spec.cwd = home.path().join("missing");
    assert_eq!(exec_error(&home.run(&spec).await), ExecErrorKind::BadCwd);
}

#[tokio::test]
async fn stdin_is_the_given_bytes_or_empty() {
    let home = Home::new();
    let bytes = b"first\0\xff\nlast";
    let mut run = home.supervisor.start(&home.spec(&["cat"]), Some(bytes)).await.unwrap();
    let record = exit(&mut run).await;
    assert_eq!(record.stdout.unwrap().to_vec().unwrap(), bytes);
    let other = Home::new();
    assert_eq!(text(&other.run(&other.spec(&["cat"])).await), "");
}

#[tokio::test]
async fn the_environment_is_exactly_the_given_one() {
    let home = Home::new();
    let mut spec = home.spec(&["/usr/bin/env"]);
    spec.env.clear();
    spec.env.insert("GREETING".to_owned(), "good day = später".to_owned());
    let record = home.run(&spec).await;
    let text = text(&record);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let task = format!("CLAWFLOW_TASK_ID={}", home.task);
    assert_eq!(lines, ["CLAWFLOW_FENCE=1", &task, "GREETING=good day = später"]);
}

#[tokio::test]
async fn the_program_starts_like_a_fresh_process() {
    let home = Home::new();
    let script = "ls /proc/self/fd | tr '\\n' ' '; pwd; grep -E 'Sig(Blk|Ign)' /proc/self/status";
    let text = text(&home.run(&home.sh(script)).await);
    // The 3 is the directory that `ls` reads.
    let home = home.path().display();
    let none = "0000000000000000";
    assert_eq!(text, format!("0 1 2 3 {home}\nSigBlk:\t{none}\nSigIgn:\t{none}\n"));
}

#[tokio::test]
async fn progress_lines_are_told_and_stay_in_the_output() {
    let home = Home::new();
    let script = "echo '::progress:: half way'; read never; echo end";
    let mut run = home.start(&home.sh(script)).await;
    started(&mut run).await;
    assert_eq!(next(&mut run).await, RunEvent::Progress("half way".to_owned()));
    let record = exit(&mut run).await;
    assert_eq!(text(&record), "::progress:: half way\nend\n");
}

#[tokio::test]
async fn a_nul_or_an_empty_argv_is_refused_before_anything_exists() {
    let home = Home::new();
    for argv in [&["echo", "a\0b"][..], &[], &[""]] {
        let spec = RunSpec { argv: home.spec(argv).argv, ..home.sh("true") };
        home.supervisor.start(&spec, None).await.unwrap_err();
        assert!(!home.dir().exists());
    }
}
