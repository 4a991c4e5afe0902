//! One round of the shim's poll loop.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::feed::Feed;
use super::frame::{FromShim, ToShim, encode};
use super::watch::{Phase, Watch};

/// What poll said, detached from the descriptors.
struct Ready {
    signals: bool,
    out: bool,
    err: bool,
    feed: bool,
    listener: bool,
    clients: Vec<PollFlags>,
}

impl Watch {
    /// Waits for something to happen and serves it.
    pub(super) fn wait_and_serve(&mut self) {
        self.clients.flush();
        if self.may_be_sought() {
            self.clients.open_if_due(Instant::now());
            if !self.clients.is_private() {
                // The server need not remember a shim that will not come back.
                self.body.way = None;
            }
        }
        let Some(ready) = self.wait() else { return };
        if ready.signals {
            self.on_signals();
        }
        if ready.out {
            let read = self.out.pump(&mut self.body.buffer);
            self.tell_progress();
            if read > 0 && self.feed.is_some() {
                self.breath.read(read, Instant::now());
                self.tell_output();
            }
        }
        if ready.err {
            self.err.pump(&mut self.body.buffer);
        }
        if ready.feed {
            self.feed_program();
        }
        for frame in self.clients.serve(&ready.clients) {
            match frame {
                ToShim::Stop { grace_ms, reason } => {
                    self.stop(Duration::from_millis(grace_ms), reason);
                }
                ToShim::Input { last } => {
                    self.feed.iter_mut().for_each(|feed| feed.grown(last));
                    self.feed_program();
                }
                ToShim::Collected => self.collected |= self.record.is_some(),
                ToShim::Unknown => {}
            }
        }
        if ready.listener {
            self.accept();
        }
    }

    /// Tells the latest progress, if it is new.
    pub(super) fn tell_progress(&mut self) {
        if let Some(text) = self.out.progress() {
            self.hello.progress = Some(text.clone());
            self.tell(FromShim::Progress { text });
        }
    }

    /// Tells that a program that is talked to has said something.
    fn tell_output(&mut self) {
        let (bytes, _) = self.out.totals();
        if let Ok(line) = encode(FromShim::Output { bytes }) {
            self.clients.notice(&line);
        }
    }

    fn feed_program(&mut self) {
        if let Some(feed) = &mut self.feed {
            feed.feed(&mut self.body.buffer);
        }
    }

    fn accept(&mut self) {
        if let Ok(hello) = encode(FromShim::Hello(Box::new(self.hello.clone()))) {
            self.clients.accept(&hello);
        }
    }

    fn wait(&self) -> Option<Ready> {
        let now = Instant::now();
        let held = self.breath.holds(now);
        let [signals, out, err] = match self.phase {
            // Nothing is left that could write or end, and a stop would change nothing.
            Phase::Collecting { .. } => [None; 3],
            _ => {
                let out = self.out.pipe().filter(|_| held.is_none());
                [Some(self.body.signals.as_fd()), out, self.err.pipe()]
            }
        };
        let sources = [signals, out, err, self.clients.listener()];
        let mut set = Vec::with_capacity(8);
        for source in sources.iter().flatten() {
            set.push(PollFd::from_borrowed_fd(*source, PollFlags::IN));
        }
        let feed = self.feed.as_ref().and_then(Feed::pipe);
        if let Some(feed) = feed {
            set.push(PollFd::from_borrowed_fd(feed, PollFlags::OUT));
        }
        self.clients.poll_set(&mut set);
        let timeout = self.timeout(now, held);
        poll(&mut set, timeout.as_ref()).ok()?;
        let mut flags = set.iter().map(PollFd::revents);
        let mut next = || flags.next().unwrap_or(PollFlags::empty());
        Some(Ready {
            signals: sources[0].is_some() && !next().is_empty(),
            out: sources[1].is_some() && !next().is_empty(),
            err: sources[2].is_some() && !next().is_empty(),
            listener: sources[3].is_some() && !next().is_empty(),
            feed: feed.is_some() && !next().is_empty(),
            clients: flags.collect(),
        })
    }

    /// Whether somebody may have a reason to connect. Not at the very end: until the lock is
    /// free, a moment later, they wait, and then they find all of it on record.
    fn may_be_sought(&self) -> bool {
        !matches!(self.phase, Phase::Collecting { .. }) || self.unwritten
    }

    fn timeout(&self, now: Instant, held: Option<Instant>) -> Option<Timespec> {
        let until = match self.phase {
            Phase::Running => self.deadline,
            Phase::Terminating { kill_at } => Some(kill_at),
            Phase::Killing { next_round } => Some(next_round),
            Phase::Collecting { until } => Some(until),
            Phase::Done => Some(now),
        };
        let socket = self.clients.socket_due().filter(|_| self.may_be_sought());
        let until = until.into_iter().chain(socket).chain(held).min()?;
        // A timespec takes fewer seconds than a Duration; waking up early is harmless.
        let left = until.saturating_duration_since(now).min(Duration::from_secs(86_400));
        Timespec::try_from(left).ok()
    }
}
