//! Deliveries: messages that are owed to an owner, one row per message and route.
//!
//! Executed, delivered and acknowledged are three durable facts (`model.md`, Delivery).

pub(crate) mod owed;
mod record;
mod state;
mod status;

pub use owed::is_like;
pub use record::Delivery;
pub use record::DeliveryState;
pub use record::Route;
pub use record::RouteKind;
pub use state::DeliveryMove;
pub use state::Failed;
pub use state::FailedTry;
pub use state::acknowledge;
pub use state::attempted_failed;
pub use state::attempted_ok;
pub use state::dismiss;
pub use state::next_state;
pub use state::redeliver;
pub use status::delivery_status;
