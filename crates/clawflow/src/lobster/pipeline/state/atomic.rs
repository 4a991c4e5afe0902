//! Files that are there whole or not at all.

use crate::lobster::pipeline::failure::Failure;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Only the user reads what is new; a file that is there keeps its mode.
const MODE: u32 = 0o600;

/// Replaces a file. When this returns, it is on disk.
pub(in crate::lobster::pipeline) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let staged = path.with_file_name(format!(".{name}.{}.tmp", super::lock::nonce()));
    let outcome = write(path, &staged, bytes);
    if outcome.is_err() {
        // It may never have come into being.
        let _ = std::fs::remove_file(&staged);
    }
    outcome.map_err(|error| Failure::file(&error, "open", path))
}

fn write(path: &Path, staged: &Path, bytes: &[u8]) -> io::Result<()> {
    let mode = std::fs::metadata(path).map_or(MODE, |found| found.permissions().mode() & 0o777);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(staged)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    std::fs::rename(staged, path)?;
    match path.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}
