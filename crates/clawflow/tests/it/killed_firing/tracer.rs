//! Kills a real gateway in the middle of a commit. The program knows nothing of it: the thread that
//! writes its store is traced, and its system calls say how far a commit is.

use nix::libc::{self, PTRACE_SYSCALL_INFO_ENTRY, PTRACE_SYSCALL_INFO_EXIT};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs;
use std::sync::mpsc::Sender;

/// The thread that writes.
const WRITER: &str = "clawflow-store";

/// Where in a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// Something of it is in the log, and it does not count yet.
    Before,
    /// It is on disk; nobody was told.
    After,
}

/// Traces the gateway with this pid until it ends, and kills it at this point of the commit with
/// this number, from now on. Tells by `traced` that nothing is missed any more.
pub(super) fn kill_at(pid: u32, point: Point, commit: usize, traced: Sender<()>) {
    let gateway = Pid::from_raw(pid.cast_signed());
    let writer = writer_of(pid);
    ptrace::seize(writer, Options::PTRACE_O_TRACESYSGOOD).unwrap();
    ptrace::interrupt(writer).unwrap();
    let (mut writes, mut commits) = (0, 0);
    loop {
        let pass = match waitpid(writer, Some(WaitPidFlag::__WALL)).unwrap() {
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return,
            WaitStatus::Stopped(_, signal) => Some(signal),
            WaitStatus::PtraceEvent(..) => {
                // Nobody waits for it a second time.
                let _ = traced.send(());
                None
            }
            WaitStatus::PtraceSyscall(_) => {
                match call(pid, writer) {
                    Some(Call::Write) => writes += 1,
                    // The head of a new log is one write with a sync of its own, and copying the
                    // log into the file begins with one; each page of a commit is two writes.
                    Some(Call::Synced) if writes < 2 => writes = 0,
                    Some(Call::Synced) => (writes, commits) = (0, commits + 1),
                    None => {}
                }
                // The first write of a commit is done; its last one is what makes it count.
                let is_there = match point {
                    Point::Before => commits + 1 == commit && writes == 2,
                    Point::After => commits == commit,
                };
                if is_there {
                    kill(gateway, Signal::SIGKILL).unwrap();
                }
                None
            }
            _ => None,
        };
        // It may have been killed meanwhile; the next look says so.
        let _ = ptrace::syscall(writer, pass);
    }
}

/// What a commit is made of.
enum Call {
    /// The log is about to be written.
    Write,
    /// The log is on disk.
    Synced,
}

/// What the stopped thread is about to do, or has done, to the log.
fn call(pid: u32, writer: Pid) -> Option<Call> {
    let stop = ptrace::syscall_info(writer).ok()?.op;
    let text = fs::read_to_string(format!("/proc/{pid}/task/{writer}/syscall")).ok()?;
    let mut words = text.split(' ');
    let number: libc::c_long = words.next()?.parse().ok()?;
    let is_ours = match (number, stop) {
        (libc::SYS_pwrite64, PTRACE_SYSCALL_INFO_ENTRY) => Call::Write,
        (libc::SYS_fdatasync | libc::SYS_fsync, PTRACE_SYSCALL_INFO_EXIT) => Call::Synced,
        _ => return None,
    };
    let file = i32::from_str_radix(words.next()?.trim_start_matches("0x"), 16).ok()?;
    let name = fs::read_link(format!("/proc/{pid}/fd/{file}")).ok()?;
    name.to_str()?.ends_with("-wal").then_some(is_ours)
}

fn writer_of(pid: u32) -> Pid {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    for thread in threads.flatten() {
        let name = fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        if name.trim_end() == WRITER {
            return Pid::from_raw(thread.file_name().to_str().unwrap().parse().unwrap());
        }
    }
    panic!("no thread of {pid} is called {WRITER}");
}
