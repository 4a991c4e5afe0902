//! Short ids of gates as files, where Lobster has them and its callers look. They only save a
//! search: an id follows from its wait, with or without its file.

use super::token::{Gate, short_id};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

/// Bytes of a file that is read.
const FILE_BYTES_MAX: u64 = 4096;

/// Notes a gate.
pub(super) fn note(gate: &Gate) {
    let Some(path) = path(&short_id(&gate.wait)) else { return };
    let now = jiff::Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_default();
    let noted = serde_json::json!({ "stateKey": gate.key(), "createdAt": now.to_string() });
    // Without it the gate is found by a search.
    let _ = path.parent().map(|dir| DirBuilder::new().recursive(true).mode(0o700).create(dir));
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let _ = file.and_then(|mut file| writeln!(file, "{noted}"));
}

/// Forgets a gate.
pub(super) fn forget(gate: &Gate) {
    if let Some(path) = path(&short_id(&gate.wait)) {
        // Nobody may have noted it.
        let _ = std::fs::remove_file(path);
    }
}

/// The gate that was noted under an id.
pub(super) fn find(id: &str) -> Option<Gate> {
    let path = path(id)?;
    let size = std::fs::metadata(&path).ok()?.len();
    let text = (size <= FILE_BYTES_MAX).then(|| std::fs::read_to_string(&path).ok())??;
    let noted: serde_json::Value = serde_json::from_str(&text).ok()?;
    let gate = Gate::of_key(noted["stateKey"].as_str()?)?;
    (short_id(&gate.wait) == id).then_some(gate)
}

fn path(id: &str) -> Option<PathBuf> {
    let is_id = id.len() == 8 && id.bytes().all(|c| c.is_ascii_hexdigit());
    Some(super::home::state_dir()?.join(format!("approval_{id}.json"))).filter(|_| is_id)
}
