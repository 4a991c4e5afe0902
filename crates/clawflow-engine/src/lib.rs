//! Runs flows: dispatch, timers, and processes under shims that outlive their gateway.
//!
//! The engine is level-triggered: whatever it has to do can be asked of the store, and hints only
//! make it look sooner. What happens after a crash is therefore what happens always.

mod admit;
mod agents;
pub mod api;
mod audit;
mod awaits;
mod cell;
mod changes;
mod children;
pub mod clock;
mod commit;
mod decide;
mod delivery;
pub mod descriptors;
mod dispatch;
mod effects;
mod engine;
mod error;
mod feed;
mod files;
mod groups;
mod held;
mod hooks;
pub mod maintenance;
mod recover;
pub mod reporter;
pub mod retention;
mod runtime;
mod schedules;
mod seen;
mod settings;
pub mod shim;
mod solo;
mod subagents;
pub mod supervise;
mod timers;

pub use changes::Changes;
pub use delivery::{Carried, Courier, CourierError};
pub use engine::Engine;
pub use engine::News;
pub use engine::Scope;
pub use engine::Usage;
pub use error::EngineError;
pub use feed::Feed;
pub use files::workflow_file;
pub use hooks::Hooks;
pub use settings::EngineSettings;
pub use shim::sys::heap::keep_heap;
pub use shim::sys::heap::share_heap;
pub use shim::sys::program::release_program;
