//! A command that was started, as in a terminal.

use super::{PATIENCE, pause};
use rustix::process::Signal;
use std::path::PathBuf;
use std::process::Child;
use std::time::Instant;

/// A command that runs.
pub(crate) struct Terminal {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Terminal {
    pub(super) fn new(child: Child, out: PathBuf, err: PathBuf) -> Self {
        Self { child, out, err }
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, Signal::INT).unwrap();
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    pub(crate) fn err(&self) -> String {
        std::fs::read_to_string(&self.err).unwrap_or_default()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Said {
        let give_up = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > give_up {
                let _ = self.child.kill();
                panic!("the command does not end: {}", self.err());
            }
            pause();
        };
        let out = std::fs::read_to_string(&self.out).unwrap();
        Said { code: status.code(), out, err: self.err() }
    }
}
