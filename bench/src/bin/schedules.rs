//! Ten thousand schedules that are due at the same moment, once without a jitter and once with one
//! of a minute: whether all fire, how they are spread, how long cold lists take meanwhile, and how
//! much memory the gateway needs.
//!
//! `cargo build --profile release-lite -p clawflow -p clawflow-bench &&
//!  target/release-lite/schedules [DIRECTORY [SCHEDULES]]`
//!
//! Looks for `clawflow` beside itself. Each schedule runs `true`.

use clawflow_bench::client::{connect, post};
use clawflow_bench::exe::{binary, timed};
use clawflow_bench::gateway::start;
use clawflow_bench::probe::{COLUMNS, Probe, Times};
use clawflow_bench::process::status_kib;
use clawflow_bench::spine::Outcome;
use clawflow_bench::{print_table, warn_unless_idle};
use clawflow_core::Millis;
use clawflow_engine::clock::now;
use clawflow_store::sqlite::FILE_NAME;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Schedules if nothing else is said.
const SCHEDULES: usize = 10_000;
/// Connections that make them.
const CLIENTS: usize = 16;
/// The jitters, in milliseconds.
const JITTERS: [u64; 2] = [0, 60_000];
/// Time from the last one that is made to the moment at which all are due.
const AHEAD_MS: Millis = 3000;
/// Disabled ones that are made first, to see how long making one takes.
const TRIED: usize = 400;
/// Pause of each probe after an answer.
const PAUSE: Duration = Duration::from_millis(50);
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// All must have run within this time.
const DONE: Duration = Duration::from_secs(10 * 60);
const DAY_MS: Millis = 24 * 60 * 60 * 1000;
/// What a list may take, in milliseconds.
const LIST_MAX: f64 = 50.0;

fn main() -> Outcome<()> {
    let mut args = std::env::args_os().skip(1);
    let base = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let count = args.next().map_or(Ok(SCHEDULES), |text| text.to_string_lossy().parse())?;
    let exe = binary()?;
    warn_unless_idle();
    for jitter in JITTERS {
        let dir = tempfile::tempdir_in(&base)?;
        println!("{count} schedules, jitter {} s:", jitter / 1000);
        round(&exe, dir.path(), count, jitter)?;
        println!();
    }
    Ok(())
}

fn round(exe: &Path, home: &Path, count: usize, jitter: u64) -> Outcome<()> {
    let (gateway, _) = start(exe, home)?;
    let socket = home.join("gateway.sock");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = now();
    runtime.block_on(make(&socket, TRIED, begun + DAY_MS, jitter))?;
    // Far longer: one more takes longer the more there are, and others may need the machine.
    let making = (now() - begun) * 12 * Millis::try_from(count / TRIED + 1)?;
    let due = now() + AHEAD_MS + making;
    runtime.block_on(make(&socket, count, due, jitter))?;
    if now() >= due {
        return Err("they were due before the last one was made".into());
    }
    let made = status_kib(gateway.pid().into(), "VmRSS").unwrap_or(0);
    while now() < due {
        std::thread::sleep(Duration::from_millis(20));
    }
    let cold = |name, words: &'static [&'static str]| {
        let (exe, home) = (exe.to_owned(), home.to_owned());
        Probe::start(name, PAUSE, move || {
            let home = home.to_str().ok_or("a strange directory")?;
            timed(&exe, &[&["--home", home], words].concat()).map(|_| ())
        })
    };
    let probes = [
        cold("`flows list`, cold", &["flows", "list"]),
        cold("`tasks list`, cold", &["tasks", "list"]),
        // What the processors leave for any program, and what the gateway alone takes.
        cold("`--version`, cold", &["--version"]),
        Probe::list(&socket, PAUSE)?,
        Probe::mutation(&socket, PAUSE)?,
        Probe::fdatasync(home, PAUSE)?,
    ];
    let conn = Connection::open_with_flags(home.join(FILE_NAME), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let begun = Instant::now();
    let ended = "select count(*) from run where ended_at is not null";
    while conn.query_row(ended, [], |row| row.get::<_, usize>(0))? < count {
        if begun.elapsed() > DONE {
            return Err("not all have run".into());
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let took = begun.elapsed().as_secs_f64();
    let times = probes.map(Probe::stop).into_iter().collect::<Outcome<Vec<_>>>()?;
    println!("all have ended {took:.1} s after they were due");
    spread(&conn, due)?;
    let rows: Vec<_> = times.iter().map(Times::cells).collect();
    print_table(&COLUMNS, &rows)?;
    for list in &times[..2] {
        let verdict = if list.at(1000) <= LIST_MAX { "met" } else { "missed" };
        println!("{}: {:.0} ms at worst: {verdict}", list.name, list.at(1000));
    }
    let most = status_kib(gateway.pid().into(), "VmHWM").ok_or("the gateway has ended")?;
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!("gateway: {:.1} MiB before they were due, {:.1} MiB at most", mib(made), mib(most));
    Ok(())
}

/// Makes schedules: those of tomorrow are disabled.
async fn make(socket: &Path, count: usize, due: Millis, jitter: u64) -> Outcome<()> {
    let disabled = due > now() + DAY_MS / 2;
    let mut work = JoinSet::new();
    for client in 0..CLIENTS {
        let mut sender = connect(socket).await?;
        work.spawn(async move {
            for n in (client..count).step_by(CLIENTS) {
                let schedule = json!({
                    "name": format!("one-of-many-{n}-{disabled}"),
                    "disabled": disabled,
                    "spec": { "kind": "at", "at": due },
                    "start": {
                        "kind": "command", "argv": ["true"], "cwd": "/",
                        "env": { "PATH": "/usr/bin:/bin" },
                    },
                    "policies": { "jitterMs": jitter },
                });
                post(&mut sender, "/v1/schedules", &schedule).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(done) = work.join_next().await {
        done??;
    }
    Ok(())
}

/// What the ledger says: how they ended, and when they fired.
fn spread(conn: &Connection, due: Millis) -> Outcome<()> {
    let mut query = conn.prepare(
        "select status, count(*), count(distinct schedule_id) from run
             group by status order by status",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (status, runs, of): (String, u64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        println!("{status}: {runs} runs of {of} schedules");
    }
    let (first, last): (Millis, Millis) =
        conn.query_row("select min(created_at), max(created_at) from run", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let most: u64 = conn.query_row(
        "select max(n) from (select count(*) as n from run group by (created_at - ?1) / 1000)",
        [due],
        |row| row.get(0),
    )?;
    let after = |at: Millis| (at - due) as f64 / 1000.0;
    println!(
        "fired from {:.1} s to {:.1} s after that moment, {most} in one second at most",
        after(first),
        after(last)
    );
    Ok(())
}
