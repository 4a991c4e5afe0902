//! A gateway that deletes what has been kept for long enough, a million records, while others ask
//! it: how long they wait, beside an fdatasync on the same disk at the same time, how soon it is
//! done, and what becomes of the file.
//!
//! `cargo build --profile release-lite -p clawflow -p clawflow-bench &&
//!  target/release-lite/retention [DIRECTORY [RECORDS]]`
//!
//! Looks for `clawflow` beside itself. Half of the records are tasks without a flow, the others
//! flows of one step with its task; each has a history. They ended two months ago; a tenth as many
//! more ended today and stay.

use clawflow_bench::crowd::{Copy, Crowd};
use clawflow_bench::exe::binary;
use clawflow_bench::gateway::{Gateway, start};
use clawflow_bench::probe::{COLUMNS, Probe, Times};
use clawflow_bench::process::status_kib;
use clawflow_bench::spine::Outcome;
use clawflow_bench::{print_table, warn_unless_idle};
use clawflow_core::Millis;
use clawflow_core::flow::Flow;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::unit::Unit;
use clawflow_engine::clock::now;
use clawflow_store::SqliteStore;
use clawflow_store::conformance::fixtures::{
    definition, ended, event, flow, new, spec, step, task, task_id,
};
use clawflow_store::conformance::put;
use clawflow_store::sqlite::FILE_NAME;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Records if nothing else is said.
const RECORDS: u64 = 1_000_000;
/// Pause of each probe after an answer.
const PAUSE: Duration = Duration::from_millis(5);
/// How long an idle gateway is asked. Its first turn comes five seconds after its start.
const IDLE: Duration = Duration::from_secs(3);
/// How often it is looked whether all is deleted.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// It must be done within this time.
const DONE: Duration = Duration::from_secs(30 * 60);
/// What an answer may take beyond an fdatasync, in milliseconds.
const PAUSE_MAX: f64 = 50.0;
const DAY_MS: Millis = 24 * 60 * 60 * 1000;

fn main() -> Outcome<()> {
    let mut args = std::env::args_os().skip(1);
    let base = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let records = args.next().map_or(Ok(RECORDS), |text| text.to_string_lossy().parse())?;
    let exe = binary()?;
    let dir = tempfile::tempdir_in(base)?;
    let home = dir.path();
    fill(home, records)?;
    Command::new("sync").status()?;
    let before = sizes(home)?;
    warn_unless_idle();
    let (gateway, _) = start(&exe, home)?;
    let probes = probes(home)?;
    std::thread::sleep(IDLE);
    let idle = stop(probes)?;
    let (during, seconds) = probes_until_done(home, &gateway)?;
    println!("nothing is deleted yet:");
    tell(&idle)?;
    println!(
        "\nwhile {records} records are deleted ({seconds:.0} s, {:.0}/s):",
        records as f64 / seconds
    );
    tell(&during)?;
    let sync = during[2].at(990);
    for times in &during[..2] {
        let beyond = times.at(1000) - sync;
        let verdict = if beyond <= PAUSE_MAX { "met" } else { "missed" };
        println!("{}: {beyond:.1} ms beyond the p99 of fdatasync: {verdict}", times.name);
    }
    let most = status_kib(gateway.pid().into(), "VmHWM").ok_or("the gateway has ended")?;
    println!("\ngateway: {:.1} MiB at most", most as f64 / 1024.0);
    println!("file and log before: {} and {} MiB", before.0 >> 20, before.1 >> 20);
    let after = sizes(home)?;
    println!("file and log after: {} and {} MiB", after.0 >> 20, after.1 >> 20);
    let args = ["--home".as_ref(), home.as_os_str(), "tasks".as_ref(), "maintenance".as_ref()];
    Command::new(&exe).args(args).status()?;
    Ok(())
}

/// A page of tasks, a change of a flow, and an fdatasync, in this order.
fn probes(home: &Path) -> Outcome<[Probe; 3]> {
    let socket = home.join("gateway.sock");
    Ok([
        Probe::list(&socket, PAUSE)?,
        Probe::mutation(&socket, PAUSE)?,
        Probe::fdatasync(home, PAUSE)?,
    ])
}

fn stop(probes: [Probe; 3]) -> Outcome<[Times; 3]> {
    let [list, change, sync] = probes.map(Probe::stop);
    Ok([list?, change?, sync?])
}

fn tell(times: &[Times; 3]) -> Outcome<()> {
    let rows: Vec<_> = times.iter().map(Times::cells).collect();
    Ok(print_table(&COLUMNS, &rows)?)
}

/// Asks until all is deleted, and says for how many seconds something was.
fn probes_until_done(home: &Path, gateway: &Gateway) -> Outcome<([Times; 3], f64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let conn = Connection::open_with_flags(home.join(FILE_NAME), flags)?;
    let first = |conn: &Connection| -> rusqlite::Result<(String, String)> {
        conn.query_row(
            "select (select coalesce(min(flow_id), '') from flow),
                 (select coalesce(min(task_id), '') from task)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    };
    let oldest = first(&conn)?;
    let probes = probes(home)?;
    let asked = Instant::now();
    let mut begun: Option<Instant> = None;
    let kept = clawflow_core::ids::encode(u128::try_from(now() - DAY_MS * 30)? << 80);
    loop {
        std::thread::sleep(LOOK_EVERY);
        let (flow, task) = first(&conn)?;
        if begun.is_none() && (&flow, &task) != (&oldest.0, &oldest.1) {
            begun = Some(Instant::now());
        }
        if flow > format!("flow_{kept}") && task > format!("task_{kept}") {
            let begun = begun.unwrap_or(asked);
            // The turn ends with the log, which others may have to wait for.
            std::thread::sleep(IDLE);
            return Ok((stop(probes)?, (begun.elapsed() - IDLE).as_secs_f64()));
        }
        if asked.elapsed() > DONE || status_kib(gateway.pid().into(), "VmRSS").is_none() {
            return Err(format!("it is not done: {flow} and {task} are there").into());
        }
    }
}

/// The sizes of the file and of its log.
fn sizes(home: &Path) -> Outcome<(u64, u64)> {
    let of = |name: &str| std::fs::metadata(home.join(name)).map_or(0, |meta| meta.len());
    Ok((of(FILE_NAME), of(&format!("{FILE_NAME}-wal"))))
}

/// Makes a home with so many old records.
fn fill(home: &Path, records: u64) -> Outcome<()> {
    let store = SqliteStore::open(home)?;
    let over = |n, of| Task {
        status: TaskStatus::Succeeded,
        started_at: Some(2),
        ended_at: Some(5),
        ..task(n, of)
    };
    let step = Step {
        status: StepStatus::Succeeded,
        task_id: Some(task_id(0)),
        started_at: Some(2),
        ended_at: Some(5),
        ..step(0, "a", 0)
    };
    let flow = flow(0);
    let of_flow = (1..=4).map(|n| event(flow.flow_id.as_str(), n));
    let model = Unit {
        definitions: vec![definition("0123")],
        flows: vec![new(Flow { revision: 0, ..ended(&flow) })],
        specs: vec![spec(0, "0123")],
        steps: vec![new(step.into())],
        tasks: vec![new(over(0, Some(0)).into()), new(over(1, None).into())],
        events: of_flow.chain((1..=2).map(|n| event(task_id(1).as_str(), n))).collect(),
        ..Unit::default()
    };
    put(&store, model)?;
    drop(store);
    let crowd = Crowd::open(home)?;
    let old = now() - 60 * DAY_MS;
    copies(&crowd, records, |n| old + n * DAY_MS / records.cast_signed())?;
    let few = records / 10;
    copies(&crowd, few, |n| now() - DAY_MS / 2 + n * DAY_MS / 4 / few.max(1).cast_signed())
}

/// Tasks without a flow, and flows with their tasks.
fn copies(crowd: &Crowd, records: u64, at: impl Fn(Millis) -> Millis) -> Outcome<()> {
    let of = |model| {
        let count = if model == 0 { records / 4 } else { records / 2 };
        let each = records / count.max(1);
        (0..count).map(move |n| (model, (n * each).cast_signed()))
    };
    let copy = |(model, n): (u64, Millis)| Copy { model, at: at(n) };
    crowd.next(of(0).map(copy))?;
    let (flow, task) = ("'flow_' || n.id", "'task_' || n.id");
    crowd.copy(
        "flow",
        "flow.flow_id = 'flow_' || n.model",
        &[
            ("flow_id", flow),
            ("created_at", "n.at"),
            ("ended_at", "n.at + 5"),
            (
                "record",
                "json_replace(flow.record, '$.flowId', 'flow_' || n.id, '$.createdAt', n.at,
                     '$.updatedAt', n.at + 5, '$.endedAt', n.at + 5)",
            ),
        ],
    )?;
    let named = |table: &str, more: &str| {
        format!("json_replace({table}.record, '$.flowId', 'flow_' || n.id{more})")
    };
    let (spec_record, step_record) =
        (named("spec", ""), named("step", ", '$.taskId', 'task_' || n.id"));
    let rows = [("spec", spec_record), ("step", step_record)];
    for (table, record) in rows {
        let of = format!("{table}.flow_id = 'flow_' || n.model");
        crowd.copy(table, &of, &[("flow_id", flow), ("record", &record)])?;
    }
    crowd.copy_tasks(&[
        ("parent_flow_id", flow),
        (
            "record",
            "json_replace(task.record, '$.taskId', 'task_' || n.id,
                 '$.parentFlowId', 'flow_' || n.id, '$.createdAt', n.at, '$.startedAt', n.at,
                 '$.lastEventAt', n.at + 5, '$.endedAt', n.at + 5)",
        ),
    ])?;
    let event = [("seq", "null"), ("subject", flow), ("at", "n.at")];
    crowd.copy("event", "event.subject = 'flow_' || n.model", &event)?;
    crowd.next(of(1).map(copy))?;
    crowd.copy_tasks(&[])?;
    let event = [("seq", "null"), ("subject", task), ("at", "n.at")];
    crowd.copy("event", "event.subject = 'task_' || n.model", &event)
}
