//! One row of the table of endpoints.

use crate::fields::{self, Fields};
use crate::host::Host;
use clawflow_engine::api::{ApiError, Call};
use serde::Serialize;
use serde::de::DeserializeOwned;
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

/// What a caller must be allowed to do. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Look.
    Read,
    /// Start and steer flows.
    Operate,
    /// Delete, and stop the gateway.
    Admin,
}

impl Access {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Vec<u8>, ApiError>> + Send>>;

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
    answer: fn(Arc<Host>, Fields) -> Answer,
}

impl Endpoint {
    /// The fields of its request.
    #[must_use]
    pub fn fields(&self) -> &'static [&'static str] {
        (self.names)()
    }

    /// Carries it out.
    pub(crate) fn answer(&self, host: Arc<Host>, fields: Fields) -> Answer {
        (self.answer)(host, fields)
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

/// The row of a call.
pub(crate) const fn row<C: Call>(
    verb: Verb,
    path: &'static str,
    access: Access,
    summary: &'static str,
) -> Endpoint {
    let (names, answer) = (fields::names_of::<C::Request> as fn() -> _, run::<C> as fn(_, _) -> _);
    let (name, mcp, waits) = (C::NAME, false, false);
    Endpoint { name, verb, path, access, summary, mcp, waits, names, answer }
}

/// A question to the server itself, not to the engine.
pub(crate) trait HostCall: 'static {
    const NAME: &'static str;
    type Request: DeserializeOwned + Send + 'static;
    type Response: Serialize;

    fn run(host: &Host, request: Self::Request) -> Result<Self::Response, ApiError>;
}

/// The row of a question to the server itself.
pub(crate) const fn host<C: HostCall>(
    verb: Verb,
    path: &'static str,
    access: Access,
    summary: &'static str,
) -> Endpoint {
    let names = fields::names_of::<C::Request> as fn() -> _;
    let answer = run_host::<C> as fn(_, _) -> _;
    let (name, mcp, waits) = (C::NAME, false, false);
    Endpoint { name, verb, path, access, summary, mcp, waits, names, answer }
}

fn run<C: Call>(host: Arc<Host>, fields: Fields) -> Answer {
    Box::pin(async move { written(&C::run(&host.api, fields.read()?).await?) })
}

fn run_host<C: HostCall>(host: Arc<Host>, fields: Fields) -> Answer {
    Box::pin(async move { written(&C::run(&host, fields.read()?)?) })
}

fn written<T: Serialize>(answer: &T) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(answer)
        .map_err(|error| ApiError::new("internal", format!("cannot write the answer: {error}")))
}
