//! A real gateway, for benchmarks of the whole program.

use crate::spine::Outcome;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A gateway must serve within this time.
const READY: Duration = Duration::from_secs(30);

/// A gateway that is ended by pid when it goes out of use.
pub struct Gateway(Child);

impl Gateway {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a gateway; returns it and how many milliseconds it took until it served.
///
/// # Errors
/// It does not start, or does not serve in time.
pub fn start(exe: &Path, home: &Path) -> Outcome<(Gateway, f64)> {
    let begun = Instant::now();
    let child = Command::new(exe)
        .args(["--home".as_ref(), home.as_os_str(), "gateway".as_ref(), "run".as_ref()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let gateway = Gateway(child);
    let socket = home.join("gateway.sock");
    while std::os::unix::net::UnixStream::connect(&socket).is_err() {
        if begun.elapsed() > READY {
            return Err("the gateway does not serve".into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok((gateway, begun.elapsed().as_secs_f64() * 1000.0))
}
