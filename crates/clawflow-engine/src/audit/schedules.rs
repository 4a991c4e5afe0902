//! Schedules and their runs.

use super::flows;
use super::look::PAGE;
use crate::api::ApiError;
use crate::clock::now;
use crate::engine::{Engine, Scope};
use clawflow_core::audit::{self, Audit, ScheduleFacts, WorkFacts};
use clawflow_core::schedule::ScheduleRun;
use clawflow_store::schedules::ScheduleFilter;

/// All schedules, and the runs that have not ended.
pub(super) fn look(engine: &Engine, audit: &mut Audit) -> Result<(), ApiError> {
    let (store, now) = (engine.store().schedules(), now());
    let driven = *engine.scope() == Scope::All;
    let mut filter = ScheduleFilter { limit: PAGE, ..ScheduleFilter::default() };
    loop {
        let page = store.list_schedules(&filter)?;
        for schedule in &page {
            let skipped = match &schedule.skipping {
                Some(id) => store.run(id)?,
                None => None,
            };
            let facts = ScheduleFacts { schedule, skipped: skipped.as_ref(), driven };
            audit.add(audit::schedule(&facts, now));
        }
        filter.after = page.last().map(|row| row.schedule_id.clone());
        if page.len() < PAGE {
            break;
        }
    }
    let mut after = None;
    loop {
        let page = store.open_runs(after.as_ref(), PAGE)?;
        for run in &page {
            let work = work(engine, run)?;
            audit.add(audit::run(&WorkFacts { run, work, driven }, now));
        }
        after = page.last().map(|run| run.run_id.clone());
        if page.len() < PAGE {
            return Ok(());
        }
    }
}

fn work(engine: &Engine, run: &ScheduleRun) -> Result<Option<audit::Target>, ApiError> {
    match (&run.task_id, &run.flow_id) {
        (Some(task), _) => flows::task(engine, task.as_str()).map(Some),
        (None, Some(flow)) => flows::flow(engine, flow.as_str()).map(Some),
        (None, None) => Ok(None),
    }
}
