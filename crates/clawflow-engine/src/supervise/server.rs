//! The gateway's end of the fork server for shims.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socketpair};

use crate::shim::request;

/// Starts the server with the first request, and again when it has died. Cheap to clone;
/// the server ends with the last clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Server {
    // A plain mutex: held for a send of one packet, or a spawn, on blocking threads only.
    state: Arc<Mutex<Option<Started>>>,
}

#[derive(Debug)]
struct Started {
    requests: OwnedFd,
    process: Child,
}

impl Server {
    /// Asks for a shim over `dir` that speaks on `control`.
    pub(super) fn shim(&self, exe: &Path, dir: &Path, control: &OwnedFd) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked first: while another thread spawns something, a copy of a dead server's
        // socket may live on for a moment and swallow the request.
        if let Some(started) = &mut *state
            && matches!(started.process.try_wait(), Ok(None))
            && started.request(dir, control).is_ok()
        {
            return Ok(());
        }
        // Dropping the old one reaps it.
        *state = None;
        let started = Started::new(exe)?;
        started.request(dir, control)?;
        *state = Some(started);
        Ok(())
    }
}

impl Started {
    fn new(exe: &Path) -> io::Result<Self> {
        let kind = SocketType::SEQPACKET;
        let (requests, theirs) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
        let process = Command::new(exe)
            .arg("__shimd")
            .args(crate::descriptors::before().map(|limit| limit.to_string()))
            // The gateway's environment may hold secrets that a shim has no use for.
            .env_clear()
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { requests, process })
    }

    fn request(&self, dir: &Path, control: &OwnedFd) -> io::Result<()> {
        request::send(&self.requests, dir, control, SendFlags::empty())?;
        Ok(())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // The end of its requests ends the server; what it forked goes on.
        let _ = rustix::net::shutdown(&self.requests, rustix::net::Shutdown::Both);
        let _ = self.process.wait();
    }
}
