//! What a shim leaves on disk: who ran, and how it ended.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clawflow_core::hash::sha256;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fail::{At, PathError};
use super::limits::FORMAT;
use super::procfs::ProcId;

/// The second line of an attempt's file: there before the program executes, so that its
/// absence proves that it never did. A part of it proves nothing, as if all of it were there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of the format.
    pub version: u32,
    /// The shim.
    pub shim: ProcId,
    /// The program, which executes after this was written.
    pub child: ProcId,
    /// Process group of the program.
    pub pgid: u32,
    /// Boot in which the pids mean something.
    pub boot_id: String,
}

/// The third line of an attempt's file: how it ended. Exactly one of `code`, `signal` and
/// `exec_error` is set, unless the program was killed before it executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    /// Task id of the spec.
    pub task: String,
    /// Fence of the spec.
    pub fence: u64,
    /// Exit code of the program.
    pub code: Option<i32>,
    /// Signal that ended the program.
    pub signal: Option<i32>,
    /// The program never executed, and why.
    pub exec_error: Option<ExecError>,
    /// The timeout passed before the program ended.
    pub timed_out: bool,
    /// A stop arrived before the program ended.
    pub stop_requested: bool,
    /// It wrote more to a stream than the spec allows, which is so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_output: Option<u64>,
    /// Reason given with the stop.
    pub stop_reason: Option<String>,
    /// Pids that got TERM for a stop or the timeout.
    pub signalled: Vec<u32>,
    /// Pids that were still there after the grace and got KILL.
    pub survived_term: Vec<u32>,
    /// The process tree was proved empty before this was written.
    pub empty: bool,
    /// Milliseconds since the epoch when the program was released.
    pub started_at: u64,
    /// Milliseconds since the epoch when its end was seen.
    pub ended_at: u64,
    /// Bytes the program wrote to stdout, kept or not.
    pub out_bytes: u64,
    /// Bytes the program wrote to stderr, kept or not.
    pub err_bytes: u64,
    /// `out.log` lacks some of the bytes.
    pub out_truncated: bool,
    /// `err.log` lacks some of the bytes.
    pub err_truncated: bool,
    /// SHA-256 of the kept bytes of stdout, in hexadecimal.
    pub out_sha256: String,
    /// All of stdout when it is at most 64 KiB, whatever the cap.
    pub stdout: Option<Bytes>,
}

/// Bytes in JSON: a string when they are UTF-8, else base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bytes {
    /// Valid UTF-8.
    Text(String),
    /// Anything else.
    Base64(String),
}

impl Bytes {
    /// Wraps the bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes)
            .map_or_else(|error| Self::Base64(STANDARD.encode(error.as_bytes())), Self::Text)
    }

    /// The bytes again.
    ///
    /// # Errors
    /// When the base64 is not.
    pub fn to_vec(&self) -> Result<Vec<u8>, io::Error> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).map_err(io::Error::other),
        }
    }
}

/// Why the program never executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecError {
    /// What a caller can act on.
    pub kind: ExecErrorKind,
    /// For people; names the program or directory.
    pub message: String,
}

/// Kinds of [`ExecError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecErrorKind {
    /// The program, or the interpreter it names, does not exist.
    NotFound,
    /// It exists and may not be or cannot be executed.
    NotExecutable,
    /// The working directory cannot be entered.
    BadCwd,
    /// Anything else, for example no memory or too long arguments.
    Other,
}

#[derive(Serialize, Deserialize)]
struct Sealed<B> {
    version: u32,
    sha256: String,
    body: B,
}

impl RunRecord {
    /// Reads the line.
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let run: Self = serde_json::from_slice(line)
            .map_err(|error| format!("the run record is not whole: {error}"))?;
        match run.version {
            FORMAT => Ok(run),
            version => Err(format!("the run record has the unknown version {version}")),
        }
    }
}

impl ExitRecord {
    /// The line: the record with a checksum over its text.
    ///
    /// # Errors
    /// None in practice; the types serialise.
    pub fn seal(&self) -> io::Result<Vec<u8>> {
        let body = serde_json::value::to_raw_value(self)?;
        let sha256 = sha256(body.get());
        let mut line = serde_json::to_vec(&Sealed { version: FORMAT, sha256, body })?;
        line.push(b'\n');
        Ok(line)
    }

    /// Reads the line; whoever wrote only a part of it is found out by the checksum.
    ///
    /// # Errors
    /// A sentence saying what is wrong with it.
    pub fn unseal(bytes: &[u8]) -> Result<Self, String> {
        let sealed: Sealed<&RawValue> = serde_json::from_slice(bytes)
            .map_err(|error| format!("the exit record is not whole: {error}"))?;
        if sealed.version != FORMAT {
            return Err(format!("the exit record has the unknown version {}", sealed.version));
        }
        if sha256(sealed.body.get()) != sealed.sha256 {
            return Err("the exit record does not match its checksum".to_owned());
        }
        serde_json::from_str(sealed.body.get())
            .map_err(|error| format!("the exit record cannot be understood: {error}"))
    }
}

/// Writes a file of the attempt whole or not at all, in the sense of other processes; it is
/// in the page cache, not on disk, when this returns.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let tmp = path.with_extension("tmp");
    fs::write(&tmp, bytes).at("write", &tmp)?;
    fs::rename(&tmp, path).at("rename into", path)
}
