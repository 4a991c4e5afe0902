//! Killing what an attempt left when both its shim and its gateway are gone.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::lock::{self, Lock};
use super::supervisor::{Supervisor, blocking};
use crate::shim::fail::PathError;
use crate::shim::layout;
use crate::shim::procfs::{self, ProcId, Stat};
use crate::shim::record::{ExitRecord, RunRecord, write_whole};
use crate::shim::record_file::Recorded;

/// A killed process is gone within milliseconds unless the kernel holds it.
const GIVE_UP: Duration = Duration::from_secs(5);
/// Pause between two rounds.
const ROUND: Duration = Duration::from_millis(10);

/// Whether processes of an attempt are left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Emptiness {
    /// None is left.
    Proved {
        /// What had to be killed for that.
        killed: Vec<ProcId>,
    },
    /// Some are left, or might be.
    NotProved {
        /// What stands in the way.
        reason: String,
        /// Who is left, as far as is known.
        pids: Vec<u32>,
    },
}

impl Supervisor {
    /// Kills what remains of an attempt whose shim is gone, and proves that nothing does.
    ///
    /// Looks for the program by pid and start time, its group within the shim's session,
    /// everything that carries the task's id and fence in its environment, and all their
    /// descendants. Holds the shim's lock meanwhile, so that a late shim cannot start.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn prove_empty(
        &self,
        boot_id: &str,
        task: &str,
        fence: u64,
    ) -> Result<Emptiness, PathError> {
        let dir = self.checked_dir(boot_id, task, fence)?;
        if boot_id != self.boot() {
            // No process survives a boot.
            return Ok(Emptiness::Proved { killed: Vec::new() });
        }
        let mut marks = vec![
            format!("{}={task}", layout::ENV_TASK).into_bytes(),
            format!("{}={fence}", layout::ENV_FENCE).into_bytes(),
        ];
        marks.extend(self.mark().map(|(name, value)| format!("{name}={value}").into_bytes()));
        blocking(move || prove(&dir, &marks)).await
    }

    /// As [`Self::prove_empty`], for an attempt that left its exit record, unless its shim has
    /// proved it. A program may leave others behind; its shim ends them, if nobody ends it.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn prove_empty_after(
        &self,
        exit: &ExitRecord,
        boot_id: &str,
    ) -> Result<Emptiness, PathError> {
        let dir = self.checked_dir(boot_id, &exit.task, exit.fence)?;
        if exit.empty || dir.join(layout::EMPTY).exists() {
            return Ok(Emptiness::Proved { killed: Vec::new() });
        }
        self.prove_empty(boot_id, &exit.task, exit.fence).await
    }
}

fn prove(dir: &Path, marks: &[Vec<u8>]) -> Result<Emptiness, PathError> {
    if !dir.exists() {
        return Ok(sweep(None, marks));
    }
    let Lock::Taken(_held) = lock::exclude_dying(dir)? else {
        let reason = "the shim still holds its lock".to_owned();
        return Ok(Emptiness::NotProved { reason, pids: Vec::new() });
    };
    let recorded = Recorded::read(dir)?.filter(Recorded::may_have_executed);
    if recorded.is_none() {
        // Nothing on record: a shim that comes late must not start what was just swept.
        write_whole(&dir.join(layout::TOMBSTONE), b"")?;
    }
    // Its shim proved it, and may work for another attempt by now.
    let exit = recorded.as_ref().and_then(|recorded| recorded.exit()?.ok());
    if exit.is_some_and(|exit| exit.empty) {
        return Ok(Emptiness::Proved { killed: Vec::new() });
    }
    // A run record that cannot be understood leaves the environment to go by.
    let run = recorded.and_then(|recorded| recorded.run()?.ok());
    let emptiness = sweep(run.as_ref(), marks);
    if matches!(emptiness, Emptiness::Proved { .. }) {
        write_whole(&dir.join(layout::EMPTY), b"")?;
    }
    Ok(emptiness)
}

/// Kills in rounds until two in a row find nobody: a fork may slip through one.
fn sweep(run: Option<&RunRecord>, marks: &[Vec<u8>]) -> Emptiness {
    let give_up = Instant::now() + GIVE_UP;
    let mut killed = BTreeSet::new();
    let mut clean = 0;
    loop {
        let found = remains(run, marks);
        let mut refused = None;
        for id in &found {
            match procfs::signal(*id, Signal::KILL) {
                Ok(true) => drop(killed.insert(*id)),
                Ok(false) => {}
                Err(error) => refused = Some(format!("failed to kill {}: {error}", id.pid)),
            }
        }
        clean = if found.is_empty() { clean + 1 } else { 0 };
        if clean == 2 {
            return Emptiness::Proved { killed: killed.into_iter().collect() };
        }
        if Instant::now() >= give_up {
            let reason = refused.unwrap_or_else(|| "processes outlive SIGKILL".to_owned());
            return Emptiness::NotProved { reason, pids: found.iter().map(|id| id.pid).collect() };
        }
        if clean == 0 {
            std::thread::sleep(ROUND);
        }
    }
}

/// Living processes of the attempt.
fn remains(run: Option<&RunRecord>, marks: &[Vec<u8>]) -> BTreeSet<ProcId> {
    let mut all = procfs::all();
    all.retain(|stat| !stat.is_dead());
    let me = std::process::id();
    let mut ours: BTreeSet<ProcId> = all
        .iter()
        .filter(|stat| run.is_some_and(|run| on_record(stat, run)))
        .chain(all.iter().filter(|stat| procfs::has_environ(stat.id.pid, marks)))
        .map(|stat| stat.id)
        .collect();
    // A gateway that was itself started by a step must not end itself.
    ours.retain(|id| id.pid != me);
    loop {
        let parents: BTreeSet<u32> = ours.iter().map(|id| id.pid).collect();
        let before = ours.len();
        let children = all.iter().filter(|stat| parents.contains(&stat.ppid) && stat.id.pid != me);
        ours.extend(children.map(|stat| stat.id));
        if ours.len() == before {
            return ours;
        }
    }
}

/// The program itself, or a member of its group in the session that its shim made. The
/// session tells a group from a later one with the same number.
fn on_record(stat: &Stat, run: &RunRecord) -> bool {
    stat.id == run.child || (stat.pgid == run.pgid && stat.session == run.shim.pid)
}
