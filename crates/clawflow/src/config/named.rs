//! Sections below a section, whose names the user chooses: `[queues.NAME]`, `[agents.NAME]`.

use super::assign::Problem;
use super::excerpt::Excerpt;
use super::read::Raw;
use clawflow_core::suggest::closest;

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

/// Why a key is none of those of the section.
pub(super) fn unknown_key<const N: usize>(
    section: &str,
    name: &str,
    word: &str,
    known: [&'static str; N],
) -> Problem {
    Problem {
        message: format!("unknown key `{section}.{name}.{}`", word.escape_debug()),
        hint: closest(word, known).map(|key| format!("did you mean `{key}`?")),
    }
}
