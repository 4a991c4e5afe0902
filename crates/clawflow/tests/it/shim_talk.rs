//! Programs that are talked to: what is appended to a file reaches them, whoever appended it.

use std::fs::File;
use std::io::Write as _;

use clawflow_engine::supervise::{Evidence, ExitRecord, Run, RunEvent, RunSpec};

use crate::shim_support::{Home, next, soon, started};

fn talking(home: &Home, script: &str) -> RunSpec {
    RunSpec { talks: true, ..home.sh(script) }
}

async fn start(home: &Home, spec: &RunSpec, first: &str) -> Run {
    let mut run = home.supervisor.start(spec, Some(first.as_bytes())).await.unwrap();
    started(&mut run).await;
    run
}

/// Appends to what the program is told, and says so.
async fn tell(home: &Home, run: &Run, text: &str, last: bool) {
    let mut file = File::options().append(true).open(home.dir().join("in.log")).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    run.handle().input(last).await.unwrap();
}

/// Waits until the program has said this, by what its shim tells of it.
async fn said(home: &Home, run: &mut Run, wanted: &str) {
    loop {
        let RunEvent::Output(bytes) = next(run).await else { panic!("it ended") };
        assert!(bytes <= wanted.len() as u64);
        if bytes == wanted.len() as u64 {
            assert_eq!(output(home).await, wanted);
            return;
        }
    }
}

/// Waits for its end, which may be told instead of what it said last.
async fn ended(run: &mut Run) -> Box<ExitRecord> {
    loop {
        match next(run).await {
            RunEvent::Exited(record) => return record,
            RunEvent::Output(_) => {}
            other => panic!("expected the exit, got {other:?}"),
        }
    }
}

async fn output(home: &Home) -> String {
    let at = (home.boot.as_str(), home.task.as_str(), 1);
    String::from_utf8(home.supervisor.output(at, 1 << 20).await.unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_appended_arrives_in_order_and_once() {
    let home = Home::new();
    let mut run = start(&home, &talking(&home, "cat; echo end"), "one\n").await;
    said(&home, &mut run, "one\n").await;
    tell(&home, &run, "two\n", false).await;
    said(&home, &mut run, "one\ntwo\n").await;
    // Said again without anything new.
    tell(&home, &run, "", false).await;
    drop(run);

    let Evidence::Alive(mut run) = home.examine().await else { panic!("it lives") };
    started(&mut run).await;
    tell(&home, &run, "three\n", true).await;
    let record = ended(&mut run).await;
    assert_eq!((record.code, record.stdout), (Some(0), None));
    assert_eq!(output(&home).await, "one\ntwo\nthree\nend\n");
}

#[tokio::test]
async fn more_than_a_pipe_holds_arrives_whole() {
    let home = Home::new();
    // Reads only once it is told that all of it is there.
    let spec = talking(&home, "while [ ! -e go ]; do sleep 0.01; done; wc -c");
    let mut run = start(&home, &spec, &"x".repeat(1 << 20)).await;
    tell(&home, &run, "end", true).await;
    std::fs::write(home.path().join("go"), "").unwrap();
    ended(&mut run).await;
    assert_eq!(output(&home).await, "1048579\n");
}

#[tokio::test]
async fn one_that_never_reads_is_stopped_all_the_same() {
    let home = Home::new();
    let mut run = start(&home, &talking(&home, "exec sleep 60"), &"x".repeat(1 << 20)).await;
    run.handle().stop(5_000, None).await.unwrap();
    let record = ended(&mut run).await;
    assert_eq!((record.signal, record.stop_requested), (Some(15), true));
}

#[tokio::test]
async fn one_that_closed_its_input_runs_on() {
    let home = Home::new();
    let mut run = start(&home, &talking(&home, "exec <&-; echo closed; sleep 60"), "").await;
    said(&home, &mut run, "closed\n").await;
    tell(&home, &run, "anybody there?\n", true).await;
    soon(run.handle().stop(5_000, None)).await.unwrap();
    let RunEvent::Exited(record) = next(&mut run).await else { panic!("expected the exit") };
    assert!(record.stop_requested);
}
