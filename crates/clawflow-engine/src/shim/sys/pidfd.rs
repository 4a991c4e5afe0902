//! How a process ended that is not our child, where the kernel (6.15 or later) tells.

use clawflow_core::task::Exit;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use tokio::io::unix::AsyncFd;

/// `PIDFD_GET_INFO`: `_IOWR(0xFF, 11, struct pidfd_info)` of its first version.
const GET_INFO: libc::Ioctl =
    (3 << 30 | (size_of::<Info>() as u64) << 16 | 0xff << 8 | 11) as libc::Ioctl;
/// Ask for, and say that there is, the exit code.
const EXIT: u64 = 1 << 3;

/// The kernel's `struct pidfd_info`, first version.
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}

/// How the process behind the descriptor ended; `None` where it has not been reaped, or the kernel
/// does not tell.
#[expect(unsafe_code, reason = "rustix has no PIDFD_GET_INFO")]
pub(crate) fn exit(fd: BorrowedFd<'_>) -> Option<Exit> {
    let mut info = Info { mask: EXIT, ..Info::default() };
    // SAFETY: the structure is as large as the request says, and outlives the call.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), GET_INFO, &raw mut info) };
    if done != 0 || info.mask & EXIT == 0 {
        return None;
    }
    let status = info.exit_code;
    Some(match libc::WIFSIGNALED(status) {
        true => Exit::Signal(libc::WTERMSIG(status)),
        false => Exit::Code(libc::WEXITSTATUS(status)),
    })
}

/// The descriptor, as one that can be waited for.
#[expect(unsafe_code, reason = "AsyncFd cannot know that its descriptor stays the same")]
pub(crate) fn awaited(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an OwnedFd is the same open descriptor until it is dropped, and nobody can reach
    // this one to exchange it: only shared references to it are given out.
    unsafe { AsyncFd::register(fd) }.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shim::procfs;
    use std::os::fd::AsFd;
    use std::process::Command;

    #[test]
    fn an_exit_is_told_after_it_was_reaped_or_not_at_all() {
        for (script, exit) in [("exit 3", Exit::Code(3)), ("kill -9 $$", Exit::Signal(9))] {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &format!("read _; {script}")]).stdin(std::process::Stdio::piped());
            let mut child = shell.spawn().unwrap();
            let id = procfs::stat(child.id()).unwrap().id;
            let fd = procfs::open(id).unwrap().unwrap();
            assert_eq!(super::exit(fd.as_fd()), None, "it still runs");
            drop(child.stdin.take());
            child.wait().unwrap();
            let told = super::exit(fd.as_fd());
            assert!(told.is_none() || told == Some(exit), "{told:?}");
        }
    }
}
