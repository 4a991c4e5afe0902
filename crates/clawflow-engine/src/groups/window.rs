//! A window begins: its flow is made with what the ledger knows already.

use crate::api::Actor;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::Decided;
use crate::schedules::timetable;
use clawflow_core::Millis;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::group::{MemberRun, Window};
use clawflow_core::ids::ScheduleId;
use clawflow_core::schedule::{
    Fired, FirstWindow, Member, MemberBy, Payload, Schedule, Timetable, launch_mirror,
};
use clawflow_store::StoreError;
use clawflow_store::query::{FlowFilter, TaskFilter};

/// Records that one look at the store reads.
const PAGE: usize = 500;
/// How long before its start a task may have been recorded.
const QUEUED_MAX_MS: Millis = 24 * 60 * 60 * 1000;

impl Engine {
    /// Opens the window of the slot that is to start.
    pub(crate) async fn open_window(
        &self,
        actor: &Actor,
        fired: &Fired,
    ) -> Result<Fired, EngineError> {
        let timetable = timetable(&fired.schedule.spec)?;
        let slot = fired.starting().and_then(|run| run.slot);
        let Some(start) = slot else {
            return Err(EngineError::refused(Code::InvalidState, "a window begins with a slot"));
        };
        // A run that is recorded from now on joins the window; those before are found.
        let _turn = self.inner.groups.turn.lock().await;
        let end = timetable.next(start).unwrap_or(Millis::MAX);
        let known = self.known(&fired.schedule, Window { start, end }, &timetable)?;
        let mut after = None;
        self.create_here(actor, |ctx| {
            let launched = launch_mirror(fired, &timetable, known, ctx)?;
            after = Some(launched.fired);
            Ok::<_, Refusal>(Decided::from(launched.made))
        })
        .await?;
        Ok(after.unwrap_or_else(|| fired.clone()))
    }

    fn known(
        &self,
        schedule: &Schedule,
        window: Window,
        timetable: &Timetable,
    ) -> Result<FirstWindow, StoreError> {
        let name = timetable.window_name(window.start, window.end);
        let key = format!("{}-{name}", schedule.name);
        let holder = self.store().flow_of_key(&schedule.owner_key, &key)?;
        let is_free = holder.is_none_or(|flow| flow.is_terminal());
        let mut known =
            FirstWindow { window: Some(window), key: Some(key).filter(|_| is_free), runs: vec![] };
        let Payload::Mirror { members, .. } = &schedule.payload else { return Ok(known) };
        for (at, member) in members.iter().enumerate() {
            let mut runs = match member.by {
                MemberBy::Label => self.labelled(schedule, member, window)?,
                MemberBy::Flow => self.named(schedule, member, window)?,
                MemberBy::Schedule => self.scheduled(schedule, member, window)?,
            };
            runs.retain(|run| window.has(run.started_at));
            known.runs.extend(runs.into_iter().map(|run| (at, run)));
        }
        Ok(known)
    }

    /// Runs that are tasks with the member's label.
    fn labelled(
        &self,
        schedule: &Schedule,
        member: &Member,
        window: Window,
    ) -> Result<Vec<MemberRun>, StoreError> {
        let mut filter = TaskFilter {
            label: Some(member.value.clone()),
            owner_key: Some(schedule.owner_key.clone()),
            created_since: Some(window.start.saturating_sub(QUEUED_MAX_MS)),
            limit: PAGE,
            ..TaskFilter::default()
        };
        let mut runs = Vec::new();
        loop {
            let page = self.store().list_tasks(&filter)?;
            runs.extend(page.iter().filter_map(MemberRun::of_task));
            filter.after = page.last().map(|task| task.task_id.clone());
            if page.len() < PAGE {
                return Ok(runs);
            }
        }
    }

    /// Runs that are flows with the member's name.
    fn named(
        &self,
        schedule: &Schedule,
        member: &Member,
        window: Window,
    ) -> Result<Vec<MemberRun>, StoreError> {
        let mut filter = FlowFilter {
            name: Some(member.value.clone()),
            owner_key: Some(schedule.owner_key.clone()),
            created_since: Some(window.start),
            limit: PAGE,
            ..FlowFilter::default()
        };
        let mut runs = Vec::new();
        loop {
            let rows = self.store().list_flows(&filter)?;
            let flows = rows.iter().map(|row| &row.flow).filter(|flow| member.watches_flow(flow));
            runs.extend(flows.filter_map(MemberRun::of_flow));
            let Some(last) = rows.last().filter(|_| rows.len() == PAGE) else { return Ok(runs) };
            filter.after = Some(last.flow.flow_id.clone());
        }
    }

    /// Runs that the member's schedule has started.
    fn scheduled(
        &self,
        schedule: &Schedule,
        member: &Member,
        window: Window,
    ) -> Result<Vec<MemberRun>, StoreError> {
        let id: ScheduleId = member.value.as_str().into();
        // A run is launched before its task has its turn.
        let span = window.start.saturating_sub(QUEUED_MAX_MS)..window.end;
        let mut runs = Vec::new();
        let mut last = None;
        loop {
            let schedules = self.store().schedules();
            let page = schedules.runs_started(&id, span.clone(), last.as_ref(), PAGE)?;
            for run in page.iter().filter(|run| run.owner_key == schedule.owner_key) {
                if let Some(id) = &run.task_id {
                    let task = self.store().task(id)?;
                    runs.extend(task.as_deref().and_then(MemberRun::of_task));
                }
                if let Some(id) = &run.flow_id {
                    let found = self.store().find_flows(id.as_str())?;
                    let flow = found.iter().find(|flow| flow.flow_id == *id);
                    runs.extend(flow.and_then(MemberRun::of_flow));
                }
            }
            if page.len() < PAGE {
                return Ok(runs);
            }
            last = page.into_iter().next_back();
        }
    }
}
