//! What a shim is started by: one packet with the directory of an attempt and one descriptor,
//! the connection of its shim.
//!
//! There is no answer: the shim greets on its connection, which ends without a greeting if
//! there could be no shim, and the attempt was then never begun.

use std::ffi::OsStr;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::io::{Errno, IoSliceMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// Longest path of a directory: the kernel's own limit.
const PATH_BYTES: usize = 4096;

/// Room for one request after the other.
pub(super) struct Mailbox([u8; PATH_BYTES]);

/// What has come.
pub(super) enum Received<'a> {
    /// An attempt: its directory and the connection of its shim.
    Attempt(&'a Path, OwnedFd),
    /// A packet that is no request.
    Nothing,
    /// The other end is gone.
    End,
}

impl Mailbox {
    pub(super) fn new() -> Self {
        Self([0; PATH_BYTES])
    }

    /// Takes the next packet, once there is one.
    pub(super) fn receive(&mut self, socket: BorrowedFd<'_>) -> Result<Received<'_>, Errno> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut self.0)];
        let flags = RecvFlags::CMSG_CLOEXEC;
        let received = loop {
            match recvmsg(socket, &mut parts, &mut ancillary, flags) {
                Err(Errno::INTR) => {}
                received => break received?,
            }
        };
        if received.bytes == 0 {
            return Ok(Received::End);
        }
        let control = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            _ => None,
        });
        let dir = Path::new(OsStr::from_bytes(&self.0[..received.bytes]));
        Ok(control.map_or(Received::Nothing, |control| Received::Attempt(dir, control)))
    }
}

/// Asks for a shim over `dir` that speaks on `control`.
pub(crate) fn send(
    socket: impl AsFd,
    dir: &Path,
    control: impl AsFd,
    flags: SendFlags,
) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let fds = [control.as_fd()];
    ancillary.push(SendAncillaryMessage::ScmRights(&fds));
    let path = [IoSlice::new(dir.as_os_str().as_bytes())];
    sendmsg(socket, &path, &mut ancillary, flags | SendFlags::NOSIGNAL).map(drop)
}
