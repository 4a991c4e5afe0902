//! Flows that wait in line for the live flow of their key to end.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::OfFile;
use clawflow_core::drive;
use clawflow_core::error::Code;
use clawflow_core::ids::FlowId;

impl Engine {
    /// Begins the flow that is next in line for this key, if nobody has the key any more. Whoever
    /// ends a flow with a key calls it, and whoever puts one in line: of the two the later one
    /// finds what is to be done.
    pub(crate) fn admit_next(&self, owner_key: String, key: String) {
        let engine = self.clone();
        tokio::spawn(async move {
            if let Err(error) = engine.admit(&owner_key, &key).await {
                tracing::warn!(key, %error, "nobody in line for a key was begun");
            }
        });
    }

    async fn admit(&self, owner_key: &str, key: &str) -> Result<(), EngineError> {
        let mut backoff = self.backoff();
        loop {
            match self.try_admit(owner_key, key).await {
                Err(error) if error.may_pass() => backoff.pause(key, &error).await?,
                // It was cancelled meanwhile: it is the turn of the one after it.
                Err(error) if is_gone(&error) => {}
                // Somebody was faster; his end comes here again.
                Err(error) if error.code() == Some(Code::KeyConflict) => return Ok(()),
                done => return done,
            }
        }
    }

    async fn try_admit(&self, owner_key: &str, key: &str) -> Result<(), EngineError> {
        let store = &self.inner.store;
        let Some(next) = store.next_in_line(owner_key, key)? else { return Ok(()) };
        let holder =
            store.flow_of_key(owner_key, key)?.filter(clawflow_core::flow::Flow::holds_key);
        if holder.is_some() || !self.drives(&next) {
            return Ok(());
        }
        self.decide_here(&None, &next, &OfFile(drive::admit), None).await.map(|_| ())
    }

    /// Looks at every line, or at that of one flow: an end that came while nobody looked was
    /// told to none.
    pub(crate) async fn admit_again(&self, only: Option<&FlowId>) {
        let mut backoff = self.backoff();
        let lines = loop {
            match self.lines(only) {
                Ok(lines) => break lines,
                Err(error) if error.may_pass() => {
                    if backoff.pause("lines", &error).await.is_err() {
                        return;
                    }
                }
                Err(error) => return tracing::warn!(%error, "nobody looked who is in line"),
            }
        };
        for (owner_key, key) in lines {
            self.admit_next(owner_key, key);
        }
    }

    fn lines(&self, only: Option<&FlowId>) -> Result<Vec<(String, String)>, EngineError> {
        let Some(flow_id) = only else { return Ok(self.inner.store.lines()?) };
        let waits = self.flow(flow_id)?.filter(|flow| flow.in_line_since.is_some());
        Ok(waits.and_then(|flow| Some((flow.owner_key, flow.key?))).into_iter().collect())
    }
}

fn is_gone(error: &EngineError) -> bool {
    matches!(error.code(), Some(Code::Terminal | Code::InvalidState | Code::NotFound))
}
