//! Paths that are no calls and answer all the same: the feed of events and the document.

use crate::{openapi, sse};
use clawflow_core::token::Access;

/// A path beside the table of endpoints. All are asked with `GET`.
#[derive(Debug)]
pub struct Extra {
    /// Its stable name, as of a call.
    pub name: &'static str,
    /// Where.
    pub path: &'static str,
    /// What may be in the query.
    pub fields: &'static [&'static str],
    /// Who may ask.
    pub access: Access,
    /// What it does, in one line.
    pub summary: &'static str,
}

/// Every such path.
pub static EXTRAS: &[Extra] = &[
    Extra {
        name: sse::NAME,
        path: sse::PATH,
        fields: sse::FIELDS,
        access: sse::ACCESS,
        summary: sse::SUMMARY,
    },
    Extra {
        name: openapi::NAME,
        path: openapi::PATH,
        fields: &[],
        access: Access::Read,
        summary: openapi::SUMMARY,
    },
];
