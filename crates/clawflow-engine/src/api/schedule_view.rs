//! `schedule.list`, `schedule.show`, `schedule.runs`, `schedule.next` and `schedule.status`: they
//! look, and decide nothing.

use super::flow_list::{PAGE_DEFAULT, PAGE_MAX};
use super::lookup::{ambiguous, may_be_name, named_or_imported, shown};
use super::{
    Api, ApiError, Nothing, ScheduleListRequest, ScheduleListResponse, ScheduleNextRequest,
    ScheduleNextResponse, ScheduleRef, ScheduleRunsRequest, ScheduleRunsResponse,
    ScheduleStatusResponse, ScheduleView,
};
use crate::engine::Scope;
use crate::error::EngineError;
use crate::schedules::timetable;
use clawflow_core::hash::sha256;
use clawflow_core::ids::{RunId, ScheduleId};
use clawflow_core::schedule::Schedule;
use clawflow_store::schedules::{RunFilter, ScheduleFilter};

/// Slots that are shown unless told otherwise.
const SLOTS_DEFAULT: usize = 5;

impl Api {
    /// The one schedule that the token means.
    pub(super) fn find_schedule(&self, token: &str) -> Result<Schedule, ApiError> {
        let owner = self.caller().owner.as_deref();
        let mut found = match may_be_name(token) {
            true => self.schedules_meant(owner, token)?,
            false => Vec::new(),
        };
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(ApiError::new("not_found", format!("schedule not found: {}", shown(token)))
                .hint("clawflow cron list")),
            _ => Err(ambiguous("schedule", token, found.into_iter().map(|s| s.schedule_id.0))),
        }
    }

    fn schedules_meant(&self, owner: Option<&str>, token: &str) -> Result<Vec<Schedule>, ApiError> {
        let store = self.engine.store().schedules();
        let find = |part: &str| Ok(store.find_schedules(owner, part)?);
        named_or_imported(token, find, |schedule: &Schedule| schedule.imported.as_deref())
    }

    pub(super) async fn schedule_list(
        &self,
        request: ScheduleListRequest,
    ) -> Result<ScheduleListResponse, ApiError> {
        let limit = request.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let owner_key = self.scope(request.owner);
        let store = self.engine.store().schedules();
        let counts = store.count_schedules(owner_key.as_deref())?;
        let filter = ScheduleFilter {
            owner_key,
            enabled_only: request.enabled,
            after: request.after.map(ScheduleId),
            limit: limit + 1,
        };
        let mut found = store.list_schedules(&filter)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|row| row.schedule_id.0.clone());
        let schedules = found.into_iter().map(|row| self.viewed(row));
        Ok(ScheduleListResponse {
            schedules: schedules.collect::<Result<_, _>>()?,
            total: counts.total,
            enabled: counts.enabled,
            next,
        })
    }

    pub(super) async fn schedule_show(
        &self,
        request: ScheduleRef,
    ) -> Result<ScheduleView, ApiError> {
        let view = self.viewed(self.find_schedule(&request.schedule)?)?;
        let files = self.files_of_schedule(&view.schedule.payload)?;
        let hashed = |(path, text): (String, String)| (path, sha256(text.as_bytes()));
        Ok(ScheduleView { files: files.into_iter().map(hashed).collect(), ..view })
    }

    pub(super) async fn schedule_runs(
        &self,
        request: ScheduleRunsRequest,
    ) -> Result<ScheduleRunsResponse, ApiError> {
        let limit = request.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let schedule = request.schedule.map(|token| self.find_schedule(&token)).transpose()?;
        let filter = RunFilter {
            schedule_id: schedule.map(|row| row.schedule_id),
            owner_key: self.scope(None),
            statuses: request.status,
            after: request.after.map(RunId),
            limit: limit + 1,
        };
        let mut runs = self.engine.store().schedules().list_runs(&filter)?;
        let more = runs.len() > limit;
        runs.truncate(limit);
        let next = runs.last().filter(|_| more).map(|run| run.run_id.0.clone());
        Ok(ScheduleRunsResponse { runs, next })
    }

    pub(super) async fn schedule_next(
        &self,
        request: ScheduleNextRequest,
    ) -> Result<ScheduleNextResponse, ApiError> {
        let schedule = self.find_schedule(&request.schedule)?;
        let count = request.count.unwrap_or(SLOTS_DEFAULT).clamp(1, PAGE_MAX);
        let timetable = timetable(&schedule.spec).map_err(EngineError::from)?;
        let ends_at = schedule.policies.ends_at;
        let mut slots = Vec::new();
        let mut slot = schedule.next_slot;
        while let Some(at) = slot.filter(|at| ends_at.is_none_or(|ends| *at <= ends)) {
            if slots.len() == count {
                break;
            }
            slots.push(at);
            slot = timetable.next(at);
        }
        Ok(ScheduleNextResponse {
            slots,
            jitter_ms: schedule.jitter().unsigned_abs(),
            tz: schedule.spec.zone().map(str::to_owned),
        })
    }

    pub(super) async fn schedule_status(
        &self,
        _request: Nothing,
    ) -> Result<ScheduleStatusResponse, ApiError> {
        let store = self.engine.store().schedules();
        let counts = store.count_schedules(self.scope(None).as_deref())?;
        Ok(ScheduleStatusResponse {
            fires: *self.engine.scope() == Scope::All,
            total: counts.total,
            enabled: counts.enabled,
            next_at: store.next_schedule_due()?,
        })
    }
}
