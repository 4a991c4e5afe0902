//! Forks shims on request: the binary is loaded and linked once, not once per attempt.

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::ExitCode;

use rustix::io::{Errno, IoSliceMut};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use sha2::{Digest as _, Sha256};

use super::sys::{self, Fork};
use super::{child, procfs, start};

/// Longest path of a directory: the kernel's own limit.
const PATH_BYTES: usize = 4096;

/// Serves until the gateway at the other end of standard input is gone.
///
/// A request is one packet with the directory of an attempt and one descriptor, the
/// connection of its shim. There is no answer: the shim greets on its connection, which
/// ends without a greeting if there could be no shim.
#[must_use]
pub fn serve() -> ExitCode {
    sys::close_from(3, false);
    let Ok(requests) = child::take_control() else { return ExitCode::FAILURE };
    // A session of its own, so that a terminal's signals for the gateway pass by.
    let _ = rustix::process::setsid();
    let _ = rustix::thread::set_name(c"clawflow-shimd");
    sys::default_signals();
    sys::ignore_children();
    crate::descriptors::restore(std::env::args_os().nth(2));
    warm_up();
    let mut path = [0u8; PATH_BYTES];
    loop {
        let (length, control) = match receive(requests.as_fd(), &mut path) {
            Ok(request) => request,
            Err(Errno::INTR) => continue,
            Err(_) => return ExitCode::FAILURE,
        };
        if length == 0 {
            return ExitCode::SUCCESS;
        }
        let Some(control) = control else { continue };
        // If there can be no fork, the end of the connection says so.
        if let Ok(Fork::Child) = sys::fork() {
            // The gateway's end must see the server's end, not that of the last shim.
            drop(requests);
            let dir = OsStr::from_bytes(&path[..length]);
            let well = start::attempt(Path::new(dir), control);
            // Not by way of the exit handlers, which would copy page after page of the
            // server's just to leave nothing behind.
            sys::exit_now(if well { 0 } else { 1 });
        }
    }
}

/// Does once what each fork would do again: finding out about the processor (a trap each
/// time in a virtual machine) and the kernel.
fn warm_up() {
    let _ = Sha256::digest(b"");
    let _ = procfs::myself();
    let _ = procfs::boot_id();
    let _ = std::fs::symlink_metadata("/");
}

fn receive(socket: BorrowedFd<'_>, path: &mut [u8]) -> Result<(usize, Option<OwnedFd>), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(path)];
    let received = recvmsg(socket, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let control = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    Ok((received.bytes, control))
}
