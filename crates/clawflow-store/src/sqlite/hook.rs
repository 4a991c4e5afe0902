//! Where a test may stop a process in the middle of its work.

/// A point in the life of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitPoint {
    /// It has begun; nothing is written.
    Begun,
    /// All rows are written; it is not committed.
    Written,
    /// It is committed; nobody was answered.
    Committed,
    /// Everybody was answered; the log was not copied.
    Answered,
}

/// Called at each point; `None` outside of tests.
pub(super) type Hook = Option<fn(CommitPoint)>;

/// Calls the hook, if there is one.
pub(super) fn at(hook: Hook, point: CommitPoint) {
    if let Some(hook) = hook {
        hook(point);
    }
}
