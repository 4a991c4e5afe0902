//! A controller ends its flow badly.

use super::cancel::withdraw_queued;
use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{self, Blocker, Patch};

/// Ends the flow as failed, with the reason if there is one to tell: `error`, else what the task to
/// blame is blamed for. Its waits and children are left as by [`super::finish`].
///
/// # Errors
/// As every command of a controller.
pub fn fail(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    patch: Patch,
    error: Option<&str>,
    blame: Blocker,
) -> Result<ControlDecision, Refusal> {
    let said = |text: &&str| !text.trim().is_empty();
    let error = error.filter(said).or(blame.summary.as_deref());
    let moved = flow::fail(&state.flow, expected_revision, patch, error, ctx.now)?;
    let mut draft = Draft::new(state, ctx);
    draft.close_waits();
    withdraw_queued(&mut draft)?;
    draft.apply_about(moved, blame.task_id.as_ref());
    Ok(draft.finish())
}
