//! Threads that ask the same thing again and again, and tell how long each answer took.

use crate::client::Client;
use crate::spine::Outcome;
use serde_json::json;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A thread that asks.
pub struct Probe {
    name: &'static str,
    over: Arc<AtomicBool>,
    thread: JoinHandle<Outcome<Vec<f64>>>,
}

/// How long answers took, in milliseconds.
pub struct Times {
    /// What was asked.
    pub name: &'static str,
    sorted: Vec<f64>,
}

impl Probe {
    /// Asks from now on, with this pause after each answer.
    pub fn start(
        name: &'static str,
        pause: Duration,
        mut ask: impl FnMut() -> Outcome<()> + Send + 'static,
    ) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = over.clone();
        let thread = thread::spawn(move || {
            let mut times = Vec::new();
            while !seen.load(Ordering::Relaxed) {
                let begun = Instant::now();
                ask()?;
                times.push(begun.elapsed().as_secs_f64() * 1000.0);
                thread::sleep(pause);
            }
            Ok(times)
        });
        Self { name, over, thread }
    }

    /// Asks a gateway for a page of its tasks.
    ///
    /// # Errors
    /// Nobody serves.
    pub fn list(socket: &Path, pause: Duration) -> Outcome<Self> {
        let mut client = Client::connect(socket)?;
        let ask = move || client.get("/v1/tasks?limit=20").map(|_| ());
        Ok(Self::start("a page of tasks", pause, ask))
    }

    /// Changes a flow.
    ///
    /// # Errors
    /// Nobody serves, or the flow is refused.
    pub fn mutation(socket: &Path, pause: Duration) -> Outcome<Self> {
        let mut client = Client::connect(socket)?;
        let new = json!({ "controllerId": "bench", "goal": "see how long a change takes" });
        let made = client.post("/v1/flows/managed", &new)?;
        let path = format!("/v1/flows/{}/set-output", made["flowId"].as_str().ok_or("no flow")?);
        let (mut revision, mut count) = (made["revision"].clone(), 0_u64);
        Ok(Self::start("a change of a flow", pause, move || {
            count += 1;
            let body = json!({ "name": "count", "value": count, "expectedRevision": revision });
            revision = client.post(&path, &body)?["revision"].clone();
            Ok(())
        }))
    }

    /// Writes a page to a file of its own in this directory and syncs it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn fdatasync(dir: &Path, pause: Duration) -> Outcome<Self> {
        const PAGES: u64 = 256;
        let path = dir.join("fdatasync.probe");
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        file.write_all_at(&vec![1; 4096 * PAGES as usize], 0)?;
        file.sync_all()?;
        let mut page = 0;
        Ok(Self::start("an fdatasync", pause, move || {
            page = (page + 1) % PAGES;
            file.write_all_at(&[2; 4096], page * 4096)?;
            Ok(file.sync_data()?)
        }))
    }

    /// Ends it.
    ///
    /// # Errors
    /// An answer was none.
    pub fn stop(self) -> Outcome<Times> {
        self.over.store(true, Ordering::Relaxed);
        let mut sorted = self.thread.join().map_err(|_| "a probe panicked")??;
        sorted.sort_by(f64::total_cmp);
        Ok(Times { name: self.name, sorted })
    }
}

impl Times {
    /// The value that so many of a thousand are not above; 0 of none.
    #[must_use]
    pub fn at(&self, thousandth: usize) -> f64 {
        let last = self.sorted.len().saturating_sub(1);
        self.sorted.get(last * thousandth / 1000).copied().unwrap_or(0.0)
    }

    /// Name, how many, median, p99 and the worst, as cells of a table.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let ms = |thousandth| format!("{:.2} ms", self.at(thousandth));
        vec![self.name.to_owned(), self.sorted.len().to_string(), ms(500), ms(990), ms(1000)]
    }
}

/// What stands above [`Times::cells`].
pub const COLUMNS: [&str; 5] = ["what", "times", "p50", "p99", "worst"];
