//! One conversation at work: the law of it between its two files, the ledger and people.

use super::files;
use super::logs::{Ear, Mouth, Said};
use super::plan::Prepared;
use super::terminals::Terminals;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::OfEither;
use crate::runtime::Attempt;
use crate::shim::fail::PathError;
use clawflow_core::Millis;
use clawflow_core::acp::{Act, AskedFor, TOLD_BYTES_MAX, Talk, Why};
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::ids::FlowId;
use clawflow_core::task::Task;
use clawflow_core::wait::{Wait, WaitState};
use std::collections::VecDeque;
use std::path::Path;

/// What the agent is told to break off its turn.
const CANCEL: &str = "session/cancel";

/// A conversation and where it stands.
pub(super) struct Conversation {
    pub(super) talk: Talk,
    engine: Engine,
    attempt: Attempt,
    cwd: String,
    ear: Ear,
    mouth: Mouth,
    /// Requests that wait for a person, by their keys.
    asks: Vec<String>,
    /// What it has run for it.
    pub(super) terminals: Terminals,
    /// The flow of the step that it is an attempt of, or of its task: there people are asked.
    flow_id: Option<FlowId>,
    begun: bool,
    /// What was heard and not taken in, and what is to be done, in their order.
    heard: VecDeque<Said>,
    acts: VecDeque<Act>,
}

impl Conversation {
    /// Reads all that was said before; nothing is said meanwhile.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub(super) fn open(
        engine: &Engine,
        attempt: &Attempt,
        (dir, prepared): (&Path, &Prepared),
        cancelled: bool,
    ) -> Result<Self, PathError> {
        let mouth = Mouth::open(dir)?;
        let mut talk = Talk::new(prepared.plan.clone());
        if mouth.told(CANCEL) {
            talk.was_stopped(if cancelled { Why::Cancelled } else { Why::TimedOut });
        }
        Ok(Self {
            talk,
            engine: engine.clone(),
            attempt: attempt.clone(),
            cwd: prepared.plan.cwd.clone(),
            ear: Ear::new(dir),
            mouth,
            asks: Vec::new(),
            terminals: Terminals::new(engine, attempt, prepared),
            flow_id: attempt.flow_id.clone(),
            begun: false,
            heard: VecDeque::new(),
            acts: VecDeque::new(),
        })
    }

    /// Begins, or goes on: takes in what the agent has said since. Says whether it was told
    /// something.
    pub(super) async fn listen(&mut self) -> Result<bool, PathError> {
        self.work().await
    }

    /// Hears all that was said, where nothing can be told any more.
    pub(super) fn hear_all(&mut self) -> Result<(), PathError> {
        let mut acts: VecDeque<Act> = self.talk.begin().into();
        loop {
            let (said, more) = self.ear.read()?;
            for said in said {
                match said {
                    Said::Line(line) => acts.extend(self.talk.hear(&line)),
                    Said::TooLong(head) => self.talk.hear_too_long(&head),
                }
                while let Some(act) = acts.pop_front() {
                    if let Act::Save(_) = act {
                        acts.extend(self.talk.saved());
                    }
                }
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Breaks it off.
    pub(super) async fn stop(&mut self, why: Why) -> Result<bool, PathError> {
        let acts = self.talk.stop(why);
        self.acts.extend(acts);
        self.work().await
    }

    /// Looks whether people have answered, and what became of terminals.
    pub(super) async fn look_for_answers(&mut self) -> Result<bool, PathError> {
        for (request, done) in self.terminals.look(self.mouth.bytes) {
            self.acts.extend(self.talk.terminal_done(&request, done));
        }
        for key in std::mem::take(&mut self.asks) {
            self.look_for(key);
        }
        self.work().await
    }

    /// Does what is to be done, and hears what there is to hear. What a failing disk breaks off is
    /// gone on with by the next call.
    async fn work(&mut self) -> Result<bool, PathError> {
        let (mut told, mut more) = (false, true);
        if !self.begun {
            // Before anything is heard: it would be an answer to nothing.
            self.begun = true;
            self.acts.extend(self.talk.begin());
        }
        loop {
            while let Some(act) = self.acts.pop_front() {
                match self.carry_out(&act).await {
                    Ok(said) => told |= said,
                    Err(error) => {
                        self.acts.push_front(act);
                        return Err(error);
                    }
                }
            }
            let acts = match self.heard.pop_front() {
                Some(Said::Line(line)) => self.talk.hear(&line),
                Some(Said::TooLong(head)) => {
                    self.talk.hear_too_long(&head);
                    Vec::new()
                }
                None if more => {
                    let (said, again) = self.ear.read()?;
                    self.heard.extend(said);
                    more = again;
                    if more {
                        // Other conversations go on meanwhile.
                        tokio::task::yield_now().await;
                    }
                    continue;
                }
                // Of what is said from now on the shim tells again.
                None => return Ok(told),
            };
            self.acts.extend(acts);
        }
    }

    /// Carries out what the conversation wants. Says whether the agent was told something.
    async fn carry_out(&mut self, act: &Act) -> Result<bool, PathError> {
        match act {
            Act::Say { key, line } => {
                let told = self.mouth.tell(key, line)?;
                self.terminals.said(key);
                if self.mouth.bytes > TOLD_BYTES_MAX {
                    let why = format!("it was told more than {TOLD_BYTES_MAX} bytes");
                    self.talk.fail("agent", why);
                }
                return Ok(told);
            }
            Act::Save(session) => {
                let next = self.talk.saved();
                // What follows was said: then it was on record before.
                let was = matches!(next.first(),
                    Some(Act::Say { key, .. }) if self.mouth.told(key));
                if was || self.save(session.clone()).await {
                    self.acts.extend(next);
                } else {
                    self.talk.fail("agent", "its session could not be put on record");
                }
            }
            Act::Ask(asked) if self.mouth.told(&asked.key) => self.talk.settled(&asked.key),
            Act::Ask(asked) => match self.ask(asked).await {
                true => self.look_for(asked.key.clone()),
                false => self.acts.extend(self.talk.answer(&asked.key, false)),
            },
            Act::File(request) if self.mouth.told(&request.key) => self.talk.settled(&request.key),
            Act::Terminal(request) if self.mouth.told(&request.key) => {
                let there = self.terminals.again(request);
                self.talk.terminal_told(request, there);
            }
            Act::Terminal(request) => {
                if let Some(done) = self.terminals.serve(request, self.mouth.bytes) {
                    self.acts.extend(self.talk.terminal_done(request, done));
                }
            }
            Act::File(request) => {
                let done = files::serve(&self.cwd, request);
                self.acts.extend(self.talk.file_done(&request.key, done));
            }
        }
        Ok(false)
    }

    /// Takes in the answer to a request, or waits for it.
    fn look_for(&mut self, key: String) {
        match self.answer_of(&key) {
            Some(yes) => self.acts.extend(self.talk.answer(&key, yes)),
            None => self.asks.push(key),
        }
    }

    /// Puts the session on record: another attempt of a step, or another task, can go on in it.
    async fn save(&self, session: String) -> bool {
        let Some(flow_id) = &self.flow_id else { return true };
        let (id, fence) = (self.attempt.task_id.clone(), self.attempt.fence);
        let (same, name) = (id.clone(), session.clone());
        let put = OfEither(
            move |state: &FlowState, ctx: &mut Ctx<'_>| {
                drive::agent_session(state, ctx, &id, fence, &session)
            },
            move |state: &ControlState, ctx: &mut Ctx<'_>| {
                control::agent_session(state, ctx, &same, fence, &name)
            },
        );
        self.noted(self.engine.decide_surely(flow_id, put).await.map(drop))
    }

    /// Asks a person, unless an engine before has; `false` if nobody can be asked.
    async fn ask(&self, asked: &AskedFor) -> bool {
        let Some(flow_id) = &self.flow_id else { return false };
        if self.wait_of(&asked.key).is_some() {
            return true;
        }
        let (id, fence, asked) = (self.attempt.task_id.clone(), self.attempt.fence, asked.clone());
        let (same, also) = (id.clone(), asked.clone());
        let ask = OfEither(
            move |state: &FlowState, ctx: &mut Ctx<'_>| {
                drive::ask_permission(state, ctx, &id, fence, &asked)
            },
            move |state: &ControlState, ctx: &mut Ctx<'_>| {
                control::ask_permission(state, ctx, &same, fence, &also)
            },
        );
        self.noted(self.engine.decide_surely(flow_id, ask).await.map(drop))
    }

    fn noted(&self, done: Result<(), EngineError>) -> bool {
        if let Err(error) = &done {
            tracing::warn!(task_id = %self.attempt.task_id, %error, "not on record");
        }
        done.is_ok()
    }

    /// What a person has said; `None` as long as nobody has.
    fn answer_of(&self, key: &str) -> Option<bool> {
        let wait = self.wait_of(key)?;
        match wait.state {
            WaitState::Open => None,
            // It is about to be told to stop, and a no would have it go on.
            WaitState::Cancelled if self.is_to_stop() => None,
            _ => Some(wait.answer.is_some_and(|answer| answer["approved"] == true)),
        }
    }

    fn is_to_stop(&self) -> bool {
        let task = self.engine.inner.store.task(&self.attempt.task_id).ok().flatten();
        task.is_some_and(|task| task.cancel_requested_at.is_some())
    }

    /// The question about this request.
    fn wait_of(&self, key: &str) -> Option<Wait> {
        let target = drive::permission_target(&self.attempt.task_id, self.attempt.fence, key);
        waits(&self.engine, &self.attempt)
            .into_iter()
            .find(|wait| wait.target.as_ref() == Some(&target))
    }
}

/// What the agent of this attempt has asked people.
fn waits(engine: &Engine, attempt: &Attempt) -> Vec<Wait> {
    let Some(flow_id) = &attempt.flow_id else { return Vec::new() };
    let mut waits = engine.inner.store.waits(flow_id).unwrap_or_default();
    let begin = drive::permission_target(&attempt.task_id, attempt.fence, "");
    waits.retain(|wait| wait.target.as_ref().is_some_and(|target| target.starts_with(&begin)));
    waits
}

/// How long the attempt of this task has worked at this time, in milliseconds: while it asks people
/// it does not.
pub(super) fn worked(engine: &Engine, attempt: &Attempt, task: &Task, until: Millis) -> u64 {
    let spent = until - task.started_at.unwrap_or(task.created_at);
    let asked = |wait: &Wait| wait.closed_at.unwrap_or(until).min(until) - wait.created_at;
    let asked: i64 = waits(engine, attempt).iter().map(asked).sum();
    u64::try_from(spent - asked).unwrap_or(0)
}
