//! A unit that tells of members takes the change of their groups with it.

use super::index::Sighting;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::{Decided, Held};
use clawflow_core::Millis;
use clawflow_core::group::{self, GroupState, MemberRun, Window};
use clawflow_core::ids::{FlowId, ScheduleId};
use clawflow_core::unit::Unit;
use clawflow_store::{ApplyError, StoreError};
use std::collections::BTreeMap;

/// Changes of a group in a row, while a unit is to take one with it, before that is given up.
const CONFLICTS_MAX: u32 = 16;

impl Engine {
    /// Commits a unit with what it means for groups.
    pub(crate) async fn commit_with_groups(&self, unit: Unit) -> Result<(), ApplyError> {
        let seen = self.sightings(&unit)?;
        if seen.is_empty() {
            return self.commit_alone(unit).await;
        }
        let _turn = self.inner.groups.turn.lock().await;
        let mut tries = 0;
        loop {
            let joined = self.joined(&seen)?;
            let mut whole = unit.clone();
            for (_, decided) in &joined {
                whole.join(decided.unit.clone());
            }
            match self.commit_alone(whole).await {
                Ok(()) => {
                    for (was, decided) in joined {
                        self.follow(Some(&Held::Group(Box::new(was))), decided);
                    }
                    return Ok(());
                }
                Err(error @ ApplyError::Conflict { .. }) => {
                    tries += 1;
                    if tries == CONFLICTS_MAX || !self.has_moved(&joined)? {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What the runs mean for the groups whose windows they belong to. One whose window is not
    /// open yet is found when it is.
    fn joined(&self, seen: &[Sighting]) -> Result<Vec<(GroupState, Decided)>, StoreError> {
        let mut runs: BTreeMap<FlowId, Vec<&Sighting>> = BTreeMap::new();
        for one in seen {
            if let Some(flow_id) = self.window_at(&one.schedule_id, one.run.started_at)? {
                runs.entry(flow_id).or_default().push(one);
            }
        }
        let mut joined = Vec::new();
        for (flow_id, seen) in runs {
            let Some(was) = self.group_state(&flow_id)? else { continue };
            let place =
                |one: &&Sighting| was.steps.iter().position(|step| step.step_id == one.member);
            let runs: Vec<(usize, MemberRun)> =
                seen.iter().filter_map(|one| Some((place(one)?, one.run.clone()))).collect();
            let made = self.with_ctx(&None, 0, |ctx| group::saw(&was, ctx, &runs));
            if !made.unit.is_empty() {
                joined.push((was, Decided::from(made)));
            }
        }
        Ok(joined)
    }

    /// Whether one of the groups is no longer as it was when its change was decided.
    fn has_moved(&self, joined: &[(GroupState, Decided)]) -> Result<bool, StoreError> {
        for (was, _) in joined {
            if self.inner.store.last_event(&was.flow.flow_id.0)? != was.last_event {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The flow of the window in which this time is, if it was opened.
    fn window_at(&self, id: &ScheduleId, at: Millis) -> Result<Option<FlowId>, StoreError> {
        let run = self.inner.store.schedules().window_run(id, at)?;
        let Some(flow_id) = run.and_then(|run| run.flow_id) else { return Ok(None) };
        let found = self.inner.store.find_flows(flow_id.as_str())?;
        let flow = found.into_iter().find(|flow| flow.flow_id == flow_id);
        let is_in = |window: Window| window.has(at);
        Ok(flow.filter(|flow| Window::of(flow).is_some_and(is_in)).map(|flow| flow.flow_id))
    }

    fn group_state(&self, flow_id: &FlowId) -> Result<Option<GroupState>, StoreError> {
        match self.load(flow_id) {
            Ok(Held::Group(state)) => Ok(Some(*state)),
            Err(EngineError::Store(error)) => Err(error),
            // It was deleted meanwhile.
            Ok(_) | Err(_) => Ok(None),
        }
    }
}
