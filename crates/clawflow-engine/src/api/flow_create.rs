//! `flow.create`: a flow that code drives.

use super::once::Once;
use super::{Api, ApiError, FlowCreate, FlowCreateRequest};
use crate::clock::now;
use crate::error::EngineError;
use crate::held::Decided;
use clawflow_core::control;
use clawflow_core::drive::Ctx;
use clawflow_core::error::Code;
use clawflow_core::flow::{Flow, NewManaged};
use clawflow_core::unit::{Guard, Unit};
use clawflow_store::ApplyError;

/// Tries of a caller that asks to join: the flow that has the key may end meanwhile.
pub(super) const JOINS_MAX: u32 = 8;

impl Api {
    pub(super) async fn flow_create(&self, request: FlowCreateRequest) -> Result<Flow, ApiError> {
        let owner = self.bound()?.to_owned();
        self.once::<FlowCreate, _>(&owner, &request, |once| {
            self.create_or_join(request.clone(), owner.clone(), once)
        })
        .await
    }

    async fn create_or_join(
        &self,
        request: FlowCreateRequest,
        owner: String,
        once: Option<Once>,
    ) -> Result<Flow, ApiError> {
        let join = if request.join { request.key.clone() } else { None };
        for _ in 0..JOINS_MAX {
            if let Some(key) = &join
                && let Some(live) = self.live_flow(&owner, key)?
            {
                if self.joined(&live, once.as_ref()).await? {
                    return Ok(live);
                }
                continue;
            }
            let made = self.create_managed(request.clone(), owner.clone(), once.clone()).await;
            match made {
                Err(error) if error.code() == Some(Code::KeyConflict) && join.is_some() => {}
                made => return Ok(made?),
            }
        }
        Err(ApiError::new("persist_failed", "the flow with this key changes too fast"))
    }

    /// Keeps the answer for the idempotency key; false if the flow changed meanwhile.
    async fn joined(&self, live: &Flow, once: Option<&Once>) -> Result<bool, EngineError> {
        let Some(once) = once else { return Ok(true) };
        let guard = Guard { flow_id: live.flow_id.clone(), revision: live.revision };
        let outcomes = vec![once.outcome(now(), live)];
        let unit = Unit { guards: vec![guard], outcomes, ..Unit::default() };
        match self.engine.commit(unit).await {
            Ok(()) => Ok(true),
            Err(ApplyError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn live_flow(&self, owner: &str, key: &str) -> Result<Option<Flow>, ApiError> {
        let found = self.engine.store().flow_of_key(owner, key)?;
        Ok(found.filter(|flow| !flow.is_terminal()))
    }

    async fn create_managed(
        &self,
        request: FlowCreateRequest,
        owner_key: String,
        once: Option<Once>,
    ) -> Result<Flow, EngineError> {
        let new = NewManaged {
            owner_key,
            controller_id: request.controller_id,
            goal: request.goal,
            key: request.key,
            status: request.status,
            requester_origin: self.caller().origin.clone(),
            notify_policy: request.notify_policy,
            on_children_done: request.on_children_done,
            current_step: request.current_step,
            state_json: request.state_json,
            wait_json: request.wait_json,
            labels: request.labels,
            budget: request.budget,
            ..NewManaged::default()
        };
        let make = move |ctx: &mut Ctx<'_>| {
            let mut made = control::create(new, ctx)?;
            let flow = &made.state.flow;
            made.unit.outcomes.extend(once.map(|once| once.outcome(ctx.now, flow)));
            Ok(Decided::from(made))
        };
        Ok(self.engine.create(self.actor(), make).await?.flow)
    }
}
