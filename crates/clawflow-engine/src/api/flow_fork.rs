//! `flow.fork`: a new flow from a step of another one, which stays as it is.

use super::flow_retry::{beginning_with, no_steps};
use super::once::Once;
use super::{Api, ApiError, FlowFork, FlowForkRequest};
use crate::held::Held;
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::drive::NewFlow;
use clawflow_core::error::Code;
use clawflow_core::flow::Flow;
use clawflow_core::json::Object;
use clawflow_core::suggest;

impl Api {
    pub(super) async fn flow_fork(&self, request: FlowForkRequest) -> Result<Flow, ApiError> {
        let flow = self.find_flow(&request.flow)?;
        let owner = flow.owner_key.clone();
        self.once::<FlowFork, _>(&owner, &request, |once| self.fork(flow, request.clone(), once))
            .await
    }

    async fn fork(
        &self,
        flow: Flow,
        request: FlowForkRequest,
        once: Option<Once>,
    ) -> Result<Flow, ApiError> {
        let old = match self.engine.load(&flow.flow_id)? {
            Held::File(old) => *old,
            Held::Code(_) | Held::Group(_) => return Err(no_steps()),
        };
        check_args(&old.definition, &request.args)?;
        let mut new = NewFlow { key: request.key, ..beginning_with(old, Some(request.from), true) };
        new.args.extend(request.args);
        let made = self.start_flow(new, once).await;
        made.map_err(|error| match error.code == Code::KeyConflict.as_str() {
            true => error.hint("give the fork a key of its own: --key KEY"),
            false => error,
        })
    }
}

/// Where a file is checked strictly, an argument that it does not declare is a slip.
fn check_args(definition: &Definition, args: &Object) -> Result<(), ApiError> {
    let unknown = |name: &&String| !definition.args.contains_key(*name);
    let strict = definition.dialect == Dialect::Strict;
    let Some(name) = args.keys().find(unknown).filter(|_| strict) else { return Ok(()) };
    let name = clawflow_core::limits::cut(name, 80);
    let error = ApiError::new("invalid", format!("the flow has no argument {name}"));
    let known = || definition.args.keys().map(String::as_str);
    Err(match suggest::closest(&name, known()) {
        Some(close) => error.hint(format!("did you mean {close}?")),
        None if definition.args.is_empty() => error.hint("its file declares no arguments"),
        None => error.hint(format!("its file declares {}", known().collect::<Vec<_>>().join(", "))),
    })
}
