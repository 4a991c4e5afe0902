//! Limits: output without end, time, memory, long paths.

use clawflow_engine::supervise::Evidence;

use crate::shim_support::{Home, emptied, exit, next, shim_of, started, until_gone};

#[tokio::test]
async fn a_flood_without_a_newline_is_cut_at_the_cap() {
    let home = Home::new();
    let mut spec = home.sh("head -c 200000000 /dev/zero | tr '\\0' '\\377'; echo >&2");
    spec.log_cap_bytes = 100_000;
    let record = home.run(&spec).await;
    assert_eq!((record.code, record.out_bytes, record.err_bytes), (Some(0), 200_000_000, 1));
    assert!(record.out_truncated && !record.err_truncated);
    assert_eq!(record.stdout, None);
    let log = std::fs::read(home.dir().join("out.log")).unwrap();
    assert_eq!(log.len(), 100_000);
    assert!(log.iter().all(|&byte| byte == 0xff));
}

#[tokio::test]
async fn a_flood_beyond_what_is_allowed_ends_the_tree() {
    let home = Home::new();
    for stream in ["", ">&2"] {
        let home = Home::new();
        let mut spec = home.sh(&format!("yes {stream} & yes {stream}"));
        spec.output_max = Some(1_000);
        let record = home.run(&spec).await;
        assert_eq!((record.signal, record.over_output), (Some(15), Some(1_000)));
        assert!(record.empty && !record.timed_out && !record.stop_requested);
        assert!(record.signalled.len() >= 2, "{record:?}");
    }
    // All of it may be written, on each stream; one byte more ends a program that has ended.
    let mut spec = home.sh("printf %1000d 1; printf %1000d 2 >&2");
    spec.output_max = Some(1_000);
    let record = home.run(&spec).await;
    assert_eq!((record.code, record.over_output), (Some(0), None));
    let home = Home::new();
    let mut spec = home.sh("printf %1001d 1");
    spec.output_max = Some(1_000);
    assert_eq!(home.run(&spec).await.over_output, Some(1_000));
}

#[tokio::test]
async fn bytes_that_are_no_text_come_back_unchanged() {
    let home = Home::new();
    let record = home.run(&home.sh("printf '\\377\\000\\376'")).await;
    assert_eq!(record.stdout.unwrap().to_vec().unwrap(), [0xff, 0, 0xfe]);
}

#[tokio::test]
async fn a_shim_needs_little_memory_whatever_flows_through_it() {
    let home = Home::new();
    let script = "head -c 20000000 /dev/zero; echo; echo ::progress:: done; exec sleep 60";
    let mut spec = home.sh(script);
    spec.log_cap_bytes = 1_000;
    let mut run = home.start(&spec).await;
    started(&mut run).await;
    next(&mut run).await;
    let shim = shim_of(&home).await;
    let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", shim.pid)).unwrap();
    let private: u64 = rollup
        .lines()
        .filter(|line| line.starts_with("Private_"))
        .map(|line| line.split_ascii_whitespace().nth(1).unwrap().parse::<u64>().unwrap())
        .sum();
    eprintln!("a shim has {private} KiB of private memory");
    // The promise is 1 MiB for a release build; a debug build has more to relocate.
    assert!(private < if cfg!(debug_assertions) { 4_096 } else { 1_024 }, "{private} KiB");
    run.handle().stop(0, None).await.unwrap();
    exit(&mut run).await;
}

#[tokio::test]
async fn a_timeout_ends_the_tree_and_says_so() {
    let home = Home::new();
    let mut spec = home.sh("setsid sleep 60 & echo $! > pid; wait");
    spec.timeout_ms = Some(300);
    let mut run = home.start(&spec).await;
    let daemon = home.pid_in("pid").await;
    let record = exit(&mut run).await;
    assert!(record.timed_out && record.empty && !record.stop_requested);
    assert_eq!(record.signal, Some(15));
    assert!(record.signalled.contains(&daemon.pid) && record.survived_term.is_empty());
    until_gone(daemon).await;
    emptied(&mut run).await;
}

#[tokio::test]
async fn a_home_deeper_than_a_socket_address_works() {
    let home = Home::below(&format!("{0}/{0}/{0}", "deep".repeat(30)));
    let mut run = home.start(&home.sh("exec sleep 60")).await;
    started(&mut run).await;
    drop(run);
    let Evidence::Alive(mut run) = home.examine().await else { panic!("it lives") };
    started(&mut run).await;
    run.handle().stop(1_000, None).await.unwrap();
    assert_eq!(exit(&mut run).await.signal, Some(15));
}
