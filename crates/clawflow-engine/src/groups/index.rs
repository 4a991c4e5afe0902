//! What is watched, at hand.

use crate::engine::{Engine, lock};
use clawflow_core::group::MemberRun;
use clawflow_core::ids::ScheduleId;
use clawflow_core::schedule::{Member, Payload, Schedule};
use clawflow_core::unit::Unit;
use clawflow_store::StoreError;
use std::sync::{Arc, Mutex};

/// Groups that one look at the store reads.
const PAGE: usize = 500;

/// What all groups watch, and the turn to change one of them.
#[derive(Default)]
pub(crate) struct Groups {
    // Short critical sections without awaits: a std mutex. None: not read yet.
    known: Mutex<Option<Arc<Vec<Group>>>>,
    // Held across a look and a commit, hence tokio's mutex.
    pub(super) turn: tokio::sync::Mutex<()>,
}

/// What one group watches.
#[derive(Clone)]
pub(super) struct Group {
    schedule_id: ScheduleId,
    /// Of the schedule: news may overtake each other.
    version: u64,
    owner_key: String,
    members: Vec<Member>,
}

impl Group {
    fn of(schedule: &Schedule) -> Option<Self> {
        let Payload::Mirror { members, .. } = &schedule.payload else { return None };
        Some(Self {
            schedule_id: schedule.schedule_id.clone(),
            version: schedule.version,
            owner_key: schedule.owner_key.clone(),
            members: members.clone(),
        })
    }
}

/// What a unit changes of what is watched.
#[derive(Default)]
pub(crate) struct GroupNews {
    changed: Vec<(ScheduleId, Option<Group>)>,
}

impl GroupNews {
    /// Of a unit.
    pub(crate) fn of(unit: &Unit) -> Self {
        let rows = unit.schedules.iter().map(|change| &change.row);
        let changed = rows.map(|row| (row.schedule_id.clone(), Group::of(row)));
        let dropped = unit.dropped.iter().map(|id| (id.clone(), None));
        Self { changed: changed.chain(dropped).collect() }
    }
}

/// A run of a member of a group.
#[derive(Clone)]
pub(super) struct Sighting {
    pub(super) schedule_id: ScheduleId,
    pub(super) member: String,
    pub(super) run: MemberRun,
}

impl Groups {
    /// Takes note of a unit that is on disk.
    pub(crate) fn note(&self, news: &GroupNews) {
        let mut known = lock(&self.known);
        // What was not read yet is read with it.
        let Some(known) = known.as_mut() else { return };
        for (id, group) in &news.changed {
            let at = known.iter().position(|one| one.schedule_id == *id);
            match (at, group) {
                (None, None) => {}
                (Some(at), None) => drop(Arc::make_mut(known).remove(at)),
                (None, Some(group)) => Arc::make_mut(known).push(group.clone()),
                (Some(at), Some(group)) if known[at].version <= group.version => {
                    Arc::make_mut(known)[at] = group.clone();
                }
                (Some(_), Some(_)) => {}
            }
        }
    }
}

impl Engine {
    fn groups(&self) -> Result<Arc<Vec<Group>>, StoreError> {
        // The lock is held, so that news come after what is read.
        let mut known = lock(&self.inner.groups.known);
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        let mut groups = Vec::new();
        let mut after: Option<ScheduleId> = None;
        loop {
            let page = self.inner.store.schedules().group_schedules(after.as_ref(), PAGE)?;
            groups.extend(page.iter().filter_map(Group::of));
            if page.len() < PAGE {
                break;
            }
            after = page.last().map(|schedule| schedule.schedule_id.clone());
        }
        let groups = Arc::new(groups);
        *known = Some(groups.clone());
        Ok(groups)
    }

    /// The runs of members that a unit tells of.
    pub(super) fn sightings(&self, unit: &Unit) -> Result<Vec<Sighting>, StoreError> {
        if unit.tasks.is_empty() && unit.flows.is_empty() {
            return Ok(Vec::new());
        }
        let groups = self.groups()?;
        let mut seen = Vec::new();
        for group in groups.iter() {
            let mut saw = |member: &Member, run: Option<MemberRun>| {
                seen.extend(run.map(|run| Sighting {
                    schedule_id: group.schedule_id.clone(),
                    member: member.id.clone(),
                    run,
                }));
            };
            for member in &group.members {
                let tasks = unit.tasks.iter().map(|change| &change.row);
                for task in tasks.filter(|task| task.owner_key == group.owner_key) {
                    if member.watches_task(task) {
                        saw(member, MemberRun::of_task(task));
                    }
                }
                let flows = unit.flows.iter().map(|change| &change.row);
                for flow in flows.filter(|flow| flow.owner_key == group.owner_key) {
                    if member.watches_flow(flow) {
                        saw(member, MemberRun::of_flow(flow));
                    }
                }
            }
        }
        Ok(seen)
    }
}
