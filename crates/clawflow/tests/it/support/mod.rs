//! A home of its own, the real binary in it, and what its output is compared by.

mod home;
mod redact;
mod wait;

pub(crate) use home::Home;
pub(crate) use home::Out;
pub(crate) use redact::redact;
pub(crate) use wait::wait_until;
