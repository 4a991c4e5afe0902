//! Reads workflow files, for every command that takes one.
//!
//! Limits: [`FILE_BYTES_MAX`]; of what is longer only one byte more is read, enough for the
//! parser to refuse it. A named pipe has [`PIPE_PATIENCE`] to say something.
//! Failure: exit code 2, with the path.

use crate::cli::{CliError, Exit};
use clawflow_core::definition::limits::FILE_BYTES_MAX;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// How long a named pipe is waited for, in seconds: a shell's `<(…)` is one, a forgotten one hangs.
const PIPE_PATIENCE: i64 = 10;

/// The bytes of the file; of standard input where the path is `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let read = if path == Path::new("-") {
        read_at_most(io::stdin())
    } else {
        open(path).and_then(read_at_most)
    };
    read.map_err(|error| {
        let tried = format!("cannot read {}", path.display());
        CliError { exit: Exit::Usage, code: "bad_file".to_owned(), ..CliError::io(tried, error) }
    })
}

fn read_at_most(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
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
