//! Signals that came before a step waited for them.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::{Held, OfFile};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::ids::{FlowId, SignalId, WaitId};
use clawflow_core::signal::Signal;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
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

    /// Gives the wait the oldest signal that fits it; which one, if it took it.
    async fn give(&self, owner: &str, wait: &Arc<Wait>) -> Result<Option<SignalId>, EngineError> {
        // A signal that is being sent either finds the wait or is kept before we look.
        let _turn = self.signals(owner).await;
        let name = wait.target.as_deref().unwrap_or_default();
        let kept =
            self.store().kept_signals(owner, name, wait.event_key.as_deref(), SIGNALS_MAX)?;
        let flow_id: &FlowId = &wait.flow_id;
        let mine = kept.into_iter().find(|s| s.flow_id.as_ref().is_none_or(|f| f == flow_id));
        let Some(signal) = mine else { return Ok(None) };
        let (wait_id, taken) = (wait.wait_id.clone(), signal.signal_id.clone());
        let take = OfFile(move |state: &FlowState, ctx: &mut Ctx<'_>| {
            drive::take(state, ctx, &wait_id, &signal)
        });
        match self.decide(None, flow_id, take).await {
            Ok(_) => Ok(Some(taken)),
            // It was resolved meanwhile, or its flow has ended: the signal stays for another.
            Err(EngineError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Kept signals that are looked at in one read.
const PAGE: usize = 500;

/// Looks for kept signals on behalf of the steps that wait for one, of one flow or of all: the
/// process that made such a wait may have died before it looked.
pub(crate) async fn give_kept_again(engine: Engine, only: Option<FlowId>) {
    let given = match &only {
        Some(flow_id) => give_flow(&engine, flow_id).await,
        None => give_all(&engine).await,
    };
    if let Err(error) = given {
        tracing::warn!(%error, "kept signals could not be looked for");
    }
}

async fn give_flow(engine: &Engine, flow_id: &FlowId) -> Result<(), EngineError> {
    let store = engine.store();
    let Some(flow) = store.load(flow_id)?.map(|bundle| bundle.flow) else { return Ok(()) };
    let idle = !flow.is_engine() || flow.is_terminal();
    if idle || store.count_signals(&flow.owner_key)? == 0 {
        return Ok(());
    }
    for wait in store.waits(flow_id)? {
        if wait.kind == WaitKind::Event && wait.state == WaitState::Open {
            engine.give(&flow.owner_key, &Arc::new(wait)).await?;
        }
    }
    Ok(())
}

/// Goes by the signals, which are bounded, and not by the flows: a hundred thousand of them may
/// wait for something.
async fn give_all(engine: &Engine) -> Result<(), EngineError> {
    let store = engine.store();
    let mut after: Option<SignalId> = None;
    loop {
        let page = store.signals(after.as_ref(), PAGE)?;
        for signal in &page {
            give_away(engine, signal).await?;
        }
        let Some(last) = page.last().filter(|_| page.len() == PAGE) else { return Ok(()) };
        after = Some(last.signal_id.clone());
    }
}

/// Gives the signal to the first wait that takes it.
async fn give_away(engine: &Engine, signal: &Signal) -> Result<(), EngineError> {
    let Signal { owner_key: owner, name, key, flow_id, .. } = signal;
    let waits = engine.store().open_event_waits(owner, name, key.as_deref(), flow_id.as_ref())?;
    for wait in waits {
        if engine.give(owner, &Arc::new(wait)).await?.as_ref() == Some(&signal.signal_id) {
            break;
        }
    }
    Ok(())
}
