//! How a shim comes up: each step may be the last, and none before the release of the
//! program executes anything.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::body::{self, Body};
use super::breath::Breath;
use super::child::{self, Child};
use super::clients::Clients;
use super::fail::{At, PathError};
use super::feed::Feed;
use super::frame::{FromShim, Hello, encode};
use super::pump::Pump;
use super::record_file::RecordFile;
use super::watch::{Ending, Phase, Watch};
use super::{layout, sys};

/// Runs the attempt of this directory to its end.
///
/// Takes its standard input for the connection to the gateway that started it. Exits
/// without executing anything, and quietly, if the directory has a shim, a tombstone, or
/// the traces of an earlier one; a reason to give up is left in `shim.err`.
#[must_use]
pub fn main(dir: &Path) -> ExitCode {
    sys::default_signals();
    // Whatever the gateway leaked must not keep its sockets and locks open for hours.
    sys::close_from(3, false);
    let Ok(control) = child::take_control() else { return ExitCode::FAILURE };
    match body::work(dir, control, None) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Runs an attempt in this process; gives back what may be used for another one. An error has
/// been left in the attempt's directory, as far as there is one.
pub(super) fn attempt(
    dir: &Path,
    control: OwnedFd,
    body: impl FnOnce() -> Result<Body, PathError>,
) -> Result<Option<Body>, ()> {
    rustix::process::chdir(dir).map_err(drop)?;
    let over = body().and_then(|body| run(control, body));
    over.map_err(|error| drop(fs::write(layout::FAILURE, format!("failed to {error}\n"))))
}

/// Milliseconds since the epoch.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Works in the current directory, which is that of the attempt.
fn run(control: OwnedFd, mut body: Body) -> Result<Option<Body>, PathError> {
    let Some((mut file, spec)) = RecordFile::claim()? else { return Ok(None) };
    let started_at = now_ms();
    let child = Child::start(&spec, body.id, &mut file, &mut body.buffer)?;
    let Child { pid, id, out, err, stdin, failure } = child;

    let hello = Hello {
        task: spec.task.clone(),
        fence: spec.fence,
        shim: body.id,
        child: id,
        started_at,
        failed: failure.is_some(),
        progress: None,
        exit: None,
    };
    let mut clients = Clients::new(layout::SOCKET.into(), Instant::now());
    let line = encode(FromShim::Hello(Box::new(hello.clone()))).at("greet on", "stdin")?;
    clients.add(control, &line);
    let timeout = spec.timeout_ms.map(Duration::from_millis);
    let watch = Watch {
        deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
        hello,
        failure,
        feed: stdin.map(Feed::new),
        breath: Breath::default(),
        out: Pump::of_stdout(out, &spec),
        err: Pump::new(err, layout::ERR, spec.log_cap_bytes),
        clients,
        spec,
        file,
        body,
        child: pid,
        phase: Phase::Running,
        ended: None,
        ending: Ending::default(),
        record: None,
        unwritten: false,
        collected: false,
        childless: false,
    };
    Ok(watch.run())
}
