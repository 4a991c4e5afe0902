//! The home, the machine and its clock.

use crate::api::ApiError;
use crate::clock::now;
use crate::engine::Engine;
use crate::reporter::Spool;
use clawflow_core::Millis;
use clawflow_core::audit::{self, Audit, Clock, HomeFacts};
use clawflow_store::query::EventFilter;
use rustix::time::{ClockId, clock_gettime};
use std::collections::BTreeMap;

/// Newest events whose times are compared.
const EVENTS: usize = 1000;

/// When an engine was made: by the clock, and by the machine, which nobody can set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Began {
    wall: Millis,
    machine: Millis,
}

impl Began {
    pub(crate) fn now() -> Self {
        Self { wall: now(), machine: machine() }
    }

    /// How much more time has passed by the clock than by the machine.
    fn drift(self) -> Millis {
        (now() - self.wall) - (machine() - self.machine)
    }
}

/// Milliseconds since the machine was started, those in which it slept too.
fn machine() -> Millis {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// Looks at the home.
pub(super) fn look(
    engine: &Engine,
    unknown_queues: BTreeMap<String, u64>,
    audit: &mut Audit,
) -> Result<(), ApiError> {
    let home = &engine.settings().home;
    let disk = rustix::fs::statvfs(home).ok();
    let free_bytes = disk.map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize));
    let spool = Spool::new(home);
    let (ours, set) = (spool.dir(), spool.look());
    // Beside a home that cannot be written to all homes share a directory.
    let aside = set.torn.into_iter().chain(set.refused).filter(|path| path.starts_with(&ours));
    let aside: Vec<_> = aside.collect();
    let facts = HomeFacts {
        free_bytes,
        log_bytes: engine.store().upkeep().size()?.log,
        reports: aside.first().map(|path| (aside.len() as u64, path.display().to_string())),
        unknown_queues: unknown_queues.into_iter().collect(),
    };
    audit.add(audit::home(&facts));
    let store = engine.store();
    let after = store.last_seq()?.saturating_sub(EVENTS as u64);
    let events = store.events(&EventFilter { after, limit: EVENTS, ..EventFilter::default() })?;
    let began = engine.inner.began;
    let clock = Clock {
        events: events.iter().map(|stored| stored.event.at).collect(),
        drift: began.drift(),
        started_at: began.wall,
    };
    audit.add(audit::clock(&clock, now()));
    Ok(())
}
