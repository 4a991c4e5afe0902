//! A decision about a schedule while it is made.

use super::limits::QUEUED_RUNS_MAX;
use super::record::{DisabledReason, Schedule};
use super::run::{RunStatus, RunTrigger, ScheduleRun, SkipReason};
use crate::Millis;
use crate::delivery::Delivery;
use crate::drive::Ctx;
use crate::ids::{RunId, TaskId};
use crate::unit::{Change, Unit};
use std::collections::BTreeMap;

/// A schedule with all that a decision about it looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The record.
    pub schedule: Schedule,
    /// Its runs that have not ended, oldest first.
    pub open: Vec<ScheduleRun>,
    /// The row that `schedule.skipping` names.
    pub skipped: Option<ScheduleRun>,
}

/// A run that is to be launched: its row says `running`, and lacks its task or flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The run.
    pub run_id: RunId,
    /// The task of the attempt before.
    pub retry_of: Option<TaskId>,
}

/// A decision about a schedule. If it has a `start`, that is launched in the same unit.
#[derive(Clone, Debug)]
pub struct Fired {
    /// The record as it will be.
    pub schedule: Schedule,
    /// What is to be launched.
    pub start: Option<Start>,
    /// Runs whose task or flow is to be stopped once this is durable.
    pub stops: Vec<ScheduleRun>,
    /// Whether the schedule is deleted.
    pub removed: bool,
    was: Option<Schedule>,
    pub(super) open: BTreeMap<RunId, ScheduleRun>,
    skipped: Option<ScheduleRun>,
    versions: BTreeMap<RunId, u64>,
    rows: BTreeMap<RunId, ScheduleRun>,
    pub(super) deliveries: Vec<Delivery>,
}

impl Fired {
    pub(super) fn of(state: &State) -> Self {
        let known = state.open.iter().chain(&state.skipped);
        Self {
            was: Some(state.schedule.clone()),
            versions: known.map(|run| (run.run_id.clone(), run.version)).collect(),
            open: state.open.iter().map(|run| (run.run_id.clone(), run.clone())).collect(),
            skipped: state.skipped.clone(),
            ..Self::new(state.schedule.clone())
        }
    }

    /// A decision about a schedule that is new.
    pub(super) fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            start: None,
            stops: Vec::new(),
            removed: false,
            was: None,
            open: BTreeMap::new(),
            skipped: None,
            versions: BTreeMap::new(),
            rows: BTreeMap::new(),
            deliveries: Vec::new(),
        }
    }

    /// What it changes, without what a launch adds.
    #[must_use]
    pub fn unit(&self) -> Unit {
        if self.removed {
            let dropped = vec![self.schedule.schedule_id.clone()];
            return Unit { dropped, deliveries: self.owed(), ..Unit::default() };
        }
        let mut unit = Unit { deliveries: self.owed(), ..Unit::default() };
        let runs = self.rows.values().map(|run| {
            let expected = self.versions.get(&run.run_id).copied();
            let version = expected.map_or(0, |version| version + 1);
            Change { expected, row: ScheduleRun { version, ..run.clone() } }
        });
        unit.runs = runs.collect();
        let expected = self.was.as_ref().map(|was| was.version);
        // A decision about runs is one about the schedule: of two at once the store takes one.
        if self.was.as_ref() != Some(&self.schedule) || !unit.runs.is_empty() {
            let version = expected.map_or(0, |version| version + 1);
            let row = Schedule { version, ..self.schedule.clone() };
            unit.schedules = vec![Change { expected, row }];
        }
        unit
    }

    fn owed(&self) -> Vec<Change<Delivery>> {
        self.deliveries.iter().map(|row| Change { expected: None, row: row.clone() }).collect()
    }

    /// The run that is to be launched.
    #[must_use]
    pub fn starting(&self) -> Option<&ScheduleRun> {
        self.rows.get(&self.start.as_ref()?.run_id)
    }

    /// A run as this decision leaves it.
    #[must_use]
    pub fn run(&self, id: &RunId) -> Option<&ScheduleRun> {
        self.rows.get(id).or_else(|| self.open.get(id))
    }

    /// The newest run that this decision has written.
    #[must_use]
    pub fn newest_run(&self) -> Option<ScheduleRun> {
        self.rows.values().next_back().cloned()
    }

    pub(super) fn put(&mut self, run: ScheduleRun) {
        let id = run.run_id.clone();
        match run.is_open() {
            true => self.open.insert(id.clone(), run.clone()),
            false => self.open.remove(&id),
        };
        self.rows.insert(id, run);
    }

    pub(super) fn new_run(&self, ctx: &mut Ctx, trigger: RunTrigger) -> ScheduleRun {
        ScheduleRun {
            run_id: RunId::new(ctx.ids),
            version: 0,
            schedule_id: self.schedule.schedule_id.clone(),
            owner_key: self.schedule.owner_key.clone(),
            trigger,
            slot: None,
            slot_to: None,
            slots: 1,
            more: false,
            status: RunStatus::Queued,
            reason: None,
            attempt: 1,
            task_id: None,
            flow_id: None,
            joined: false,
            due_at: None,
            stopping: None,
            error: None,
            created_at: ctx.now,
            started_at: None,
            ended_at: None,
        }
    }

    /// Marks a run as one to be launched now.
    pub(super) fn launch(&mut self, mut run: ScheduleRun, ctx: &Ctx) {
        let retry_of = run.task_id.take();
        run.flow_id = None;
        run.joined = false;
        run.status = RunStatus::Running;
        run.due_at = None;
        run.error = None;
        run.started_at = Some(ctx.now);
        self.start = Some(Start { run_id: run.run_id.clone(), retry_of });
        self.put(run);
    }

    /// Records slots in a row as skipped: in the newest row, if that is one of the same kind.
    pub(super) fn skip(&mut self, ctx: &mut Ctx, slots: Slots, reason: SkipReason) {
        let same = |row: &ScheduleRun| row.reason == Some(reason);
        let last = self.skipped.take().filter(same);
        let row = match last.filter(|row| self.schedule.skipping.as_ref() == Some(&row.run_id)) {
            Some(row) => ScheduleRun {
                slots: row.slots.saturating_add(slots.count),
                more: row.more || slots.more,
                slot_to: Some(slots.to),
                ended_at: Some(ctx.now.max(row.created_at)),
                ..row
            },
            None => ScheduleRun {
                slot: Some(slots.from),
                slot_to: Some(slots.to).filter(|to| *to != slots.from),
                slots: slots.count,
                more: slots.more,
                status: RunStatus::Skipped,
                reason: Some(reason),
                ended_at: Some(ctx.now),
                ..self.new_run(ctx, RunTrigger::Slot)
            },
        };
        self.schedule.skipping = Some(row.run_id.clone());
        self.skipped = Some(row.clone());
        self.put(row);
    }

    /// A row of history that is none of skipped slots.
    pub(super) fn breaks_skipping(&mut self) {
        self.schedule.skipping = None;
        self.skipped = None;
    }

    pub(super) fn queued(&self) -> impl Iterator<Item = &ScheduleRun> {
        self.open.values().filter(|run| run.status == RunStatus::Queued)
    }

    pub(super) fn queue_is_full(&self) -> bool {
        self.queued().count() >= QUEUED_RUNS_MAX
    }

    /// Whether a run goes on or is about to be tried again.
    pub(super) fn is_busy(&self) -> bool {
        self.open.values().any(|run| run.status != RunStatus::Queued)
    }

    /// Starts the run that has waited longest, if nothing is in its way.
    pub(super) fn start_queued(&mut self, ctx: &Ctx) {
        if self.start.is_some() || self.is_busy() {
            return;
        }
        let longest = self.queued().next().cloned();
        if let Some(run) = longest {
            self.launch(run, ctx);
        }
    }

    /// Ends runs that have not started, or not again.
    pub(super) fn withdraw(&mut self, now: Millis, reason: SkipReason, retries_too: bool) {
        let waits = |run: &&ScheduleRun| match run.status {
            RunStatus::Queued => true,
            RunStatus::Retrying => retries_too,
            _ => false,
        };
        let waiting: Vec<ScheduleRun> = self.open.values().filter(waits).cloned().collect();
        for run in waiting {
            let ended_at = Some(now.max(run.created_at));
            let status = match run.status {
                RunStatus::Retrying => RunStatus::Failed,
                _ => RunStatus::Skipped,
            };
            let reason = Some(reason).filter(|_| status == RunStatus::Skipped);
            self.put(ScheduleRun { status, reason, due_at: None, ended_at, ..run });
        }
    }

    /// Lets it fire no more.
    pub(super) fn stop_firing(&mut self, reason: DisabledReason) {
        self.schedule.enabled = false;
        self.schedule.disabled_reason = Some(reason);
        self.schedule.next_slot = None;
        self.schedule.next_at = None;
    }
}

/// Slots in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots {
    pub(super) from: Millis,
    pub(super) to: Millis,
    pub(super) count: u64,
    pub(super) more: bool,
}
