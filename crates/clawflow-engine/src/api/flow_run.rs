//! `flow.run` and `flow.adopt`.

use super::{Api, ApiError, FlowRef, FlowRunRequest};
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::drive::NewFlow;
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
        let owner = request.owner.or_else(|| definition.owner.clone());
        let new = NewFlow {
            requester_origin: None,
            definition: Arc::new(definition),
            file: request.file,
            args: request.args,
            cwd: request.cwd,
            env: request.env,
            owner_key: owner.unwrap_or_else(|| OWNER_DEFAULT.to_owned()),
            key: request.key,
            auto_approve: request.auto_approve,
            reuse: None,
        };
        Ok(self.engine.create(new).await?)
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
