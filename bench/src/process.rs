//! What the kernel tells about a process.

use crate::spine::Outcome;
use std::fs;

/// Milliseconds per tick of `/proc/PID/stat`: the same on every Linux that programs see.
const TICK_MS: f64 = 10.0;

/// Memory in KiB that it shares with no other process.
///
/// # Errors
/// There is no such process, or it is another user's.
pub fn private_kib(pid: u64) -> Outcome<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    Ok(["Private_Clean", "Private_Dirty"].iter().filter_map(|name| field(&rollup, name)).sum())
}

/// A line of `/proc/PID/status`, in KiB.
#[must_use]
pub fn status_kib(pid: u64, name: &str) -> Option<u64> {
    field(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, name)
}

/// Milliseconds that all of its threads have spent on a processor, to the hundredth of a second.
///
/// # Errors
/// There is no such process.
pub fn cpu_ms(pid: u64) -> Outcome<f64> {
    let stat = stat(pid)?;
    let ticks = |at: usize| stat.get(at).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, system) = (ticks(11).ok_or("no utime")?, ticks(12).ok_or("no stime")?);
    Ok((user + system) * TICK_MS)
}

/// The process that started it.
///
/// # Errors
/// There is no such process.
pub fn parent(pid: u64) -> Outcome<u64> {
    Ok(stat(pid)?.get(1).ok_or("no parent")?.parse()?)
}

/// The fields of `/proc/PID/stat` after the name, which may have anything in it: the state is 0.
fn stat(pid: u64) -> Outcome<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, rest) = text.rsplit_once(')').ok_or("no name")?;
    Ok(rest.split_whitespace().map(str::to_owned).collect())
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_told_about() {
        let own = u64::from(std::process::id());
        assert!(private_kib(own).unwrap() > 0);
        assert!(status_kib(own, "VmRSS").unwrap() > 0);
        assert_eq!(status_kib(own, "NoSuch"), None);
        assert_eq!(parent(own).unwrap(), u64::from(std::os::unix::process::parent_id()));
        let begun = std::time::Instant::now();
        while cpu_ms(own).unwrap() == 0.0 {
            assert!(begun.elapsed().as_secs() < 60, "no time is counted");
        }
    }
}
