//! Attempts as processes under a shim: start, watch, stop, settle.

use super::attempt::{Attempt, Switch};
use super::beginning::Beginning;
use super::report::{report_of, unstartable};
use crate::agents::Prepared;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::recover;
use crate::seen::Seen;
use crate::supervise::{ExitRecord, Run, RunEvent, RunHandle, RunSpec, StartError};
use clawflow_core::drive::{FlowState, Launch, Report};
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Task, TaskCommand, TaskReport, TaskStatus, Usage};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// An attempt that ends within this time is never recorded as executing: it saves a commit, and
/// its end says more.
const STARTED_AFTER: Duration = Duration::from_millis(300);
/// An attempt counts among those that begin for this long at most: one whose directory hangs must
/// not hold up the others.
const BEGINS_WITHIN: Duration = Duration::from_secs(1);
/// Progress is recorded at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

impl Engine {
    /// What every attempt is told in its environment.
    pub(crate) fn common_env(&self, env: &mut BTreeMap<String, String>, task: &Task) {
        let settings = &self.inner.settings;
        let mut put = |name: &str, value: String| env.insert(name.to_owned(), value);
        put("CLAWFLOW_TASK_ID", task.task_id.0.clone());
        put("CLAWFLOW_ATTEMPT", task.attempt.to_string());
        put("CLAWFLOW_SOCKET", settings.socket.display().to_string());
        put("CLAWFLOW_HOME", settings.home.display().to_string());
    }

    /// What an attempt of a step is told in its environment.
    pub(crate) fn step_env(
        &self,
        state: &FlowState,
        task: &Task,
        key: &str,
    ) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        self.common_env(&mut env, task);
        env.insert("CLAWFLOW_FLOW_ID".to_owned(), state.flow.flow_id.0.clone());
        env.insert("CLAWFLOW_STEP".to_owned(), task.step_id.clone().unwrap_or_default());
        env.insert("CLAWFLOW_IDEMPOTENCY_KEY".to_owned(), key.to_owned());
        env
    }

    /// Answers for an attempt whose start is durable. If a recovery was faster, the attempt is its,
    /// with a slot of its own.
    pub(crate) fn enter(&self, task_id: &TaskId) -> Option<Switch> {
        let entered = self.inner.running.enter(task_id);
        if entered.is_none() {
            self.release(1);
        }
        entered
    }

    /// Executes an attempt whose start is durable, and watches it to its end.
    pub(crate) fn execute(
        &self,
        attempt: Attempt,
        command: TaskCommand,
        own_env: BTreeMap<String, String>,
        (stdin, output_max): (Option<Vec<u8>>, Option<u64>),
        stop: Switch,
    ) {
        let settings = &self.inner.settings;
        let shell = |word: String| match word.as_str() {
            Launch::SHELL => settings.shell.clone(),
            Launch::SELF => self.inner.supervisor.shim_exe().to_string_lossy().into_owned(),
            _ => word,
        };
        let mut env = command.env;
        env.extend(own_env);
        if command.acp.is_some() {
            return self.execute_agent(attempt, TaskCommand { env, ..command }, stop);
        }
        let mut words = command.argv.into_iter();
        let spec = RunSpec {
            task: attempt.task_id.0.clone(),
            fence: attempt.fence,
            argv: words.next().map(shell).into_iter().chain(words).collect(),
            cwd: PathBuf::from(command.cwd),
            env,
            timeout_ms: command.timeout_ms,
            grace_ms: settings.grace_ms,
            log_cap_bytes: settings.log_bytes,
            talks: false,
            output_max,
            screen: false,
        };
        let engine = self.clone();
        tokio::spawn(async move {
            engine.run(&attempt, &spec, stdin.as_deref(), stop, None).await;
        });
    }

    /// Executes an attempt of an agent.
    fn execute_agent(&self, attempt: Attempt, command: TaskCommand, stop: Switch) {
        let task = match self.inner.store.task(&attempt.task_id) {
            Ok(task) => task,
            Err(error) => return self.report_unstartable(attempt, error.to_string()),
        };
        let prepared = match Prepared::new(self, command, task.as_deref(), false) {
            Ok(prepared) => prepared,
            Err(why) => return self.report_unstartable(attempt, why),
        };
        let engine = self.clone();
        tokio::spawn(async move {
            let (spec, first) = prepared.spec(&engine, attempt.task_id.as_str(), attempt.fence);
            engine.run(&attempt, &spec, Some(&first), stop, Some(&prepared)).await;
        });
    }

    async fn run(
        &self,
        attempt: &Attempt,
        spec: &RunSpec,
        stdin: Option<&[u8]>,
        mut stop: Switch,
        agent: Option<&Prepared>,
    ) {
        let mut backoff = self.backoff();
        let (started, beginning) = loop {
            let Some(beginning) = self.begin(&mut stop).await else { return };
            if is_raised(&stop) {
                self.settle(attempt, never_started()).await;
                return;
            }
            match self.inner.supervisor.start(spec, stdin).await {
                // Nothing was executed, and the step is not to blame for what the machine lacks.
                Err(StartError::Io(error)) if is_shortage(&error.source) => {
                    drop(beginning);
                    tokio::select! {
                        paused = backoff.pause(&attempt.task_id.0, &error) => {
                            if paused.is_err() {
                                return;
                            }
                        }
                        () = raised(&mut stop) => {}
                    }
                }
                started => break (started, beginning),
            }
        };
        match started {
            Ok(run) => match agent {
                Some(prepared) => {
                    drop(beginning);
                    self.watch_agent(attempt, run, stop, prepared).await;
                }
                None => self.watch(attempt, run, stop, Some(beginning)).await,
            },
            Err(StartError::AlreadyThere(_)) => {
                drop(beginning);
                self.leave(&attempt.task_id);
                self.release(1);
                recover::recover_attempt(self, attempt).await;
            }
            Err(error) => {
                self.settle(attempt, unstartable(error.to_string())).await;
            }
        }
    }

    /// Watches an adopted attempt; it takes a slot if one is free, and runs in any case.
    pub(crate) fn watch_adopted(
        &self,
        attempt: Attempt,
        run: Run,
        stop: Switch,
        agent: Option<Prepared>,
    ) {
        let engine = self.clone();
        tokio::spawn(async move {
            match agent {
                Some(prepared) => engine.watch_agent(&attempt, run, stop, &prepared).await,
                None => engine.watch(&attempt, run, stop, None).await,
            }
        });
    }

    /// Watches a living attempt to its end.
    async fn watch(
        &self,
        attempt: &Attempt,
        mut run: Run,
        mut stop: Switch,
        mut beginning: Option<Beginning>,
    ) {
        let shim = run.handle();
        let (mut stopping, mut signs) = (self.stopping(), Signs::new());
        let (mut asked, mut settled, mut silent) = (false, false, false);
        let late = Instant::now() + BEGINS_WITHIN;
        // The exit, until the shim has proved that nothing is left.
        let mut leaves: Option<Box<ExitRecord>> = None;
        loop {
            tokio::select! {
                event = run.next() => match event {
                    RunEvent::Started { child, .. } => {
                        signs.child = Some((child.pid, child.start_time));
                        beginning = None;
                    }
                    RunEvent::Progress(line) => signs.progress = Some(line),
                    RunEvent::Output(_) => {}
                    RunEvent::Exited(record) if !settled => {
                        silent = record.out_bytes == 0 && record.err_bytes == 0;
                        // After a failure there may be another attempt. It must not meet what this
                        // one left behind.
                        if record.code == Some(0) || record.empty {
                            if !self.settle_exit(attempt, &shim, &record, &mut signs).await {
                                return;
                            }
                            settled = true;
                        }
                        leaves = Some(record);
                    }
                    RunEvent::Exited(_) => {}
                    RunEvent::Empty { .. } => {
                        if let Some(record) = leaves.take().filter(|_| !settled) {
                            if !self.settle_exit(attempt, &shim, &record, &mut signs).await {
                                return;
                            }
                            settled = true;
                        }
                    }
                    RunEvent::ShimGone => break,
                },
                () = sleep_until(signs.due), if !settled && signs.any() => {
                    self.record(attempt, &mut signs).await;
                }
                () = sleep_until(late), if beginning.is_some() => beginning = None,
                () = raised(&mut stop), if !asked && !settled => {
                    asked = true;
                    self.ask_to_stop(&shim).await;
                }
                // The next engine adopts it. What it was to be told, it is told: a single command
                // may have come to stop it, and the shim needs nobody for that.
                () = raised(&mut stopping) => {
                    if !asked && !settled && is_raised(&stop) {
                        self.ask_to_stop(&shim).await;
                    }
                    return;
                }
            }
        }
        drop(beginning);
        self.wind_up(attempt, &shim, leaves, (settled, silent), &mut signs).await;
    }

    /// The shim is gone, with an exit of which something is left, or without having said how its
    /// attempt ended.
    async fn wind_up(
        &self,
        attempt: &Attempt,
        shim: &RunHandle,
        leaves: Option<Box<ExitRecord>>,
        (mut settled, silent): (bool, bool),
        signs: &mut Signs,
    ) {
        let ended = leaves.is_none();
        if let Some(record) = leaves {
            recover::end_leftovers(self, &record, &self.inner.executor.boot_id).await;
            if !settled && !self.settle_exit(attempt, shim, &record, signs).await {
                return;
            }
            settled = true;
        }
        if settled {
            self.put_away(attempt, ended, silent);
        } else {
            self.leave(&attempt.task_id);
            self.release(1);
            recover::recover_attempt(self, attempt).await;
        }
    }

    /// Leaves the directory of a settled attempt for a later start, or to be tidied: `ended` says
    /// that its shim said all there was to say, `silent` that the program wrote nothing.
    fn put_away(&self, attempt: &Attempt, ended: bool, silent: bool) {
        let (supervisor, boot_id) = (&self.inner.supervisor, &self.inner.executor.boot_id);
        if ended && silent {
            let dir = supervisor.dir(boot_id, attempt.task_id.as_str(), attempt.fence);
            supervisor.litter().keep(dir);
        } else {
            recover::litter(self, attempt, boot_id, ended);
        }
    }

    /// A shim that is gone needs no asking.
    async fn ask_to_stop(&self, shim: &RunHandle) {
        let _ = shim.stop(self.inner.settings.grace_ms, Some("cancel".to_owned())).await;
    }

    /// Settles an attempt by its exit; `false` if the engine stops before that is durable.
    async fn settle_exit(
        &self,
        attempt: &Attempt,
        shim: &RunHandle,
        record: &ExitRecord,
        signs: &mut Signs,
    ) -> bool {
        // The last line of progress stays with the task; that it executes need not be said any
        // more.
        signs.child = None;
        if signs.any() {
            self.record(attempt, signs).await;
        }
        let report = report_of(self, attempt, record).await;
        if !self.settle(attempt, report).await {
            return false;
        }
        // What the end brought about comes first: the shim has nothing left to do but to end.
        tokio::task::yield_now().await;
        // Only what is settled is collected: else the shim brings it to disk, for the next engine.
        let _ = shim.collected().await;
        true
    }

    /// Records the newest signs of life. A refusal means that the attempt is over.
    pub(crate) async fn record(&self, attempt: &Attempt, signs: &mut Signs) {
        let child = signs.child.take();
        let (line, usage) = (signs.progress.take(), signs.usage.take());
        signs.due = Instant::now() + PROGRESS_EVERY;
        let seen = match (child, &usage) {
            (Some((pid, start_time)), _) => Seen::Started { pid, start_time },
            (None, None) => Seen::Progress(line.clone().unwrap_or_default()),
            (None, Some(_)) => Seen::Used(Box::new(TaskReport {
                progress_summary: line.clone(),
                usage: usage.clone(),
                ..TaskReport::default()
            })),
        };
        let recorded = self.see(attempt, seen).await;
        if let Err(error) = &recorded {
            tracing::debug!(task_id = %attempt.task_id, %error, "a sign of life was not recorded");
        }
        let failed = recorded.is_err_and(|error| error.may_pass());
        if failed {
            signs.child = child;
        }
        // They came at once: the rest is due next.
        if failed || child.is_some() {
            (signs.progress, signs.usage) = (line, usage);
        }
    }

    /// Settles an attempt by a report, and frees its slot. Says whether the attempt is over; if
    /// not, what is left of it must stay where the next engine finds it.
    pub(crate) async fn settle(&self, attempt: &Attempt, report: Report) -> bool {
        // Free before the decision, so that the next step can take the slot in the same unit.
        self.inner.slots.release(1);
        let settled = self.see_surely(attempt, Seen::Ended(report)).await;
        // Not before: until it is settled, nobody else needs to find out what became of it.
        self.leave(&attempt.task_id);
        self.pump();
        self.is_over(attempt, settled)
    }

    /// Nobody answers for the attempt any more. Only then a task goes on with its next one: two of
    /// the same task have never two watchers.
    pub(crate) fn leave(&self, task_id: &TaskId) {
        if !self.inner.running.leave(task_id) {
            return;
        }
        match self.inner.store.task(task_id) {
            Ok(Some(task)) if task.status == TaskStatus::Queued => {
                // In its queue it stands in line like the others.
                self.free_places(std::slice::from_ref(task_id));
                self.enqueue(&task);
            }
            Ok(_) => {}
            // Maintenance finds what is in no line.
            Err(error) => tracing::warn!(%task_id, %error, "it was not queued again"),
        }
    }

    /// Settles an attempt as lost.
    pub(crate) async fn lose(&self, attempt: &Attempt, why: String, evidence: Value) {
        let settled = self.see_surely(attempt, Seen::Lost { why, evidence }).await;
        self.is_over(attempt, settled);
    }

    /// Whether the ledger has the attempt's end. A report that is refused came too late.
    fn is_over(&self, attempt: &Attempt, settled: Result<(), EngineError>) -> bool {
        match settled {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(task_id = %attempt.task_id, %error, "a report was not applied");
                matches!(error, EngineError::Refused { .. })
            }
        }
    }

    /// Settles an attempt that cannot be started.
    pub(crate) fn report_unstartable(&self, attempt: Attempt, why: String) {
        let engine = self.clone();
        tokio::spawn(async move { engine.settle(&attempt, unstartable(why)).await });
    }

    /// Stops an attempt: by its watcher, else by what is found of it.
    pub(crate) fn stop_attempt(&self, attempt: Attempt) {
        if !self.inner.running.stop(&attempt.task_id) {
            let engine = self.clone();
            tokio::spawn(async move { recover::recover_attempt(&engine, &attempt).await });
        }
    }
}

/// Whether the machine lacks something now that it may have again: room, descriptors, memory,
/// processes.
fn is_shortage(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let shortages = [
        Errno::NOSPC,
        Errno::DQUOT,
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOMEM,
        Errno::NOBUFS,
        Errno::AGAIN,
    ];
    Errno::from_io_error(error).is_some_and(|errno| shortages.contains(&errno))
}

/// Waits until the flag is raised; for ever once nobody can raise it.
pub(crate) async fn raised(flag: &mut watch::Receiver<bool>) {
    if flag.wait_for(|raised| *raised).await.is_err() {
        std::future::pending::<()>().await;
    }
}

pub(crate) fn is_raised(flag: &watch::Receiver<bool>) -> bool {
    *flag.borrow()
}

/// The report of an attempt that a cancel overtook before its process existed.
pub(crate) fn never_started() -> Report {
    Report { stopped: true, notes: json!({ "neverStarted": true }), ..Report::default() }
}

/// Signs of life that are not recorded yet.
pub(crate) struct Signs {
    pub(crate) child: Option<(u32, u64)>,
    pub(crate) progress: Option<String>,
    /// What it has used so far, where that is more than what is on record.
    pub(crate) usage: Option<Usage>,
    pub(crate) due: Instant,
}

impl Signs {
    pub(crate) fn new() -> Self {
        Self { child: None, progress: None, usage: None, due: Instant::now() + STARTED_AFTER }
    }

    pub(crate) fn any(&self) -> bool {
        self.child.is_some() || self.progress.is_some() || self.usage.is_some()
    }
}
