//! The order of a task's times.

use super::Task;

/// Puts the times of a new task in order, as the original does: it is told of late, by a clock that
/// is not ours, so that creation is the earliest of all.
pub(crate) fn back_date(task: &mut Task) {
    let times = [task.started_at, Some(task.last_event_at), task.ended_at];
    let first = times.into_iter().flatten().min().unwrap_or(task.created_at);
    task.created_at = task.created_at.min(first);
    order_times(task);
}

/// Puts the times of a task in order. Its creation is recorded and stays; nothing is before it, the
/// end not before the start, and the last sign of life not before either.
pub(crate) fn order_times(task: &mut Task) {
    let created_at = task.created_at;
    task.started_at = task.started_at.map(|at| at.max(created_at));
    let begun = task.started_at.unwrap_or(created_at);
    task.ended_at = task.ended_at.map(|at| at.max(begun));
    task.last_event_at = task.last_event_at.max(task.ended_at.unwrap_or(begun));
}
