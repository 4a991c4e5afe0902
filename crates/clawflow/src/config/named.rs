//! Sections below a section, whose names the user chooses: `[queues.NAME]`, `[agents.NAME]`.

use super::excerpt::Excerpt;
use super::read::Raw;

/// What a file says about one of them; without a key, only that there is one.
#[derive(Debug)]
pub(super) struct Named<K> {
    pub(super) name: String,
    pub(super) given: Option<(K, Raw)>,
    /// Where the key stands, for its origin.
    pub(super) line: usize,
    /// Where the value stands, for messages.
    pub(super) excerpt: Excerpt,
}
