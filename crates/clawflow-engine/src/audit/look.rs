//! One audit.

use super::tasks::{self, Strays};
use super::{flows, home, messages, schedules};
use crate::api::{ApiError, blocking};
use crate::clock::now;
use crate::engine::Engine;
use clawflow_core::audit::Audit;
use clawflow_core::ids::TaskId;
use std::time::Duration;

/// Pause before what is judged by processes is looked at again: an engine takes in an end, and a
/// shim ends what a program leaves behind, in less.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Records of one page.
pub(super) const PAGE: usize = 500;
/// Records that ended badly and are looked at, the newest ones.
pub(super) const ENDED_MAX: usize = 1000;

/// What the first look has left to be looked at again.
struct First {
    audit: Audit,
    suspects: Vec<TaskId>,
    strays: Strays,
}

/// Looks at all records, on behalf of their owner or an operator.
pub(crate) async fn look(engine: &Engine, owner: Option<String>) -> Result<Audit, ApiError> {
    let first = engine.clone();
    let mut first = blocking(move || first_look(&first, owner)).await?;
    if first.suspects.is_empty() && first.strays.is_empty() {
        return Ok(first.audit);
    }
    tokio::time::sleep(AGAIN_AFTER).await;
    let again = engine.clone();
    blocking(move || {
        for task_id in &first.suspects {
            if let Some(task) = again.store().task(task_id)? {
                first.audit.add(tasks::judged(&again, &task)?);
            }
        }
        let strays = tasks::strays(&again)?;
        let still = first.strays.still(&strays);
        let judged = still.iter().filter_map(|one| clawflow_core::audit::stray(one, now()));
        first.audit.add(judged);
        Ok(first.audit)
    })
    .await
}

fn first_look(engine: &Engine, owner: Option<String>) -> Result<First, ApiError> {
    let mut audit = Audit::new(owner);
    let seen = tasks::live(engine, &mut audit)?;
    tasks::lost(engine, &mut audit)?;
    flows::live(engine, &mut audit)?;
    flows::lost(engine, &mut audit)?;
    flows::waits(engine, &mut audit)?;
    flows::due(engine, &mut audit)?;
    messages::look(engine, &mut audit)?;
    schedules::look(engine, &mut audit)?;
    home::look(engine, seen.unknown_queues, &mut audit)?;
    Ok(First { audit, suspects: seen.suspects, strays: tasks::strays(engine)? })
}
