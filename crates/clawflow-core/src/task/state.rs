//! The task's lifecycle as one table. `docs/lifecycle.md` has its picture; a test compares them.

use crate::error::{Code, Refusal};
use crate::text_enum::text_enum;

text_enum!(
    /// Where a task stands.
    TaskStatus {
        /// Waits for a slot.
        Queued = "queued",
        /// May execute: a shim was allowed to start.
        Running = "running",
        /// Ended well.
        Succeeded = "succeeded",
        /// Ended badly.
        Failed = "failed",
        /// Ran out of time.
        TimedOut = "timed_out",
        /// Ended by a cancel.
        Cancelled = "cancelled",
        /// Its outcome is not known, and there is evidence that it runs no more.
        Lost = "lost",
    }
);

impl TaskStatus {
    /// Whether the task has ended.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

text_enum!(
    /// What can happen to a task's status.
    TaskMove {
        /// It is allowed to execute.
        Claim = "claim",
        /// Its agent died in its turn, and is to go on in its session.
        Requeue = "requeue",
        /// It ended well.
        Succeed = "succeed",
        /// It ended badly.
        Fail = "fail",
        /// It ran out of time.
        TimeOut = "timeOut",
        /// It was stopped, or never started, because of a cancel.
        Cancel = "cancel",
        /// Its process is gone without a word.
        Lose = "lose",
    }
);

/// The status after `task_move`.
///
/// # Errors
/// `terminal` from an ended status, except that a lost task takes its true outcome when the
/// evidence turns up; `invalid_state` where the move does not fit.
pub fn next_status(from: TaskStatus, task_move: TaskMove) -> Result<TaskStatus, Refusal> {
    use TaskMove as M;
    use TaskStatus as S;
    match (from, task_move) {
        (S::Queued, M::Claim) => Ok(S::Running),
        (S::Running, M::Requeue) => Ok(S::Queued),
        (S::Running, M::Claim) => Err(Refusal::state("claim", from.as_str())),
        (S::Queued, M::Requeue) => Err(Refusal::state("requeue", from.as_str())),
        (S::Queued, M::Succeed | M::TimeOut) => {
            Err(Refusal::state(task_move.as_str(), from.as_str()))
        }
        (S::Running | S::Lost, M::Succeed) => Ok(S::Succeeded),
        (S::Queued | S::Running | S::Lost, M::Fail) => Ok(S::Failed),
        (S::Running | S::Lost, M::TimeOut) => Ok(S::TimedOut),
        (S::Queued | S::Running, M::Cancel) => Ok(S::Cancelled),
        (S::Queued | S::Running, M::Lose) => Ok(S::Lost),
        (S::Lost, M::Claim | M::Requeue | M::Cancel | M::Lose)
        | (S::Succeeded | S::Failed | S::TimedOut | S::Cancelled, _) => {
            Err(Refusal::new(Code::Terminal, format!("the task is already {from}")))
        }
    }
}
