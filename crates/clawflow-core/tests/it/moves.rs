//! Everything that may happen to a flow from outside, for search and for chance.

use super::rules::is_stopped;
use super::world::{World, exit, left};
use clawflow_core::budget::Budget;
use clawflow_core::definition::OnLost;
use clawflow_core::drive::{self, Outcome, Report, Settlement};
use clawflow_core::error::Refusal;
use clawflow_core::step::StepStatus;
use clawflow_core::task::{Exit, TaskReport, TaskStatus, Usage};
use clawflow_core::wait::WaitKind;
use serde_json::Value;
use std::fmt::Write as _;

/// Something from outside; the number is the position of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Move {
    Started(usize),
    Ok(usize),
    Fail(usize),
    Stopped(usize),
    TimedOut(usize),
    Lost(usize),
    /// A report under a fence that is not the task's.
    Stale(usize),
    Claim(usize),
    RetryDue(usize),
    WaitDue(usize),
    Yes(usize),
    No(usize),
    Rerun(usize),
    SettleOk(usize),
    SettleSkip(usize),
    SettleFail(usize),
    CancelTask(usize),
    Cancel,
    Pause,
    Unpause,
    /// The turn of a flow in line.
    Admit,
    Respond(usize),
    ChildOk(usize),
    ChildFails(usize),
    ChildCancelled(usize),
    /// It was never made.
    NoChild(usize),
    /// An event named `e`, for all that wait for it.
    Signal,
    /// The time of the flow as a whole is over.
    Deadline,
    /// The attempt tells of a turn.
    Spend(usize),
    /// A person lifts the limit.
    Raise,
    /// The flow above is out of its budget, or not any more.
    Above(bool),
}

impl Move {
    /// Every move on a flow of so many steps.
    pub(crate) fn all(steps: usize) -> Vec<Self> {
        let mut all = vec![Self::Cancel, Self::Pause, Self::Unpause, Self::Deadline, Self::Signal];
        all.extend([Self::Admit, Self::Raise, Self::Above(true), Self::Above(false)]);
        for at in 0..steps {
            all.extend([
                Self::Started(at),
                Self::Ok(at),
                Self::Fail(at),
                Self::Stopped(at),
                Self::TimedOut(at),
                Self::Lost(at),
                Self::Stale(at),
                Self::Claim(at),
                Self::RetryDue(at),
                Self::WaitDue(at),
                Self::Yes(at),
                Self::No(at),
                Self::Respond(at),
                Self::ChildOk(at),
                Self::ChildFails(at),
                Self::ChildCancelled(at),
                Self::NoChild(at),
                Self::Rerun(at),
                Self::SettleOk(at),
                Self::SettleSkip(at),
                Self::SettleFail(at),
                Self::CancelTask(at),
                Self::Spend(at),
            ]);
        }
        all
    }

    /// Whether the world makes this move by itself, sooner or later: a way out may use it.
    pub(crate) fn is_natural(self) -> bool {
        !matches!(
            self,
            Self::Cancel
                | Self::Pause
                | Self::CancelTask(_)
                | Self::Stale(_)
                | Self::Rerun(_)
                | Self::Above(true)
        )
    }
}

/// What an agent tells that has taken a turn.
fn a_turn() -> TaskReport {
    let usage = Some(Usage { turns: Some(1), ..Usage::default() });
    TaskReport { usage, ..TaskReport::default() }
}

impl World {
    /// Makes the move. Moves on tasks and waits go to those that the step names, ended ones too, so
    /// that late reports and second answers are tried as well.
    pub(crate) fn make_move(&mut self, one: Move) -> Result<(), Refusal> {
        let nothing = || Refusal::state("move", "not there");
        let id = |world: &Self, at: usize| {
            let step = world.state.steps.get(at);
            step.map_or_else(String::new, |step| step.step_id.clone())
        };
        let report = match one {
            Move::Ok(_) | Move::Stale(_) => Some(exit(0, "1")),
            Move::Fail(_) => Some(exit(1, "")),
            Move::TimedOut(_) => Some(Report { timed_out: true, ..Report::default() }),
            Move::Stopped(_) => {
                Some(Report { stopped: true, exit: Some(Exit::Signal(15)), ..Report::default() })
            }
            _ => None,
        };
        match one {
            Move::Cancel => self.act(|s, ctx| drive::cancel(s, ctx, None, "enough")),
            Move::Pause => self.act(|s, ctx| drive::pause(s, ctx, None, "hold")),
            Move::Unpause => self.act(|s, ctx| drive::unpause(s, ctx, None)),
            Move::Admit => self.admit(),
            Move::Raise => {
                self.act(|s, ctx| drive::set_budget(s, ctx, None, Budget::default(), "ann"))
            }
            Move::Above(held) => self.act(|s, ctx| drive::follow_parent(s, ctx, held)),
            Move::Deadline => self.deadline(),
            Move::RetryDue(at) => self.retry_due(&id(self, at)),
            Move::WaitDue(at) => self.wait_due(&id(self, at)),
            Move::Yes(at) => self.answer(&id(self, at), true),
            Move::No(at) => self.answer(&id(self, at), false),
            Move::ChildOk(at) => self.child_ends(&id(self, at), left(Value::from(1))),
            Move::ChildFails(at) => {
                self.child_ends(&id(self, at), Outcome::Failed("no".to_owned()))
            }
            Move::ChildCancelled(at) => {
                self.child_ends(&id(self, at), Outcome::Cancelled("no".to_owned()))
            }
            Move::NoChild(at) => self.child_ends(&id(self, at), Outcome::Unmade("no".to_owned())),
            Move::Respond(at) => self.respond(&id(self, at), Value::from(1)),
            Move::Signal => self.signal("e", None, Value::from(1)),
            Move::Rerun(at) => self.settle(&id(self, at), Settlement::Rerun),
            Move::SettleOk(at) => {
                self.settle(&id(self, at), Settlement::Succeeded(Some(Value::from(1))))
            }
            Move::SettleSkip(at) => self.settle(&id(self, at), Settlement::Skip),
            Move::SettleFail(at) => self.settle(&id(self, at), Settlement::Fail),
            Move::Started(at)
            | Move::Ok(at)
            | Move::Fail(at)
            | Move::Stopped(at)
            | Move::TimedOut(at)
            | Move::Lost(at)
            | Move::Stale(at)
            | Move::Claim(at)
            | Move::Spend(at)
            | Move::CancelTask(at) => {
                let step = self.state.steps.get(at).ok_or_else(nothing)?;
                let task = step.task_id.clone().ok_or_else(nothing)?;
                let fence = self.tasks[&task].fence + u64::from(matches!(one, Move::Stale(_)));
                self.act(|s, ctx| match (one, report) {
                    (Move::Claim(_), _) => drive::claim(s, ctx, &task),
                    (Move::Spend(_), _) => drive::reported(s, ctx, &task, &a_turn()),
                    (Move::CancelTask(_), _) => drive::cancel_task(s, ctx, &task, "wrong"),
                    (Move::Lost(_), _) => drive::lost(s, ctx, &task, fence, "gone", Value::Null),
                    (_, Some(report)) => drive::ended(s, ctx, &task, fence, report),
                    _ => drive::started(s, ctx, &task, fence, 7, 70),
                })
            }
        }
    }

    /// The state without ids, times, versions and texts: worlds of the same word have the same
    /// future, as long as no condition looks at texts or counts attempts.
    pub(crate) fn word(&self) -> String {
        let flow = &self.state.flow;
        let mut word = format!(
            "{} {} {}",
            flow.status,
            flow.cancel_requested_at.is_some(),
            flow.paused_at.is_some()
        );
        if let Some(budget) = flow.budget {
            let used = drive::used(&self.state).unwrap_or_default();
            let _ = write!(word, " {:?}", budget.used_up(&used, 0));
        }
        let alarms = self.state.waits.values().filter(|wait| wait.step_id.is_none()).count();
        let kinds = self.state.waits.values().filter(|wait| wait.kind == WaitKind::Budget).count();
        let _ = write!(word, " {} {kinds}", flow.held_at.is_some());
        let in_line = flow.in_line_since.is_some();
        let _ = write!(word, " {alarms} {} {in_line}", flow.error.is_some());
        for (at, step) in self.state.steps.iter().enumerate() {
            let def = self.state.def(at);
            let stopping = def.is_block() || step.status == StepStatus::Waiting;
            let _ = write!(word, "|{} {}", step.status, step.error.is_some() && stopping);
            if !step.status.is_terminal() {
                // Counts make a difference up to the limits of the step only.
                let failed = (step.attempt - step.lost_attempts).min(def.retry.max);
                let lost = match def.on_lost {
                    OnLost::Retry => step.lost_attempts.min(3),
                    OnLost::Ask | OnLost::Fail => 0,
                };
                let _ = write!(word, " {} {failed} {lost}", step.attempt.min(2));
            }
            let task = step.task_id.as_ref().and_then(|id| self.state.tasks.get(id));
            if let Some(task) = task {
                let _ = write!(word, " {} {}", task.status, task.cancel_requested_at.is_some());
            }
            let wait = step.wait_id.as_ref().and_then(|id| self.state.waits.get(id));
            if let Some(wait) = wait {
                let _ = write!(word, " {} {}", wait.kind, wait.cancel_requested_at.is_some());
                let _ = write!(word, " {}", wait.due_at.is_some());
            }
            if let Some(approved) = step.result.as_ref().and_then(|result| result.approved) {
                let _ = write!(word, " {approved}");
            }
        }
        word
    }

    /// Brings the flow to its end as the world would: tasks end, times come, people answer.
    pub(crate) fn drain(&mut self) {
        for _ in 0..10_000 {
            if self.state.flow.is_terminal() {
                return;
            }
            if self.state.flow.in_line_since.is_some() {
                self.admit().unwrap();
                continue;
            }
            if self.state.flow.paused_at.is_some() {
                self.unpause();
                continue;
            }
            if self.state.flow.held_at.is_some() {
                let _ = self.make_move(Move::Above(false));
                let _ = self.make_move(Move::Raise);
                continue;
            }
            let at = (0..self.state.steps.len()).find(|at| {
                let wait = &self.state.steps[*at].wait_id;
                if self.state.def(*at).is_block() && wait.is_none() {
                    return false;
                }
                let status = self.state.steps[*at].status;
                !status.is_terminal() && status != StepStatus::Pending
            });
            let at = at.unwrap_or_else(|| panic!("stuck: {}", self.show()));
            let step = &self.state.steps[at];
            let task = step.task_id.as_ref().and_then(|id| self.state.tasks.get(id));
            let queued = task.is_some_and(|task| task.status == TaskStatus::Queued);
            let status = step.status;
            let wanted = match status {
                StepStatus::Starting if queued => Move::Claim(at),
                StepStatus::Running if self.state.def(at).is_block() => Move::WaitDue(at),
                StepStatus::Starting | StepStatus::Running => Move::Ok(at),
                StepStatus::Retrying => Move::RetryDue(at),
                StepStatus::InDoubt if is_stopped(&self.state) || step.of.is_some() => {
                    Move::SettleFail(at)
                }
                StepStatus::InDoubt => Move::Rerun(at),
                _ if self.make_move(Move::ChildOk(at)).is_ok() => continue,
                _ if self.make_move(Move::WaitDue(at)).is_ok() => continue,
                _ if self.make_move(Move::Respond(at)).is_ok() => continue,
                _ if self.make_move(Move::Signal).is_ok() => continue,
                _ => Move::Yes(at),
            };
            self.make_move(wanted).unwrap_or_else(|e| panic!("{wanted:?}: {e} {}", self.show()));
        }
        panic!("no end: {}", self.show());
    }
}
