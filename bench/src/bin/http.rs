//! Durable mutations through HTTP on the unix socket of a real gateway, beside the spine's own
//! transitions, and how soon an event is on a stream after its commit.
//!
//! `cargo build --profile release-lite -p clawflow -p clawflow-bench &&
//!  target/release-lite/http [DIRECTORY]`
//!
//! A flow is five mutations: create, set-waiting, resume, set-output, finish. Looks for `clawflow`
//! beside itself. Rounds take turns; medians of 7.

use clawflow_bench::client::{Sender, connect, post, request};
use clawflow_bench::gateway::start;
use clawflow_bench::spine::{Outcome, store_round};
use clawflow_bench::{fdatasync_rate, median, print_table, settle, warn_unless_idle};
use http_body_util::BodyExt;
use hyper::{Method, Response};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Rounds of which the median is told.
const ROUNDS: usize = 7;
/// Clients at once, and flows that they make together in a round.
const RUNS: [(usize, usize); 3] = [(1, 100), (16, 800), (64, 1600)];
/// Mutations of a flow.
const MUTATIONS: usize = 5;
/// Transitions of the spine in a round, and how many are in flight.
const SPINE: (usize, u64) = (64, 8192);
/// Events that are timed in a round.
const TIMED: usize = 100;

fn main() -> Outcome<()> {
    let base = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let exe = std::env::current_exe()?.with_file_name("clawflow");
    if !exe.exists() {
        return Err(format!("there is no {}: build -p clawflow first", exe.display()).into());
    }
    warn_unless_idle();
    let (mut syncs, mut spine) = (vec![], vec![]);
    let mut runs = vec![(vec![], vec![], vec![]); RUNS.len()];
    let (mut soon, mut late) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let dir = tempfile::tempdir_in(&base)?;
        syncs.push(fdatasync_rate(dir.path())?);
        let (count, seconds) = store_round(&new_dir(dir.path(), "spine")?, SPINE.0, SPINE.1)?;
        spine.push(count as f64 / seconds);
        let home = new_dir(dir.path(), "home")?;
        let (gateway, _) = start(&exe, &home)?;
        let socket = home.join("gateway.sock");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        for ((clients, flows), (rates, p50, p99)) in RUNS.iter().zip(&mut runs) {
            settle(dir.path())?;
            let (rate, mut times) = runtime.block_on(mutate(&socket, *clients, *flows))?;
            times.sort_by(f64::total_cmp);
            rates.push(rate);
            p50.push(times[times.len() / 2]);
            p99.push(times[times.len() * 99 / 100]);
        }
        let mut delays = runtime.block_on(events(&socket))?;
        delays.sort_by(f64::total_cmp);
        soon.push(delays[delays.len() / 2]);
        late.push(delays[delays.len() * 99 / 100]);
        drop(gateway);
    }
    let bare = median(&spine);
    println!("raw fdatasync: {:.0}/s\n", median(&syncs));
    let mut rows = vec![vec![
        "spine, 64 in flight".to_owned(),
        format!("{bare:.0}"),
        "1.00".to_owned(),
        String::new(),
        String::new(),
    ]];
    for ((clients, _), (rates, p50, p99)) in RUNS.iter().zip(&runs) {
        let rate = median(rates);
        rows.push(vec![
            format!("HTTP, {clients} clients"),
            format!("{rate:.0}"),
            format!("{:.2}", rate / bare),
            format!("{:.2} ms", median(p50)),
            format!("{:.2} ms", median(p99)),
        ]);
    }
    rows.push(vec![
        "event on a stream, after the answer".to_owned(),
        String::new(),
        String::new(),
        format!("{:.2} ms", median(&soon)),
        format!("{:.2} ms", median(&late)),
    ]);
    print_table(&["what", "per second", "of spine", "p50", "p99"], &rows)?;
    Ok(())
}

fn new_dir(base: &Path, name: &str) -> std::io::Result<PathBuf> {
    let dir = base.join(name);
    std::fs::create_dir(&dir)?;
    Ok(dir)
}

/// Mutations per second of so many clients, and the milliseconds that each took.
async fn mutate(socket: &Path, clients: usize, flows: usize) -> Outcome<(f64, Vec<f64>)> {
    let mut connected = Vec::new();
    for _ in 0..clients {
        connected.push(connect(socket).await?);
    }
    let begun = Instant::now();
    let mut work = JoinSet::new();
    for mut sender in connected {
        work.spawn(async move {
            let mut times = Vec::new();
            for _ in 0..flows / clients {
                flow(&mut sender, &mut times).await?;
            }
            Outcome::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = work.join_next().await {
        times.extend(done??);
    }
    let rate = (flows * MUTATIONS) as f64 / begun.elapsed().as_secs_f64();
    Ok((rate, times))
}

/// The five mutations of a flow, each decided on the revision that the one before has left.
async fn flow(sender: &mut Sender, times: &mut Vec<f64>) -> Outcome<()> {
    let made = json!({
        "controllerId": "bench/inbox-triage", "goal": "triage inbox", "currentStep": "classify",
        "stateJson": { "businessThreads": [], "personalItems": [], "eodSummary": [] },
    });
    let flow = timed(sender, "/v1/flows/managed".to_owned(), made, times).await?;
    let id = flow["flowId"].as_str().ok_or("no flowId")?.to_owned();
    let steps = [
        ("set-waiting", json!({ "currentStep": "await_reply", "waitJson": { "kind": "reply" } })),
        ("resume", json!({ "currentStep": "route", "stateJson": { "personalItems": [1, 2] } })),
        ("set-output", json!({ "name": "summary", "value": "2 personal items" })),
        ("finish", json!({})),
    ];
    let mut revision = flow["revision"].clone();
    for (verb, mut body) in steps {
        body["expectedRevision"] = revision;
        let flow = timed(sender, format!("/v1/flows/{id}/{verb}"), body, times).await?;
        revision = flow["revision"].clone();
    }
    Ok(())
}

async fn timed(
    sender: &mut Sender,
    path: String,
    body: Value,
    times: &mut Vec<f64>,
) -> Outcome<Value> {
    let begun = Instant::now();
    let answer = post(sender, &path, &body).await?;
    times.push(begun.elapsed().as_secs_f64() * 1000.0);
    Ok(answer)
}

/// For each of some mutations, milliseconds from its answer to its event on a stream. The answer
/// comes after the commit, so that an event which is faster than it counts as 0.
async fn events(socket: &Path) -> Outcome<Vec<f64>> {
    let mut reader = connect(socket).await?;
    let asked = request(Method::GET, "/v1/events/stream", String::new())?;
    let mut stream = Stream { answer: reader.send_request(asked).await?, text: String::new() };
    let mut sender = connect(socket).await?;
    let mut delays = Vec::new();
    for n in 0..TIMED {
        let body = json!({ "controllerId": "bench", "goal": format!("timed {n}") });
        let (answered, seen) = tokio::join!(
            async {
                let flow = post(&mut sender, "/v1/flows/managed", &body).await?;
                Outcome::Ok((
                    flow["flowId"].as_str().unwrap_or_default().to_owned(),
                    Instant::now(),
                ))
            },
            stream.next("flow.created"),
        );
        let ((id, answered), (event, seen)) = (answered?, seen?);
        if event["subject"] != id {
            return Err(format!("an event of {} instead of {id}", event["subject"]).into());
        }
        delays.push(seen.saturating_duration_since(answered).as_secs_f64() * 1000.0);
    }
    Ok(delays)
}

/// A stream of events that is being read.
struct Stream {
    answer: Response<hyper::body::Incoming>,
    text: String,
}

impl Stream {
    /// The next event of this kind, and when it came.
    async fn next(&mut self, kind: &str) -> Outcome<(Value, Instant)> {
        let wanted = format!("event: {kind}");
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                if let (true, Some(data)) = (event.lines().any(|line| line == wanted), data) {
                    return Ok((serde_json::from_str(data)?, Instant::now()));
                }
            }
            let frame = tokio::time::timeout(Duration::from_secs(10), self.answer.frame()).await?;
            let frame = frame.ok_or("the stream has ended")??;
            if let Some(data) = frame.data_ref() {
                self.text.push_str(std::str::from_utf8(data)?);
            }
        }
    }
}
