//! Everything that `execve` needs, made before the fork.

use std::ffi::{CString, NulError};
use std::fmt::Write as _;

use super::record::{ExecError, ExecErrorKind};
use super::spec::RunSpec;
use super::sys::Vector;

/// Where programs are looked up when the spec's environment has no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// How far the child came when something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Streams,
    Cwd,
    Exec,
}

/// A program ready to be executed.
pub(super) struct Command {
    pub(super) argv: Vector,
    pub(super) envp: Vector,
    pub(super) cwd: CString,
    /// Paths to try in turn.
    pub(super) candidates: Vec<CString>,
}

impl Command {
    pub(super) fn new(spec: &RunSpec) -> Result<Self, NulError> {
        let strings = |items: Vec<String>| -> Result<Vec<CString>, NulError> {
            items.into_iter().map(CString::new).collect()
        };
        let env = spec.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok(Self {
            argv: Vector::new(strings(spec.argv.clone())?),
            envp: Vector::new(strings(env)?),
            cwd: CString::new(spec.cwd.to_string_lossy().into_owned())?,
            candidates: strings(candidates(spec))?,
        })
    }
}

fn candidates(spec: &RunSpec) -> Vec<String> {
    let program = spec.argv.first().cloned().unwrap_or_default();
    if program.contains('/') {
        return vec![program];
    }
    let path = spec.env.get("PATH").map_or(DEFAULT_PATH, String::as_str);
    // An empty entry means the current directory, as in execvp.
    path.split(':')
        .map(|dir| if dir.is_empty() { format!("./{program}") } else { format!("{dir}/{program}") })
        .collect()
}

/// Why a child did not execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) stage: Stage,
    pub(super) errno: i32,
}

/// What a child's failure means.
pub(super) fn explain(failure: Failure, spec: &RunSpec) -> ExecError {
    let Failure { stage, errno } = failure;
    let program = spec.argv.first().map(String::as_str).unwrap_or_default();
    let mut message = match stage {
        Stage::Streams => "failed to set up the standard streams".to_owned(),
        Stage::Cwd => format!("failed to enter {}", spec.cwd.display()),
        Stage::Exec => format!("failed to execute {program}"),
    };
    let _ = write!(message, ": {}", std::io::Error::from_raw_os_error(errno));
    let kind = match (stage, errno) {
        (Stage::Cwd, _) => ExecErrorKind::BadCwd,
        (Stage::Exec, libc::ENOENT | libc::ENOTDIR | libc::ELOOP) => ExecErrorKind::NotFound,
        (Stage::Exec, libc::EACCES | libc::ENOEXEC | libc::EPERM | libc::EISDIR) => {
            ExecErrorKind::NotExecutable
        }
        (Stage::Streams | Stage::Exec, _) => ExecErrorKind::Other,
    };
    ExecError { kind, message }
}
