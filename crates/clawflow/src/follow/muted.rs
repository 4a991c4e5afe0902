//! What is typed is not shown while it would tear the live lines apart.

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// A terminal on standard input that does not show some of what is typed, until this is dropped.
pub(super) struct Muted(LocalModes);

impl Muted {
    /// Does not show any of it: while somebody is asked.
    pub(super) fn all() -> Option<Self> {
        Self::new(LocalModes::ECHO)
    }

    /// Does not show control characters: a `^C` would move the lines. A terminal that is left so by
    /// a `kill -9` is as good as before.
    pub(super) fn controls() -> Option<Self> {
        Self::new(LocalModes::ECHOCTL)
    }

    fn new(modes: LocalModes) -> Option<Self> {
        let mut terminal = tcgetattr(std::io::stdin()).ok()?;
        let muted = terminal.local_modes & modes;
        terminal.local_modes.remove(modes);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &terminal).ok()?;
        Some(Self(muted))
    }
}

impl Drop for Muted {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let Ok(mut terminal) = tcgetattr(std::io::stdin()) else { return };
        terminal.local_modes.insert(self.0);
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &terminal);
    }
}
