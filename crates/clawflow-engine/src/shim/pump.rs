//! One stream of the program, pumped into its capped file in constant memory.

use std::fs::File;
use std::io::{self, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use clawflow_core::hash::hex;
use sha2::{Digest, Sha256};

use rustix::fs::{FallocateFlags, fallocate};

use super::layout;
use super::limits::INLINE_OUTPUT_BYTES;
use super::progress::Scanner;
use super::spec::RunSpec;

/// A pipe and the file it goes to.
pub(super) struct Pump {
    pipe: Option<OwnedFd>,
    name: &'static str,
    /// Created with the first byte: most attempts say nothing on stderr, and a file costs
    /// more than anything else that a short attempt does.
    file: Option<File>,
    /// Bytes the file may still take.
    room: u64,
    total: u64,
    truncated: bool,
    /// Where the end is kept: so many bytes of it, and up to where the file is a hole.
    tail: Option<(u64, u64)>,
    /// Frozen once the attempt is on record: the file must stay what the record says.
    frozen: bool,
    hash: Sha256,
    /// All bytes so far while they are few.
    inline: Option<Vec<u8>>,
    scanner: Option<Scanner>,
}

impl Pump {
    /// Reads from the non-blocking pipe of stdout. Only this is scanned and kept inline, and not
    /// where somebody listens.
    pub(super) fn of_stdout(pipe: OwnedFd, spec: &RunSpec) -> Self {
        let plain = Self::new(pipe, layout::OUT, spec.log_cap_bytes);
        if spec.screen {
            return Self { room: u64::MAX, tail: Some((spec.log_cap_bytes, 0)), ..plain };
        }
        let scanned = !spec.talks;
        let (inline, scanner) = (scanned.then(Vec::new), scanned.then(Scanner::default));
        Self { inline, scanner, ..plain }
    }

    /// Reads from this non-blocking pipe into a file of the current directory.
    pub(super) fn new(pipe: OwnedFd, name: &'static str, cap: u64) -> Self {
        Self {
            pipe: Some(pipe),
            name,
            file: None,
            room: cap,
            total: 0,
            truncated: false,
            tail: None,
            frozen: false,
            hash: Sha256::new(),
            inline: None,
            scanner: None,
        }
    }

    /// The pipe, until its end.
    pub(super) fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads once; gives the number of bytes.
    pub(super) fn pump(&mut self, buffer: &mut [MaybeUninit<u8>]) -> usize {
        let Some(pipe) = &self.pipe else { return 0 };
        match rustix::io::read(pipe, &mut *buffer) {
            Ok(([], _)) => self.pipe = None,
            Ok((bytes, _)) => {
                if !self.frozen {
                    self.take(bytes);
                }
                return bytes.len();
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            Err(_) => self.pipe = None,
        }
        0
    }

    /// Takes what is in the pipe now and freezes. What a process in the background writes
    /// later is read and dropped, so that it neither blocks nor is killed by SIGPIPE.
    pub(super) fn drain_and_freeze(&mut self, buffer: &mut [MaybeUninit<u8>]) {
        let pending = self.pipe.as_ref().and_then(|pipe| rustix::io::ioctl_fionread(pipe).ok());
        let mut left = usize::try_from(pending.unwrap_or(0)).unwrap_or(usize::MAX);
        while left > 0 {
            let want = left.min(buffer.len());
            match self.pump(&mut buffer[..want]) {
                0 => break,
                read => left -= read,
            }
        }
        self.frozen = true;
    }

    fn take(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        if let Some(scanner) = &mut self.scanner {
            scanner.feed(bytes);
        }
        if let Some(inline) = &mut self.inline {
            if inline.len() + bytes.len() <= INLINE_OUTPUT_BYTES {
                inline.extend_from_slice(bytes);
            } else {
                self.inline = None;
            }
        }
        let keep = bytes.len().min(usize::try_from(self.room).unwrap_or(usize::MAX));
        self.truncated |= keep < bytes.len();
        if keep == 0 {
            return;
        }
        match self.write(&bytes[..keep]) {
            Ok(()) if self.tail.is_some() => self.forget_beginning(),
            Ok(()) => {
                self.room -= keep as u64;
                self.hash.update(&bytes[..keep]);
            }
            // A full disk must not stop the program: the log is best effort.
            Err(_) => {
                self.truncated = true;
                self.room = 0;
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::create(self.name)?),
        };
        file.write_all(bytes)
    }

    /// Makes a hole of what is before the end that is kept, so that the file's length says how much
    /// there was and its blocks are few. Where that cannot be, nothing more is kept.
    fn forget_beginning(&mut self) {
        let (Some((kept, hole)), Some(file)) = (&mut self.tail, &self.file) else { return };
        if self.total < hole.saturating_add(kept.saturating_mul(2)) {
            return;
        }
        let (from, to) = (*hole, self.total - *kept);
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        match fallocate(file, flags, from, to - from) {
            Ok(()) => *hole = to,
            Err(_) => self.room = 0,
        }
        self.truncated = true;
    }

    /// New progress, if there is some.
    pub(super) fn progress(&mut self) -> Option<String> {
        self.scanner.as_mut()?.take()
    }

    /// Bytes the program wrote, and whether the file lacks some of them.
    pub(super) fn totals(&self) -> (u64, bool) {
        (self.total, self.truncated)
    }

    /// Hexadecimal SHA-256 of the kept bytes.
    pub(super) fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// All bytes, when they are few.
    pub(super) fn inline(&mut self) -> Option<Vec<u8>> {
        self.inline.take()
    }

    /// Brings the file to disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }
}
