//! The flow's output bag.

use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{self, Moved, check_driver, check_revision};
use serde_json::Value;

/// Replaces an output. Allowed after a cancel was requested: it starts nothing.
///
/// # Errors
/// As every command of a controller; `invalid` for a blank name or a value that is too large.
pub fn set_output(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    name: &str,
    value: Value,
) -> Result<ControlDecision, Refusal> {
    change(state, ctx, expected_revision, |flow, now| flow::set_output(flow, name, value, now))
}

/// Makes an output an array, or extends the array.
///
/// # Errors
/// As [`set_output`]; `invalid` for an output that is no array.
pub fn append_output(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    name: &str,
    value: Value,
) -> Result<ControlDecision, Refusal> {
    change(state, ctx, expected_revision, |flow, now| flow::append_output(flow, name, value, now))
}

fn change(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    change: impl FnOnce(&flow::Flow, i64) -> Result<Moved, Refusal>,
) -> Result<ControlDecision, Refusal> {
    check_driver(&state.flow)?;
    check_revision(&state.flow, expected_revision)?;
    let moved = change(&state.flow, ctx.now)?;
    let mut draft = Draft::new(state, ctx);
    draft.apply(moved);
    Ok(draft.finish())
}
