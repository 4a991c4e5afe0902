//! Calls at a server.
//!
//! Use: [`Client::call`] with the same types as a call in this process.
//! Limits: one connection is kept between questions; calls at once have one each.
//! Failure: whatever happens to the connection is an error `unavailable`; a command may then have
//! been carried out or not.

use super::address::{Address, Sender};
use super::write::{self, Asked};
use crate::endpoints;
use crate::host::StopResponse;
use crate::limits::CALL_TIMEOUT;
use axum::body::Bytes;
use clawflow_core::json::Object;
use clawflow_engine::api::{
    ApiError, Call, Caller, Calls, Nothing, Session, StatusResponse, WAIT_MS_MAX,
};
use http_body_util::BodyExt;
use hyper::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A client of one server. Cheap to clone; clones share the kept connection.
#[derive(Clone)]
pub struct Client {
    address: Address,
    caller: Arc<Caller>,
    // Held for a swap only, never across an await: a std mutex.
    kept: Arc<Mutex<Option<Sender>>>,
}

impl Client {
    /// A client of the server on this socket. Connects with the first call.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self::at(Address::Unix(socket.into().into()))
    }

    /// A client of the server at this address. Connects with the first call.
    #[must_use]
    pub fn at(address: Address) -> Self {
        Self { address, caller: Arc::default(), kept: Arc::default() }
    }

    /// The server's address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The same client on behalf of this caller.
    #[must_use]
    pub fn as_caller(&self, caller: Caller) -> Self {
        Self { caller: Arc::new(caller), ..self.clone() }
    }

    /// The same client on behalf of a session: it sees and changes its records only.
    ///
    /// # Errors
    /// `invalid` for a blank session key.
    pub fn bind_session(&self, session: Session) -> Result<Self, ApiError> {
        Ok(self.as_caller(session.caller()?))
    }

    /// On whose behalf calls are made.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Carries out a call at the server.
    ///
    /// # Errors
    /// Those of the call; `unavailable` where the server cannot be reached.
    pub async fn call<C: Call>(&self, request: &C::Request) -> Result<C::Response, ApiError> {
        self.ask(C::NAME, request).await
    }

    /// Who the server is and what it does.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn status(&self) -> Result<StatusResponse, ApiError> {
        self.ask("gateway.status", &Nothing::default()).await
    }

    /// Asks the gateway to stop. It answers before it does.
    ///
    /// # Errors
    /// As [`Client::call`]; `invalid_state` where the server is a foreground run.
    pub async fn stop(&self) -> Result<StopResponse, ApiError> {
        self.ask("gateway.stop", &Nothing::default()).await
    }

    /// Whether somebody serves the socket and takes requests.
    ///
    /// # Errors
    /// `unavailable`, and why.
    pub async fn ping(&self) -> Result<(), ApiError> {
        let caller = Caller::default();
        let request = write::build(&self.address, &caller, Method::GET, "/readyz", Vec::new())?;
        let (status, _) = self.within(CALL_TIMEOUT, request).await?;
        if status == 200 { Ok(()) } else { Err(self.away("it is stopping")) }
    }

    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        name: &str,
        request: &Q,
    ) -> Result<A, ApiError> {
        let row = endpoints::by_name(name)
            .ok_or_else(|| ApiError::new("internal", format!("no endpoint is named {name}")))?;
        let fields = match serde_json::to_value(request) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(ApiError::new("internal", format!("{name} takes no object"))),
            Err(error) => return Err(ApiError::new("bad_request", error.to_string())),
        };
        let patience = CALL_TIMEOUT + asked_wait(&fields);
        let (status, body) =
            self.within(patience, write::row(&self.address, &self.caller, row, fields)?).await?;
        if status != 200 {
            return Err(serde_json::from_slice(&body).unwrap_or_else(|_| {
                ApiError::new("internal", format!("the server answered {name} with {status}"))
            }));
        }
        serde_json::from_slice(&body).map_err(|error| {
            let why = format!("the server's answer to {name} makes no sense: {error}");
            ApiError::new("internal", why).hint("is the gateway of another version?")
        })
    }

    async fn within(&self, limit: Duration, request: Asked) -> Result<(u16, Bytes), ApiError> {
        match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.away(format!("no answer within {limit:?}"))),
        }
    }

    async fn exchange(&self, request: Asked) -> Result<(u16, Bytes), ApiError> {
        // A server that was there for the call before may have gone since, which shows only when
        // it is written to. A question can be asked again; a command must not be sent twice, so
        // it never goes over an old connection.
        if request.method() == Method::GET
            && let Some(mut sender) = self.swap(None)
            && sender.ready().await.is_ok()
            && let Ok(response) = sender.send_request(request.clone()).await
        {
            return self.finish(sender, response).await;
        }
        let mut sender = self.address.connect().await.map_err(|error| self.away(error))?;
        match sender.send_request(request).await {
            Ok(response) => self.finish(sender, response).await,
            Err(error) => Err(self.away(error)),
        }
    }

    async fn finish(
        &self,
        sender: Sender,
        response: hyper::Response<hyper::body::Incoming>,
    ) -> Result<(u16, Bytes), ApiError> {
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| self.away(error))?;
        self.swap(Some(sender));
        Ok((status, body.to_bytes()))
    }

    fn swap(&self, sender: Option<Sender>) -> Option<Sender> {
        std::mem::replace(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner), sender)
    }

    fn away(&self, why: impl Display) -> ApiError {
        let address = &self.address;
        ApiError::new("unavailable", format!("cannot talk to clawflow on {address}: {why}"))
    }
}

impl Calls for Client {
    async fn call<C: Call>(&self, request: C::Request) -> Result<C::Response, ApiError> {
        Self::call::<C>(self, &request).await
    }

    fn on_behalf_of(&self, caller: Caller) -> Self {
        self.as_caller(caller)
    }
}

/// How long the request itself says it may take.
fn asked_wait(fields: &Object) -> Duration {
    let asked = ["timeoutMs", "waitMs"].iter().filter_map(|name| fields.get(*name)?.as_u64()).max();
    // The server cuts it there; `task.run` has a `timeoutMs` that is about something else.
    Duration::from_millis(asked.unwrap_or(0).min(WAIT_MS_MAX))
}
