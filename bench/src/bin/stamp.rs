//! The step that `flows` times: tells the clock at its start and its end, and does nothing else.
//! It adds that to a file, if one is named, and prints it if not: a step that prints has a log,
//! which is a file to be made. `bench/run` links it without a dynamic loader: the less of its own
//! lies between the kernel's start and its first word, the better it tells when it was started.

use std::fs::OpenOptions;
use std::io::{self, Write, stdout};
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> io::Result<()> {
    let started = now_ns();
    let mut to: Box<dyn Write> = match std::env::args_os().nth(1) {
        Some(file) => Box::new(OpenOptions::new().append(true).create(true).open(file)?),
        None => Box::new(stdout()),
    };
    to.write_all(format!("{started} {}\n", now_ns()).as_bytes())
}

/// Nanoseconds of the clock that all processes share.
fn now_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}
