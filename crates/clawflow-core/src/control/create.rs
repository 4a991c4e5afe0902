//! A new flow that code drives.

use super::draft::Draft;
use super::state::{ControlDecision, ControlState, Ended};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{NewManaged, create_managed};
use std::collections::BTreeMap;

/// Makes the flow, at revision 0. Whether its key is free, and whether a caller that asks to join
/// takes the flow that has it, is decided with the store.
///
/// # Errors
/// `invalid` for a blank or overlong text, a value that is too large, an ended status, or the
/// engine as controller.
pub fn create(new: NewManaged, ctx: &mut Ctx) -> Result<ControlDecision, Refusal> {
    let made = create_managed(new, ctx.ids, ctx.now)?;
    let state = ControlState {
        flow: made.flow.clone(),
        tasks: BTreeMap::new(),
        waits: BTreeMap::new(),
        ended: Ended::default(),
        last_event: 0,
    };
    let mut draft = Draft::create(&state, ctx);
    draft.apply(made);
    super::budget::open(&mut draft);
    Ok(draft.finish())
}
