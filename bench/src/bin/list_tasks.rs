//! A cold `clawflow tasks list` in homes of a thousand and of a million tasks, with each filter:
//! what a page costs must not depend on how much there is. Beside it the page alone, asked of a
//! store that is open.
//!
//! `cargo build --profile release-lite -p clawflow -p clawflow-bench &&
//!  target/release-lite/list_tasks [DIRECTORY [TASKS]]`
//!
//! Looks for `clawflow` beside itself. A hundred tasks of each home are rare in each way that is
//! asked for; the others succeeded. All were made within a week.

use clawflow_bench::crowd::{Copy, Crowd};
use clawflow_bench::exe::{binary, timed};
use clawflow_bench::spine::Outcome;
use clawflow_bench::{median, print_table, warn_unless_idle};
use clawflow_core::Millis;
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_engine::clock::now;
use clawflow_store::conformance::fixtures::{flow, flow_id, flows, new, task, tasks};
use clawflow_store::conformance::put;
use clawflow_store::query::TaskFilter;
use clawflow_store::{SqliteStore, Store};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Cold processes of which the median is told, in turns.
const ROUNDS: usize = 21;
/// Tasks of the small home, and of the large one if nothing else is said.
const FEW: u64 = 1000;
const MANY: u64 = 1_000_000;
/// Tasks of each rare sort in a home.
const RARE: u64 = 100;
/// Tasks of a page, which is what the command shows.
const PAGE: usize = 50;
const DAY_MS: Millis = 24 * 60 * 60 * 1000;
/// Whose the rare ones are.
const OWNER: &str = "agent:rare:main";

fn main() -> Outcome<()> {
    let mut args = std::env::args_os().skip(1);
    let base = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let many = args.next().map_or(Ok(MANY), |text| text.to_string_lossy().parse())?;
    let exe = binary()?;
    warn_unless_idle();
    let dir = tempfile::tempdir_in(base)?;
    let homes = [(FEW, dir.path().join("few")), (many, dir.path().join("many"))];
    for (count, home) in &homes {
        fill(home, *count)?;
    }
    let mut rows = Vec::new();
    for (name, words, filter) in asked() {
        let (mut cold, mut page) = ([vec![], vec![]], [vec![], vec![]]);
        for _ in 0..ROUNDS {
            for (at, (_, home)) in homes.iter().enumerate() {
                let home = home.to_str().ok_or("a strange directory")?;
                let mut args = vec!["--home", home, "tasks", "list"];
                args.extend(&words);
                cold[at].push(timed(&exe, &args)?);
            }
        }
        for (at, (_, home)) in homes.iter().enumerate() {
            page[at] = pages(home, &filter)?;
        }
        let [few, many] = cold.map(|times| median(&times));
        let [alone_few, alone_many] = page.map(|times| median(&times));
        rows.push(vec![
            name.to_owned(),
            format!("{few:.1} ms"),
            format!("{many:.1} ms"),
            format!("{:.2}", many / few),
            format!("{alone_few:.2} ms"),
            format!("{alone_many:.2} ms"),
        ]);
    }
    let (few, many) = (format!("of {FEW}"), format!("of {many}"));
    print_table(&["tasks list", &few, &many, "ratio", "page", "page of many"], &rows)?;
    Ok(())
}

/// What is asked for: how it is called, as a command line, and as a filter.
fn asked() -> Vec<(&'static str, Vec<&'static str>, TaskFilter)> {
    let page = || TaskFilter { limit: PAGE, ..TaskFilter::default() };
    let of = |statuses: &[TaskStatus]| TaskFilter { statuses: statuses.to_vec(), ..page() };
    let owner_key = Some(OWNER.to_owned());
    let succeeded = of(&[TaskStatus::Succeeded]);
    let day = TaskFilter { created_since: Some(now() - DAY_MS), ..page() };
    let labelled = |label: &str| TaskFilter { label: Some(label.to_owned()), ..page() };
    let rare_flow = TaskFilter { flow_id: Some(flow_id(1)), ..page() };
    vec![
        ("newest", vec![], page()),
        ("--status succeeded", vec!["--status", "succeeded"], succeeded),
        ("--status failed", vec!["--status", "failed"], of(&[TaskStatus::Failed])),
        ("--status running", vec!["--status", "running"], of(&[TaskStatus::Running])),
        ("--status lost: none", vec!["--status", "lost"], of(&[TaskStatus::Lost])),
        (
            "--runtime external",
            vec!["--runtime", "external"],
            TaskFilter { runtimes: vec![Runtime::External], ..page() },
        ),
        ("--owner", vec!["--owner", OWNER], TaskFilter { owner_key: owner_key.clone(), ..page() }),
        (
            "--owner --status succeeded: none",
            vec!["--owner", OWNER, "--status", "succeeded"],
            TaskFilter { owner_key, ..of(&[TaskStatus::Succeeded]) },
        ),
        ("--flow", vec!["--flow", RARE_FLOW], rare_flow),
        ("--label", vec!["--label", "backup"], labelled("backup")),
        ("--label: none", vec!["--label", "none"], labelled("none")),
        ("--since 1d", vec!["--since", "1d"], day),
    ]
}

/// The flow of some of them, as its fixture is called.
const RARE_FLOW: &str = "flow_00000000000000000000000001";

/// How many milliseconds a page takes, again and again.
fn pages(home: &Path, filter: &TaskFilter) -> Outcome<Vec<f64>> {
    let store = SqliteStore::open(home)?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        std::hint::black_box(store.list_tasks(filter)?);
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// Makes a home with so many tasks.
fn fill(home: &Path, count: u64) -> Outcome<()> {
    std::fs::create_dir_all(home)?;
    let store = SqliteStore::open(home)?;
    put(&store, flows(vec![new(flow(1))]))?;
    let ended = |n, of| Task { status: TaskStatus::Succeeded, ended_at: Some(5), ..task(n, of) };
    let failed = Task {
        status: TaskStatus::Failed,
        runtime: Runtime::External,
        label: Some("backup".to_owned()),
        owner_key: OWNER.to_owned(),
        ..ended(1, None)
    };
    let running = Task { status: TaskStatus::Running, reported: true, ..task(3, None) };
    put(&store, tasks(vec![ended(0, None), failed, ended(2, Some(1)), running]))?;
    drop(store);
    let begin = now() - 7 * DAY_MS;
    let every = count / RARE;
    let crowd = Crowd::open(home)?;
    crowd.next((0..count).map(|n| Copy {
        model: match n % every {
            rare @ 1..=3 => rare,
            _ => 0,
        },
        at: begin + (7 * DAY_MS) * n.cast_signed() / count.cast_signed(),
    }))?;
    crowd.copy_tasks(&[])
}
