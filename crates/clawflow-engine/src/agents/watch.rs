//! Watches an attempt of an agent: listens, tells, and sees to it that it comes to an end.

use super::conversation::{Conversation, worked};
use super::plan::Prepared;
use super::settle::report;
use super::terminals::end_terminals;
use crate::clock::now;
use crate::engine::Engine;
use crate::recover;
use crate::runtime::{Attempt, Signs, Switch, is_raised, raised};
use crate::shim::fail::PathError;
use crate::supervise::{ExitRecord, Run, RunEvent, RunHandle};
use clawflow_core::acp::{End, SAID_BYTES_MAX, Why};
use clawflow_core::task::Usage;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long an agent may take until it can be asked something: some are installed first.
const OPENING: Duration = Duration::from_secs(300);
/// How long it may take to leave by itself once its input has ended: it may have to keep its
/// session.
const LEAVING: Duration = Duration::from_secs(2);
/// Pause before files that could not be read or written are tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// An attempt that is watched.
struct Watch<'a> {
    engine: &'a Engine,
    attempt: &'a Attempt,
    shim: RunHandle,
    talk: Conversation,
    signs: Signs,
    /// What it had used when that was last told.
    used: Option<Usage>,
    /// Work that it may still do, and since when it does some; none while people are asked.
    left: Duration,
    since: Option<Instant>,
    opening: Instant,
    /// When it is to be gone, once it was told to stop, or its conversation is over.
    leave_by: Option<Instant>,
    stopped: bool,
    /// The files could not be used: then again.
    again: Option<Instant>,
}

impl Engine {
    /// Watches a living attempt of an agent to its end.
    pub(crate) async fn watch_agent(
        &self,
        attempt: &Attempt,
        run: Run,
        mut stop: Switch,
        prepared: &Prepared,
    ) {
        let told = self.inner.running.told(&attempt.task_id);
        let mut watch = loop {
            match Watch::begin(self, attempt, &run, prepared) {
                Ok(watch) => break watch,
                Err(error) => {
                    tracing::warn!(task_id = %attempt.task_id, %error, "trying again");
                    tokio::time::sleep(AGAIN).await;
                    if is_raised(&self.stopping()) {
                        return;
                    }
                }
            }
        };
        watch.run(run, &mut stop, &told).await;
    }
}

impl<'a> Watch<'a> {
    fn begin(
        engine: &'a Engine,
        attempt: &'a Attempt,
        run: &Run,
        prepared: &Prepared,
    ) -> Result<Self, PathError> {
        let task = engine.inner.store.task(&attempt.task_id).ok().flatten();
        let boot_id = &engine.inner.executor.boot_id;
        let dir = engine.inner.supervisor.dir(boot_id, attempt.task_id.as_str(), attempt.fence);
        let cancelled = task.as_ref().is_some_and(|task| task.cancel_requested_at.is_some());
        let talk = Conversation::open(engine, attempt, (&dir, prepared), cancelled)?;
        let worked = task.map_or(0, |task| worked(engine, attempt, &task, now()));
        Ok(Self {
            engine,
            attempt,
            shim: run.handle(),
            talk,
            signs: Signs::new(),
            used: None,
            left: Duration::from_millis(prepared.timeout_ms.saturating_sub(worked)),
            since: Some(Instant::now()),
            opening: Instant::now() + OPENING,
            leave_by: None,
            stopped: false,
            again: Some(Instant::now()),
        })
    }

    async fn run(&mut self, mut run: Run, stop: &mut Switch, told: &Notify) {
        let mut stopping = self.engine.stopping();
        let mut leaves: Option<Box<ExitRecord>> = None;
        let mut asked = false;
        loop {
            let due = self.due();
            tokio::select! {
                event = run.next() => match event {
                    RunEvent::Started { child, .. } => {
                        self.signs.child = Some((child.pid, child.start_time));
                    }
                    RunEvent::Output(bytes) => self.heard(bytes).await,
                    RunEvent::Progress(_) => {}
                    RunEvent::Exited(record) => {
                        if self.is_settled_by(&record).await {
                            if !self.settle(&record).await {
                                return;
                            }
                            break self.see_out(run, &record).await;
                        }
                        leaves = Some(record);
                    }
                    RunEvent::Empty { .. } | RunEvent::ShimGone => {
                        break match leaves.take() {
                            Some(record) => {
                                let boot_id = &self.engine.inner.executor.boot_id;
                                recover::end_leftovers(self.engine, &record, boot_id).await;
                                if self.settle(&record).await {
                                    self.litter(false).await;
                                }
                            }
                            None => self.examine().await,
                        };
                    }
                },
                () = sleep_until(due) => self.overdue().await,
                () = told.notified() => {
                    let done = self.talk.look_for_answers().await;
                    self.pass_on(done).await;
                }
                () = raised(stop), if !asked => {
                    asked = true;
                    self.stop(Why::Cancelled).await;
                }
                // The next engine goes on.
                () = raised(&mut stopping) => {
                    if !asked && is_raised(stop) {
                        self.stop(Why::Cancelled).await;
                    }
                    return;
                }
            }
            self.after();
        }
    }

    /// What follows from where the conversation stands now.
    fn after(&mut self) {
        self.signs.progress = self.talk.talk.take_progress().or(self.signs.progress.take());
        let used = self.talk.talk.usage();
        // Its end says it all.
        if used != self.used && !self.talk.talk.is_over() {
            self.used.clone_from(&used);
            self.signs.usage = used;
        }
        let now = Instant::now();
        if self.talk.talk.is_asking() {
            if let Some(since) = self.since.take() {
                self.left = self.left.saturating_sub(now - since);
            }
        } else if self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// When there is something to do next.
    fn due(&self) -> Instant {
        let talk = &self.talk.talk;
        let signs = self.signs.any().then_some(self.signs.due);
        let limit = match (talk.is_over() || talk.is_stopping(), self.since) {
            (true, _) => self.leave_by,
            (false, _) if !talk.is_prompted() => Some(self.opening),
            (false, Some(since)) => since.checked_add(self.left),
            (false, None) => None,
        };
        let far = Instant::now() + Duration::from_secs(3600);
        [signs, limit, self.again].into_iter().flatten().min().unwrap_or(far)
    }

    async fn overdue(&mut self) {
        let now = Instant::now();
        if self.again.is_some_and(|again| now >= again) {
            self.again = None;
            let done = self.talk.listen().await;
            return self.pass_on(done).await;
        }
        if self.signs.any() && now >= self.signs.due {
            return self.engine.record(self.attempt, &mut self.signs).await;
        }
        let talk = &self.talk.talk;
        if talk.is_over() || talk.is_stopping() {
            if self.leave_by.is_some_and(|leave_by| now >= leave_by) {
                self.leave_by = None;
                self.end_process().await;
            }
        } else if !talk.is_prompted() && now >= self.opening {
            let why = format!("the agent was not ready within {} s", OPENING.as_secs());
            self.talk.talk.fail("agent", why);
            self.pass_on(Ok(false)).await;
        } else if self.since.is_some_and(|since| now >= since + self.left) {
            self.stop(Why::TimedOut).await;
        }
    }

    /// The agent has said something.
    async fn heard(&mut self, bytes: u64) {
        let cap = self.engine.inner.settings.log_bytes.max(SAID_BYTES_MAX);
        if bytes > cap {
            self.talk.talk.fail("agent", format!("the agent said more than {cap} bytes"));
            return self.pass_on(Ok(false)).await;
        }
        let done = self.talk.listen().await;
        self.pass_on(done).await;
    }

    async fn stop(&mut self, why: Why) {
        let done = self.talk.stop(why).await;
        self.pass_on(done).await;
    }

    /// Has the shim tell the agent what is new, and ends what is over.
    async fn pass_on(&mut self, done: Result<bool, PathError>) {
        let told = done.unwrap_or_else(|error| {
            tracing::warn!(task_id = %self.attempt.task_id, %error, "trying again");
            self.again = Some(Instant::now() + AGAIN);
            false
        });
        let grace = Duration::from_millis(self.engine.inner.settings.grace_ms);
        if self.talk.talk.is_over() {
            if !self.stopped {
                self.stopped = true;
                // A shim that is gone needs no telling.
                let _ = self.shim.input(true).await;
                match self.talk.talk.outcome().end {
                    End::Done | End::Short(_) => self.leave_by = Some(Instant::now() + LEAVING),
                    _ => self.end_process().await,
                }
            }
        } else if told {
            let _ = self.shim.input(false).await;
        }
        if self.talk.talk.is_over() || self.talk.talk.is_stopping() {
            self.talk.terminals.stop();
        }
        if self.talk.talk.is_stopping() && !self.talk.talk.is_over() && self.leave_by.is_none() {
            self.leave_by = Some(Instant::now() + grace);
        }
    }

    async fn end_process(&mut self) {
        let grace_ms = self.engine.inner.settings.grace_ms;
        let _ = self.shim.stop(grace_ms, Some("the conversation is over".to_owned())).await;
    }

    /// Whether the exit settles the attempt at once: a good one, or one that left nothing behind.
    /// What may be tried again must not meet what is left.
    async fn is_settled_by(&mut self, record: &ExitRecord) -> bool {
        // The last that it said may not have been heard.
        let done = self.talk.listen().await;
        self.pass_on(done).await;
        record.empty || self.talk.talk.is_over() && self.talk.talk.outcome().end == End::Done
    }

    /// Settles the attempt; `false` if the engine stops before that is durable.
    async fn settle(&mut self, record: &ExitRecord) -> bool {
        self.after();
        self.signs.child = None;
        if self.signs.any() {
            self.engine.record(self.attempt, &mut self.signs).await;
        }
        let boot_id = self.engine.inner.executor.boot_id.clone();
        let talk = self.talk.talk.clone();
        self.talk.terminals.stop();
        let done = talk.is_over() && talk.outcome().end == End::Done;
        // What may be tried again must not meet what is left.
        if !done && !self.end_terminals().await {
            return false;
        }
        let report = report(self.engine, self.attempt, talk, (Some(record), &boot_id)).await;
        if !self.engine.settle(self.attempt, report).await {
            return false;
        }
        // Only what is settled is collected: else the shim brings it to disk.
        let _ = self.shim.collected().await;
        true
    }

    /// Follows a shim whose attempt is settled while it ends what was left behind.
    async fn see_out(&mut self, mut run: Run, record: &ExitRecord) {
        loop {
            match run.next().await {
                RunEvent::Empty { .. } => {}
                RunEvent::ShimGone => break,
                _ => {}
            }
        }
        let boot_id = &self.engine.inner.executor.boot_id;
        recover::end_leftovers(self.engine, record, boot_id).await;
        self.litter(true).await;
    }

    async fn litter(&self, ended: bool) {
        if self.end_terminals().await {
            let boot_id = &self.engine.inner.executor.boot_id;
            recover::litter(self.engine, self.attempt, boot_id, ended);
        }
    }

    /// Waits until nothing of its terminals is left; `false` if that is left to the next engine.
    async fn end_terminals(&self) -> bool {
        let boot_id = &self.engine.inner.executor.boot_id;
        let ended = async {
            self.talk.terminals.gone().await;
            // Also those that an engine before had begun and this one did not hear of.
            while let Err(why) = end_terminals(self.engine, self.attempt, boot_id).await {
                tracing::warn!(task_id = %self.attempt.task_id, why, "looking again later");
                tokio::time::sleep(AGAIN).await;
            }
        };
        let mut stopping = self.engine.stopping();
        tokio::select! {
            () = ended => true,
            () = raised(&mut stopping) => false,
        }
    }

    /// The shim is gone without a word.
    async fn examine(&self) {
        self.engine.leave(&self.attempt.task_id);
        self.engine.release(1);
        recover::recover_attempt(self.engine, self.attempt).await;
    }
}
