//! `signal.send`: something has happened, for all flows of an owner that wait for it.

use super::once::Once;
use super::{Api, ApiError, SignalRequest, SignalResponse, SignalSend};
use crate::clock::{Ids, now};
use crate::decide::carried_through;
use crate::error::EngineError;
use crate::held::OfEither;
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::error::Refusal;
use clawflow_core::ids::{FlowId, SignalId, WaitId};
use clawflow_core::signal::{KEPT_MAX, Signal};
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Flows that one unit wakes.
const FLOWS_PER_UNIT: usize = 256;

impl Api {
    pub(super) async fn signal_send(
        &self,
        request: SignalRequest,
    ) -> Result<SignalResponse, ApiError> {
        let flow = request.flow.as_deref().map(|token| self.find_flow(token)).transpose()?;
        let owner_key = match &flow {
            Some(flow) => flow.owner_key.clone(),
            None => self.bound()?.to_owned(),
        };
        let flow_id = flow.map(|flow| flow.flow_id);
        self.once::<SignalSend, _>(&owner_key, &request, |once| {
            let (api, owner_key) = (self.clone(), owner_key.clone());
            let request = request.clone();
            async move {
                let signal = signal(request, owner_key, flow_id)?;
                let sent = async move { api.send(signal, once).await };
                Ok(carried_through(sent).await?)
            }
        })
        .await
    }

    /// Gives the signal to all that wait for it, or keeps it. The flows are woken in one unit, as
    /// far as they fit.
    async fn send(
        &self,
        signal: Signal,
        once: Option<Once>,
    ) -> Result<SignalResponse, EngineError> {
        let engine = &self.engine;
        let _turn = engine.signals(&signal.owner_key).await;
        let (name, key) = (&signal.name, signal.key.as_deref());
        let flow_id = signal.flow_id.as_ref();
        let waits = engine.store().open_event_waits(&signal.owner_key, name, key, flow_id)?;
        let flows: BTreeSet<FlowId> = waits.into_iter().map(|wait: Wait| wait.flow_id).collect();
        let flows: Vec<FlowId> = flows.into_iter().collect();
        let mut sent = SignalResponse { waits: Vec::new(), flows: Vec::new(), kept: false };
        let signal = Arc::new(signal);
        let mut rest = flows.as_slice();
        while !rest.is_empty() {
            let (some, others) = rest.split_at(rest.len().min(FLOWS_PER_UNIT));
            rest = others;
            let given = signal.clone();
            let same = given.clone();
            let wake = OfEither(
                move |state: &FlowState, ctx: &mut Ctx<'_>| drive::signal(state, ctx, &given),
                move |state: &ControlState, ctx: &mut Ctx<'_>| control::signal(state, ctx, &same),
            );
            let last = rest.is_empty();
            let (before, once) = (sent.clone(), once.clone().filter(|_| last));
            let finish = move |unit: &mut Unit, woken: &[(FlowId, Vec<WaitId>)]| {
                let mut answer = before.clone();
                add(&mut answer, woken);
                let outcome = once.as_ref().map(|once| once.outcome(now(), &answer));
                unit.outcomes.extend(outcome.filter(|_| !answer.flows.is_empty()));
            };
            let woken = engine.decide_all(&self.actor(), some, &wake, finish).await?;
            add(&mut sent, &woken);
        }
        if sent.flows.is_empty() {
            sent.kept = true;
            self.keep(&signal, once, &sent).await?;
        }
        Ok(sent)
    }

    /// Keeps a signal for the first flow that will wait for it. The oldest make room.
    async fn keep(
        &self,
        signal: &Signal,
        once: Option<Once>,
        answer: &SignalResponse,
    ) -> Result<(), EngineError> {
        let store = self.engine.store();
        let owner_key = &signal.owner_key;
        let kept = usize::try_from(store.count_signals(owner_key)?).unwrap_or(usize::MAX);
        let over = (kept + 1).saturating_sub(KEPT_MAX);
        let dropped = if over == 0 { Vec::new() } else { store.oldest_signals(owner_key, over)? };
        if !dropped.is_empty() {
            let count = dropped.len();
            tracing::warn!(owner_key, count, "too many signals that nobody waits for: dropped");
        }
        let unit = Unit {
            signals: vec![signal.clone()],
            taken: dropped.into_iter().map(|signal| signal.signal_id).collect(),
            outcomes: once.map(|once| once.outcome(now(), answer)).into_iter().collect(),
            ..Unit::default()
        };
        Ok(self.engine.commit(unit).await?)
    }
}

fn add(sent: &mut SignalResponse, woken: &[(FlowId, Vec<WaitId>)]) {
    for (flow_id, waits) in woken {
        sent.flows.push(flow_id.0.clone());
        sent.waits.extend(waits.iter().cloned());
    }
}

/// The signal as it can be stored.
fn signal(
    request: SignalRequest,
    owner_key: String,
    flow_id: Option<FlowId>,
) -> Result<Signal, Refusal> {
    let signal = Signal {
        signal_id: SignalId::new(&mut Ids),
        owner_key,
        name: request.name,
        key: request.key,
        flow_id,
        payload: request.payload,
        created_at: now(),
    };
    signal.checked()
}
