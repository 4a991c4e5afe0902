//! Which process a report means: ids of processes are those of one boot, host and namespace.

use crate::api::ProcessId;
use crate::shim::procfs;
use crate::supervise::Supervisor;
use std::fs;
use std::sync::OnceLock;

/// The host and the namespace of process ids of this process.
#[must_use]
pub fn here() -> &'static str {
    static HERE: OnceLock<String> = OnceLock::new();
    HERE.get_or_init(|| {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        format!("{host} {}", space.display())
    })
}

/// The process that has this id now; `None`, if none has or it has ended.
#[must_use]
pub fn process(pid: u32) -> Option<ProcessId> {
    let stat = procfs::stat(pid).filter(|stat| !stat.is_dead())?;
    let boot_id = Supervisor::boot_id().ok()?;
    let place = here().to_owned();
    Some(ProcessId { pid, start_time: stat.id.start_time, boot_id, place })
}
