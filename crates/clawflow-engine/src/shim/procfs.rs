//! Processes as `/proc` shows them, identified by pid and kernel start time.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::fail::{At as _, PathError};

/// The name of a shim's process.
const SHIM_NAME: &[u8] = b"clawflow-shim";
/// Ancestors that are looked at.
const DEPTH_MAX: usize = 256;

/// A process within one boot: a pid alone may have been used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProcId {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot, as in field 22 of `/proc/<pid>/stat`.
    pub start_time: u64,
}

/// The fields of `/proc/<pid>/stat` that supervision needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Who it is.
    pub id: ProcId,
    /// One letter; `Z` and `X` are dead.
    pub state: u8,
    /// Parent.
    pub ppid: u32,
    /// Process group.
    pub pgid: u32,
    /// Session.
    pub session: u32,
}

impl Stat {
    /// Whether the process is beyond executing anything.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// Reads a process; `None` when there is none (or its entry cannot be understood).
#[must_use]
pub fn stat(pid: u32) -> Option<Stat> {
    // One call reads all of it, and there is not much of it.
    let mut text = [0u8; 1024];
    let read = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut text).ok()?;
    parse_stat(pid, &text[..read])
}

fn parse_stat(pid: u32, text: &[u8]) -> Option<Stat> {
    // The name is in parentheses and may itself contain spaces and parentheses.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(text.get(end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    let ppid = fields.next()?.parse().ok()?;
    let pgid = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    // Session is field 6, start time field 22.
    let start_time = fields.nth(15)?.parse().ok()?;
    Some(Stat { id: ProcId { pid, start_time }, state, ppid, pgid, session })
}

/// The shims that the process comes from, the nearest first: whatever an attempt starts stays below
/// its shim, to which its orphans come. `None` where nobody can tell: of a process that is gone.
#[must_use]
pub fn shims_above(pid: u32) -> Option<Vec<u32>> {
    let (mut at, mut shims) = (pid, Vec::new());
    for _ in 0..DEPTH_MAX {
        let found = stat(at).filter(|found| found.state != b'Z')?;
        if found.ppid <= 1 {
            return Some(shims);
        }
        at = found.ppid;
        let name = std::fs::read(format!("/proc/{at}/comm")).unwrap_or_default();
        if name.trim_ascii_end() == SHIM_NAME {
            shims.push(at);
        }
    }
    // Nobody has that many ancestors by chance.
    None
}

/// The task whose attempt a shim is the parent of: a shim works in the directory of its attempt,
/// whose name says so.
#[must_use]
pub fn task_of_shim(shim: u32) -> Option<String> {
    let dir = std::fs::read_link(format!("/proc/{shim}/cwd")).ok()?;
    let (task, fence) = dir.file_name()?.to_str()?.rsplit_once('.')?;
    fence.parse::<u64>().ok()?;
    Some(task.to_owned())
}

/// Identity of the calling process.
///
/// # Errors
/// When `/proc` is not mounted.
pub fn myself() -> io::Result<ProcId> {
    stat(std::process::id())
        .map(|stat| stat.id)
        .ok_or_else(|| io::Error::other("/proc does not show this process"))
}

/// The id of this boot, looked up once: forks of the server for shims inherit it.
pub(super) fn boot_id() -> Result<&'static str, PathError> {
    const PATH: &str = "/proc/sys/kernel/random/boot_id";
    static BOOT_ID: OnceLock<String> = OnceLock::new();
    if let Some(id) = BOOT_ID.get() {
        return Ok(id);
    }
    let id = fs::read_to_string(PATH).at("read", PATH)?.trim().to_owned();
    Ok(BOOT_ID.get_or_init(|| id))
}

/// Whether this very process exists and is not a zombie.
#[must_use]
pub fn is_alive(id: ProcId) -> bool {
    stat(id.pid).is_some_and(|now| now.id == id && !now.is_dead())
}

/// Every process that `/proc` shows.
#[must_use]
pub fn all() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(stat)
        .collect()
}

/// Living descendants of a process, parents first.
#[must_use]
pub fn descendants(root: u32) -> Vec<Stat> {
    if let Some(found) = descendants_by_children(root) {
        return found;
    }
    let mut by_parent: HashMap<u32, Vec<Stat>> = HashMap::new();
    for stat in all() {
        by_parent.entry(stat.ppid).or_default().push(stat);
    }
    let mut found: Vec<Stat> = by_parent.remove(&root).unwrap_or_default();
    let mut next = 0;
    while next < found.len() {
        let children = by_parent.remove(&found[next].id.pid).unwrap_or_default();
        found.extend(children);
        next += 1;
    }
    found.retain(|stat| !stat.is_dead());
    found
}

/// Walks `/proc/<pid>/task/*/children`; `None` where the kernel does not offer it.
fn descendants_by_children(root: u32) -> Option<Vec<Stat>> {
    let mut found: Vec<Stat> = children(root)?;
    let mut next = 0;
    while next < found.len() {
        // A process that has just gone has handed its children to the root.
        found.extend(children(found[next].id.pid).unwrap_or_default());
        next += 1;
    }
    found.retain(|stat| !stat.is_dead());
    Some(found)
}

fn children(pid: u32) -> Option<Vec<Stat>> {
    let mut found = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let path = thread.ok()?.path().join("children");
        let pids = match fs::read_to_string(path) {
            Ok(pids) => pids,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => continue,
        };
        let pids = pids.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
        found.extend(pids.filter_map(stat));
    }
    Some(found)
}

/// Whether a process carries all of these `NAME=value` entries in its environment.
#[must_use]
pub fn has_environ(pid: u32, entries: &[Vec<u8>]) -> bool {
    let Ok(environ) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    entries.iter().all(|wanted| environ.split(|&byte| byte == 0).any(|entry| entry == &wanted[..]))
}

/// A handle on this very process; `None` when it is gone.
///
/// # Errors
/// When the kernel refuses for another reason.
pub fn open(id: ProcId) -> io::Result<Option<OwnedFd>> {
    let Some(pid) = i32::try_from(id.pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
    let fd = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(fd) => fd,
        Err(rustix::io::Errno::SRCH) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Checked after the open: from here on the handle cannot change its meaning.
    Ok(is_alive(id).then_some(fd))
}

/// Signals this very process; `false` when it is gone.
///
/// # Errors
/// When the process may not be signalled.
pub fn signal(id: ProcId, signal: Signal) -> io::Result<bool> {
    let Some(fd) = open(id)? else { return Ok(false) };
    match pidfd_send_signal(&fd, signal) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let text = b"7 (a) (b c)) S 3 4 5 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9876 0 0";
        let stat = parse_stat(7, text).unwrap();
        assert_eq!((stat.state, stat.ppid, stat.pgid, stat.session), (b'S', 3, 4, 5));
        assert_eq!(stat.id.start_time, 9876);
    }

    #[test]
    fn this_process_is_alive_and_another_start_time_is_somebody_else() {
        let me = myself().unwrap();
        assert!(is_alive(me));
        assert!(!is_alive(ProcId { start_time: me.start_time + 1, ..me }));
    }
}
