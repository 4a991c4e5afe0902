//! A connection to a living shim.

use std::collections::VecDeque;
use std::io;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex;

use crate::shim::frame::{FromShim, Hello, ToShim, decode_from_shim, encode, take_line};
use crate::shim::procfs::ProcId;
use crate::shim::record::ExitRecord;

/// What happens to an attempt, in this order; `Progress` any number of times.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    /// The program is on record and executes. Not said of one that could not be executed.
    Started {
        /// Its pid and kernel start time.
        child: ProcId,
        /// Milliseconds since the epoch.
        started_at: u64,
    },
    /// The latest progress; earlier ones may have been skipped.
    Progress(String),
    /// A program that is talked to has said something: so many bytes so far.
    Output(u64),
    /// The attempt ended. Call [`RunHandle::collected`] once that is committed.
    Exited(Box<ExitRecord>),
    /// No process of the attempt is left.
    Empty {
        /// What the program left behind and did not end within the grace.
        killed: Vec<u32>,
    },
    /// The connection ended. After `Empty` that is the ordinary end, before it the attempt
    /// must be examined. Said again on each further call.
    ShimGone,
}

/// A connection to a living shim. Dropping it changes nothing for the attempt.
#[derive(Debug)]
pub struct Run {
    reader: OwnedReadHalf,
    handle: RunHandle,
    buffer: Vec<u8>,
    pending: VecDeque<RunEvent>,
}

/// Speaks to the shim of a [`Run`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct RunHandle {
    // Held across a write, so that two frames never mix; frames are tiny and rare.
    writer: Arc<Mutex<OwnedWriteHalf>>,
}

impl Run {
    /// Takes over a connected, non-blocking stream.
    pub(super) fn over(stream: StdStream) -> io::Result<Self> {
        let (reader, writer) = UnixStream::from_std(stream)?.into_split();
        Ok(Self {
            reader,
            handle: RunHandle { writer: Arc::new(Mutex::new(writer)) },
            buffer: Vec::new(),
            pending: VecDeque::new(),
        })
    }

    /// A way to speak to the shim from elsewhere.
    #[must_use]
    pub fn handle(&self) -> RunHandle {
        self.handle.clone()
    }

    /// The next event. Cancel safe: an abandoned call loses nothing.
    pub async fn next(&mut self) -> RunEvent {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return event;
            }
            while let Some(line) = take_line(&mut self.buffer) {
                if let Some(frame) = decode_from_shim(&line) {
                    self.pending.extend(events(frame));
                }
            }
            if self.pending.is_empty() && !self.fill().await {
                return RunEvent::ShimGone;
            }
        }
    }

    /// Reads more; `false` at the end of the stream.
    async fn fill(&mut self) -> bool {
        loop {
            if self.reader.readable().await.is_err() {
                return false;
            }
            self.buffer.reserve(4096);
            match self.reader.try_read_buf(&mut self.buffer) {
                Ok(0) => return false,
                Ok(_) => return true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
    }
}

impl RunHandle {
    /// Asks for TERM to the whole tree, and KILL to what is left after `grace_ms`. The
    /// exit comes as an event once the tree is empty. A second call can only shorten the
    /// grace.
    ///
    /// # Errors
    /// When the shim is gone.
    pub async fn stop(&self, grace_ms: u64, reason: Option<String>) -> io::Result<()> {
        self.send(ToShim::Stop { grace_ms, reason }).await
    }

    /// Says that there is more in `in.log`; `last`: and that standard input ends after it.
    ///
    /// # Errors
    /// When the shim is gone.
    pub async fn input(&self, last: bool) -> io::Result<()> {
        self.send(ToShim::Input { last }).await
    }

    /// Says that the exit is committed, so that the shim need not bring it to disk itself.
    /// May be said as soon as `Exited` came.
    ///
    /// # Errors
    /// When the shim is gone, which is no loss.
    pub async fn collected(&self) -> io::Result<()> {
        self.send(ToShim::Collected).await
    }

    async fn send(&self, frame: ToShim) -> io::Result<()> {
        let line = encode(frame)?;
        self.writer.lock().await.write_all(&line).await
    }
}

fn events(frame: FromShim) -> Vec<RunEvent> {
    match frame {
        FromShim::Hello(hello) => greeting(*hello),
        FromShim::Progress { text } => vec![RunEvent::Progress(text)],
        FromShim::Output { bytes } => vec![RunEvent::Output(bytes)],
        FromShim::Exit { record } => vec![RunEvent::Exited(record)],
        FromShim::Empty { killed } => vec![RunEvent::Empty { killed }],
        FromShim::Unknown => Vec::new(),
    }
}

fn greeting(hello: Hello) -> Vec<RunEvent> {
    let Hello { child, started_at, failed, progress, exit, .. } = hello;
    let started = (!failed).then_some(RunEvent::Started { child, started_at });
    let mut events: Vec<RunEvent> = started.into_iter().collect();
    events.extend(progress.map(RunEvent::Progress));
    events.extend(exit.map(RunEvent::Exited));
    events
}
