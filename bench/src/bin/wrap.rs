//! What `clawflow tasks wrap -- true` takes beyond `true`: with a gateway, without one, and with a
//! home that cannot be written.
//!
//! `cargo build --profile release-lite -p clawflow -p clawflow-bench &&
//!  target/release-lite/wrap [DIRECTORY]`
//!
//! Looks for `clawflow` beside itself. Rounds take turns.

use clawflow_bench::exe::{binary, timed};
use clawflow_bench::gateway::start;
use clawflow_bench::spine::Outcome;
use clawflow_bench::{fdatasync_rate, median, print_table, warn_unless_idle};
use clawflow_engine::reporter::Spool;
use std::path::{Path, PathBuf};

/// Processes of each kind.
const ROUNDS: usize = 201;
/// What a wrapped job may take more, in milliseconds.
const BEYOND_MAX: f64 = 10.0;

fn main() -> Outcome<()> {
    let base = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let exe = binary()?;
    warn_unless_idle();
    let dir = tempfile::tempdir_in(base)?;
    println!("raw fdatasync: {:.0}/s\n", fdatasync_rate(dir.path())?);
    let (with, without) = (dir.path().join("with"), dir.path().join("without"));
    let file = dir.path().join("file");
    std::fs::write(&file, "")?;
    // Below a file nobody can make a directory, whoever they are.
    let never = file.join("home");
    std::fs::create_dir_all(&with)?;
    std::fs::create_dir_all(&without)?;
    let (gateway, _) = start(&exe, &with)?;
    let homes =
        [("with a gateway", &with), ("without one", &without), ("home cannot be written", &never)];
    let mut bare = Vec::new();
    let mut wrapped = homes.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        bare.push(timed(Path::new("true"), &[] as &[&str])?);
        for ((_, home), times) in homes.iter().zip(&mut wrapped) {
            let home = home.to_str().ok_or("a strange directory")?;
            times.push(timed(&exe, &["--home", home, "tasks", "wrap", "--", "true"])?);
        }
    }
    drop(gateway);
    forget(&never)?;
    let mut rows = vec![row("`true`", &mut bare, None)];
    let bare = median(&bare);
    for ((name, _), times) in homes.iter().zip(&mut wrapped) {
        rows.push(row(&format!("wrapped, {name}"), times, Some(bare)));
    }
    print_table(&["what", "median", "p99", "beyond `true`", "goal"], &rows)?;
    Ok(())
}

fn row(name: &str, times: &mut [f64], bare: Option<f64>) -> Vec<String> {
    times.sort_by(f64::total_cmp);
    let (middle, late) = (median(times), times[(times.len() - 1) * 99 / 100]);
    let beyond = bare.map(|bare| middle - bare);
    let met = |beyond: f64| if beyond <= BEYOND_MAX { "met" } else { "missed" };
    vec![
        name.to_owned(),
        format!("{middle:.2} ms"),
        format!("{late:.2} ms"),
        beyond.map_or_else(String::new, |beyond| format!("{beyond:.2} ms")),
        beyond.map_or_else(String::new, |beyond| met(beyond).to_owned()),
    ]
}

/// Removes the reports about a home that nobody will ever take in.
fn forget(home: &Path) -> Outcome<()> {
    let name = serde_json::to_string(home)?;
    let mut found = 0;
    for path in Spool::new(home).look().waiting {
        if std::fs::read_to_string(&path)?.contains(&name) {
            std::fs::remove_file(&path)?;
            found += 1;
        }
    }
    match found {
        ROUNDS => Ok(()),
        found => Err(format!("{found} reports of {ROUNDS} were kept beside the home").into()),
    }
}
