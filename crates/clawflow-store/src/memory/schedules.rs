//! Schedules and their runs.

use super::state::{MemoryStore, Rows};
use crate::error::StoreError;
use crate::query::{FIND_CHARS_MIN, FIND_MAX};
use crate::schedules::{RunFilter, ScheduleCounts, ScheduleFilter, ScheduleStore};
use clawflow_core::Millis;
use clawflow_core::ids::{RunId, ScheduleId};
use clawflow_core::schedule::{PayloadKind, Schedule, ScheduleRun, State};
use clawflow_core::spec::FlowSpec;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};

impl Rows {
    /// Texts that nobody names go once all of these are there.
    pub(super) fn put_schedules(&mut self, dropped: &[ScheduleId], rows: Vec<Schedule>) {
        self.runs.retain(|_, run| !dropped.contains(&run.schedule_id));
        let gone = dropped.iter().map(|id| self.schedules.remove(id)).collect::<Vec<_>>();
        let put = |row: Schedule| self.schedules.insert(row.schedule_id.clone(), row);
        let was: Vec<_> = rows.into_iter().map(put).collect();
        for was in gone.iter().chain(&was).flatten() {
            was.payload.kept_hashes().for_each(|hash| self.purge_definition(hash));
        }
    }

    /// Deletes a workflow file that nobody names any more.
    pub(super) fn purge_definition(&mut self, hash: &str) {
        let uses =
            |spec: &FlowSpec| spec.definition_hash == hash || spec.files.as_deref() == Some(hash);
        let in_flow = self.specs.values().any(uses);
        let names = |schedule: &Schedule| schedule.payload.kept_hashes().any(|kept| kept == hash);
        if !in_flow && !self.schedules.values().any(names) {
            self.definitions.remove(hash);
        }
    }

    fn of_schedule<'r>(&'r self, id: &'r ScheduleId) -> impl Iterator<Item = &'r ScheduleRun> {
        self.runs.values().filter(move |run| run.schedule_id == *id)
    }

    fn state(&self, id: &ScheduleId) -> Option<State> {
        let schedule = self.schedules.get(id)?.clone();
        let open = self.of_schedule(id).filter(|run| run.is_open()).cloned().collect();
        let skipped = schedule.skipping.as_ref().and_then(|id| self.runs.get(id)).cloned();
        Some(State { schedule, open, skipped })
    }

    fn find(&self, owner: Option<&str>, token: &str) -> Vec<Schedule> {
        let seen = |row: &&Schedule| owner.is_none_or(|owner| owner == row.owner_key);
        let all = || self.schedules.values().rev().filter(seen);
        let is_id = |row: &&Schedule| row.schedule_id.0 == token;
        if let Some(found) = all().find(is_id) {
            return vec![found.clone()];
        }
        let named: Vec<_> = all().filter(|row| row.name == token).take(FIND_MAX).cloned().collect();
        if !named.is_empty() || token.chars().count() < FIND_CHARS_MIN {
            return named;
        }
        all().filter(|row| row.schedule_id.0.contains(token)).take(FIND_MAX).cloned().collect()
    }

    fn due_by<K: Ord + Clone>(
        now: Millis,
        limit: usize,
        due: impl Iterator<Item = (Option<Millis>, K)>,
    ) -> Vec<K> {
        let mut due: Vec<(Millis, K)> =
            due.filter_map(|(at, key)| at.filter(|at| *at <= now).map(|at| (at, key))).collect();
        due.sort();
        due.into_iter().take(limit).map(|(_, key)| key).collect()
    }
}

impl ScheduleStore for MemoryStore {
    fn schedule(&self, id: &ScheduleId) -> Result<Option<Schedule>, StoreError> {
        Ok(self.rows().schedules.get(id).cloned())
    }

    fn schedule_state(&self, id: &ScheduleId) -> Result<Option<State>, StoreError> {
        Ok(self.rows().state(id))
    }

    fn find_schedules(
        &self,
        owner_key: Option<&str>,
        token: &str,
    ) -> Result<Vec<Schedule>, StoreError> {
        Ok(self.rows().find(owner_key, token))
    }

    fn list_schedules(&self, filter: &ScheduleFilter) -> Result<Vec<Schedule>, StoreError> {
        let rows = self.rows();
        let wanted = |row: &&Schedule| {
            filter.owner_key.as_ref().is_none_or(|owner| *owner == row.owner_key)
                && (row.enabled || !filter.enabled_only)
                && filter.after.as_ref().is_none_or(|after| row.schedule_id < *after)
        };
        Ok(rows.schedules.values().rev().filter(wanted).take(filter.limit).cloned().collect())
    }

    fn group_schedules(
        &self,
        after: Option<&ScheduleId>,
        limit: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        let rows = self.rows();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let later = rows.schedules.range::<ScheduleId, _>((from, Bound::Unbounded));
        let mirrors = |row: &&Schedule| row.payload.kind() == PayloadKind::Mirror;
        Ok(later.map(|(_, row)| row).filter(mirrors).take(limit).cloned().collect())
    }

    fn count_schedules(&self, owner_key: Option<&str>) -> Result<ScheduleCounts, StoreError> {
        let rows = self.rows();
        let mut counts = ScheduleCounts::default();
        for row in rows.schedules.values() {
            if owner_key.is_none_or(|owner| owner == row.owner_key) {
                counts.total += 1;
                counts.enabled += u64::from(row.enabled);
            }
        }
        Ok(counts)
    }

    fn due_schedules(&self, now: Millis, limit: usize) -> Result<Vec<ScheduleId>, StoreError> {
        let rows = self.rows();
        let due = rows.schedules.values().map(|row| (row.next_at, row.schedule_id.clone()));
        Ok(Rows::due_by(now, limit, due))
    }

    fn due_runs(&self, now: Millis, limit: usize) -> Result<Vec<ScheduleRun>, StoreError> {
        let rows = self.rows();
        let due = rows.runs.values().map(|run| (run.due_at, run.run_id.clone()));
        let ids = Rows::due_by(now, limit, due);
        Ok(ids.iter().filter_map(|id| rows.runs.get(id)).cloned().collect())
    }

    fn next_schedule_due(&self) -> Result<Option<Millis>, StoreError> {
        let rows = self.rows();
        let schedules = rows.schedules.values().filter_map(|row| row.next_at);
        Ok(schedules.chain(rows.runs.values().filter_map(|run| run.due_at)).min())
    }

    fn run(&self, id: &RunId) -> Result<Option<ScheduleRun>, StoreError> {
        Ok(self.rows().runs.get(id).cloned())
    }

    fn list_runs(&self, filter: &RunFilter) -> Result<Vec<ScheduleRun>, StoreError> {
        let rows = self.rows();
        let wanted = rows.runs.values().rev().filter(|run| filter.wants(run));
        Ok(wanted.take(filter.limit).cloned().collect())
    }

    fn runs_started(
        &self,
        id: &ScheduleId,
        span: Range<Millis>,
        after: Option<&ScheduleRun>,
        limit: usize,
    ) -> Result<Vec<ScheduleRun>, StoreError> {
        let rows = self.rows();
        let place = |run: &ScheduleRun| (run.started_at, run.run_id.clone());
        let mut begun: Vec<&ScheduleRun> = rows
            .of_schedule(id)
            .filter(|run| run.started_at.is_some_and(|at| span.contains(&at)))
            .filter(|run| after.is_none_or(|after| place(run) > place(after)))
            .collect();
        begun.sort_by_key(|run| place(run));
        Ok(begun.into_iter().take(limit).cloned().collect())
    }

    fn window_run(&self, id: &ScheduleId, at: Millis) -> Result<Option<ScheduleRun>, StoreError> {
        let rows = self.rows();
        let begun = rows.of_schedule(id).filter(|run| run.slot.is_some_and(|slot| slot <= at));
        Ok(begun.filter(|run| run.flow_id.is_some()).max_by_key(|run| run.slot).cloned())
    }

    fn runs_of_work(&self, id: &str) -> Result<Vec<ScheduleRun>, StoreError> {
        let rows = self.rows();
        let is_of = |run: &&ScheduleRun| {
            run.is_open()
                && (run.task_id.as_ref().is_some_and(|task| task.0 == id)
                    || run.flow_id.as_ref().is_some_and(|flow| flow.0 == id))
        };
        Ok(rows.runs.values().filter(is_of).cloned().collect())
    }

    fn open_runs(
        &self,
        after: Option<&RunId>,
        limit: usize,
    ) -> Result<Vec<ScheduleRun>, StoreError> {
        let rows = self.rows();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let open = rows.runs.range::<RunId, _>((from, Bound::Unbounded)).map(|(_, run)| run);
        Ok(open.filter(|run| run.is_open()).take(limit).cloned().collect())
    }

    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError> {
        Ok(self.rows().definitions.get(hash).cloned())
    }

    fn expire_runs(&self, before: Millis) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        let count = rows.runs.len();
        rows.runs.retain(|_, run| run.ended_at.is_none_or(|ended| ended >= before));
        Ok((count - rows.runs.len()) as u64)
    }

    fn trim_runs(&self, keep: usize) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        let count = rows.runs.len();
        let mut seen: BTreeMap<ScheduleId, usize> = BTreeMap::new();
        let mut surplus = Vec::new();
        for run in rows.runs.values().rev() {
            let place = seen.entry(run.schedule_id.clone()).or_default();
            *place += 1;
            if *place > keep && !run.is_open() {
                surplus.push(run.run_id.clone());
            }
        }
        for id in surplus {
            rows.runs.remove(&id);
        }
        Ok((count - rows.runs.len()) as u64)
    }
}
