//! What an attempt runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::limits;

/// One attempt: a program, where and with what it runs, and its limits in time and output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSpec {
    /// Task id; part of the directory's name, so letters, digits, `-`, `_`, `.` and `:` only.
    pub task: String,
    /// Fence of the attempt; with the task id it names the attempt for ever.
    pub fence: u64,
    /// Program and arguments; a program without a slash is looked up in the spec's `PATH`.
    pub argv: Vec<String>,
    /// Absolute working directory.
    pub cwd: PathBuf,
    /// The whole environment of the program; nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// Time to run in milliseconds, counted from the release of the program.
    pub timeout_ms: Option<u64>,
    /// Milliseconds between TERM and KILL.
    pub grace_ms: u64,
    /// Bytes kept of stdout and of stderr, each; what comes after is read and dropped.
    pub log_cap_bytes: u64,
    /// Whether it is talked to: its standard input follows `in.log`, and clients are told when it
    /// has said something. That is no progress, and not part of the exit record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub talks: bool,
    /// Bytes that it may write to stdout and to stderr, each; beyond that it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_max: Option<u64>,
    /// Whether its output is read as a person reads it: stdout and stderr are one stream, and of
    /// more than the cap the end is kept, not the beginning. It is not part of the exit record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub screen: bool,
}

/// Why a spec cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The program is missing.
    #[error("argv is empty")]
    NoProgram,
    /// A NUL byte cannot pass through `execve`.
    #[error("{0} contains a NUL byte")]
    Nul(&'static str),
    /// The name of a variable is empty or contains `=`.
    #[error("`{0}` is not a name of an environment variable")]
    EnvName(String),
    /// Relative directories would depend on the gateway's own.
    #[error("working directory {} is not absolute", .0.display())]
    RelativeCwd(PathBuf),
    /// The directory's path goes through JSON.
    #[error("working directory {} is not UTF-8", .0.display())]
    CwdNotUtf8(PathBuf),
    /// The task id is part of a directory's name.
    #[error("`{0}` cannot be a task id")]
    TaskId(String),
}

impl RunSpec {
    /// A spec with the default limits, an empty environment and the root as directory.
    #[must_use]
    pub fn new(task: impl Into<String>, fence: u64, argv: Vec<String>) -> Self {
        Self {
            task: task.into(),
            fence,
            argv,
            cwd: PathBuf::from("/"),
            env: BTreeMap::new(),
            timeout_ms: None,
            grace_ms: limits::DEFAULT_GRACE_MS,
            log_cap_bytes: 64 * 1024 * 1024,
            talks: false,
            output_max: None,
            screen: false,
        }
    }

    /// Checks what the kernel or the directory layout would refuse or misread.
    ///
    /// # Errors
    /// The first defect found.
    pub fn check(&self) -> Result<(), SpecError> {
        check_task_id(&self.task)?;
        if self.argv.first().is_none_or(String::is_empty) {
            return Err(SpecError::NoProgram);
        }
        if self.argv.iter().any(|arg| arg.contains('\0')) {
            return Err(SpecError::Nul("argv"));
        }
        for (name, value) in &self.env {
            if name.contains('\0') || value.contains('\0') {
                return Err(SpecError::Nul("env"));
            }
            if name.is_empty() || name.contains('=') {
                return Err(SpecError::EnvName(name.clone()));
            }
        }
        let Some(cwd) = self.cwd.to_str() else {
            return Err(SpecError::CwdNotUtf8(self.cwd.clone()));
        };
        if cwd.contains('\0') {
            return Err(SpecError::Nul("cwd"));
        }
        if !self.cwd.is_absolute() {
            return Err(SpecError::RelativeCwd(self.cwd.clone()));
        }
        Ok(())
    }
}

/// Refuses ids that would leave or confuse the directory of runs.
///
/// # Errors
/// [`SpecError::TaskId`] with the id.
pub fn check_task_id(task: &str) -> Result<(), SpecError> {
    let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    if task.is_empty() || task.len() > 200 || task.starts_with('.') || !task.bytes().all(fine) {
        return Err(SpecError::TaskId(task.to_owned()));
    }
    Ok(())
}
