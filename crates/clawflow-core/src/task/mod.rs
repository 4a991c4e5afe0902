//! Tasks: the record and its states.

mod fresh;
mod record;
pub mod recorded;
mod run;
pub mod solo;
mod state;
mod times;
mod told;
mod turn;

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
pub use told::TaskReport;

pub(crate) use fresh::{bare, fresh};
pub(crate) use run::as_subagent;
pub(crate) use run::check_command;
pub(crate) use run::check_start;
pub(crate) use run::claimed;
pub(crate) use run::fenced;
pub(crate) use run::lively;
pub(crate) use run::notified;
pub(crate) use run::placed;
pub(crate) use run::settle;
pub(crate) use run::within;
pub(crate) use times::{back_date, order_times};
pub(crate) use told::check as check_report;
pub(crate) use told::ended_as;
pub(crate) use told::is_progress;
pub(crate) use told::is_recorded;
pub(crate) use told::summary_of_end;
pub(crate) use told::{write, write_end};
pub(crate) use turn::{is_broken_off, may_go_on, opened, requeued};
