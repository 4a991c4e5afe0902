//! The real binary: where it is, and how long it takes.

use crate::spine::Outcome;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// `clawflow`, which is built beside the program that asks.
///
/// # Errors
/// There is none.
pub fn binary() -> Outcome<PathBuf> {
    let exe = std::env::current_exe()?.with_file_name("clawflow");
    match exe.exists() {
        true => Ok(exe),
        false => Err(format!("there is no {}: build -p clawflow first", exe.display()).into()),
    }
}

/// How many milliseconds a command takes, whose output nobody reads.
///
/// # Errors
/// It cannot be started, or fails.
pub fn timed<A: AsRef<OsStr>>(exe: &Path, args: &[A]) -> Outcome<f64> {
    let mut command = Command::new(exe);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let ended = command.spawn()?.wait()?;
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    match ended.success() {
        true => Ok(took),
        false => Err(format!("{} failed: {ended}", exe.display()).into()),
    }
}
