//! The life of an attempt after its program was released.
//!
//! Without a stop or timeout: the program ends, its exit is put on record and told, what it
//! left in the background is terminated. With one: the tree is brought down first and
//! its exit is recorded last, because "stopped" may only be said of an empty tree.

use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus};

use super::body::Body;
use super::breath::Breath;
use super::clients::Clients;
use super::command::Failure;
use super::feed::Feed;
use super::frame::{FromShim, Hello, encode};
use super::limits;
use super::pump::Pump;
use super::record::ExitRecord;
use super::record_file::RecordFile;
use super::spec::RunSpec;
use super::{procfs::ProcId, sys, tree};

/// Where an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The program runs.
    Running,
    /// TERM was sent; KILL follows at the given time.
    Terminating { kill_at: Instant },
    /// KILL is sent in rounds until nothing is left.
    Killing { next_round: Instant },
    /// The tree is empty; a client may say that it has the exit.
    Collecting { until: Instant },
    /// Nothing is left to do.
    Done,
}

/// Everything the loop works on.
pub(super) struct Watch {
    pub(super) spec: RunSpec,
    /// The attempt's file; with it goes the lock.
    pub(super) file: RecordFile,
    pub(super) hello: Hello,
    /// Why the child did not execute.
    pub(super) failure: Option<Failure>,
    /// What it is told, where it is talked to.
    pub(super) feed: Option<Feed>,
    /// How such a program speaks.
    pub(super) breath: Breath,
    pub(super) out: Pump,
    pub(super) err: Pump,
    pub(super) clients: Clients,
    pub(super) body: Body,
    pub(super) child: Pid,
    pub(super) deadline: Option<Instant>,
    pub(super) phase: Phase,
    pub(super) ended: Option<Ended>,
    pub(super) ending: Ending,
    pub(super) record: Option<ExitRecord>,
    /// The exit could not be put on record yet.
    pub(super) unwritten: bool,
    pub(super) collected: bool,
    /// The kernel says that this process has no children.
    pub(super) childless: bool,
}

/// How and when the program ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) status: WaitStatus,
    pub(super) at_ms: u64,
}

/// What was done to end it.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) timed_out: bool,
    pub(super) stop_requested: bool,
    pub(super) stop_reason: Option<String>,
    pub(super) signalled: Vec<ProcId>,
    pub(super) survived: Vec<ProcId>,
}

impl Watch {
    /// Runs until the attempt is over and collected or on disk. Everything of it is closed then;
    /// what is left of the shim comes back if it may take another attempt.
    pub(super) fn run(mut self) -> Option<Body> {
        while self.phase != Phase::Done {
            self.reap();
            self.advance(Instant::now());
            if self.phase != Phase::Done {
                self.wait_and_serve();
            }
        }
        self.clients.flush();
        if !self.collected {
            self.sync();
        }
        self.is_spotless().then_some(self.body)
    }

    /// Whether nothing was out of the ordinary, so that nothing of it can reach another attempt:
    /// the program ended by itself and left nobody behind, nobody but the gateway that started
    /// it was ever connected, and that one has its end on disk.
    fn is_spotless(&self) -> bool {
        let empty = self.record.as_ref().is_some_and(|record| record.empty);
        empty && !self.stopped() && !self.unwritten && self.collected && self.clients.is_private()
    }

    /// Reaps the program and the orphans that came to this sub-reaper.
    pub(super) fn reap(&mut self) {
        while !self.childless {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.child => {
                    self.ended = Some(Ended { status, at_ms: super::start::now_ms() });
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return,
                Err(_) => self.childless = true,
            }
        }
    }

    fn advance(&mut self, now: Instant) {
        match self.phase {
            Phase::Running if self.ended.is_some() => {
                self.record_exit();
                if self.childless {
                    self.finish(now);
                } else {
                    // The result need not wait for what is left in the background.
                    self.clients.flush();
                    self.terminate(now, Duration::from_millis(self.spec.grace_ms));
                }
            }
            Phase::Running => {
                let late = self.deadline.is_some_and(|deadline| now >= deadline);
                if late || self.over_output().is_some() {
                    self.ending.timed_out = late;
                    self.terminate(now, Duration::from_millis(self.spec.grace_ms));
                }
            }
            Phase::Terminating { .. } | Phase::Killing { .. } if self.childless => {
                self.finish(now);
            }
            Phase::Terminating { kill_at } => {
                if now >= kill_at {
                    self.kill(now);
                }
            }
            Phase::Killing { next_round } => {
                if now >= next_round {
                    self.kill(now);
                }
            }
            Phase::Collecting { until } => self.collect(now, until),
            Phase::Done => {}
        }
    }

    /// A stop was asked for: by a client, or by TERM to the shim.
    pub(super) fn stop(&mut self, grace: Duration, reason: Option<String>) {
        // An exit that is waiting to be reaped came before the stop.
        self.reap();
        let now = Instant::now();
        match self.phase {
            Phase::Running if self.ended.is_none() => {
                self.ending.stop_requested = true;
                self.ending.stop_reason = reason;
                self.terminate(now, grace);
            }
            Phase::Terminating { kill_at } => {
                if self.record.is_none() && self.ended.is_none() {
                    self.ending.stop_requested = true;
                    self.ending.stop_reason = self.ending.stop_reason.take().or(reason);
                }
                self.phase = Phase::Terminating { kill_at: kill_at.min(now + grace) };
            }
            Phase::Running | Phase::Killing { .. } | Phase::Collecting { .. } | Phase::Done => {}
        }
    }

    fn terminate(&mut self, now: Instant, grace: Duration) {
        self.ending.signalled = tree::terminate(self.group());
        // A grace beyond the clock's range is for ever.
        let kill_at = now.checked_add(grace).unwrap_or(now + Duration::from_secs(86_400 * 365));
        self.phase = Phase::Terminating { kill_at };
    }

    fn kill(&mut self, now: Instant) {
        for id in tree::kill(self.group()) {
            if !self.ending.survived.contains(&id) {
                self.ending.survived.push(id);
            }
        }
        self.phase = Phase::Killing { next_round: now + limits::KILL_ROUND };
    }

    /// The program's group, while its number is certain.
    fn group(&self) -> Option<Pid> {
        self.ended.is_none().then_some(self.child)
    }

    /// The tree is proved empty.
    fn finish(&mut self, now: Instant) {
        if self.record.is_none() {
            self.record_exit();
        }
        self.record_empty();
        let killed = if self.stopped() { Vec::new() } else { pids(&self.ending.survived) };
        self.tell(FromShim::Empty { killed });
        self.phase = Phase::Collecting { until: now + limits::COLLECT_WAIT };
        self.collect(now, now + limits::COLLECT_WAIT);
    }

    fn collect(&mut self, now: Instant, until: Instant) {
        if self.collected {
            self.phase = Phase::Done;
        } else if self.unwritten {
            // The record must not be lost for want of space: keep it in memory until
            // somebody collects it or the disk takes it.
            if now >= until {
                self.write_exit();
                self.phase = Phase::Collecting { until: now + limits::RECORD_RETRY };
            }
        } else if now >= until || self.clients.is_empty() {
            self.phase = Phase::Done;
        }
    }

    /// Whether the attempt was brought to its end rather than ending by itself.
    pub(super) fn stopped(&self) -> bool {
        self.ending.stop_requested || self.ending.timed_out || self.over_output().is_some()
    }

    /// What a stream may have, if one has more.
    pub(super) fn over_output(&self) -> Option<u64> {
        let written = self.out.totals().0.max(self.err.totals().0);
        self.spec.output_max.filter(|max| written > *max)
    }

    /// Sends a frame to everybody.
    pub(super) fn tell(&mut self, frame: FromShim) {
        if let Ok(line) = encode(frame) {
            self.clients.broadcast(&line);
        }
    }

    /// SIGTERM to the shim, or only SIGCHLD.
    pub(super) fn on_signals(&mut self) {
        use std::os::fd::AsFd as _;
        if sys::take_signals(self.body.signals.as_fd()) {
            let grace = Duration::from_millis(self.spec.grace_ms);
            self.stop(grace, Some("the shim received SIGTERM".to_owned()));
        }
    }
}

/// Bare pids, for records.
pub(super) fn pids(ids: &[ProcId]) -> Vec<u32> {
    ids.iter().map(|id| id.pid).collect()
}
