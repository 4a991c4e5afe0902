//! The program's process: borrows the shim's memory until it is on record and executes.
//!
//! It is not a fork but a `clone` with `CLONE_VM | CLONE_VFORK`: nothing is copied, and the
//! shim sleeps until the program executes or its process is gone. Hence the child itself
//! puts itself on record, which proves as much as if the shim did: it is done before the only
//! `execve`, by a process that dies with its shim, and both hold the attempt's lock until
//! then. Death between the two leaves an attempt that may have executed: in doubt, never
//! executed twice.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal};

use super::command::{Command, Failure, Stage};
use super::fail::{At, PathError};
use super::limits::FORMAT;
use super::record::RunRecord;
use super::record_file::RecordFile;
use super::spec::RunSpec;
use super::{layout, limits, procfs, sys};

/// The program's process, which executes it or has failed to.
pub(super) struct Child {
    pub(super) pid: Pid,
    pub(super) id: procfs::ProcId,
    /// Read end of its stdout.
    pub(super) out: OwnedFd,
    /// Read end of its stderr.
    pub(super) err: OwnedFd,
    /// Write end of its stdin, where it is talked to.
    pub(super) stdin: Option<OwnedFd>,
    /// Why it did not execute.
    pub(super) failure: Option<Failure>,
}

/// The child's ends of its streams.
struct Streams {
    /// None for what the shim has: `/dev/null`, see [`take_control`].
    stdin: Option<OwnedFd>,
    out: OwnedFd,
    err: OwnedFd,
}

/// How far the child came, in memory that it shares with the shim.
#[derive(Default)]
struct Progress {
    recorded: Option<procfs::ProcId>,
    unrecorded: Option<PathError>,
    failure: Option<Failure>,
}

impl Child {
    /// Starts the program from the current directory, which is that of the attempt.
    ///
    /// The stack is used by the child, before it executes. Nothing has executed when this
    /// fails, and no run is on record, unless the child was killed over it.
    pub(super) fn start(
        spec: &RunSpec,
        shim: procfs::ProcId,
        file: &mut RecordFile,
        stack: &mut [MaybeUninit<u8>],
    ) -> Result<Self, PathError> {
        const DOING: &str = "start a process in";
        let command = Command::new(spec).at(DOING, ".")?;
        let (streams, Ours { stdin, out, err }) = streams(spec).at(DOING, ".")?;
        let parent = rustix::process::getpid();
        let mut progress = Progress::default();
        let pid = sys::borrow_memory(stack, &mut || {
            let on_record = || put_on_record(file, shim);
            become_program(&command, &streams, parent, on_record, &mut progress);
        });
        let pid = pid.at(DOING, ".")?;
        if let Some(id) = progress.recorded {
            return Ok(Self { pid, id, out, err, stdin, failure: progress.failure });
        }
        // It is gone, or about to be: it did not come as far as executing anything.
        while matches!(
            rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty()),
            Err(rustix::io::Errno::INTR)
        ) {}
        let killed = || io::Error::other("the child was killed before it was on record");
        progress.unrecorded.map_or_else(|| Err(killed()).at(DOING, "."), Err)
    }
}

/// The shim's ends of its streams.
struct Ours {
    stdin: Option<OwnedFd>,
    out: OwnedFd,
    err: OwnedFd,
}

fn streams(spec: &RunSpec) -> io::Result<(Streams, Ours)> {
    let (out, out_in) = pipe_with(PipeFlags::CLOEXEC)?;
    let (err, mut err_in) = pipe_with(PipeFlags::CLOEXEC)?;
    if spec.screen {
        err_in = fcntl_dupfd_cloexec(&out_in, 3)?;
    }
    let (stdin, feed) = match spec.talks {
        true => {
            let (stdin, feed) = pipe_with(PipeFlags::CLOEXEC)?;
            (Some(stdin), Some(feed))
        }
        false => (stdin()?, None),
    };
    for fd in [&out, &err].into_iter().chain(&feed) {
        // Only the shim's ends: the program expects streams that block.
        rustix::io::ioctl_fionbio(fd, true)?;
    }
    Ok((Streams { stdin, out: out_in, err: err_in }, Ours { stdin: feed, out, err }))
}

fn stdin() -> io::Result<Option<OwnedFd>> {
    match File::open(layout::STDIN) {
        Ok(file) => Ok(Some(file.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// In the child; comes back only when the program did not execute.
fn become_program(
    command: &Command,
    streams: &Streams,
    parent: Pid,
    put_on_record: impl FnOnce() -> Result<procfs::ProcId, PathError>,
    progress: &mut Progress,
) {
    let _ = rustix::process::setpgid(None, None);
    // The program goes with its shim: nobody else could tell how it ended.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    if rustix::process::getppid() != Some(parent) {
        return;
    }
    match put_on_record() {
        Ok(id) => progress.recorded = Some(id),
        Err(error) => {
            progress.unrecorded = Some(error);
            return;
        }
    }
    progress.failure = Some(execute(command, streams));
}

/// Puts the calling process on record as the program of this shim. By the descriptor of the
/// shim, so that nothing has to be opened.
fn put_on_record(file: &mut RecordFile, shim: procfs::ProcId) -> Result<procfs::ProcId, PathError> {
    let child = procfs::myself().at("look up", "/proc/self")?;
    let boot_id = procfs::boot_id()?.to_owned();
    let record = RunRecord { version: FORMAT, shim, child, pgid: child.pid, boot_id };
    file.add_run(&record).at("write", layout::RECORD)?;
    Ok(child)
}

fn execute(command: &Command, streams: &Streams) -> Failure {
    let failure = |stage, error: io::Error| Failure {
        stage,
        errno: error.raw_os_error().unwrap_or(libc::EIO),
    };
    let ends = [(streams.stdin.as_ref(), 0), (Some(&streams.out), 1), (Some(&streams.err), 2)];
    for (fd, number) in ends {
        if let Some(fd) = fd
            && let Err(error) = sys::onto_stdio(fd, number)
        {
            return failure(Stage::Streams, error);
        }
    }
    sys::close_from(3, true);
    sys::unignore_signals();
    sys::kill_myself_unless_executed(limits::EXECUTE_WAIT);
    if let Err(error) = rustix::process::chdir(command.cwd.as_c_str()) {
        return failure(Stage::Cwd, error.into());
    }
    // As execvp does: go on past missing files, and remember that one was not allowed.
    let mut worst = io::Error::from_raw_os_error(libc::ENOENT);
    for candidate in &command.candidates {
        let error = sys::execve(candidate, &command.argv, &command.envp);
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => {}
            Some(libc::EACCES) => worst = error,
            _ => return failure(Stage::Exec, error),
        }
    }
    failure(Stage::Exec, worst)
}

/// Moves the control connection away from the number of stdin, which becomes `/dev/null`.
pub(super) fn take_control() -> io::Result<OwnedFd> {
    let control = fcntl_dupfd_cloexec(sys::inherited_stdin(), 3)?;
    sys::onto_stdio(File::open("/dev/null")?, 0)?;
    Ok(control)
}
