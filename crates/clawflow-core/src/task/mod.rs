//! Tasks: the record and its states.

mod fresh;
mod record;
pub mod solo;
mod state;

pub(crate) use fresh::fresh;
pub use record::DeliveryStatus;
pub use record::Executor;
pub use record::Exit;
pub use record::Runtime;
pub use record::ScopeKind;
pub use record::Task;
pub use record::TaskCommand;
pub use record::TerminalOutcome;
pub use record::Usage;
pub use state::TaskMove;
pub use state::TaskStatus;
pub use state::next_status;
