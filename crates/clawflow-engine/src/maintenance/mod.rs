//! Looking after the ledger: records against processes, lines, cancels, processes that are left
//! over, what has been kept for long enough, and the file.
//!
//! Use: a gateway spawns [`keep_looking_after`]; the call `maintenance.sweep` is the same, once, or
//! only a look at what would be done. One at a time. Nothing here decides anew what is the law's:
//! records change by the decisions by which they always do, on the same evidence.
//!
//! Failure: what could not be done now is found again by the next turn.

mod cancels;
mod lines;
mod orphans;
mod reconcile;
mod turn;

pub use turn::keep_looking_after;
