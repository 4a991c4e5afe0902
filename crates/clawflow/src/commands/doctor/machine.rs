//! What the kernel has to offer.

use super::finding::Finding;
use clawflow_engine::supervise::Supervisor;
use rustix::process::{PidfdFlags, child_subreaper, getpid, pidfd_open};

/// Looks at the kernel.
pub(super) fn examine() -> Vec<Finding> {
    let boot = match Supervisor::boot_id() {
        Ok(id) => Finding::ok("boot id", id),
        Err(error) => {
            let message = format!("cannot tell this boot from another one: {error}");
            Finding::fail("boot id", message, "clawflow needs /proc")
        }
    };
    let pidfd = match pidfd_open(getpid(), PidfdFlags::empty()) {
        Ok(_) => Finding::ok("pidfd", "supported"),
        Err(error) => {
            let message = format!("not supported: {error}");
            Finding::fail("pidfd", message, "clawflow needs Linux 5.3 or later")
        }
    };
    let reaper = match child_subreaper() {
        Ok(_) => Finding::ok("sub-reaper", "supported"),
        Err(error) => {
            let message = format!("not supported: {error}");
            Finding::fail("sub-reaper", message, "processes that leave their task are not found")
        }
    };
    vec![boot, pidfd, reaper]
}
