//! Hints that something was decided about a flow or a task.

use crate::engine::{Engine, News, lock};
use tokio::sync::watch;

/// Wakes with each decision about one flow or task. With the last one of a subject the engine
/// forgets that it was looked at.
pub struct Changes {
    pub(crate) engine: Engine,
    pub(crate) subject: String,
    // Only dropping takes it away.
    pub(crate) hint: Option<watch::Receiver<News>>,
}

impl Changes {
    /// Counts all decisions so far as seen.
    pub fn mark_unchanged(&mut self) {
        if let Some(hint) = &mut self.hint {
            hint.mark_unchanged();
        }
    }

    /// Waits for the next decision, and returns what is told of it.
    pub async fn changed(&mut self) -> News {
        // An error would mean that the sender is gone: it is there for as long as somebody waits.
        if let Some(hint) = &mut self.hint
            && hint.changed().await.is_ok()
        {
            return *hint.borrow_and_update();
        }
        std::future::pending().await
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        let mut watched = lock(&self.engine.inner.watched);
        self.hint = None;
        if watched.get(&self.subject).is_some_and(|hint| hint.receiver_count() == 0) {
            watched.remove(&self.subject);
        }
    }
}
