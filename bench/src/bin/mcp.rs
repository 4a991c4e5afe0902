//! A cold `clawflow mcp`: from its start to the answers of `initialize` and `tools/list`, beside
//! `clawflow --version`, which is what a start of the program costs by itself.
//!
//! `cargo build --profile release-lite -p clawflow -p clawflow-bench && target/release-lite/mcp`
//!
//! Looks for `clawflow` beside itself.

use clawflow_bench::{median, warn_unless_idle};
use serde_json::{Value, json};
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Processes of each kind, in turns, of which the median is told.
const ROUNDS: usize = 41;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let exe = std::env::current_exe()?.with_file_name("clawflow");
    if !exe.exists() {
        return Err(format!("there is no {}: build -p clawflow first", exe.display()).into());
    }
    warn_unless_idle();
    let home = tempfile::tempdir()?;
    let (mut bare, mut served) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(version(&exe)?);
        served.push(serve(&exe, home.path())?);
    }
    let (bare, served) = (median(&bare), median(&served));
    println!("`clawflow --version`: {bare:.1} ms");
    println!(
        "`clawflow mcp`, initialize and tools/list: {served:.1} ms, {:.2} of it",
        served / bare
    );
    Ok(())
}

/// A process that only says its version, in milliseconds.
fn version(exe: &Path) -> Outcome<f64> {
    let began = Instant::now();
    let out = Command::new(exe).arg("--version").stdin(Stdio::null()).output()?;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    if !out.status.success() {
        return Err("it does not say its version".into());
    }
    Ok(took)
}

/// A server that answers twice, in milliseconds until the second answer is read.
fn serve(exe: &Path, home: &Path) -> Outcome<f64> {
    let began = Instant::now();
    let mut child = Command::new(exe)
        .arg("mcp")
        .env("CLAWFLOW_HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut to = child.stdin.take().ok_or("no pipe")?;
    let mut from = BufReader::new(child.stdout.take().ok_or("no pipe")?);
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
    for (id, method, params) in [(1, "initialize", hello), (2, "tools/list", json!({}))] {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(to, "{message}")?;
        let mut line = String::new();
        from.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line)?;
        if answer["id"] != id || !answer["result"].is_object() {
            return Err(format!("no answer to {method}: {line}").into());
        }
    }
    let took = began.elapsed().as_secs_f64() * 1000.0;
    drop(to);
    child.wait()?;
    Ok(took)
}
