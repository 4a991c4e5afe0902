//! A shim's process: what it has for all its attempts, and how it comes to the next one.
//!
//! A shim that has nothing left of its attempt takes another, if the server has one: that saves a
//! fork and the end of a process. What it gives up its [`Body::way`] for is in the decision on
//! shims that take another attempt; until the server's end of it closes it waits.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use super::fail::{At, PathError};
use super::procfs::{self, ProcId};
use super::request::{Mailbox, Received};
use super::{limits, start, sys};

/// What a shim says when it could take another attempt.
const IDLE: &[u8] = b"i";

/// What belongs to the process and not to an attempt.
pub(super) struct Body {
    pub(super) id: ProcId,
    /// Readable when a child ended or TERM came.
    pub(super) signals: OwnedFd,
    /// Pages that no output came through are never touched.
    pub(super) buffer: Box<[MaybeUninit<u8>]>,
    /// Where the server has more attempts; without it the shim ends after this one. Given up as
    /// soon as something happens after which there is to be no other.
    pub(super) way: Option<OwnedFd>,
}

/// Works on the attempt, then on those that the server has for this process; says whether all of
/// that went well.
pub(super) fn work(dir: &Path, control: OwnedFd, way: Option<OwnedFd>) -> bool {
    // Fails only for a group leader, as when started from a shell.
    let _ = rustix::process::setsid();
    let _ = rustix::thread::set_name(c"clawflow-shim");
    let mut mailbox = Mailbox::new();
    let mut after = start::attempt(dir, control, || Body::new(way));
    while let Ok(Some(body)) = after {
        let Some((dir, control)) = body.next(&mut mailbox) else { return true };
        after = start::attempt(&dir, control, || Ok(body));
    }
    after.is_ok()
}

impl Body {
    fn new(way: Option<OwnedFd>) -> Result<Self, PathError> {
        let me = rustix::process::getpid();
        rustix::process::set_child_subreaper(Some(me)).at("become sub-reaper for", ".")?;
        let signals = sys::catch_signals().at("catch signals for", ".")?;
        let id = procfs::myself().at("look up", "/proc/self")?;
        Ok(Self { id, signals, buffer: Box::new_uninit_slice(limits::READ_BYTES), way })
    }

    /// Waits for the next attempt; `None` when there is to be none.
    fn next(&self, mailbox: &mut Mailbox) -> Option<(PathBuf, OwnedFd)> {
        let way = self.way.as_ref()?;
        // A TERM that came too late for the last attempt is not meant for the next one.
        if sys::take_signals(self.signals.as_fd()) {
            return None;
        }
        send(way, IDLE, SendFlags::NOSIGNAL | SendFlags::DONTWAIT).ok()?;
        // Whoever removes the last attempt's directory must not find it in use.
        rustix::process::chdir("/").ok()?;
        loop {
            let mut set = [&self.signals, way].map(|fd| PollFd::new(fd, PollFlags::IN));
            match poll(&mut set, None) {
                Err(Errno::INTR) => continue,
                ready => ready.ok()?,
            };
            let [signals, packet] = set.map(|ready| !ready.revents().is_empty());
            if signals && sys::take_signals(self.signals.as_fd()) {
                return None;
            }
            if packet {
                return match mailbox.receive(way.as_fd()) {
                    Ok(Received::Attempt(dir, control)) => Some((dir.to_owned(), control)),
                    _ => None,
                };
            }
        }
    }
}
