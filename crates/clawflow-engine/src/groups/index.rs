//! What is watched, at hand.

use crate::engine::{Engine, lock};
use clawflow_core::group::MemberRun;
use clawflow_core::ids::ScheduleId;
use clawflow_core::schedule::{Member, Payload};
use clawflow_core::unit::Unit;
use clawflow_store::StoreError;
use clawflow_store::schedules::ScheduleFilter;
use std::sync::{Arc, Mutex};

/// Schedules that one look at the store reads.
const PAGE: usize = 500;

/// What all groups watch, and the turn to change one of them.
#[derive(Default)]
pub(crate) struct Groups {
    // Short critical sections without awaits: a std mutex. None: to be read anew.
    known: Mutex<Option<Arc<Vec<Group>>>>,
    // Held across a look and a commit, hence tokio's mutex.
    pub(super) turn: tokio::sync::Mutex<()>,
}

/// What one group watches.
pub(super) struct Group {
    schedule_id: ScheduleId,
    owner_key: String,
    members: Vec<Member>,
}

/// A run of a member of a group.
#[derive(Clone)]
pub(super) struct Sighting {
    pub(super) schedule_id: ScheduleId,
    pub(super) member: String,
    pub(super) run: MemberRun,
}

impl Groups {
    /// Reads what is watched anew when it is next asked for.
    pub(crate) fn forget(&self) {
        *lock(&self.known) = None;
    }
}

/// Whether a unit changes what is watched.
pub(crate) fn changes_groups(unit: &Unit) -> bool {
    let mirrors = |payload: &Payload| matches!(payload, Payload::Mirror { .. });
    !unit.dropped.is_empty() || unit.schedules.iter().any(|one| mirrors(&one.row.payload))
}

impl Engine {
    fn groups(&self) -> Result<Arc<Vec<Group>>, StoreError> {
        // The lock is held, so that what is read is not older than what was forgotten.
        let mut known = lock(&self.inner.groups.known);
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        let mut groups = Vec::new();
        let mut filter = ScheduleFilter { limit: PAGE, ..ScheduleFilter::default() };
        loop {
            let page = self.inner.store.schedules().list_schedules(&filter)?;
            filter.after = page.last().map(|schedule| schedule.schedule_id.clone());
            let full = page.len() == PAGE;
            for schedule in page {
                if let Payload::Mirror { members, .. } = schedule.payload {
                    let (schedule_id, owner_key) = (schedule.schedule_id, schedule.owner_key);
                    groups.push(Group { schedule_id, owner_key, members });
                }
            }
            if !full {
                break;
            }
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
