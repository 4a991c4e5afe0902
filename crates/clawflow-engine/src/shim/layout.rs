//! Names inside the directory of an attempt.

use std::path::{Path, PathBuf};

/// What to run, written before the shim is started.
pub const SPEC: &str = "spec.json";
/// Bytes for the program's standard input; absent means `/dev/null`.
pub const STDIN: &str = "stdin";
/// Held by the shim for all its life: the spec, which is there anyway. Whoever wants to keep
/// a shim out of a directory without a spec makes it, empty.
pub const LOCK: &str = SPEC;
/// Who runs: written before the program executes.
pub const RUN: &str = "run.json";
/// Socket for adoption, stop and progress.
pub const SOCKET: &str = "ctl.sock";
/// What the program wrote to stdout, up to the cap.
pub const OUT: &str = "out.log";
/// What the program wrote to stderr, up to the cap.
pub const ERR: &str = "err.log";
/// How the attempt ended.
pub const EXIT: &str = "exit.json";
/// Written when no process of the attempt is left.
pub const EMPTY: &str = "empty";
/// Says that this attempt must never execute.
pub const TOMBSTONE: &str = "tombstone";
/// Why a shim gave up before it started anything.
pub const FAILURE: &str = "shim.err";

/// Environment variable that marks every process of an attempt with its task.
pub const ENV_TASK: &str = "CLAWFLOW_TASK_ID";
/// Environment variable that marks every process of an attempt with its fence.
pub const ENV_FENCE: &str = "CLAWFLOW_FENCE";

/// Directory of one attempt under `runs`.
#[must_use]
pub fn attempt_dir(runs: &Path, boot_id: &str, task: &str, fence: u64) -> PathBuf {
    runs.join(boot_id).join(format!("{task}.{fence}"))
}
