//! How many descriptors this process may have: as many as it is allowed, but no step inherits that.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::ffi::OsString;
use std::sync::OnceLock;

/// The limit before it was raised.
static BEFORE: OnceLock<Rlimit> = OnceLock::new();

/// Raises the soft limit to the hard one, for a gateway with many connections.
pub fn raise() {
    let was = getrlimit(Resource::Nofile);
    if was.current == was.maximum {
        return;
    }
    let raised = Rlimit { current: was.maximum, ..was };
    match setrlimit(Resource::Nofile, raised) {
        // Another thread that was faster has raised the same limit.
        Ok(()) => drop(BEFORE.set(was)),
        Err(error) => tracing::warn!("cannot raise the limit on open files: {error}"),
    }
}

/// The limit that steps have: programs that use `select` break with more.
pub(crate) fn before() -> Option<u64> {
    BEFORE.get().and_then(|limit| limit.current)
}

/// Goes back to the limit that the gateway had, in a shim: `said` is what [`before`] was.
pub(crate) fn restore(said: Option<OsString>) {
    let Some(limit) = said.and_then(|said| said.to_str()?.parse().ok()) else { return };
    let now = getrlimit(Resource::Nofile);
    // Lowering what is one's own is always allowed.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(limit), ..now });
}
