//! `lobster version`.

use super::help::print;
use std::process::ExitCode;

/// The version of Lobster whose command line this is: programs decide by it what they may ask for.
pub(super) const VERSION: &str = "2026.9.13";

/// Prints it.
pub(super) fn run() -> ExitCode {
    print(&format!("{VERSION}\n"))
}
