//! The process: a call in, what became of it out.

use super::secrets::Secrets;
use super::{failure, http, llm};
use clawflow_core::call::{Call, Called};
use std::io::{Read, Write};
use std::process::ExitCode;

/// Carries out what stdin says.
pub(crate) fn main() -> ExitCode {
    let mut called = match read() {
        Ok(call) => run(call),
        Err(why) => Called { error: Some(failure::request(why)), ..Called::default() },
    };
    let failed = called.error.is_some();
    if let Some(error) = &mut called.error {
        let words: Vec<&str> = error.message.split_whitespace().collect();
        error.message = words.join(" ");
        // The end of standard error is the reason that the task shows. It may be closed.
        let _ = writeln!(std::io::stderr(), "{}", error.message);
    }
    // invariant: its keys are texts and its numbers finite, so it can be written.
    let mut line = serde_json::to_vec(&called).unwrap_or_default();
    line.push(b'\n');
    match std::io::stdout().lock().write_all(&line) {
        Ok(()) if !failed => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn read() -> Result<Call, String> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| format!("reading the call: {error}"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("this is no call: {error}"))
}

fn run(call: Call) -> Called {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let why = failure::request(format!("starting: {error}"));
            return Called { error: Some(why), ..Called::default() };
        }
    };
    let mut secrets = Secrets::default();
    let mut called = runtime.block_on(async {
        match call {
            Call::Http(call) => http::run(call, &mut secrets).await,
            Call::Llm(call) => llm::run(call, &mut secrets).await,
        }
    });
    if let Some(error) = &mut called.error {
        error.message = secrets.hide(&error.message);
    }
    called
}
