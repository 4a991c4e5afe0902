//! The server's ways to its shims, some of which could take another attempt.

use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, socketpair};

use super::limits::{IDLE_SHIM, SHIM_WAYS};
use super::request;

/// A way for each shim that may come back. With this the server's ends go, and with them every
/// shim that is idle.
#[derive(Default)]
pub(super) struct Pool {
    ways: Vec<Way>,
}

struct Way {
    fd: OwnedFd,
    /// Since when its shim was seen to be idle.
    idle: Option<Instant>,
}

impl Pool {
    /// Whether nobody may come back.
    pub(super) fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// Finds out who is idle and who is gone, and lets those go that were idle for long.
    pub(super) fn look(&mut self, now: Instant) {
        let mut set: Vec<_> =
            self.ways.iter().map(|way| PollFd::new(&way.fd, PollFlags::IN)).collect();
        if poll(&mut set, Some(&Timespec::default())).is_err() {
            return;
        }
        let ready: Vec<bool> = set.iter().map(|way| !way.revents().is_empty()).collect();
        let mut ready = ready.into_iter();
        self.ways.retain_mut(|way| {
            if ready.next().unwrap_or(false) {
                let said = recv(&way.fd, &mut [0u8; 8], RecvFlags::DONTWAIT);
                if !matches!(said, Ok((1.., _))) {
                    return false;
                }
                way.idle = Some(now);
            }
            way.idle.is_none_or(|since| now.saturating_duration_since(since) < IDLE_SHIM)
        });
    }

    /// Gives an attempt to an idle shim; `false` when there is none. One that ends before it takes
    /// it closes the attempt's connection without a greeting, as a fork does that fails.
    pub(super) fn give(&mut self, dir: &Path, control: &OwnedFd) -> bool {
        while let Some(at) = self.ways.iter().rposition(|way| way.idle.is_some()) {
            let way = &mut self.ways[at];
            way.idle = None;
            if request::send(way.fd.as_fd(), dir, control.as_fd(), SendFlags::DONTWAIT).is_ok() {
                return true;
            }
            self.ways.remove(at);
        }
        false
    }

    /// A way for a new shim, which gets the second end; `None` when there are enough.
    pub(super) fn way(&self) -> Option<(OwnedFd, OwnedFd)> {
        if self.ways.len() >= SHIM_WAYS {
            return None;
        }
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).ok()
    }

    /// Keeps the way to a shim.
    pub(super) fn keep(&mut self, fd: OwnedFd) {
        self.ways.push(Way { fd, idle: None });
    }
}
