//! One request of a client, and the calls that are made for it.

use super::client::Client;
use super::door::{Door, Need, Room};
use super::limits::ASKED_MAX;
use clawflow_core::json::Object;
use clawflow_core::token::Access;
use clawflow_engine::api::{ApiError, Call, Calls};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Who asks, by which way.
#[derive(Clone)]
pub(crate) struct Asker {
    /// The way to the calls.
    pub(crate) door: Arc<dyn Door>,
    /// What the client is able to do.
    pub(crate) client: Client,
    /// The way back to the client beside the answer, where there is one.
    pub(crate) say: Option<mpsc::Sender<Value>>,
    /// The questions that it was asked on this way.
    pub(crate) asked: Asked,
}

/// Questions, by the ids of their waits, that a client was asked since it came. A new connection
/// knows of none: what is open is asked again.
// Held for a look only, never across an await: a std mutex.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Arc<Mutex<BTreeSet<String>>>);

impl Asked {
    /// Whether this one is new, which it is not any more.
    pub(crate) fn is_new(&self, wait: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ASKED_MAX {
            known.clear();
        }
        known.insert(wait.to_owned())
    }
}

impl Asker {
    /// Opens the home.
    pub(crate) async fn enter(&self, need: Need) -> Result<Room, ApiError> {
        self.door.enter(need).await
    }

    /// Makes one call.
    pub(crate) async fn call<C: Call>(
        &self,
        need: Need,
        request: C::Request,
    ) -> Result<C::Response, ApiError> {
        let room = self.enter(need).await?;
        let answer = Calls::call::<C>(&room.backend, request).await;
        room.close().await;
        answer
    }

    /// Makes one call with the arguments of a tool.
    pub(crate) async fn tool<C: Call>(
        &self,
        need: Need,
        args: Object,
    ) -> Result<C::Response, ApiError> {
        self.call::<C>(need, request::<C>(args)?).await
    }

    /// Refuses what the client may not do.
    ///
    /// # Errors
    /// `forbidden`.
    pub(crate) fn may(&self, needed: Access) -> Result<(), ApiError> {
        let has = self.door.access();
        if has >= needed {
            return Ok(());
        }
        let why = format!("this needs a token with access `{needed}`, not `{has}`");
        Err(ApiError::new("forbidden", why))
    }
}

/// The request that the arguments make.
pub(crate) fn request<C: Call>(args: Object) -> Result<C::Request, ApiError> {
    serde_json::from_value(Value::Object(args))
        .map_err(|error| ApiError::new("bad_request", error.to_string()))
}
