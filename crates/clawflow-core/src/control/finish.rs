//! A controller ends its flow well.

use super::cancel::withdraw_queued;
use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{self, Patch};

/// Ends the flow as succeeded. What it waited for is given up, children that wait for a slot never
/// start, and those that run go on to their own end, as in the original.
///
/// # Errors
/// As every command of a controller.
pub fn finish(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    patch: Patch,
) -> Result<ControlDecision, Refusal> {
    let moved = flow::finish(&state.flow, expected_revision, patch, ctx.now)?;
    let mut draft = Draft::new(state, ctx);
    draft.close_waits();
    withdraw_queued(&mut draft)?;
    draft.apply(moved);
    Ok(draft.finish())
}
