//! Signals that are kept.

use super::state::Rows;
use clawflow_core::signal::Signal;

impl Rows {
    /// By id.
    pub(super) fn signals_of(&self, owner: &str) -> impl Iterator<Item = &Signal> {
        self.signals.values().filter(move |signal| signal.owner_key == owner)
    }
}
