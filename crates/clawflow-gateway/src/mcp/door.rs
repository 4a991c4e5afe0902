//! Where the server of agents gets its calls from, and on whose behalf they are made.
//!
//! Over HTTP that is the gateway itself, with the caller of the request. On stdio it is whoever
//! holds the home, looked for anew with every call: gateways come and go.

use crate::backend::Backend;
use clawflow_core::json::Object;
use clawflow_core::token::Access;
use clawflow_engine::api::{ApiError, FlowRunRequest};
use std::collections::BTreeMap;
use std::pin::Pin;

/// An answer on its way.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It looks, or changes a record.
    Records,
    /// It makes or awaits work, which somebody must drive.
    Work,
}

/// A way into the home.
pub trait Door: Send + Sync {
    /// Opens it for the calls of one request.
    ///
    /// # Errors
    /// `unavailable`: the home cannot be had, or nobody is there to do work.
    fn enter(&self, need: Need) -> Boxed<'_, Result<Room, ApiError>>;

    /// What the client may do.
    fn access(&self) -> Access;

    /// Who answers where a person is asked: never what a client says about itself.
    fn name(&self) -> String;

    /// The flow in one of whose steps the client runs, if that is known.
    fn within(&self) -> Option<String> {
        None
    }

    /// The directory and environment of work that names none.
    ///
    /// # Errors
    /// Why there is none.
    fn place(&self) -> Result<Place, ApiError>;

    /// Reads a workflow file of this machine, with those that it names.
    ///
    /// # Errors
    /// `bad_file`, or `forbidden` where the client's files are not this machine's.
    fn file(&self, path: &str, args: &Object) -> Result<FlowRunRequest, ApiError>;
}

/// Where work is done that does not say it.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The directory, if there is one.
    pub cwd: Option<String>,
    /// The environment.
    pub env: BTreeMap<String, String>,
}

/// The calls of one request.
pub struct Room {
    /// The calls, on behalf of the client.
    pub backend: Backend,
    /// Whether nobody else holds the home: then nothing changes while this one is open, and
    /// waiting for it is of no use.
    pub alone: bool,
    /// What is done at the end; also where the request was broken off.
    pub leave: Option<Leave>,
}

/// Gives the home back.
pub type Leave = Box<dyn FnOnce() -> Boxed<'static, ()> + Send + Sync>;

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").field("alone", &self.alone).finish_non_exhaustive()
    }
}

impl Room {
    /// Closes it.
    pub(crate) async fn close(mut self) {
        if let Some(leave) = self.leave.take() {
            drop(self);
            leave().await;
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take() {
            tokio::spawn(leave());
        }
    }
}
