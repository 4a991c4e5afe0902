//! Deliveries: messages that are owed are carried until they are taken, given up or dropped.
//!
//! Level-triggered: what is owed is asked of the store, and a hint only makes that sooner. A try
//! that a crash cut off is made again, under the same idempotency key. No failure here changes the
//! outcome of the work that a message tells of.

mod carry;
mod courier;

pub use courier::{Carried, Courier, CourierError};

use crate::engine::Engine;
use std::sync::Arc;

impl Engine {
    /// Has messages carried from now on, until the engine stops.
    pub fn carry_by(&self, courier: Arc<dyn Courier>) {
        tokio::spawn(carry::run(self.clone(), courier));
    }
}
