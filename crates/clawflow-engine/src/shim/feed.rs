//! What the program is told: a file that gateways append to, forwarded to its standard input.
//!
//! The file is what was said, whoever said it: a gateway that comes later knows it all, and the
//! shim needs to remember nothing but how far it is.

use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use super::layout;

/// The program's standard input, and how much of the file went there.
pub(super) struct Feed {
    pipe: Option<OwnedFd>,
    file: Option<File>,
    sent: u64,
    /// There is more in the file than the pipe has taken.
    waits: bool,
    /// Nothing comes after what is in the file.
    last: bool,
}

impl Feed {
    /// Forwards to this non-blocking pipe.
    pub(super) fn new(pipe: OwnedFd) -> Self {
        Self { pipe: Some(pipe), file: None, sent: 0, waits: true, last: false }
    }

    /// The pipe, while more is to go there.
    pub(super) fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().filter(|_| self.waits).map(AsFd::as_fd)
    }

    /// The file may have grown; `last`: for the last time.
    pub(super) fn grown(&mut self, last: bool) {
        self.waits = true;
        self.last |= last;
    }

    /// Forwards what the pipe takes. The program's end closes it, which is the program's affair.
    pub(super) fn feed(&mut self, buffer: &mut [MaybeUninit<u8>]) {
        while let (true, Some(pipe)) = (self.waits, &self.pipe) {
            if self.file.is_none() {
                self.file = File::open(layout::IN).ok();
            }
            let read = match &self.file {
                Some(file) => rustix::io::pread(file, &mut *buffer, self.sent),
                None => Err(Errno::NOENT),
            };
            match read {
                Ok(([], _)) | Err(Errno::NOENT) => {
                    self.waits = false;
                    if self.last {
                        self.pipe = None;
                    }
                }
                Ok((bytes, _)) => match rustix::io::write(pipe, bytes) {
                    Ok(written) => self.sent += written as u64,
                    Err(Errno::AGAIN) => return,
                    Err(Errno::INTR) => {}
                    Err(_) => self.pipe = None,
                },
                Err(Errno::INTR) => {}
                Err(_) => self.pipe = None,
            }
        }
    }
}
