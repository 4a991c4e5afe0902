//! Signals to everything below a shim, also to what left the group or the session.
//!
//! The shim is a sub-reaper, so whatever daemonises becomes its child again and a walk from
//! the shim finds it.

use std::collections::BTreeSet;

use rustix::process::{Pid, Signal, kill_process_group};

use super::procfs::{self, ProcId, Stat};

/// Sends TERM once to each process of the tree; gives who was there.
///
/// `group` is the program's group as long as the program is not reaped: only then is the
/// number certain. Its members get their signal at once, with no race against forks.
pub(super) fn terminate(group: Option<Pid>) -> Vec<ProcId> {
    let me = std::process::id();
    let mut told = BTreeSet::new();
    let group_number = group.map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    let in_group = |stat: &Stat| Some(stat.pgid) == group_number;
    let found = procfs::descendants(me);
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::TERM);
    }
    // The second walk finds what was forked during the first.
    for stat in found.into_iter().chain(procfs::descendants(me)) {
        if !told.insert(stat.id) {
            continue;
        }
        if !in_group(&stat) {
            let _ = procfs::signal(stat.id, Signal::TERM);
        }
        if matches!(stat.state, b'T' | b't') {
            // A stopped process would sleep through its grace.
            let _ = procfs::signal(stat.id, Signal::CONT);
        }
    }
    told.into_iter().collect()
}

/// Sends KILL to each process of the tree; gives who was there.
pub(super) fn kill(group: Option<Pid>) -> Vec<ProcId> {
    let found = procfs::descendants(std::process::id());
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    for stat in &found {
        let _ = procfs::signal(stat.id, Signal::KILL);
    }
    found.into_iter().map(|stat| stat.id).collect()
}
