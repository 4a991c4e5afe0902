//! The end of a flow, whoever decides it: what every end leaves in the row.

use super::Flow;
use super::guard::check_move;
use super::state::FlowMove;
use crate::Millis;
use crate::error::Refusal;
use crate::limits::{SUMMARY_CHARS_MAX, cut};

/// Ends the flow by this move.
pub(crate) fn end(
    flow: &mut Flow,
    how: FlowMove,
    error: Option<String>,
    now: Millis,
) -> Result<(), Refusal> {
    flow.status = check_move(flow, how)?;
    flow.ended_at = Some(now.max(flow.created_at));
    flow.blocked_task_id = None;
    flow.blocked_summary = None;
    flow.paused_at = None;
    flow.held_at = None;
    flow.error = error.map(|text| cut(&text, SUMMARY_CHARS_MAX));
    Ok(())
}
