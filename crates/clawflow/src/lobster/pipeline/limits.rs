//! Every bound of a pipeline, with its reason.

use std::time::Duration;

/// Bytes of a pipeline's text: a line that somebody wrote, not data.
pub(super) const TEXT_BYTES: usize = 4 << 20;

/// Stages of a pipeline. Each may wrap every item once more, and values are walked on the stack.
pub(super) const STAGES: usize = 500;

/// Bytes that a program may write to each stream where `LOBSTER_MAX_OUTPUT_BYTES` says nothing:
/// about what a JavaScript text can hold.
pub(super) const OUTPUT_BYTES: u64 = 512 << 20;

/// The same for an agent, whose answer is a text.
pub(super) const AGENT_OUTPUT_BYTES: u64 = 10 << 20;

/// Bytes that a program may be ahead of who reads its output.
pub(super) const PIPE_BYTES: usize = 1 << 20;

/// How long a program may take to end after it was asked to.
pub(super) const STOP_GRACE: Duration = Duration::from_millis(250);

/// Bytes of an HTTP answer where `LOBSTER_MAX_HTTP_RESPONSE_BYTES` says nothing.
pub(super) const RESPONSE_BYTES: u64 = 512 << 20;

/// How long an endpoint may take until its whole answer is here: as long as a model may think.
pub(super) const RESPONSE_TIME: Duration = Duration::from_secs(600);

/// Characters of an endpoint's answer that an error repeats.
pub(super) const REPEATED_UNITS: usize = 400;

/// Characters of the items that a question shows.
pub(super) const SUBJECT_UNITS: usize = 2_000;

/// How often a lock of another process is looked at.
pub(super) const LOCK_POLL: Duration = Duration::from_millis(10);

/// How long a lock of a living process is waited for. Locks are held for one read or write.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(60);

/// Age from which a lock that does not say whose it is counts as left behind.
pub(super) const LOCK_ORPHAN: Duration = Duration::from_secs(30);
