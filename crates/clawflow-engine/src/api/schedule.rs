//! `schedule.add`, `schedule.edit`, `schedule.enable`, `schedule.disable`, `schedule.remove` and
//! `schedule.run`.

use super::flow_run::check_cwd;
use super::{
    Api, ApiError, ScheduleAdd, ScheduleAddRequest, ScheduleEditRequest, ScheduleRef,
    ScheduleStart, ScheduleView,
};
use crate::error::EngineError;
use crate::held::{Decided, Held, Of};
use crate::schedules::timetable;
use clawflow_core::drive::Ctx;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::group;
use clawflow_core::ids::{FlowId, ScheduleId};
use clawflow_core::schedule::limits::SCHEDULES_PER_OWNER_MAX;
use clawflow_core::schedule::{
    self, AgentTurn, Edit, Fired, MemberBy, NewSchedule, Payload, PayloadKind, Schedule,
    ScheduleRun, State, begin_in_window, mirror_policies,
};
use clawflow_core::spec::DefinitionSource;
use clawflow_core::task::TaskCommand;
use std::collections::BTreeMap;

/// The owner of schedules that name none.
const OWNER_DEFAULT: &str = "agent:main:main";

/// What is to be started, and the texts of workflow files that are to be kept for it.
struct Start {
    payload: Payload,
    keep: Vec<DefinitionSource>,
}

impl Start {
    fn alone(payload: Payload) -> Self {
        Self { payload, keep: Vec::new() }
    }
}

impl Api {
    pub(super) async fn schedule_add(
        &self,
        request: ScheduleAddRequest,
    ) -> Result<Schedule, ApiError> {
        let owner = self.owner_of_new(request.owner.clone())?;
        let owner = owner.unwrap_or_else(|| OWNER_DEFAULT.to_owned());
        let start = self.start_of(&owner, &request.start, None)?;
        let mirrors = request.start.kind == PayloadKind::Mirror;
        let timetable = timetable(&request.spec).map_err(EngineError::from)?;
        self.check_room(&owner)?;
        self.once::<ScheduleAdd, _>(&owner, &request, |once| async {
            let new = NewSchedule {
                owner_key: owner.clone(),
                name: request.name.clone(),
                requester_origin: self.caller().origin.clone(),
                spec: request.spec.clone(),
                payload: start.payload,
                policies: match mirrors {
                    true => mirror_policies(&request.policies),
                    false => request.policies.clone(),
                },
                enabled: !request.disabled,
            };
            let mut fired = self
                .engine
                .with_ctx(&self.actor(), 0, |ctx| schedule::create(new, &timetable, ctx))
                .map_err(EngineError::from)?;
            self.check_name(&fired.schedule)?;
            let made_at = fired.schedule.created_at;
            begin_in_window(&mut fired, &timetable, made_at);
            let mut unit = fired.unit();
            unit.definitions.extend(start.keep);
            unit.outcomes
                .extend(once.map(|once| once.outcome(fired.schedule.created_at, &fired.schedule)));
            match self.engine.commit(unit).await.map_err(EngineError::from) {
                Ok(()) => Ok(fired.schedule),
                Err(error) if error.code() == Some(Code::RevisionConflict) => {
                    self.check_name(&fired.schedule)?;
                    Err(error.into())
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Refuses one more schedule to an owner who has as many as there may be.
    pub(super) fn check_room(&self, owner: &str) -> Result<(), ApiError> {
        let count = self.engine.store().schedules().count_schedules(Some(owner))?.total;
        if count < SCHEDULES_PER_OWNER_MAX {
            return Ok(());
        }
        let message = format!("an owner has at most {SCHEDULES_PER_OWNER_MAX} schedules");
        Err(ApiError::new("invalid", message))
    }

    /// Refuses the name of another schedule of the owner.
    pub(super) fn check_name(&self, row: &Schedule) -> Result<(), ApiError> {
        let store = self.engine.store();
        let found = store.schedules().find_schedules(Some(&row.owner_key), &row.name)?;
        let is_other = |it: &&Schedule| it.name == row.name && it.schedule_id != row.schedule_id;
        match found.iter().find(is_other) {
            None => Ok(()),
            Some(other) => {
                let message = format!("{} has this name already", other.schedule_id);
                Err(ApiError::new("key_conflict", message)
                    .hint("take another name, or change that one: clawflow cron edit"))
            }
        }
    }

    pub(super) async fn schedule_edit(
        &self,
        request: ScheduleEditRequest,
    ) -> Result<Schedule, ApiError> {
        let was = self.find_schedule(&request.schedule)?;
        let start = request.start.as_ref();
        let start = start.map(|start| self.start_of(&was.owner_key, start, Some(&was.payload)));
        let start = start.transpose()?;
        let (payload, keep) = match start {
            None => (None, Vec::new()),
            Some(Start { payload, keep }) => (Some(payload), keep),
        };
        let mut policies = request.policies;
        if payload.as_ref().unwrap_or(&was.payload).kind() == PayloadKind::Mirror {
            policies = Some(mirror_policies(policies.as_ref().unwrap_or(&was.policies)));
        }
        let edit = Edit { name: request.name, spec: request.spec, payload, policies };
        if let Some(name) = &edit.name {
            self.check_name(&Schedule { name: name.clone(), ..was.clone() })?;
        }
        let expected = request.expected_version;
        let command = move |state: &State, ctx: &mut Ctx<'_>| {
            check_version(state, expected)?;
            let spec = edit.spec.as_ref().unwrap_or(&state.schedule.spec);
            schedule::edit(state, edit.clone(), &timetable(spec)?, ctx)
        };
        let decided = self
            .engine
            .decide_schedule_keeping(self.actor(), &was.schedule_id, command, keep)
            .await;
        Ok(decided?.fired.schedule)
    }

    pub(super) async fn schedule_enable(&self, request: ScheduleRef) -> Result<Schedule, ApiError> {
        let enable = |state: &State, ctx: &mut Ctx<'_>| {
            schedule::enable(state, &timetable(&state.schedule.spec)?, ctx)
        };
        Ok(self.change_schedule(&request, enable).await?.schedule)
    }

    pub(super) async fn schedule_disable(
        &self,
        request: ScheduleRef,
    ) -> Result<Schedule, ApiError> {
        let disable = |state: &State, ctx: &mut Ctx<'_>| Ok(schedule::disable(state, ctx));
        Ok(self.change_schedule(&request, disable).await?.schedule)
    }

    pub(super) async fn schedule_remove(&self, request: ScheduleRef) -> Result<Schedule, ApiError> {
        let was = self.find_schedule(&request.schedule)?;
        let open = self.viewed(was)?.open;
        let remove = |state: &State, _: &mut Ctx<'_>| Ok(schedule::remove(state));
        let removed = self.change_schedule(&request, remove).await?.schedule;
        if removed.payload.kind() == PayloadKind::Mirror {
            for flow_id in open.into_iter().filter_map(|run| run.flow_id) {
                self.watch_no_more(&flow_id).await?;
            }
        }
        Ok(removed)
    }

    /// Ends the flow of a window whose group was removed.
    async fn watch_no_more(&self, flow_id: &FlowId) -> Result<(), ApiError> {
        let cancel = Of(|held: &Held, ctx: &mut Ctx<'_>| match held {
            Held::Group(state) => {
                group::cancel(state, ctx, None, "the group was removed").map(Decided::from)
            }
            _ => Err(Refusal::new(Code::InvalidState, "it is no group")),
        });
        match self.engine.decide(self.actor(), flow_id, cancel).await {
            Err(EngineError::Refused { .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is to be started; an edit of a flow without a text keeps that of `was`.
    fn start_of(
        &self,
        owner: &str,
        start: &ScheduleStart,
        was: Option<&Payload>,
    ) -> Result<Start, ApiError> {
        let start = start.clone();
        match start.kind {
            PayloadKind::Command => {
                check_cwd(&start.cwd)?;
                let ScheduleStart { argv, cwd, env, .. } = start;
                let command = TaskCommand { argv, cwd, env, ..TaskCommand::default() };
                Ok(Start::alone(Payload::Command(command)))
            }
            PayloadKind::Message => {
                let ScheduleStart { content, data, .. } = start;
                Ok(Start::alone(Payload::Message { content, data }))
            }
            PayloadKind::Agent => {
                let ScheduleStart { agent, prompt, cwd, anywhere, env, .. } = start;
                let asked = AgentTurn { agent, prompt, cwd, anywhere, env, ..AgentTurn::default() };
                let ScheduleStart { model, mode, permissions, .. } = start;
                let turn = AgentTurn { model, mode, permissions, ..asked };
                let refused = |refusal| ApiError::from(refusal).hint("clawflow agents list");
                self.engine.check_turn(&turn).map_err(refused)?;
                Ok(Start::alone(Payload::Agent(turn)))
            }
            PayloadKind::Mirror => self.mirror_of(owner, start),
            PayloadKind::Flow => {
                let (payload, keep) = self.flow_of(start, was)?;
                Ok(Start { payload, keep })
            }
        }
    }

    /// The members of a group; a schedule among them is kept by its id.
    fn mirror_of(&self, owner: &str, start: ScheduleStart) -> Result<Start, ApiError> {
        let mut members = start.members;
        for member in members.iter_mut().filter(|member| member.by == MemberBy::Schedule) {
            let found = self.find_schedule(&member.value)?;
            if found.owner_key != owner {
                let message = format!("{} belongs to another owner", found.schedule_id);
                return Err(ApiError::new("invalid", message));
            }
            member.value = found.schedule_id.0;
        }
        let payload = Payload::Mirror { goal: start.goal, members, deadline: start.deadline };
        Ok(Start::alone(payload))
    }

    /// Fires it now, and returns the run.
    pub(super) async fn schedule_run(&self, request: ScheduleRef) -> Result<ScheduleRun, ApiError> {
        let id = self.find_schedule(&request.schedule)?.schedule_id;
        let done = self.engine.decide_schedule(self.actor(), &id, schedule::run_now).await?;
        let started = done.started.and_then(|start| done.fired.run(&start.run_id).cloned());
        let queued = || done.fired.newest_run();
        started
            .or_else(queued)
            .ok_or_else(|| ApiError::new("internal", "the run is not there after it was started"))
    }

    async fn change_schedule(
        &self,
        request: &ScheduleRef,
        command: impl Fn(&State, &mut Ctx) -> Result<Fired, Refusal> + Send + Sync + 'static,
    ) -> Result<Fired, ApiError> {
        let id: ScheduleId = self.find_schedule(&request.schedule)?.schedule_id;
        Ok(self.engine.decide_schedule(self.actor(), &id, command).await?.fired)
    }

    /// A schedule with its open runs.
    pub(super) fn viewed(&self, schedule: Schedule) -> Result<ScheduleView, ApiError> {
        let state = self.engine.store().schedules().schedule_state(&schedule.schedule_id)?;
        let open = state.map(|state| state.open).unwrap_or_default();
        Ok(ScheduleView { schedule, open, files: BTreeMap::new() })
    }
}

fn check_version(state: &State, expected: Option<u64>) -> Result<(), Refusal> {
    let version = state.schedule.version;
    match expected {
        Some(expected) if expected != version => {
            let message = format!("the schedule is at version {version}, not {expected}");
            Err(Refusal::new(Code::InvalidState, message))
        }
        _ => Ok(()),
    }
}
