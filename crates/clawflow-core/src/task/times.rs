//! The order of a task's times.

use super::Task;

/// Puts the times of a reported task in order, as the original does: reporters are late, and their
/// clocks are not ours. Creation is the earliest of all, the start not after the end, and the last
/// sign of life not before either.
pub(crate) fn order_times(task: &mut Task) {
    let times = [task.started_at, Some(task.last_event_at), task.ended_at];
    let first = times.into_iter().flatten().min().unwrap_or(task.created_at);
    task.created_at = task.created_at.min(first);
    if let Some(ended_at) = &mut task.ended_at {
        *ended_at = (*ended_at).max(task.started_at.unwrap_or(task.created_at));
    }
    let known = task.ended_at.or(task.started_at).unwrap_or(task.created_at);
    task.last_event_at = task.last_event_at.max(known);
}
