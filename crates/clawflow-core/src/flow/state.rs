//! The flow's lifecycle as one table. `docs/lifecycle.md` has its picture; a test compares them.

use crate::error::Refusal;
use crate::text_enum::text_enum;

text_enum!(
    /// Where a flow stands.
    FlowStatus {
        /// Made, not moved yet.
        Queued = "queued",
        /// At work.
        Running = "running",
        /// Parked until something happens.
        Waiting = "waiting",
        /// Parked until somebody helps; resumable unless it has ended.
        Blocked = "blocked",
        /// Ended well.
        Succeeded = "succeeded",
        /// Ended badly.
        Failed = "failed",
        /// Ended by a cancel.
        Cancelled = "cancelled",
        /// Its outcome cannot be known.
        Lost = "lost",
    }
);

impl FlowStatus {
    /// Whether the status is an end by itself.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Lost)
    }
}

text_enum!(
    /// What can happen to a flow's status.
    FlowMove {
        /// Its controller parks it.
        SetWaiting = "setWaiting",
        /// Its controller parks it and names a blocker.
        Block = "setWaiting (blocker)",
        /// Its controller goes on.
        Resume = "resume",
        /// Its controller goes on later.
        Requeue = "resume (queued)",
        /// It ended well.
        Finish = "finish",
        /// It ended badly.
        Fail = "fail",
        /// Somebody wants it stopped.
        RequestCancel = "requestCancel",
        /// It has been stopped.
        FinalizeCancel = "finalizeCancel",
        /// Starts are held back.
        Pause = "pause",
        /// Starts are allowed again.
        Unpause = "unpause",
        /// Its one task was lost (mirrored flows).
        Lose = "lose",
    }
);

/// The status after `flow_move`, for a flow that has not ended.
///
/// # Errors
/// `terminal` from an ended status, `invalid_state` where the move does not fit.
pub fn next_status(from: FlowStatus, flow_move: FlowMove) -> Result<FlowStatus, Refusal> {
    use FlowMove as M;
    use FlowStatus as S;
    match (from, flow_move) {
        (S::Succeeded | S::Failed | S::Cancelled | S::Lost, _) => Err(Refusal::terminal(from)),
        (S::Queued | S::Running | S::Waiting | S::Blocked, M::SetWaiting) => Ok(S::Waiting),
        (S::Queued | S::Running | S::Waiting | S::Blocked, M::Block) => Ok(S::Blocked),
        (S::Queued | S::Waiting | S::Blocked, M::Resume) => Ok(S::Running),
        (S::Queued | S::Waiting | S::Blocked, M::Requeue) => Ok(S::Queued),
        (S::Running, M::Resume | M::Requeue) => {
            Err(Refusal::state(flow_move.as_str(), from.as_str()))
        }
        (S::Queued | S::Running | S::Waiting | S::Blocked, M::Finish) => Ok(S::Succeeded),
        (S::Queued | S::Running | S::Waiting | S::Blocked, M::Fail) => Ok(S::Failed),
        (S::Queued | S::Running | S::Waiting | S::Blocked, M::FinalizeCancel) => Ok(S::Cancelled),
        (S::Queued | S::Running | S::Waiting | S::Blocked, M::Lose) => Ok(S::Lost),
        (
            S::Queued | S::Running | S::Waiting | S::Blocked,
            M::RequestCancel | M::Pause | M::Unpause,
        ) => Ok(from),
    }
}
