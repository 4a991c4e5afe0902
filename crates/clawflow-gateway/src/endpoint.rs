//! One row of the table of endpoints.

use crate::fields::{self, Fields};
use crate::host::Host;
use clawflow_core::flow::Flow;
pub use clawflow_core::token::Access;
use clawflow_engine::api::{ApiError, Call, Caller, FlowView, FlowWaitingResponse};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::any::{Any, TypeId};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// How an endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Changes nothing; the fields come in path and query.
    Get,
    /// Changes something; the fields come in path and body.
    Post,
}

impl Verb {
    /// The HTTP method.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// An answer on its way.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Written, ApiError>> + Send>>;

/// An answer as it goes over the wire.
pub(crate) struct Written {
    /// JSON.
    pub(crate) body: Vec<u8>,
    /// The revision, if it is a flow.
    pub(crate) revision: Option<u64>,
}

/// The schemas of a row, as one generator makes them.
pub(crate) type Schema = fn(&mut SchemaGenerator) -> schemars::Schema;

/// One command or query as it is offered over a wire.
#[derive(Debug)]
pub struct Endpoint {
    /// The call's stable name.
    pub name: &'static str,
    /// How it is asked.
    pub verb: Verb,
    /// Where; `{name}` stands for a field.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Whether agents are offered it as a tool.
    pub mcp: bool,
    /// Whether it may wait for something to happen: such a one ends at once when the server stops.
    pub waits: bool,
    names: fn() -> &'static [&'static str],
    answer: fn(Arc<Host>, Caller, Fields) -> Answer,
    pub(crate) request: Schema,
    pub(crate) response: Schema,
    /// Whether its answer is a flow, which has a revision.
    pub(crate) tagged: fn() -> bool,
}

impl Endpoint {
    /// The fields of its request.
    #[must_use]
    pub fn fields(&self) -> &'static [&'static str] {
        (self.names)()
    }

    /// Carries it out.
    pub(crate) fn answer(&self, host: Arc<Host>, caller: Caller, fields: Fields) -> Answer {
        (self.answer)(host, caller, fields)
    }

    /// As [`Endpoint`] with `mcp`.
    pub(crate) const fn mcp(mut self) -> Self {
        self.mcp = true;
        self
    }

    /// As [`Endpoint`] with `waits`.
    pub(crate) const fn waits(mut self) -> Self {
        self.waits = true;
        self
    }
}

/// The row of a call that only looks.
pub(crate) const fn get<C: Call>(path: &'static str, summary: &'static str) -> Endpoint {
    row::<C>(Verb::Get, path, Access::Read, summary)
}

/// The row of a call that starts or steers something.
pub(crate) const fn post<C: Call>(path: &'static str, summary: &'static str) -> Endpoint {
    row::<C>(Verb::Post, path, Access::Operate, summary)
}

/// How a row is asked, and what it does.
struct Asked {
    verb: Verb,
    path: &'static str,
    access: Access,
    summary: &'static str,
}

impl Asked {
    /// The row of whatever takes this request and gives this answer.
    const fn row<Q, R>(
        self,
        name: &'static str,
        answer: fn(Arc<Host>, Caller, Fields) -> Answer,
    ) -> Endpoint
    where
        Q: DeserializeOwned + JsonSchema,
        R: JsonSchema + 'static,
    {
        Endpoint {
            name,
            verb: self.verb,
            path: self.path,
            access: self.access,
            summary: self.summary,
            mcp: false,
            waits: false,
            names: fields::names_of::<Q>,
            answer,
            request: schema::<Q>,
            response: schema::<R>,
            tagged: is_flow::<R>,
        }
    }
}

/// The row of a call.
pub(crate) const fn row<C: Call>(
    verb: Verb,
    path: &'static str,
    access: Access,
    summary: &'static str,
) -> Endpoint {
    let asked = Asked { verb, path, access, summary };
    asked.row::<C::Request, C::Response>(C::NAME, run::<C>)
}

/// A question to the server itself, not to the engine.
pub(crate) trait HostCall: 'static {
    const NAME: &'static str;
    type Request: DeserializeOwned + JsonSchema + Send + 'static;
    type Response: Serialize + JsonSchema + 'static;

    fn run(
        host: &Host,
        caller: &Caller,
        request: Self::Request,
    ) -> Result<Self::Response, ApiError>;
}

/// The row of a question to the server itself.
pub(crate) const fn host<C: HostCall>(
    verb: Verb,
    path: &'static str,
    access: Access,
    summary: &'static str,
) -> Endpoint {
    let asked = Asked { verb, path, access, summary };
    asked.row::<C::Request, C::Response>(C::NAME, run_host::<C>)
}

fn run<C: Call>(host: Arc<Host>, caller: Caller, fields: Fields) -> Answer {
    Box::pin(async move {
        let api = host.api.as_caller(caller);
        written(&C::run(&api, fields.read()?).await?)
    })
}

fn run_host<C: HostCall>(host: Arc<Host>, caller: Caller, fields: Fields) -> Answer {
    Box::pin(async move { written(&C::run(&host, &caller, fields.read()?)?) })
}

fn written<T: Serialize + 'static>(answer: &T) -> Result<Written, ApiError> {
    let body = serde_json::to_vec(answer)
        .map_err(|error| ApiError::new("internal", format!("cannot write the answer: {error}")))?;
    Ok(Written { body, revision: flow_of(answer).map(|flow| flow.revision) })
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

/// The flow that the answer is, if it is one and not only has one in it.
fn flow_of(answer: &dyn Any) -> Option<&Flow> {
    let view = || answer.downcast_ref::<FlowView>().map(|view| &view.flow);
    let waiting = || answer.downcast_ref::<FlowWaitingResponse>().map(|waiting| &waiting.flow);
    answer.downcast_ref::<Flow>().or_else(view).or_else(waiting)
}

/// The types of [`flow_of`].
fn is_flow<T: 'static>() -> bool {
    let flows =
        [TypeId::of::<Flow>(), TypeId::of::<FlowView>(), TypeId::of::<FlowWaitingResponse>()];
    flows.contains(&TypeId::of::<T>())
}
