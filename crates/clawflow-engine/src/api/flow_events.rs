//! `flow.events`.

use super::flow_list::{PAGE_DEFAULT, PAGE_MAX};
use super::{Api, ApiError, FlowEventsRequest, FlowEventsResponse};
use clawflow_store::query::EventFilter;

impl Api {
    pub(super) async fn flow_events(
        &self,
        request: FlowEventsRequest,
    ) -> Result<FlowEventsResponse, ApiError> {
        let limit = request.limit.unwrap_or(2 * PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let subject = match &request.flow {
            None => None,
            Some(token) => Some(match self.find_flow_id(token) {
                Ok(flow_id) => flow_id.0,
                Err(missing) => match self.find_task(token) {
                    Ok(task) => task.task_id.0,
                    Err(_) => return Err(missing),
                },
            }),
        };
        let by_subject = subject.is_some();
        let owner_key = self.scope(None);
        let filter = EventFilter { subject, owner_key, after: request.after, limit };
        let events = self.engine.store().events(&filter)?;
        let next = events
            .last()
            .filter(|_| events.len() == limit)
            .map(|last| if by_subject { last.event.number } else { last.seq });
        Ok(FlowEventsResponse { events, next })
    }
}
