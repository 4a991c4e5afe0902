//! The places of streams: so many in all, and so many of each token.
//!
//! Use: [`Streams::take`] for each new stream. Limits: [`STREAMS_MAX`], [`STREAMS_OF_TOKEN`], and
//! [`STREAMS_OF_SOCKET`] for those on the unix socket without a token.
//! Failure: where there is no place, the stream is refused.

use crate::limits::{STREAMS_MAX, STREAMS_OF_SOCKET, STREAMS_OF_TOKEN};
use clawflow_engine::api::ApiError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Streams by the id of their token; `None` is the user of this machine.
type Counts = BTreeMap<Option<String>, usize>;

/// All places.
#[derive(Default)]
pub(crate) struct Streams {
    taken: Mutex<Counts>,
}

/// The place of one stream. Free again when it is dropped.
pub(crate) struct StreamPlace {
    streams: Arc<Streams>,
    token: Option<String>,
}

impl Streams {
    /// A place for a stream of this token.
    ///
    /// # Errors
    /// `unavailable`.
    pub(crate) fn take(self: &Arc<Self>, token: Option<String>) -> Result<StreamPlace, ApiError> {
        let full = |whose: &str| {
            let why = format!("there are too many streams {whose} already");
            Err(ApiError::new("unavailable", why))
        };
        let mut taken = self.lock();
        if taken.values().sum::<usize>() >= STREAMS_MAX {
            return full("of all");
        }
        let most = if token.is_some() { STREAMS_OF_TOKEN } else { STREAMS_OF_SOCKET };
        if taken.get(&token).is_some_and(|count| *count >= most) {
            return full(if token.is_some() { "of this token" } else { "on the socket" });
        }
        *taken.entry(token.clone()).or_default() += 1;
        Ok(StreamPlace { streams: self.clone(), token })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut taken = self.streams.lock();
        if let Some(count) = taken.get_mut(&self.token) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.token);
            }
        }
    }
}
