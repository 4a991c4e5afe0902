//! Every bound of a question to a server, with its reason.

/// Bytes of an answer: with its escapes it must fit into the result of a step.
pub(super) const ANSWER_BYTES_MAX: usize = 6 << 20;
/// Redirects that are followed; a server that wants more goes round in circles.
pub(super) const REDIRECTS_MAX: usize = 5;
/// Characters of an answer that an error repeats.
pub(super) const REPEATED_CHARS: usize = 400;
/// Bytes of a secret, or of the file of endpoints: both are written by hand.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 10;
/// Longest idempotency key that is sent as it is; receivers refuse longer ones.
pub(super) const KEY_BYTES_MAX: usize = 255;
