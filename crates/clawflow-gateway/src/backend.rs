//! Where calls happen: here, or at whoever holds the home.

use crate::client::Client;
use clawflow_engine::api::{Api, ApiError, Call, Caller, Calls, Session};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The calls, wherever they are carried out.
#[derive(Clone)]
pub enum Backend {
    /// At the holder of the home.
    Remote(Client),
    /// In this process, which holds the home.
    Local(Api),
}

impl Backend {
    /// The same calls on behalf of this caller.
    #[must_use]
    pub fn as_caller(&self, caller: Caller) -> Self {
        match self {
            Self::Remote(client) => Self::Remote(client.as_caller(caller)),
            Self::Local(api) => Self::Local(api.as_caller(caller)),
        }
    }

    /// The same calls on behalf of a session: they see and change its records only.
    ///
    /// # Errors
    /// `invalid` for a blank session key.
    pub fn bind_session(&self, session: Session) -> Result<Self, ApiError> {
        Ok(self.as_caller(session.caller()?))
    }

    /// Carries out a call.
    ///
    /// # Errors
    /// Those of the call; `unavailable` where the holder cannot be reached.
    pub async fn call<C: Call>(&self, request: &C::Request) -> Result<C::Response, ApiError> {
        match self {
            Self::Remote(client) => client.call::<C>(request).await,
            Self::Local(api) => C::run(api, copy(request)?).await,
        }
    }
}

impl Calls for Backend {
    async fn call<C: Call>(&self, request: C::Request) -> Result<C::Response, ApiError> {
        match self {
            Self::Remote(client) => client.call::<C>(&request).await,
            Self::Local(api) => C::run(api, request).await,
        }
    }

    fn on_behalf_of(&self, caller: Caller) -> Self {
        self.as_caller(caller)
    }
}

/// A copy by way of JSON, as over the wire: requests need no other trait, and a face sees the same
/// wherever its calls happen.
fn copy<T: Serialize + DeserializeOwned>(request: &T) -> Result<T, ApiError> {
    let bad = |error: serde_json::Error| ApiError::new("bad_request", error.to_string());
    serde_json::from_value(serde_json::to_value(request).map_err(bad)?).map_err(bad)
}
