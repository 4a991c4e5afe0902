//! A message to the owner of a flow of the engine.

use super::Draft;
use super::state::{Ctx, Decision, FlowState};
use crate::delivery::owed;
use crate::error::Refusal;
use crate::flow::Update;

/// Sends the owner one message, on every route, whatever the notify policy: it was asked for. The
/// messages are `unit.deliveries`. `sent_before` says that the store has a message of this flow
/// with this event key: then nothing is sent again.
///
/// # Errors
/// `terminal` for an ended flow, `engine_owned` if a current step is given, `invalid` for a blank
/// or overlong text or a value that is too large.
pub fn emit(
    state: &FlowState,
    ctx: &mut Ctx,
    update: Update,
    sent_before: bool,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let update = update.checked(&state.flow)?;
    if !sent_before {
        let revision = state.flow.revision;
        let (deliveries, data) = owed::update(&state.flow, revision, &update, draft.ctx);
        draft.event("flow.update", None, None, data);
        draft.owe(deliveries);
    }
    Ok(draft.finish())
}
