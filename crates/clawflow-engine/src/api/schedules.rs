//! Schedules for programs: the calls by name, over an [`super::Api`] in their process or a client.

use super::{
    ApiError, Calls, ScheduleAdd, ScheduleAddRequest, ScheduleDisable, ScheduleEdit,
    ScheduleEditRequest, ScheduleEnable, ScheduleList, ScheduleListRequest, ScheduleListResponse,
    ScheduleNext, ScheduleNextRequest, ScheduleNextResponse, ScheduleRef, ScheduleRemove,
    ScheduleRunNow, ScheduleRuns, ScheduleRunsRequest, ScheduleRunsResponse, ScheduleShow,
    ScheduleView, Session,
};
use clawflow_core::schedule::{Schedule, ScheduleRun};

/// The schedules of one session.
#[derive(Clone, Debug)]
pub struct Schedules<C> {
    calls: C,
}

fn named(schedule: &str) -> ScheduleRef {
    ScheduleRef { schedule: schedule.to_owned() }
}

impl<C: Calls> Schedules<C> {
    /// A handle for a session: it makes and sees this owner's schedules only.
    ///
    /// # Errors
    /// `invalid` for a blank session key.
    pub fn bind_session(calls: &C, session: Session) -> Result<Self, ApiError> {
        Ok(Self { calls: calls.on_behalf_of(session.caller()?) })
    }

    /// Makes a schedule.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn add(&self, request: ScheduleAddRequest) -> Result<Schedule, ApiError> {
        self.calls.call::<ScheduleAdd>(request).await
    }

    /// A page of schedules, newest first.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn list(
        &self,
        request: ScheduleListRequest,
    ) -> Result<ScheduleListResponse, ApiError> {
        self.calls.call::<ScheduleList>(request).await
    }

    /// A schedule with what goes on of it.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn show(&self, schedule: &str) -> Result<ScheduleView, ApiError> {
        self.calls.call::<ScheduleShow>(named(schedule)).await
    }

    /// Changes a schedule.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn edit(&self, request: ScheduleEditRequest) -> Result<Schedule, ApiError> {
        self.calls.call::<ScheduleEdit>(request).await
    }

    /// Lets it fire again.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn enable(&self, schedule: &str) -> Result<Schedule, ApiError> {
        self.calls.call::<ScheduleEnable>(named(schedule)).await
    }

    /// Lets it fire no more.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn disable(&self, schedule: &str) -> Result<Schedule, ApiError> {
        self.calls.call::<ScheduleDisable>(named(schedule)).await
    }

    /// Deletes it with its history.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn remove(&self, schedule: &str) -> Result<Schedule, ApiError> {
        self.calls.call::<ScheduleRemove>(named(schedule)).await
    }

    /// Fires it now.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn run(&self, schedule: &str) -> Result<ScheduleRun, ApiError> {
        self.calls.call::<ScheduleRunNow>(named(schedule)).await
    }

    /// A page of history, newest first.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn runs(
        &self,
        request: ScheduleRunsRequest,
    ) -> Result<ScheduleRunsResponse, ApiError> {
        self.calls.call::<ScheduleRuns>(request).await
    }

    /// The slots to come.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn next(
        &self,
        request: ScheduleNextRequest,
    ) -> Result<ScheduleNextResponse, ApiError> {
        self.calls.call::<ScheduleNext>(request).await
    }
}
