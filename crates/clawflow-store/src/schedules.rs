//! The part of a store that keeps schedules and their runs.

use crate::error::StoreError;
use clawflow_core::Millis;
use clawflow_core::ids::{RunId, ScheduleId};
use clawflow_core::schedule::{RunStatus, Schedule, ScheduleRun, State};
use std::ops::Range;

/// Which schedules to list. Newest first, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleFilter {
    /// Only of this owner.
    pub owner_key: Option<String>,
    /// Only those that fire.
    pub enabled_only: bool,
    /// Only those before this id: the last one of the page before.
    pub after: Option<ScheduleId>,
    /// At most so many; 0 means none.
    pub limit: usize,
}

/// Which runs to list. Newest first, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only of this schedule.
    pub schedule_id: Option<ScheduleId>,
    /// Only of this owner.
    pub owner_key: Option<String>,
    /// Only these states; empty: all.
    pub statuses: Vec<RunStatus>,
    /// Only those before this id.
    pub after: Option<RunId>,
    /// At most so many; 0 means none.
    pub limit: usize,
}

impl RunFilter {
    /// Whether the run belongs to the list, on whichever page.
    pub(crate) fn wants(&self, run: &ScheduleRun) -> bool {
        self.schedule_id.as_ref().is_none_or(|id| *id == run.schedule_id)
            && self.owner_key.as_ref().is_none_or(|owner| *owner == run.owner_key)
            && (self.statuses.is_empty() || self.statuses.contains(&run.status))
            && self.after.as_ref().is_none_or(|after| run.run_id < *after)
    }
}

/// How many schedules there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScheduleCounts {
    /// All.
    pub total: u64,
    /// Those that fire.
    pub enabled: u64,
}

/// Schedules and their runs. They are written in units, as all rows are.
///
/// # What a unit may hold
/// The names of an owner's schedules differ, and the slots of a schedule's runs; a unit that breaks
/// this is a `Conflict`: somebody else was faster. A schedule has `next_slot` and `next_at` exactly
/// while it is enabled, and `disabled_reason` exactly while it is not. A run has `ended_at` exactly
/// when its status is terminal, and belongs to a schedule that is there. The workflow file of a
/// schedule is kept for as long as it names it. Owner and creation of a schedule never change;
/// owner, schedule, slot and creation of a run neither. Dropping a schedule that is gone is no
/// error.
pub trait ScheduleStore: Send + Sync {
    /// One schedule.
    ///
    /// # Errors
    /// Those of the store.
    fn schedule(&self, id: &ScheduleId) -> Result<Option<Schedule>, StoreError>;

    /// All that a decision about a schedule looks at.
    ///
    /// # Errors
    /// Those of the store.
    fn schedule_state(&self, id: &ScheduleId) -> Result<Option<State>, StoreError>;

    /// Schedules that a person may mean by `token`: the one with this id; else those of this name;
    /// else those whose id contains the token, if it has 8 characters or more. At most 10. With an
    /// owner it is as if there were no schedules of others.
    ///
    /// # Errors
    /// Those of the store.
    fn find_schedules(
        &self,
        owner_key: Option<&str>,
        token: &str,
    ) -> Result<Vec<Schedule>, StoreError>;

    /// A page of schedules.
    ///
    /// # Errors
    /// Those of the store.
    fn list_schedules(&self, filter: &ScheduleFilter) -> Result<Vec<Schedule>, StoreError>;

    /// A page of the schedules that open the windows of groups, oldest first, after this id.
    ///
    /// # Errors
    /// Those of the store.
    fn group_schedules(
        &self,
        after: Option<&ScheduleId>,
        limit: usize,
    ) -> Result<Vec<Schedule>, StoreError>;

    /// How many schedules there are, of one owner or all.
    ///
    /// # Errors
    /// Those of the store.
    fn count_schedules(&self, owner_key: Option<&str>) -> Result<ScheduleCounts, StoreError>;

    /// Schedules whose time has come at `now`: by time, then by id.
    ///
    /// # Errors
    /// Those of the store.
    fn due_schedules(&self, now: Millis, limit: usize) -> Result<Vec<ScheduleId>, StoreError>;

    /// Runs whose time has come at `now`, to be tried again or stopped: by time, then by id.
    ///
    /// # Errors
    /// Those of the store.
    fn due_runs(&self, now: Millis, limit: usize) -> Result<Vec<ScheduleRun>, StoreError>;

    /// When a schedule or a run will next be due, if any will.
    ///
    /// # Errors
    /// Those of the store.
    fn next_schedule_due(&self) -> Result<Option<Millis>, StoreError>;

    /// One run.
    ///
    /// # Errors
    /// Those of the store.
    fn run(&self, id: &RunId) -> Result<Option<ScheduleRun>, StoreError>;

    /// A page of runs.
    ///
    /// # Errors
    /// Those of the store.
    fn list_runs(&self, filter: &RunFilter) -> Result<Vec<ScheduleRun>, StoreError>;

    /// Runs of a schedule whose newest attempt began in this span, by that time, then by id;
    /// `after` is the last one of the page before.
    ///
    /// # Errors
    /// Those of the store.
    fn runs_started(
        &self,
        id: &ScheduleId,
        span: Range<Millis>,
        after: Option<&ScheduleRun>,
        limit: usize,
    ) -> Result<Vec<ScheduleRun>, StoreError>;

    /// The run with the newest slot that is not after `at`, of those that are flows: of a group,
    /// the window in which `at` is, if it was opened.
    ///
    /// # Errors
    /// Those of the store.
    fn window_run(&self, id: &ScheduleId, at: Millis) -> Result<Option<ScheduleRun>, StoreError>;

    /// Open runs whose newest attempt is this task or flow.
    ///
    /// # Errors
    /// Those of the store.
    fn runs_of_work(&self, id: &str) -> Result<Vec<ScheduleRun>, StoreError>;

    /// Open runs of all schedules after this id, oldest first by id.
    ///
    /// # Errors
    /// Those of the store.
    fn open_runs(
        &self,
        after: Option<&RunId>,
        limit: usize,
    ) -> Result<Vec<ScheduleRun>, StoreError>;

    /// The text of a workflow file that is kept.
    ///
    /// # Errors
    /// Those of the store.
    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError>;

    /// Deletes runs that ended before this time; returns how many. Durable on return.
    ///
    /// # Errors
    /// Those of the store; some may be deleted already.
    fn expire_runs(&self, before: Millis) -> Result<u64, StoreError>;

    /// Deletes ended runs of each schedule that are not among its newest `keep`, by id; returns how
    /// many. Durable on return.
    ///
    /// # Errors
    /// Those of the store; some may be deleted already.
    fn trim_runs(&self, keep: usize) -> Result<u64, StoreError>;
}
