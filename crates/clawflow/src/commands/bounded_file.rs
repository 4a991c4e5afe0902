//! Reads a file that somebody named: bounded, and without waiting for ever.
//!
//! Limits: the caller's; of what is longer only one byte more is read, enough to refuse it. A named
//! pipe has [`PIPE_PATIENCE`] to say something.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// How long a named pipe is waited for, in seconds: a shell's `<(…)` is one, a forgotten one hangs.
const PIPE_PATIENCE: i64 = 10;

/// At most `max + 1` bytes of the file; of standard input where the path is `-`.
pub(super) fn read(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    match path == Path::new("-") {
        true => read_at_most(io::stdin(), max),
        false => read_at_most(open(path)?, max),
    }
}

fn read_at_most(from: impl Read, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens without waiting: to open a pipe that nobody writes to would block for ever.
fn open(path: &Path) -> io::Result<File> {
    let nonblock = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblock).open(path)?;
    if file.metadata()?.file_type().is_fifo() {
        let patience = Timespec { tv_sec: PIPE_PATIENCE, tv_nsec: 0 };
        let mut fds = [PollFd::new(&file, PollFlags::IN)];
        if poll(&mut fds, Some(&patience))? == 0 {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody writes to this pipe"));
        }
    }
    fcntl_setfl(&file, OFlags::empty())?;
    Ok(file)
}
