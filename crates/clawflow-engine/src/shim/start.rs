//! How a shim comes up: each step may be the last, and none before the release of the
//! program executes anything.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::breath::Breath;
use super::child::{self, Child};
use super::clients::Clients;
use super::fail::{At, PathError};
use super::feed::Feed;
use super::frame::{FromShim, Hello, encode};
use super::limits;
use super::pump::Pump;
use super::record_file::RecordFile;
use super::watch::{Ending, Phase, Watch};
use super::{layout, procfs, sys};

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
    match attempt(dir, control) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Runs an attempt in this process, however it came about; says whether that went well.
pub(super) fn attempt(dir: &Path, control: OwnedFd) -> bool {
    // Fails only for a group leader, as when started from a shell.
    let _ = rustix::process::setsid();
    let _ = rustix::thread::set_name(c"clawflow-shim");
    if rustix::process::chdir(dir).is_err() {
        return false;
    }
    match run(control) {
        Ok(()) => true,
        Err(error) => {
            let _ = fs::write(layout::FAILURE, format!("failed to {error}\n"));
            false
        }
    }
}

/// Milliseconds since the epoch.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Works in the current directory, which is that of the attempt.
fn run(control: OwnedFd) -> Result<(), PathError> {
    let Some((mut file, spec)) = RecordFile::claim()? else { return Ok(()) };
    let me = rustix::process::getpid();
    rustix::process::set_child_subreaper(Some(me)).at("become sub-reaper for", ".")?;
    let signals = sys::catch_signals().at("catch signals for", ".")?;

    let shim = procfs::myself().at("look up", "/proc/self")?;
    let started_at = now_ms();
    let mut buffer = Box::new_uninit_slice(limits::READ_BYTES);
    let child = Child::start(&spec, shim, &mut file, &mut buffer)?;
    let Child { pid, id, out, err, stdin, failure } = child;

    let hello = Hello {
        task: spec.task.clone(),
        fence: spec.fence,
        shim,
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
        signals,
        failure,
        feed: stdin.map(Feed::new),
        breath: Breath::default(),
        out: Pump::of_stdout(out, &spec),
        err: Pump::new(err, layout::ERR, spec.log_cap_bytes),
        clients,
        spec,
        file,
        buffer,
        child: pid,
        phase: Phase::Running,
        ended: None,
        ending: Ending::default(),
        record: None,
        unwritten: false,
        collected: false,
        childless: false,
    };
    watch.run();
    Ok(())
}
