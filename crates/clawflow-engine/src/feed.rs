//! The feed: a hint of the newest event on disk, for readers of the history.

use crate::engine::Engine;
use tokio::sync::watch;

/// Tells how far the history has come. A hint only: what happened is asked of the store, by the
/// position that the reader has reached. A slow reader costs nothing and misses nothing.
pub struct Feed {
    newest: watch::Receiver<u64>,
}

impl Feed {
    /// Sequence number of the newest event that this engine has brought to disk; 0: none yet.
    #[must_use]
    pub fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// Waits until more has happened since the last look, and returns how far it is then.
    pub async fn changed(&mut self) -> u64 {
        // An error would mean that the engine is gone: nothing will happen any more.
        if self.newest.changed().await.is_ok() {
            return *self.newest.borrow_and_update();
        }
        std::future::pending().await
    }
}

impl Engine {
    /// A hint of the newest event on disk, from now on.
    #[must_use]
    pub fn feed(&self) -> Feed {
        let mut newest = self.inner.feed.subscribe();
        newest.mark_unchanged();
        Feed { newest }
    }
}
