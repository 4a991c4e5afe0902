//! Runs that are flows: made, put in line, or those that are there already, as their file says.

use crate::api::Actor;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::Decided;
use clawflow_core::definition::{Definition, OnConflict};
use clawflow_core::drive::{self, Ctx, Decision, NewFlow};
use clawflow_core::error::{Code, Refusal};
use clawflow_core::ids::FlowId;
use clawflow_core::schedule::{Fired, Payload, Schedule, flow_of_run, join_flow, launch_flow};
use std::sync::Arc;

/// Tries to make the flow of a key or find it, before that is given up.
const TRIES_MAX: u32 = 8;

/// How a flow begins.
type Create = fn(NewFlow, &mut Ctx<'_>) -> Result<Decision, Refusal>;

impl Engine {
    pub(super) async fn launch_flow(
        &self,
        actor: &Actor,
        fired: &Fired,
    ) -> Result<Fired, EngineError> {
        let definition = self.definition_of(&fired.schedule)?;
        let new = flow_of_run(fired, definition)?;
        let policy = new.definition.on_conflict;
        let key = match policy {
            OnConflict::Reject => None,
            OnConflict::Join | OnConflict::Queue => drive::key_of(&new)?,
        };
        let Some(key) = key else { return self.begin_flow(actor, fired, new, drive::create).await };
        let owner_key = new.owner_key.clone();
        for _ in 0..TRIES_MAX {
            let live = self.inner.store.flow_of_key(&owner_key, &key)?;
            let live = live.filter(|flow| !flow.is_terminal());
            match (policy, live) {
                (OnConflict::Join, Some(live)) => return self.join(fired, &live.flow_id).await,
                (OnConflict::Queue, live)
                    if live.is_some()
                        || self.inner.store.next_in_line(&owner_key, &key)?.is_some() =>
                {
                    let create = drive::create_in_line;
                    let made = self.begin_flow(actor, fired, new, create).await;
                    // The one with the key may have ended meanwhile.
                    self.admit_next(owner_key, key);
                    return made;
                }
                _ => match self.begin_flow(actor, fired, new.clone(), drive::create).await {
                    Err(error) if error.code() == Some(Code::KeyConflict) => {}
                    made => return made,
                },
            }
        }
        Err(EngineError::refused(Code::PersistFailed, "the flow with this key changes too fast"))
    }

    async fn begin_flow(
        &self,
        actor: &Actor,
        fired: &Fired,
        new: NewFlow,
        create: Create,
    ) -> Result<Fired, EngineError> {
        let mut after = None;
        self.create_here(actor, |ctx| {
            let launched = launch_flow(fired, new, create, ctx)?;
            after = Some(launched.fired);
            Ok(Decided::from(launched.made))
        })
        .await?;
        Ok(after.unwrap_or_else(|| fired.clone()))
    }

    /// Makes a flow that goes on the run: it is followed from before that is on disk, and looked at
    /// after, so that its end is not missed between.
    async fn join(&self, fired: &Fired, flow_id: &FlowId) -> Result<Fired, EngineError> {
        let joined = join_flow(fired, flow_id)?;
        self.inner.ended_work.follow(flow_id);
        self.commit(joined.unit()).await?;
        self.inner.ended_work.add(std::slice::from_ref(&flow_id.0));
        self.inner.schedule_hint.notify_one();
        Ok(joined)
    }

    /// The workflow file of a schedule.
    fn definition_of(&self, schedule: &Schedule) -> Result<Arc<Definition>, EngineError> {
        let Payload::Flow { file, definition_hash, .. } = &schedule.payload else {
            return Err(EngineError::Broken("it starts no flow".to_owned()));
        };
        let Some(source) = self.inner.store.schedules().definition(definition_hash)? else {
            return Err(EngineError::Broken("its workflow file is gone".to_owned()));
        };
        self.definition(definition_hash, file, &source).map_err(EngineError::Broken)
    }
}
