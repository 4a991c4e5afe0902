//! A shim takes one attempt after the other, and nothing of one reaches the next.

use std::path::{Path, PathBuf};

use clawflow_engine::shim::procfs::{self, ProcId};
use clawflow_engine::supervise::{Emptiness, Evidence, Run, RunEvent, RunSpec, TombstoneOutcome};
use rustix::process::Signal;

use crate::scenes_support::recorded;
use crate::shim_support::{
    Home, emptied, exit, kill_9, next, soon, started, text, until, until_gone,
};

/// Attempts of a home's task, one after the other.
struct Line {
    home: Home,
}

impl Line {
    fn new() -> Self {
        Self { home: Home::new() }
    }

    fn dir(&self, fence: u64) -> PathBuf {
        self.home.supervisor.dir(&self.home.boot, &self.home.task, fence)
    }

    fn spec(&self, fence: u64, script: &str) -> RunSpec {
        RunSpec { fence, ..self.home.sh(script) }
    }

    async fn start(&self, fence: u64, script: &str) -> Run {
        self.home.start(&self.spec(fence, script)).await
    }

    /// Who is on record as the shim of an attempt.
    async fn shim(&self, fence: u64) -> ProcId {
        let dir = self.dir(fence);
        until("a run on record", || on_record(&dir, "shim")).await
    }

    /// Runs a script to its end, as a gateway does that has it on disk; gives its shim.
    async fn run(&self, fence: u64, script: &str) -> ProcId {
        let mut run = self.start(fence, script).await;
        exit(&mut run).await;
        run.handle().collected().await.unwrap();
        emptied(&mut run).await;
        assert_eq!(next(&mut run).await, RunEvent::ShimGone);
        self.shim(fence).await
    }

    /// Runs a script to its end and waits until its shim has nothing to do; `None` when it ended
    /// instead, because the attempt took too long.
    async fn idle_after(&self, fence: u64, script: &str) -> Option<ProcId> {
        let shim = self.run(fence, script).await;
        until("an idle shim or its end", || {
            (is_idle(shim) || !procfs::is_alive(shim)).then_some(())
        })
        .await;
        procfs::is_alive(shim).then_some(shim)
    }

    /// Starts another attempt; `None` when it did not come to this shim, which was let go.
    async fn start_in(&self, shim: ProcId, fence: u64, script: &str) -> Option<Run> {
        let run = self.start(fence, script).await;
        if self.shim(fence).await == shim {
            return Some(run);
        }
        run.handle().stop(0, None).await.ok();
        None
    }

    async fn examine(&self, fence: u64) -> Evidence {
        let Home { supervisor, boot, task, .. } = &self.home;
        soon(supervisor.examine(boot, task, fence)).await.unwrap()
    }
}

fn on_record(dir: &Path, who: &str) -> Option<ProcId> {
    let run: serde_json::Value = serde_json::from_str(recorded(dir).get(1)?).ok()?;
    serde_json::from_value(run[who].clone()).ok()
}

/// A shim says that it is idle and then leaves the directory of its attempt.
fn is_idle(shim: ProcId) -> bool {
    let cwd = std::fs::read_link(format!("/proc/{}/cwd", shim.pid));
    cwd.is_ok_and(|cwd| cwd == Path::new("/"))
}

/// Tries a scene in which a shim takes a second attempt. On a machine with much to do an attempt may
/// last so long, or come so late, that it does not: then the scene is tried again.
async fn in_time(scene: impl AsyncFn(Line) -> Option<()>) {
    for _ in 0..20 {
        if scene(Line::new()).await.is_some() {
            return;
        }
    }
    panic!("no shim ever took a second attempt");
}

#[tokio::test]
async fn a_shim_without_a_trace_takes_the_next_attempt() {
    in_time(async |line| {
        let first = line.idle_after(1, "echo one; exit 3").await?;
        let script = "pwd; echo $CLAWFLOW_FENCE $PPID; echo bad >&2";
        let mut run = line.start_in(first, 2, script).await?;
        let child = started(&mut run).await;
        let record = exit(&mut run).await;
        let told = format!("{}\n2 {}\n", line.home.path().display(), first.pid);
        assert_eq!((record.fence, text(&record)), (2, told));
        assert_eq!(on_record(&line.dir(2), "child"), Some(child));
        assert_ne!(on_record(&line.dir(1), "child"), Some(child));
        // Each has its own record and its own logs.
        assert_eq!(std::fs::read_to_string(line.dir(1).join("out.log")).unwrap(), "one\n");
        assert!(!line.dir(1).join("err.log").exists());
        assert_eq!(std::fs::read_to_string(line.dir(2).join("err.log")).unwrap(), "bad\n");
        let Evidence::Exited(first) = line.examine(1).await else { panic!("it ended") };
        assert_eq!((first.code, first.fence), (Some(3), 1));
        Some(())
    })
    .await;
}

#[tokio::test]
async fn what_had_a_trace_is_the_shims_last_attempt() {
    let waits = "while [ ! -e go ]; do sleep 0.01; done";
    // Somebody was left behind; a program in another session that the shim waits for; the
    // attempt lived so long that others could connect.
    for script in [
        "setsid sleep 60 & exit 0".to_owned(),
        "(setsid sh -c 'trap \"\" TERM; sleep 60' &); exit 0".to_owned(),
        waits.to_owned(),
    ] {
        let line = Line::new();
        let mut spec = line.spec(1, &script);
        spec.grace_ms = 50;
        let mut run = line.home.start(&spec).await;
        let shim = line.shim(1).await;
        if script == waits {
            until("a socket", || line.dir(1).join("ctl.sock").exists().then_some(())).await;
            std::fs::write(line.home.path().join("go"), "").unwrap();
        }
        exit(&mut run).await;
        run.handle().collected().await.unwrap();
        emptied(&mut run).await;
        assert_eq!(next(&mut run).await, RunEvent::ShimGone);
        assert_ne!(line.run(2, "true").await, shim, "{script}");
        until_gone(shim).await;
    }
}

#[tokio::test]
async fn a_stopped_attempt_and_one_that_nobody_collected_are_the_last() {
    let line = Line::new();
    let mut run = line.start(1, "exec sleep 60").await;
    started(&mut run).await;
    let stopped = line.shim(1).await;
    run.handle().stop(5_000, None).await.unwrap();
    assert!(exit(&mut run).await.empty);
    run.handle().collected().await.unwrap();
    until_gone(stopped).await;

    let mut run = line.start(2, "true").await;
    exit(&mut run).await;
    let uncollected = line.shim(2).await;
    drop(run);
    until_gone(uncollected).await;
    assert!(matches!(line.examine(2).await, Evidence::Exited(_)));
}

#[tokio::test]
async fn an_idle_shim_goes_with_its_gateway() {
    in_time(async |line| {
        let idle = line.idle_after(1, "true").await?;
        let server = server_of(idle)?;
        let Line { home } = line;
        drop(home);
        until_gone(server).await;
        until_gone(idle).await;
        Some(())
    })
    .await;
}

#[tokio::test]
async fn an_idle_shim_does_not_wait_for_ever() {
    in_time(async |line| {
        until_gone(line.idle_after(1, "true").await?).await;
        line.run(2, "true").await;
        Some(())
    })
    .await;
}

#[tokio::test]
async fn an_idle_shim_goes_with_a_server_that_is_killed() {
    in_time(async |line| {
        let idle = line.idle_after(1, "true").await?;
        kill_9(server_of(idle)?);
        until_gone(idle).await;
        assert_ne!(line.run(2, "true").await, idle);
        Some(())
    })
    .await;
}

/// Who forked a shim, as long as both live.
fn server_of(shim: ProcId) -> Option<ProcId> {
    Some(procfs::stat(procfs::stat(shim.pid)?.ppid)?.id)
}

#[tokio::test]
async fn an_idle_shim_that_is_killed_is_not_missed() {
    for signal in [Signal::KILL, Signal::TERM] {
        in_time(async |line| {
            let idle = line.idle_after(1, "true").await?;
            procfs::signal(idle, signal).unwrap();
            until_gone(idle).await;
            let mut run = line.start(2, "echo two").await;
            let record = exit(&mut run).await;
            assert_eq!((record.code, text(&record).as_str()), (Some(0), "two\n"));
            assert!(!record.stop_requested);
            Some(())
        })
        .await;
    }
}

/// An attempt that was given to an idle shim, which was stopped and cannot take it.
async fn given(line: &Line) -> Option<(ProcId, Run)> {
    let idle = line.idle_after(1, "true").await?;
    procfs::signal(idle, Signal::STOP).unwrap();
    let run = line.start(2, "echo ran >> count").await;
    match line.examine(2).await {
        Evidence::NeverExecuted => {}
        // The server had let the idle one go before it was stopped, or has just forked another.
        _ => return None,
    }
    // The server gives it, or forks, in one go.
    let server = server_of(idle)?;
    until("the server to wait again", || (procfs::stat(server.pid)?.state == b'S').then_some(()))
        .await;
    match line.examine(2).await {
        Evidence::NeverExecuted if procfs::is_alive(idle) => Some((idle, run)),
        _ => None,
    }
}

#[tokio::test]
async fn an_attempt_that_its_shim_never_took_was_never_begun() {
    in_time(async |line| {
        let (idle, mut run) = given(&line).await?;
        kill_9(idle);
        assert_eq!(next(&mut run).await, RunEvent::ShimGone);
        let Home { supervisor, boot, task, .. } = &line.home;
        assert_eq!(supervisor.tombstone(task, 2).await.unwrap(), TombstoneOutcome::Buried);
        supervisor.remove(boot, task, 2).await.unwrap();
        line.run(2, "echo ran >> count").await;
        assert_eq!(std::fs::read_to_string(line.home.path().join("count")).unwrap(), "ran\n");
        Some(())
    })
    .await;
}

#[tokio::test]
async fn a_tombstone_keeps_an_attempt_from_a_shim_that_takes_it_late() {
    in_time(async |line| {
        let (idle, mut run) = given(&line).await?;
        let outcome = line.home.supervisor.tombstone(&line.home.task, 2).await.unwrap();
        assert_eq!(outcome, TombstoneOutcome::Buried);
        procfs::signal(idle, Signal::CONT).unwrap();
        assert_eq!(next(&mut run).await, RunEvent::ShimGone);
        until_gone(idle).await;
        assert!(!line.home.path().join("count").exists());
        Some(())
    })
    .await;
}

#[tokio::test]
async fn a_stop_reaches_all_of_the_second_attempt() {
    in_time(async |line| {
        let shim = line.idle_after(1, "true").await?;
        let mut run = line.start_in(shim, 2, "setsid sleep 60 & echo $! > pid; wait").await?;
        let grandchild = line.home.pid_in("pid").await;
        run.handle().stop(5_000, None).await.unwrap();
        started(&mut run).await;
        let record = exit(&mut run).await;
        assert!(record.empty && record.signalled.contains(&grandchild.pid));
        assert!(!procfs::is_alive(grandchild));
        until_gone(shim).await;
        Some(())
    })
    .await;
}

#[tokio::test]
async fn the_second_attempt_is_adopted_and_its_shim_does_not_come_back() {
    in_time(async |line| {
        let shim = line.idle_after(1, "true").await?;
        let script = "while [ ! -e go ]; do sleep 0.01; done; exit 5";
        let mut run = line.start_in(shim, 2, script).await?;
        let child = started(&mut run).await;
        drop(run);
        let Evidence::Alive(mut run) = line.examine(2).await else { panic!("it lives") };
        assert_eq!(started(&mut run).await, child);
        std::fs::write(line.home.path().join("go"), "").unwrap();
        assert_eq!(exit(&mut run).await.code, Some(5));
        run.handle().collected().await.ok();
        until_gone(shim).await;
        Some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_left_of_the_second_attempt_is_found_and_the_first_keeps_its_end() {
    in_time(async |line| {
        let shim = line.idle_after(1, "exit 4").await?;
        let script = "setsid sleep 60 & echo $! > pid; wait";
        let mut run = line.start_in(shim, 2, script).await?;
        let child = started(&mut run).await;
        let grandchild = line.home.pid_in("pid").await;
        let Home { supervisor, boot, task, .. } = &line.home;
        // Nothing of the first is there, and its shim and session are busy with the second.
        let emptiness = soon(supervisor.prove_empty(boot, task, 1)).await.unwrap();
        assert_eq!(emptiness, Emptiness::Proved { killed: vec![] });
        assert!([child, grandchild, shim].into_iter().all(procfs::is_alive));
        kill_9(shim);
        until_gone(child).await;
        let evidence = line.examine(2).await;
        assert!(matches!(evidence, Evidence::InDoubt { .. }), "{evidence:?}");
        let emptiness = soon(supervisor.prove_empty(boot, task, 2)).await.unwrap();
        let Emptiness::Proved { killed } = emptiness else { panic!("it can be proved") };
        assert!(killed.contains(&grandchild) && !procfs::is_alive(grandchild));
        let Evidence::Exited(first) = line.examine(1).await else { panic!("the first ended") };
        assert_eq!(first.code, Some(4));
        Some(())
    })
    .await;
}

/// Memory of a process in KiB that is no file's: of its program's pages those count as private
/// that nobody else happens to use.
fn anonymous(id: ProcId) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", id.pid)).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_shim_does_not_grow_with_its_attempts() {
    // What a shim tells inline at most, so that it had its largest attempts.
    let much = "head -c 65536 /dev/zero | tr '\\0' x";
    in_time(async |line| {
        let shim = line.idle_after(1, much).await?;
        let mut before = 0;
        for fence in 2..=20 {
            if line.idle_after(fence, much).await? != shim {
                return None;
            }
            if fence == 5 {
                before = anonymous(shim);
            }
        }
        let after = anonymous(shim);
        assert!(after <= before + 64, "{before} KiB became {after} KiB");
        let fds = std::fs::read_dir(format!("/proc/{}/fd", shim.pid)).unwrap().count();
        assert!(fds <= 5, "it has {fds} descriptors");
        Some(())
    })
    .await;
}
