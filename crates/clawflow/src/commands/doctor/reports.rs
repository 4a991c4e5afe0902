//! Reports about jobs: whether some wait that nobody takes in, or could not be read.

use super::finding::Finding;
use clawflow_engine::reporter::Spool;
use std::path::{Path, PathBuf};

/// Looks at what waits. Changes nothing.
pub(super) fn examine(home: &Path) -> Vec<Finding> {
    let found = Spool::new(home).look();
    let mut findings = Vec::new();
    let hint = "look at it, then delete it; the job itself was not touched";
    if let Some(first) = found.torn.first() {
        let message = format!("{} could not be read: {}", count(&found.torn), first.display());
        findings.push(Finding::warn("reports", message, hint));
    }
    if let Some(first) = found.refused.first() {
        let message = format!("{} were refused: {}", count(&found.refused), first.display());
        findings.push(Finding::warn("reports", message, hint));
    }
    if findings.is_empty() {
        let message = match found.waiting.len() {
            0 => "none waits".to_owned(),
            _ => format!("{} to be taken in by the next command", count(&found.waiting)),
        };
        findings.push(Finding::ok("reports", message));
    }
    findings
}

fn count(paths: &[PathBuf]) -> String {
    match paths.len() {
        1 => "1 report of a job".to_owned(),
        more => format!("{more} reports of jobs"),
    }
}
