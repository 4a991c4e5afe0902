//! Starts shims on request: by a fork, so that the binary is loaded and linked once and not once
//! per attempt, or by giving the attempt to a shim that has nothing else to do.

use std::os::fd::AsFd as _;
use std::process::ExitCode;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::pool::Pool;
use super::request::{Mailbox, Received};
use super::sys::{self, Fork};
use super::{body, child, limits, procfs};

/// Serves until the gateway at the other end of standard input is gone.
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
    let (mut mailbox, mut pool) = (Mailbox::new(), Pool::default());
    loop {
        // Looked after from time to time while there may be idle shims, never otherwise.
        let patience = Timespec::try_from(limits::IDLE_SHIM / 2).ok();
        let patience = patience.filter(|_| !pool.is_empty());
        let came = poll(&mut [PollFd::new(&requests, PollFlags::IN)], patience.as_ref());
        pool.look(Instant::now());
        match came {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return ExitCode::FAILURE,
        }
        let (dir, control) = match mailbox.receive(requests.as_fd()) {
            Ok(Received::Attempt(dir, control)) => (dir, control),
            Ok(Received::Nothing) => continue,
            Ok(Received::End) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        };
        if pool.give(dir, &control) {
            continue;
        }
        let (ours, theirs) = pool.way().unzip();
        match sys::fork() {
            Ok(Fork::Child) => {
                // The gateway's end must see the server's end, not that of the last shim, and so
                // must the idle ones.
                drop((requests, pool, ours));
                let well = body::work(dir, control, theirs);
                // Not by way of the exit handlers, which would copy page after page of the
                // server's just to leave nothing behind.
                sys::exit_now(if well { 0 } else { 1 });
            }
            Ok(Fork::Parent) => ours.into_iter().for_each(|way| pool.keep(way)),
            // If there can be no fork, the end of the connection says so.
            Err(_) => {}
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
