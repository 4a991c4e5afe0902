//! The commands and queries of clawflow, as every face calls them: typed requests and answers.
//!
//! Each is one [`Call`]: a name, a request, an answer. [`Api`] carries them out in this process;
//! the gateway offers the same calls over a wire, so that a face need not know where they happen.

mod calls;
mod error;
mod flow_answer;
mod flow_cancel;
mod flow_events;
mod flow_list;
mod flow_pause;
mod flow_purge;
mod flow_retry;
mod flow_run;
mod flow_show;
mod flow_wait;
mod flow_why;
mod lookup;
mod task_cancel;
mod task_list;
mod task_logs;
mod task_run;
mod types;

pub use calls::*;
pub use error::ApiError;
pub use types::*;

use crate::engine::Engine;

/// The calls, carried out in this process.
#[derive(Clone)]
pub struct Api {
    pub(crate) engine: Engine,
}

impl Api {
    /// The calls on this engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// The engine below.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}
