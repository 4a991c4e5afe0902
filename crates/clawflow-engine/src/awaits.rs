//! Signals that came before a step waited for them.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::{Held, OfFile};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_store::query::FlowFilter;
use std::sync::Arc;

/// Kept signals of one name that are looked at for one that the flow may take.
const SIGNALS_MAX: usize = 1000;

impl Engine {
    /// Gives a wait for an event the oldest kept signal that fits it, if there is one.
    pub(crate) fn give_kept(&self, held: &Held, wait_id: &WaitId) {
        let Held::File(state) = held else { return };
        let Some(wait) = state.waits.get(wait_id).cloned() else { return };
        let owner = state.flow.owner_key.clone();
        let engine = self.clone();
        tokio::spawn(async move {
            if let Err(error) = engine.give(&owner, &wait).await {
                let flow_id = &wait.flow_id;
                tracing::warn!(%flow_id, %error, "a kept signal could not be given");
            }
        });
    }

    async fn give(&self, owner: &str, wait: &Arc<Wait>) -> Result<(), EngineError> {
        // A signal that is being sent either finds the wait or is kept before we look.
        let _turn = self.signals(owner).await;
        let name = wait.target.as_deref().unwrap_or_default();
        let kept =
            self.store().kept_signals(owner, name, wait.event_key.as_deref(), SIGNALS_MAX)?;
        let flow_id: &FlowId = &wait.flow_id;
        let mine = kept.into_iter().find(|s| s.flow_id.as_ref().is_none_or(|f| f == flow_id));
        let Some(signal) = mine else { return Ok(()) };
        let wait_id = wait.wait_id.clone();
        let take = OfFile(move |state: &FlowState, ctx: &mut Ctx<'_>| {
            drive::take(state, ctx, &wait_id, &signal)
        });
        match self.decide(None, flow_id, take).await {
            // It was resolved meanwhile, or its flow has ended: the signal stays for another.
            Err(EngineError::Refused { .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Flows that are looked at in one read.
const PAGE: usize = 500;

/// Looks for kept signals on behalf of the steps that wait for one, of one flow or of all: the
/// process that made such a wait may have died before it looked.
pub(crate) async fn give_kept_again(engine: Engine, only: Option<FlowId>) {
    if let Err(error) = look_again(&engine, only.as_ref()).await {
        tracing::warn!(%error, "kept signals could not be looked for");
    }
}

async fn look_again(engine: &Engine, only: Option<&FlowId>) -> Result<(), EngineError> {
    let store = engine.store();
    if let Some(flow_id) = only {
        return match store.load(flow_id)?.map(|bundle| bundle.flow) {
            Some(flow) => look_at(engine, &flow).await,
            None => Ok(()),
        };
    }
    let live = FlowStatus::ALL.iter().copied().filter(|status| !status.is_terminal());
    let mut filter = FlowFilter { statuses: live.collect(), limit: PAGE, ..FlowFilter::default() };
    loop {
        let page = store.list_flows(&filter)?;
        for row in &page {
            look_at(engine, &row.flow).await?;
        }
        filter.after = page.last().map(|row| row.flow.flow_id.clone());
        if page.len() < PAGE {
            return Ok(());
        }
    }
}

async fn look_at(engine: &Engine, flow: &Flow) -> Result<(), EngineError> {
    let store = engine.store();
    let idle = !flow.is_engine() || flow.is_terminal();
    if idle || store.count_signals(&flow.owner_key)? == 0 {
        return Ok(());
    }
    for wait in store.waits(&flow.flow_id)? {
        if wait.kind == WaitKind::Event && wait.state == WaitState::Open {
            engine.give(&flow.owner_key, &Arc::new(wait)).await?;
        }
    }
    Ok(())
}
