//! Who carries messages out of this process.

use clawflow_core::delivery::Delivery;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What becomes of a try to carry a message.
pub type Carried<'a> = Pin<Box<dyn Future<Output = Result<(), CourierError>> + Send + 'a>>;

/// Carries messages along routes other than the inbox.
pub trait Courier: Send + Sync + 'static {
    /// Hands the message over. `Ok` says that the receiver has taken it. It may be asked for the
    /// same message again: the receiver is told the same idempotency key each time.
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carried<'a>;
}

/// A try that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CourierError {
    /// Why, for people; never a secret.
    pub message: String,
    /// Whether another try may go well.
    pub may_pass: bool,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl CourierError {
    /// A failure that another try may overcome.
    #[must_use]
    pub fn may_pass(message: String) -> Self {
        Self { message, may_pass: true, retry_after: None }
    }

    /// A failure that no other try overcomes.
    #[must_use]
    pub fn for_good(message: String) -> Self {
        Self { message, may_pass: false, retry_after: None }
    }
}
