//! `flow.run` and `flow.adopt`.

use super::flow_create::JOINS_MAX;
use super::once::Once;
use super::{Api, ApiError, FlowRef, FlowRun, FlowRunRequest};
use crate::error::EngineError;
use crate::held::Decided;
use clawflow_core::definition::{Definition, Dialect, OnConflict};
use clawflow_core::drive::{self, Ctx, NewFlow};
use clawflow_core::error::Code;
use clawflow_core::flow::Flow;
use std::path::Path;
use std::sync::Arc;

/// The owner of flows that name none.
const OWNER_DEFAULT: &str = "agent:main:main";

impl Api {
    pub(super) async fn flow_run(&self, request: FlowRunRequest) -> Result<Flow, ApiError> {
        let dialect = Dialect::of_path(Path::new(&request.file));
        let parsed = Definition::parse(&request.file, request.source.as_bytes(), dialect);
        let definition = parsed.map_err(|errors| {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            ApiError::new("bad_file", all.join("\n"))
        })?;
        check_cwd(&request.cwd)?;
        let asked = self.owner_of_new(request.owner.clone())?;
        let owner = asked.or_else(|| definition.owner.clone());
        let owner = owner.unwrap_or_else(|| OWNER_DEFAULT.to_owned());
        self.once::<FlowRun, _>(&owner, &request, |once| {
            let request = request.clone();
            let new = NewFlow {
                definition: Arc::new(definition),
                file: request.file,
                args: request.args,
                cwd: request.cwd,
                env: request.env,
                owner_key: owner.clone(),
                requester_origin: self.caller().origin.clone(),
                key: request.key,
                auto_approve: request.auto_approve,
                reuse: None,
            };
            self.start_or_join(new, once)
        })
        .await
    }

    /// Makes a flow of the engine, or gives the live one of its key where its file says so.
    async fn start_or_join(&self, new: NewFlow, once: Option<Once>) -> Result<Flow, ApiError> {
        let join = match new.definition.on_conflict {
            OnConflict::Reject => None,
            OnConflict::Join => drive::key_of(&new).map_err(EngineError::from)?,
        };
        let Some(key) = join else { return self.start_flow(new, once).await };
        for _ in 0..JOINS_MAX {
            if let Some(live) = self.live_flow(&new.owner_key, &key)? {
                return Ok(live);
            }
            match self.start_flow(new.clone(), once.clone()).await {
                Err(error) if error.code == Code::KeyConflict.as_str() => {}
                made => return made,
            }
        }
        Err(ApiError::new("persist_failed", "the flow with this key changes too fast"))
    }

    /// Makes a flow of the engine.
    pub(super) async fn start_flow(
        &self,
        new: NewFlow,
        once: Option<Once>,
    ) -> Result<Flow, ApiError> {
        let make = move |ctx: &mut Ctx<'_>| {
            let mut made = drive::create(new, ctx)?;
            let flow = &made.state.flow;
            made.unit.outcomes.extend(once.map(|once| once.outcome(ctx.now, flow)));
            Ok(Decided::from(made))
        };
        Ok(self.engine.create(self.actor(), make).await?.flow)
    }

    pub(super) async fn flow_adopt(&self, request: FlowRef) -> Result<Flow, ApiError> {
        let flow = self.find_flow(&request.flow)?;
        if !flow.is_terminal() {
            self.engine.adopt(&flow.flow_id)?;
        }
        Ok(flow)
    }
}

/// Steps run in a directory that somebody else chose: it must not depend on ours.
pub(super) fn check_cwd(cwd: &str) -> Result<(), ApiError> {
    if cwd.starts_with('/') && !cwd.contains('\0') {
        return Ok(());
    }
    Err(ApiError::new("bad_request", format!("cwd is not an absolute path: {cwd:?}")))
}
