//! HTTP in, call, HTTP out: the router made from the table of endpoints.

mod body;
mod call;
mod conditions;
mod router;

pub(crate) use body::bytes as body_bytes;
pub(crate) use body::drained;
pub(crate) use conditions::{IDEMPOTENCY, REVISION};
pub(crate) use router::router;
