//! Runs a job as if nobody was between it and its caller: the same group, terminal, streams and
//! descriptors. Signals that are sent to the wrapper alone are passed on; those of the terminal
//! reach both, and act on the job only. If the job is stopped, so is the wrapper.
//!
//! Nothing here can fail once the job has begun, and nothing that reporting does can end it: the
//! job is no child that dies with its parent.

use super::limits::GRACE;
use crate::shim::sys::job::{Came, Signals, die_of};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};
use std::ffi::OsString;
use std::io;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// What to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Program and arguments; not empty.
    pub argv: Vec<OsString>,
    /// Variables that it gets beside those of the caller.
    pub env: Vec<(&'static str, String)>,
    /// When it is told to end, and killed a little later.
    pub timeout: Option<Duration>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It had used up its time.
    TimedOut,
}

/// Why it did not begin.
#[derive(Debug)]
pub struct NotStarted {
    /// What happened.
    pub error: io::Error,
    /// What a caller expects as exit code then, as of `env` or `nohup`.
    pub code: i32,
}

/// Runs the job and returns how it ended. `started` is called while it runs, with its process id.
///
/// # Errors
/// It cannot be executed.
pub fn run(job: &Job, started: impl FnOnce(u32)) -> Result<Ended, NotStarted> {
    let failed = |error: io::Error| {
        let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
        NotStarted { error, code }
    };
    let Some((program, args)) = job.argv.split_first() else {
        return Err(failed(io::Error::new(io::ErrorKind::NotFound, "there is no command")));
    };
    // Before the job is there, so that no signal falls between the two.
    let signals = Signals::take().map_err(failed)?;
    let deadline = job.timeout.and_then(|time| Instant::now().checked_add(time));
    let envs = job.env.iter().map(|(name, value)| (name, value));
    let mut command = Command::new(program);
    command.args(args).envs(envs);
    signals.give_back(&mut command);
    let child = command.spawn().map_err(failed)?;
    started(child.id());
    Ok(watch(&child, &signals, deadline))
}

/// Whether it may go on.
#[derive(Clone, Copy)]
enum Time {
    Until(Option<Instant>),
    /// It was told to end; then it is killed.
    Up(Instant),
    Killed,
}

fn watch(child: &Child, signals: &Signals, deadline: Option<Instant>) -> Ended {
    // A process id fits; without one there would be nobody to wait for.
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let Some(pid) = pid else { return Ended::Code(126) };
    let mut time = Time::Until(deadline);
    loop {
        if let Some(ended) = reap(pid) {
            return match time {
                Time::Until(_) => ended,
                Time::Up(_) | Time::Killed => Ended::TimedOut,
            };
        }
        time = tick(pid, time);
        let left = match time {
            Time::Until(at) => at,
            Time::Up(at) => Some(at),
            Time::Killed => None,
        };
        let left = left.map(|at| at.saturating_duration_since(Instant::now()));
        match signals.wait(left) {
            Ok(Some(Came::Sent(number))) => pass_on(pid, number),
            Ok(_) => {}
            // Without signals there is still the end to wait for.
            Err(_) => return wait_out(pid),
        }
    }
}

fn tick(pid: Pid, time: Time) -> Time {
    let now = Instant::now();
    match time {
        Time::Until(Some(at)) if now >= at => {
            let _ = kill_process(pid, Signal::TERM);
            // A stopped job could not end.
            let _ = kill_process(pid, Signal::CONT);
            Time::Up(now + GRACE)
        }
        Time::Up(at) if now >= at => {
            let _ = kill_process(pid, Signal::KILL);
            Time::Killed
        }
        time => time,
    }
}

/// What became of the job; stops as it does.
fn reap(pid: Pid) -> Option<Ended> {
    loop {
        let options = WaitOptions::NOHANG | WaitOptions::UNTRACED;
        match waitpid(Some(pid), options) {
            Ok(Some((_, status))) => match ended(status) {
                Some(ended) => return Some(ended),
                None => {
                    // Whoever stopped it will continue our group, or us; then it goes on as well.
                    let _ = kill_process(rustix::process::getpid(), Signal::STOP);
                    let _ = kill_process(pid, Signal::CONT);
                }
            },
            Ok(None) => return None,
            Err(rustix::io::Errno::INTR) => {}
            // Somebody else has reaped it: how it ended is not known.
            Err(_) => return Some(Ended::Code(126)),
        }
    }
}

fn ended(status: WaitStatus) -> Option<Ended> {
    status.exit_status().map(Ended::Code).or_else(|| status.terminating_signal().map(Ended::Signal))
}

fn wait_out(pid: Pid) -> Ended {
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => {
                if let Some(ended) = ended(status) {
                    return ended;
                }
            }
            Err(rustix::io::Errno::INTR) | Ok(None) => {}
            Err(_) => return Ended::Code(126),
        }
    }
}

fn pass_on(pid: Pid, number: i32) {
    if let Some(signal) = Signal::from_named_raw(number) {
        // It may have ended meanwhile.
        let _ = kill_process(pid, signal);
    }
}

impl Ended {
    /// Ends this process as the job ended; a job that had used up its time as 124, as `timeout`
    /// does.
    pub fn pass_on(self) -> ! {
        let code = match self {
            Self::Code(code) => code,
            Self::TimedOut => 124,
            Self::Signal(number) => {
                die_of(number);
                128 + number
            }
        };
        std::process::exit(code)
    }
}
