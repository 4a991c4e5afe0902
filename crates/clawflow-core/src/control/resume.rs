//! A controller goes on with its parked flow.

use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{self, Patch};

/// Goes on, at once or `queued` for later. What the flow waited for is given up.
///
/// # Errors
/// As every command of a controller; `invalid_state` for a running flow.
pub fn resume(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    patch: Patch,
    queued: bool,
) -> Result<ControlDecision, Refusal> {
    let moved = flow::resume(&state.flow, expected_revision, patch, queued, ctx.now)?;
    let mut draft = Draft::new(state, ctx);
    draft.apply(moved);
    draft.close_waits();
    Ok(draft.finish())
}
