//! Why a call failed.

use clawflow_core::step::StepError;
use clawflow_gateway::outgoing::OutgoingError;

/// A code for programs and a message for people, without secrets.
pub(super) type Failure = StepError;

/// The call cannot be made: nothing was sent.
pub(super) fn request(message: impl Into<String>) -> Failure {
    StepError::new("request", message)
}

/// What went wrong on the way.
pub(super) fn on_the_way(error: &OutgoingError) -> Failure {
    use OutgoingError as E;
    let code = match error {
        E::Address(_) | E::Private(_) => "request",
        E::Lookup { .. } => "lookup",
        E::Connect(_) => "connect",
        E::Tls { .. } | E::Certificates(_) => "tls",
        E::Broke(_) => "broken",
        E::TooLarge(_) => "too_large",
    };
    StepError::new(code, error.to_string())
}
