//! `flow.wait`: news of a flow, by a bounded look at the store that a hint makes sooner.

use super::{Api, ApiError, FlowWaitRequest, FlowWaitResponse};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;
use clawflow_store::query::EventFilter;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Longest wait of one call, in milliseconds; a longer one is cut to it.
pub const WAIT_MS_MAX: u64 = 60_000;
/// Events of one answer.
const EVENTS_MAX: usize = 500;
/// A look without a hint: progress of a task writes no event.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Api {
    pub(super) async fn flow_wait(
        &self,
        request: FlowWaitRequest,
    ) -> Result<FlowWaitResponse, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        if request.until_ended {
            self.until_ended(&flow_id, request.timeout_ms).await?;
            return self.news(&flow_id, request.after_event, 0).await;
        }
        if request.until_rest {
            self.until_rest(&flow_id, request.after_event, request.timeout_ms).await?;
            return self.news(&flow_id, request.after_event, 0).await;
        }
        self.news(&flow_id, request.after_event, request.timeout_ms).await
    }

    /// Waits for news after an event, at most so long.
    async fn news(
        &self,
        flow_id: &FlowId,
        after_event: u64,
        wait_ms: u64,
    ) -> Result<FlowWaitResponse, ApiError> {
        let deadline = Instant::now() + Duration::from_millis(wait_ms.min(WAIT_MS_MAX));
        let mut changes = self.engine.changes(&flow_id.0);
        let mut seen: Option<Vec<Option<String>>> = None;
        let mut look_at = Instant::now();
        loop {
            changes.mark_unchanged();
            let over = Instant::now() >= deadline;
            let newest = self.engine.store().last_event(&flow_id.0)?;
            // A hint may be of anything: more than a number is read for news, and now and then.
            if newest <= after_event && !over {
                let look = Instant::now() >= look_at;
                if look {
                    look_at = Instant::now() + LOOK_EVERY;
                }
                if !look || !self.moved(flow_id, &mut seen)? {
                    let _ = timeout_at(deadline.min(look_at), changes.changed()).await;
                    continue;
                }
            }
            let filter = EventFilter {
                subject: Some(flow_id.0.clone()),
                after: after_event,
                limit: EVENTS_MAX,
                ..EventFilter::default()
            };
            let events = self.engine.store().events(&filter)?;
            return Ok(FlowWaitResponse { events, view: self.view(flow_id)? });
        }
    }

    /// Whether something has changed that writes no event: the flow was over before, or a task
    /// has made progress since `seen`, or a child flow has moved or asks.
    fn moved(
        &self,
        flow_id: &FlowId,
        seen: &mut Option<Vec<Option<String>>>,
    ) -> Result<bool, ApiError> {
        let bundle = self.engine.store().load(flow_id)?;
        let Some(bundle) = bundle.filter(|bundle| !bundle.flow.is_terminal()) else {
            return Ok(true);
        };
        let mut now: Vec<_> = bundle.tasks.iter().map(|t| t.progress_summary.clone()).collect();
        // What happens to a child flow is no news of its parent's own history.
        for child in self.children(flow_id)? {
            now.push(Some(child.status.to_string()));
            now.extend(child.asks.into_iter().map(|wait| Some(wait.wait_id.0)));
        }
        let moved = seen.as_ref().is_some_and(|seen| *seen != now);
        *seen = Some(now);
        Ok(moved)
    }

    /// Waits until nothing of the flow runs after an event, at most so long.
    async fn until_rest(
        &self,
        flow_id: &FlowId,
        after_event: u64,
        wait_ms: u64,
    ) -> Result<(), ApiError> {
        let deadline = Instant::now() + Duration::from_millis(wait_ms.min(WAIT_MS_MAX));
        let mut changes = self.engine.changes(&flow_id.0);
        loop {
            changes.mark_unchanged();
            let at_work = match self.find_flow(&flow_id.0)?.status {
                FlowStatus::Queued | FlowStatus::Running => true,
                status if status.is_terminal() => false,
                _ => self.engine.store().last_event(&flow_id.0)? <= after_event,
            };
            if !at_work || Instant::now() >= deadline {
                return Ok(());
            }
            let look = deadline.min(Instant::now() + LOOK_EVERY);
            let _ = timeout_at(look, changes.changed()).await;
        }
    }

    /// Waits until the flow has ended, at most so long, and returns it as it is then.
    pub(super) async fn until_ended(
        &self,
        flow_id: &FlowId,
        wait_ms: u64,
    ) -> Result<Flow, ApiError> {
        let deadline = Instant::now() + Duration::from_millis(wait_ms.min(WAIT_MS_MAX));
        let mut changes = self.engine.changes(&flow_id.0);
        loop {
            changes.mark_unchanged();
            let flow = self.find_flow(&flow_id.0)?;
            if flow.is_terminal() || Instant::now() >= deadline {
                return Ok(flow);
            }
            let look = deadline.min(Instant::now() + LOOK_EVERY);
            // That a step has ended is no news here.
            let ended = async { while !changes.changed().await.ended {} };
            let _ = timeout_at(look, ended).await;
        }
    }
}
