//! The OpenAPI document, made from the table of endpoints and the types of the calls.

mod bounds;
mod document;
mod errors;
mod operation;
mod schemas;

pub(crate) use bounds::never_null;
pub use document::document;
pub(crate) use document::text;

/// Its name, as of a call.
pub(crate) const NAME: &str = "gateway.openapi";
/// Where it is.
pub(crate) const PATH: &str = "/openapi.json";
/// What it is, in one line.
pub(crate) const SUMMARY: &str = "This interface as an OpenAPI 3.1 document.";
