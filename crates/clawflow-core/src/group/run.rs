//! A run of a member, as a task or a flow tells of it.

use crate::Millis;
use crate::flow::{Flow, FlowStatus};
use crate::ids::{FlowId, TaskId};
use crate::step::Step;
use crate::task::{Exit, Task, TaskStatus, TerminalOutcome};

/// How a run goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended badly, for this reason.
    Failed(String),
}

/// A run of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRun {
    /// The task, if it is one.
    pub task_id: Option<TaskId>,
    /// Else the flow.
    pub flow_id: Option<FlowId>,
    /// When it began.
    pub started_at: Millis,
    /// When it ended, if it has.
    pub ended_at: Option<Millis>,
    /// The exit code of its process.
    pub exit_code: Option<i32>,
    /// How it goes.
    pub outcome: Outcome,
}

impl MemberRun {
    /// The run that a task is; `None`, as long as it has not begun.
    #[must_use]
    pub fn of_task(task: &Task) -> Option<Self> {
        let outcome = match task.status {
            TaskStatus::Queued => return None,
            TaskStatus::Running => Outcome::Running,
            TaskStatus::Succeeded if task.terminal_outcome == Some(TerminalOutcome::Blocked) => {
                Outcome::Failed("it ended blocked".to_owned())
            }
            TaskStatus::Succeeded => Outcome::Succeeded,
            other => {
                let why = task.error.as_deref().filter(|why| !why.trim().is_empty());
                Outcome::Failed(why.map_or_else(|| format!("it is {other}"), str::to_owned))
            }
        };
        let exit_code = match task.exit {
            Some(Exit::Code(code)) => Some(code),
            _ => None,
        };
        Some(Self {
            task_id: Some(task.task_id.clone()),
            flow_id: None,
            started_at: task.started_at?,
            ended_at: task.ended_at,
            exit_code,
            outcome,
        })
    }

    /// The run that a flow is; `None`, as long as it waits in line.
    #[must_use]
    pub fn of_flow(flow: &Flow) -> Option<Self> {
        let why = || flow.error.clone().unwrap_or_else(|| format!("it is {}", flow.status));
        let outcome = match flow.status {
            _ if flow.in_line_since.is_some() => return None,
            FlowStatus::Succeeded => Outcome::Succeeded,
            FlowStatus::Failed | FlowStatus::Cancelled | FlowStatus::Lost => Outcome::Failed(why()),
            FlowStatus::Queued
            | FlowStatus::Running
            | FlowStatus::Waiting
            | FlowStatus::Blocked => Outcome::Running,
        };
        Some(Self {
            task_id: None,
            flow_id: Some(flow.flow_id.clone()),
            started_at: flow.created_at,
            ended_at: flow.ended_at,
            exit_code: None,
            outcome,
        })
    }

    /// Whether the member's row is about this very run.
    pub(super) fn is_of(&self, step: &Step) -> bool {
        (self.task_id.is_some() && self.task_id == step.task_id)
            || (self.flow_id.is_some() && self.flow_id == step.child_flow_id)
    }
}
