//! What all benchmarks share: the disk's own speed, medians, a look at the machine, tables.

pub mod agent;
pub mod client;
pub mod crowd;
pub mod exe;
pub mod gateway;
pub mod probe;
pub mod process;
pub mod spine;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Share of the processors that others may use before numbers become meaningless.
const BUSY_MAX: f64 = 0.10;

/// How often per second 4 KiB can be written and synced in `dir`, one after another.
///
/// # Errors
/// Those of the file system.
pub fn fdatasync_rate(dir: &Path) -> io::Result<f64> {
    let path = dir.join("fdatasync.probe");
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
    // Written before, as a log that is used again: no sync has to write the file's size.
    let rounds = 400_u64;
    file.write_all(&vec![1; 4096 * rounds as usize])?;
    file.sync_all()?;
    let start = Instant::now();
    for round in 0..rounds {
        file.write_all_at(&[2; 4096], round * 4096)?;
        file.sync_data()?;
    }
    let rate = rounds as f64 / start.elapsed().as_secs_f64();
    fs::remove_file(&path)?;
    Ok(rate)
}

/// The median; of an even number of values the lower one of the middle; 0 of none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

/// The share of all processors that is in use now, watched for half a second; `None` where the
/// system does not tell.
#[must_use]
pub fn busy_share() -> Option<f64> {
    let before = processor_times()?;
    std::thread::sleep(Duration::from_millis(500));
    let after = processor_times()?;
    let (busy, all) = (after.0 - before.0, after.1 - before.1);
    (all > 0.0).then(|| busy / all)
}

/// Warns on standard error when others use the machine: a wake-up after a sync then waits for a
/// scheduler tick, and the numbers tell nothing of the program.
pub fn warn_unless_idle() {
    match busy_share() {
        Some(busy) if busy > BUSY_MAX => {
            eprintln!("warning: {:.0} % of the processors are in use by others", busy * 100.0);
        }
        Some(_) => {}
        None => eprintln!("warning: cannot tell whether the machine is idle"),
    }
}

/// Busy and all ticks since boot.
fn processor_times() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find(|line| line.starts_with("cpu "))?;
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    let idle = ticks.get(3)? + ticks.get(4)?;
    let all: f64 = ticks.iter().sum();
    Some((all - idle, all))
}

/// Prints rows with their columns aligned, the first to the left.
///
/// # Errors
/// Those of standard output.
pub fn print_table(header: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain([header[at].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&header).chain(rows) {
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if at == 0 {
                write!(out, "{cell:<width$}")?;
            } else {
                write!(out, "  {cell:>width$}")?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Makes sure that what was written before does not disturb what is measured next.
///
/// # Errors
/// Those of the file system.
pub fn settle(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()?;
    std::thread::sleep(Duration::from_millis(50));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.0);
        assert_eq!(median(&[]), 0.0);
    }
}
