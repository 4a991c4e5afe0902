//! A controller sends its owner one message.

use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::delivery::owed;
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{Update, set_step};

/// Sends the owner one message, on every route, whatever the notify policy: it was asked for. The
/// messages are `unit.deliveries`. `sent_before` says that the store has a message of this flow
/// with this event key: then nothing is sent again.
///
/// A flow of the engine is spoken for with [`crate::drive::emit`].
///
/// # Errors
/// `not_managed` or `engine_owned` for another's flow, `terminal` for an ended one, `invalid` for a
/// blank or overlong text or a value that is too large.
pub fn emit(
    state: &ControlState,
    ctx: &mut Ctx,
    update: Update,
    sent_before: bool,
) -> Result<ControlDecision, Refusal> {
    let mut draft = Draft::open(state, ctx, None)?;
    let update = update.checked(&state.flow)?;
    draft.apply(set_step(&state.flow, &update, draft.now()));
    if !sent_before {
        let revision = draft.next_revision();
        let (deliveries, data) = owed::update(&draft.state.flow, revision, &update, draft.ctx);
        draft.event("flow.update", None, data);
        draft.owe(deliveries);
    }
    Ok(draft.finish())
}
