//! Effects: what is to be done after a unit is durable.
//!
//! Each is idempotent, keyed by task and fence, and can be derived again from the store: a process
//! that dies between the commit and the effect loses nothing.

use crate::ids::{FlowId, TaskId, WaitId};

/// Something to do after the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Start the task's process.
    Start(TaskId),
    /// Stop the task's process tree.
    Stop(TaskId),
    /// A task waits for a free slot.
    Queued(TaskId),
    /// A step waits for an event: one that came before is to be given to it, see
    /// [`crate::drive::take`].
    Awaits(WaitId),
    /// A step waits for a child flow, which is to be made, or to be cancelled if the wait says so.
    Child {
        /// The wait.
        wait_id: WaitId,
        /// A further cancel: the child's unwinding is to be given up too.
        again: bool,
    },
    /// A person has answered what the task's agent asks.
    Told(TaskId),
    /// The earliest due time may have changed.
    Timer,
    /// The flow has ended.
    Ended(FlowId),
}
