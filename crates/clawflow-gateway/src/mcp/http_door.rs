//! The way of an HTTP client to the calls: the gateway itself, as the caller of the request.

use super::door::{Boxed, Door, Need, Place, Room};
use crate::backend::Backend;
use crate::host::Host;
use crate::visitor::Visitor;
use clawflow_core::json::Object;
use clawflow_core::token::Access;
use clawflow_engine::api::{ApiError, Caller, FlowRunRequest};
use std::sync::Arc;

/// Variables of the gateway that work gets from it, as children of flows do.
const ENV: [&str; 5] = ["PATH", "HOME", "USER", "LANG", "TMPDIR"];
/// Who answers where neither token nor session has a name.
const NOBODY: &str = "mcp";

pub(super) struct HttpDoor {
    pub(super) host: Arc<Host>,
    pub(super) visitor: Visitor,
    pub(super) caller: Caller,
}

impl Door for HttpDoor {
    fn enter(&self, _need: Need) -> Boxed<'_, Result<Room, ApiError>> {
        let backend = Backend::Local(self.host.api.as_caller(self.caller.clone()));
        Box::pin(async move { Ok(Room { backend, alone: false, leave: None }) })
    }

    fn access(&self) -> Access {
        self.visitor.access
    }

    /// The token's name, else the session. A name that the client adds to a token's is left out
    /// here: who may answer is decided by what cannot be chosen.
    fn name(&self) -> String {
        let token = self.visitor.token.as_ref().map(|token| token.label.clone());
        token.or_else(|| self.caller.owner.clone()).unwrap_or_else(|| NOBODY.to_owned())
    }

    fn place(&self) -> Result<Place, ApiError> {
        let env =
            ENV.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        Ok(Place { cwd: None, env: env.collect() })
    }

    fn file(&self, _path: &str, _args: &Object) -> Result<FlowRunRequest, ApiError> {
        let why = "over HTTP a workflow file comes as `source`: `path` is of the client's machine";
        Err(ApiError::new("bad_request", why))
    }
}
