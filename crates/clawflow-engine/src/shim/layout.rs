//! Names inside the directory of an attempt.

use std::path::{Path, PathBuf};

/// What to run, who runs it and how it ended, a line each. Held by the shim for all its
/// life: the lock of the directory. Whoever wants to keep a shim out of a directory without
/// a spec makes it, empty.
pub const RECORD: &str = "attempt.jsonl";
/// Bytes for the program's standard input; absent means `/dev/null`.
pub const STDIN: &str = "stdin";
/// What the program was told so far, where its gateway talks to it.
pub const IN: &str = "in.log";
/// Socket for adoption, stop and progress; made when somebody may need it.
pub const SOCKET: &str = "ctl.sock";
/// What the program wrote to stdout, up to the cap.
pub const OUT: &str = "out.log";
/// What the program wrote to stderr, up to the cap.
pub const ERR: &str = "err.log";
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
