//! How many attempts begin at the same time.
//!
//! Use: [`Engine::begin`] before the shim is asked for; what it gives is dropped once the program
//! executes, or is known not to. Limits: one for each processor. Failure: who is stopped while it
//! waits goes on without a place, to find that out; an engine that stops begins nothing.

use super::attempt::Switch;
use super::process::raised;
use crate::engine::Engine;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of attempts that are between the request for their shim and their program: one for
/// each processor. More get nobody there earlier: they take turns at the processors with each
/// other, and with whoever asks the gateway something.
pub(crate) struct Beginnings(Arc<Semaphore>);

/// A place, for as long as an attempt begins.
pub(crate) struct Beginning(
    #[expect(dead_code, reason = "it is held")] Option<OwnedSemaphorePermit>,
);

impl Default for Beginnings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }
}

impl Engine {
    /// Waits for a place among those that begin; `None` once the engine stops.
    pub(crate) async fn begin(&self, stop: &mut Switch) -> Option<Beginning> {
        let mut stopping = self.stopping();
        tokio::select! {
            // The places are never closed.
            place = self.inner.beginnings.0.clone().acquire_owned() => Some(Beginning(place.ok())),
            () = raised(stop) => Some(Beginning(None)),
            () = raised(&mut stopping) => None,
        }
    }
}
