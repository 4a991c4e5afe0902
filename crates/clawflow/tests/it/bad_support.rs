//! What the tests with bad input share.

use super::support::Home;
use std::path::{Path, PathBuf};

/// Every file below a directory.
pub(crate) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found
}

/// Writes a flow of one step that leaves a marker.
pub(crate) fn with_marker(home: &Home) {
    home.write("ok.yaml", "steps:\n  - { id: a, run: touch marker; echo hi }\n");
}
