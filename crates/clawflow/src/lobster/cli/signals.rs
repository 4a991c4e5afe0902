//! Signals that end a run.

use super::trouble::Trouble;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Those that were asked for.
pub(super) struct Signals {
    int: Signal,
    term: Signal,
    hup: Signal,
    quit: Signal,
}

/// One that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Came {
    /// Its name.
    pub(super) name: &'static str,
    /// The exit code of a process that ends by it.
    pub(super) code: u8,
}

impl Signals {
    /// Catches them from now on.
    pub(super) fn catch() -> Result<Self, Trouble> {
        let catch = |kind| {
            signal(kind).map_err(|error| Trouble::runtime(format!("cannot catch signals: {error}")))
        };
        Ok(Self {
            int: catch(SignalKind::interrupt())?,
            term: catch(SignalKind::terminate())?,
            hup: catch(SignalKind::hangup())?,
            quit: catch(SignalKind::quit())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Came {
        tokio::select! {
            _ = self.int.recv() => Came { name: "SIGINT", code: 130 },
            _ = self.term.recv() => Came { name: "SIGTERM", code: 143 },
            _ = self.hup.recv() => Came { name: "SIGHUP", code: 129 },
            _ = self.quit.recv() => Came { name: "SIGQUIT", code: 131 },
        }
    }
}
