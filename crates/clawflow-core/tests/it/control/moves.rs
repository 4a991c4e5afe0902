//! Everything that may happen to a flow that code drives, for search and for chance.

use super::world::{Code, command, event, of_agent, person, stopped};
use crate::world::exit;
use clawflow_core::acp::{AskedFor, Tool};
use clawflow_core::budget::Budget;
use clawflow_core::control::{
    self, ChildReport, ControlDecision, NewChild, Reply, Said, WaitFor, WaitSpec,
};
use clawflow_core::drive::Report;
use clawflow_core::error::Refusal;
use clawflow_core::flow::{Blocker, NotifyPolicy, Patch, Update};
use clawflow_core::task::{Runtime, TaskStatus, Usage};
use clawflow_core::wait::{OnResolved, OnTimeout};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Something from outside; the number is the place of a child in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Park,
    ParkBlocked,
    ParkTimer,
    ParkEvent(OnResolved),
    ParkPerson(OnTimeout),
    ParkDeadline(OnTimeout),
    ParkChild(usize),
    Resume,
    Requeue,
    Finish,
    Fail,
    RequestCancel,
    Cancel,
    Pause,
    Unpause,
    Output,
    Emit,
    Launch(bool),
    Record(bool),
    Answer,
    Signal,
    Due,
    /// A command that was decided on another revision.
    Stale,
    Claim(usize),
    Started(usize),
    Ok(usize),
    Bad(usize),
    Stopped(usize),
    Lost(usize),
    CancelChild(usize),
    Report(usize, TaskStatus),
    /// Its agent has a session that it can go on in.
    Session(usize),
    /// Its agent asks for a permission.
    Ask(usize),
    /// Tells of a turn.
    Spend(usize),
    /// A person lifts the limit.
    Raise,
}

impl Move {
    /// Every move on a flow of at most so many children.
    pub(crate) fn all(children: usize) -> Vec<Self> {
        use Move as M;
        let mut all = vec![
            M::Park,
            M::ParkBlocked,
            M::ParkTimer,
            M::ParkEvent(OnResolved::Resume),
            M::ParkEvent(OnResolved::Tell),
            M::ParkPerson(OnTimeout::Continue),
            M::ParkDeadline(OnTimeout::Fail),
            M::ParkDeadline(OnTimeout::Cancel),
            M::Resume,
            M::Requeue,
            M::Finish,
            M::Fail,
            M::RequestCancel,
            M::Cancel,
            M::Pause,
            M::Unpause,
            M::Output,
            M::Emit,
            M::Launch(false),
            M::Launch(true),
            M::Record(false),
            M::Record(true),
            M::Answer,
            M::Signal,
            M::Due,
            M::Stale,
            M::Raise,
        ];
        for at in 0..children {
            all.extend([
                M::ParkChild(at),
                M::Claim(at),
                M::Started(at),
                M::Ok(at),
                M::Bad(at),
                M::Stopped(at),
                M::Lost(at),
                M::CancelChild(at),
                M::Spend(at),
                M::Ask(at),
                M::Session(at),
            ]);
            all.extend(TaskStatus::ALL.iter().map(|status| M::Report(at, *status)));
        }
        all
    }

    /// Whether this is a command on the flow itself, which an ended flow refuses.
    pub(crate) fn is_of_flow(self) -> bool {
        use Move as M;
        !matches!(
            self,
            M::Started(_)
                | M::Ok(_)
                | M::Bad(_)
                | M::Stopped(_)
                | M::Lost(_)
                | M::CancelChild(_)
                | M::Report(..)
                | M::Spend(_)
                | M::Session(_)
        )
    }
}

/// What an agent asks.
pub(crate) fn asked() -> AskedFor {
    let tool = Tool { kind: "edit".to_owned(), title: "a.txt".to_owned(), ..Tool::default() };
    AskedFor { key: "7".to_owned(), tool, preview: Some("+ one".to_owned()) }
}

impl Code {
    /// Makes the move. At most `children` of them are made.
    pub(crate) fn make_move(
        &mut self,
        one: Move,
        children: usize,
    ) -> Result<ControlDecision, Refusal> {
        use Move as M;
        let later = self.now + 1000;
        match one {
            M::Park => self.park(WaitSpec::default()),
            M::ParkBlocked => {
                let blocker = Blocker { summary: Some("no budget".to_owned()), task_id: None };
                self.park_with(WaitSpec::default(), blocker, control::Found::default())
            }
            M::ParkTimer => self.park_for(WaitFor::Timer { due_at: later }),
            M::ParkEvent(on_resolved) => {
                let wait_for = Some(event("reply", None));
                self.park(WaitSpec { wait_for, on_resolved, ..WaitSpec::default() })
            }
            M::ParkPerson(on_deadline) => self.park(WaitSpec {
                wait_for: Some(person(false, &[])),
                deadline_at: Some(later),
                on_deadline,
                ..WaitSpec::default()
            }),
            M::ParkDeadline(on_deadline) => {
                self.park(WaitSpec { deadline_at: Some(later), on_deadline, ..WaitSpec::default() })
            }
            M::ParkChild(at) => {
                let task = self.nth(at)?;
                let found = control::Found { task: Some(&task), signal: None };
                let what = WaitFor::Task { task_id: task.task_id.clone() };
                let spec = WaitSpec { wait_for: Some(what), ..WaitSpec::default() };
                self.park_with(spec, Blocker::default(), found)
            }
            M::Resume => self.resume(),
            M::Requeue => self.act(|s, ctx| control::resume(s, ctx, None, Patch::default(), true)),
            M::Finish => self.finish(),
            M::Fail => self.fail(),
            M::RequestCancel => self.request_cancel(),
            M::Cancel => self.cancel(),
            M::Pause => self.pause(),
            M::Unpause => self.act(|s, ctx| control::unpause(s, ctx, None)),
            M::Output => self.act(|s, ctx| control::set_output(s, ctx, None, "n", json!(ctx.now))),
            M::Emit => {
                let update = Update { content: "half way".to_owned(), ..Update::default() };
                self.act(|s, ctx| control::emit(s, ctx, update, false))
            }
            M::Answer => {
                let wait = self.waits.keys().next_back().cloned();
                let wait = wait.ok_or_else(|| Refusal::state("answer", "nothing"))?;
                let said = Said::Decision(true);
                let reply = Reply { said, by: "ann".to_owned(), shown_hash: None };
                self.act(|s, ctx| control::answer(s, ctx, &wait, &reply))
            }
            M::Signal => {
                let signal = super::world::signal("reply", None);
                self.act(|s, ctx| control::signal(s, ctx, &signal))
            }
            M::Due => self.due(),
            M::Stale => self
                .act(|s, ctx| control::finish(s, ctx, Some(s.flow.revision + 1), Patch::default())),
            M::Raise => self.act(|s, ctx| {
                let ended = s.ended.clone();
                control::set_budget(s, ctx, None, Budget::default(), "ann", ended)
            }),
            M::Launch(_) | M::Record(_) => self.add(one, children),
            child => self.move_child(child),
        }
    }

    fn nth(&self, at: usize) -> Result<std::sync::Arc<clawflow_core::task::Task>, Refusal> {
        let found = self.tasks.values().nth(at).cloned();
        found.ok_or_else(|| Refusal::state("move", "not there"))
    }

    fn add(&mut self, one: Move, children: usize) -> Result<ControlDecision, Refusal> {
        if self.tasks.len() >= children {
            return Err(Refusal::state("move", "too many"));
        }
        match one {
            Move::Launch(wait) => {
                let (command, runtime) = match self.agents {
                    true => (of_agent(), Runtime::Acp),
                    false => (command(), Runtime::Cli),
                };
                let command = Some(command);
                self.run(NewChild { command, wait, ..NewChild::new(runtime, "work") })
            }
            _ => self.run(NewChild {
                wait: one == Move::Record(true),
                notify_policy: Some(NotifyPolicy::DoneOnly),
                ..NewChild::new(Runtime::Acp, "think")
            }),
        }
    }

    fn move_child(&mut self, one: Move) -> Result<ControlDecision, Refusal> {
        use Move as M;
        let (M::Claim(at)
        | M::Started(at)
        | M::Ok(at)
        | M::Bad(at)
        | M::Stopped(at)
        | M::Lost(at)
        | M::CancelChild(at)
        | M::Spend(at)
        | M::Ask(at)
        | M::Session(at)
        | M::Report(at, _)) = one
        else {
            unreachable!("{one:?}")
        };
        let task = self.nth(at)?;
        if matches!(one, M::Session(_)) && !self.agents {
            return Err(Refusal::state("open a session of", "no agent"));
        }
        let (id, fence) = (&task.task_id, task.fence);
        let end: Option<Report> = match one {
            M::Ok(_) => Some(exit(0, "")),
            M::Bad(_) => Some(exit(1, "")),
            M::Stopped(_) => Some(stopped()),
            _ => None,
        };
        self.act(|s, ctx| match (one, end) {
            (_, Some(report)) => control::ended(s, ctx, id, fence, &report),
            (M::Claim(_), _) => control::claim(s, ctx, id),
            (M::Started(_), _) => control::started(s, ctx, id, fence, 7, 70),
            (M::Lost(_), _) => control::lost(s, ctx, id, fence, "gone", Value::Null),
            (M::CancelChild(_), _) => control::cancel_task(s, ctx, id, "wrong"),
            (M::Session(_), _) => control::agent_session(s, ctx, id, fence, "s1"),
            (M::Ask(_), _) => control::ask_permission(s, ctx, id, fence, &asked()),
            (M::Spend(_), _) => {
                let usage = Some(Usage { turns: Some(1), ..Usage::default() });
                let report = ChildReport { usage, ..ChildReport::default() };
                control::report(s, ctx, &task, &report)
            }
            (M::Report(_, status), _) => {
                let report = ChildReport { status: Some(status), ..ChildReport::default() };
                control::report(s, ctx, &task, &report)
            }
            other => unreachable!("{other:?}"),
        })
    }

    /// The state without ids, times, versions and texts: worlds of the same word have the same
    /// future.
    pub(crate) fn word(&self) -> String {
        let flow = &self.state.flow;
        let mut word = format!(
            "{} {} {}",
            flow.status,
            flow.cancel_requested_at.is_some(),
            flow.paused_at.is_some()
        );
        if flow.budget.is_some() {
            let used = self.state.used().and_then(|used| used.turns);
            let _ = write!(word, " {} {used:?}", flow.held_at.is_some());
        }
        for task in self.tasks.values() {
            let (reported, told) = (task.reported, task.cancel_requested_at.is_some());
            let earlier = task.command.as_ref().is_some_and(|command| command.earlier.is_some());
            let attempt = task.attempt;
            let _ = write!(word, "|{} {reported} {told} {attempt} {earlier}", task.status);
        }
        for wait in self.state.waits.values() {
            let target = self.tasks.keys().position(|id| Some(&id.0) == wait.target.as_ref());
            let (then, what) = (wait.on_timeout, wait.on_resolved);
            let _ = write!(word, "|{} {target:?} {then:?} {what:?}", wait.kind);
        }
        // A second answer and a late timer go to the newest wait.
        if let Some(wait) = self.waits.values().next_back() {
            let _ = write!(word, "|{} {}", wait.kind, wait.due_at.is_some());
        }
        word
    }
}
