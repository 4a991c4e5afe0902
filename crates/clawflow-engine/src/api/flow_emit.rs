//! `flow.emit`: one message to the owner of a flow.

use super::flow_run_task::unreadable;
use super::once::Once;
use super::{Api, ApiError, FlowEmit, FlowEmitRequest, FlowEmitResponse};
use crate::held::{Decided, Held, Of};
use clawflow_core::control;
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::drive::{self, Ctx};
use clawflow_core::flow::{Flow, Update};
use clawflow_core::ids::FlowId;

impl Api {
    pub(super) async fn flow_emit(
        &self,
        request: FlowEmitRequest,
    ) -> Result<FlowEmitResponse, ApiError> {
        let flow = self.find_flow(&request.flow)?;
        self.once::<FlowEmit, _>(&flow.owner_key, &request, |once| {
            let update = Update {
                content: request.content.clone(),
                event_key: request.event_key.clone(),
                data: request.data.clone(),
                current_step: request.current_step.clone(),
            };
            self.emit(flow.flow_id.clone(), update, once)
        })
        .await
    }

    async fn emit(
        &self,
        flow_id: FlowId,
        update: Update,
        once: Option<Once>,
    ) -> Result<FlowEmitResponse, ApiError> {
        let (store, said) = (self.engine.store().clone(), update.clone());
        let emit = Of(move |held: &Held, ctx: &mut Ctx<'_>| {
            let flow = held.flow();
            let before = match message_key(flow, &said) {
                None => Vec::new(),
                Some(key) => store.deliveries_of_key(&flow.owner_key, &key).map_err(unreadable)?,
            };
            let sent = !before.is_empty();
            let mut made: Decided = match held {
                Held::File(state) => drive::emit(state, ctx, said.clone(), sent)?.into(),
                Held::Code(_) | Held::Group(_) => {
                    control::emit(&held.as_code(), ctx, said.clone(), sent)?.into()
                }
            };
            if let Some(once) = &once {
                let owed = made.unit.deliveries.iter().map(|change| change.row.clone());
                let answer = answer(made.state.flow().clone(), owed.collect(), &before);
                made.unit.outcomes.push(once.outcome(ctx.now, &answer));
            }
            Ok(made)
        });
        let done = self.engine.decide(self.actor(), &flow_id, emit).await?;
        let before = match message_key(&done.flow, &update) {
            Some(key) if done.owed.is_empty() => {
                self.engine.store().deliveries_of_key(&done.flow.owner_key, &key)?
            }
            _ => Vec::new(),
        };
        Ok(answer(done.flow, done.owed, &before))
    }
}

/// The idempotency key of an update that is sent once.
fn message_key(flow: &Flow, update: &Update) -> Option<String> {
    let event_key = update.event_key.as_deref()?.trim();
    Some(format!("flow:{}:update:{event_key}", flow.flow_id))
}

/// What is owed now, or how far the message came that was sent before.
fn answer(flow: Flow, owed: Vec<Delivery>, before: &[Delivery]) -> FlowEmitResponse {
    let known = if owed.is_empty() { before } else { &owed };
    let pending = known.iter().find(|row| row.state == DeliveryState::Pending);
    let delivery = pending.or(known.first()).map_or(DeliveryState::Pending, |row| row.state);
    FlowEmitResponse {
        flow,
        delivery,
        delivery_ids: owed.into_iter().map(|row| row.delivery_id.0).collect(),
    }
}
