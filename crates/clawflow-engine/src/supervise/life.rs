//! Who lives, by what is on record and what `/proc` shows. Takes no lock and asks no shim, so that
//! it may be done at any time, as often as wanted.

use super::supervisor::Supervisor;
use crate::shim::layout;
use crate::shim::procfs;
use crate::shim::record_file::Recorded;
use clawflow_core::Millis;
use clawflow_core::audit::Life;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What is known about the process of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Looked {
    /// Whether it lives.
    pub(crate) life: Life,
    /// Its shim is of another program than the one that is installed.
    pub(crate) old_shim: bool,
}

impl Supervisor {
    /// What became of an attempt, as far as can be seen.
    pub(crate) fn life(&self, boot_id: &str, task: &str, fence: u64) -> Looked {
        let gone = |life| Looked { life, old_shim: false };
        let Ok(dir) = self.checked_dir(boot_id, task, fence) else { return gone(Life::Unknown) };
        let recorded = match Recorded::read(&dir) {
            Ok(recorded) => recorded,
            Err(_) => return gone(Life::Unknown),
        };
        let exit = recorded.as_ref().and_then(|recorded| recorded.exit()?.ok());
        let exit = exit.filter(|exit| exit.task == task && exit.fence == fence);
        // A shim that proved that nothing is left may work for another attempt by now.
        let over = exit.as_ref().is_some_and(|exit| exit.empty);
        if boot_id == self.boot()
            && !over
            && let Some(Ok(run)) = recorded.as_ref().and_then(Recorded::run)
            && procfs::is_alive(run.shim)
        {
            let old_shim = is_other_program(run.shim.pid, self.shim_exe());
            return Looked { life: Life::Alive, old_shim };
        }
        if let Some(exit) = exit {
            return gone(Life::Ended(Millis::try_from(exit.ended_at).unwrap_or_default()));
        }
        if boot_id != self.boot() {
            return gone(Life::OtherBoot);
        }
        match recorded.is_some_and(|recorded| recorded.may_have_executed()) {
            true => gone(Life::Gone),
            false => gone(Life::Unstarted),
        }
    }

    /// Living processes of this user by the task and fence that they carry in their environment:
    /// all but this one.
    pub(crate) fn marked(&self) -> BTreeMap<(String, u64), Vec<u32>> {
        let mut found: BTreeMap<(String, u64), Vec<u32>> = BTreeMap::new();
        for stat in procfs::all().into_iter().filter(|stat| !stat.is_dead()) {
            let pid = stat.id.pid;
            // A gateway that was itself started by a step is no business of its own.
            if pid != std::process::id()
                && let Some(attempt) = marks(pid)
            {
                found.entry(attempt).or_default().push(pid);
            }
        }
        found
    }
}

/// Whether a process executes another file than this one. What cannot be told is no other.
fn is_other_program(pid: u32, exe: &Path) -> bool {
    let runs = fs::metadata(format!("/proc/{pid}/exe"));
    let (Ok(runs), Ok(exe)) = (runs, fs::metadata(exe)) else { return false };
    (runs.dev(), runs.ino()) != (exe.dev(), exe.ino())
}

/// The task and fence that a process carries in its environment.
fn marks(pid: u32) -> Option<(String, u64)> {
    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let value = |name: &str| {
        let mut entries = environ.split(|&byte| byte == 0);
        entries.find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    };
    let task = std::str::from_utf8(value(layout::ENV_TASK)?).ok()?.to_owned();
    let fence = std::str::from_utf8(value(layout::ENV_FENCE)?).ok()?.parse().ok()?;
    Some((task, fence))
}
