//! Stopping what a run is.

use crate::engine::Engine;
use crate::held::OfEither;
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::schedule::ScheduleRun;

/// Cancels the task or flow of a run. That it has ended already is no error: then its end is on its
/// way. Should this process die first, the next one finds the intent in the run's row.
pub(super) fn stop(engine: &Engine, run: &ScheduleRun) {
    let (engine, run) = (engine.clone(), run.clone());
    tokio::spawn(async move {
        let why = match run.stopping.as_deref() {
            Some("timeout") => "it took longer than its schedule allows".to_owned(),
            _ => "a newer slot of its schedule takes its place".to_owned(),
        };
        if let Some(task_id) = &run.task_id {
            let stopped = match engine.load_task(task_id) {
                Ok(found) => engine.stop_task(&found.task, &why).await,
                Err(error) => Err(error),
            };
            log(&run, stopped.err());
        } else if let Some(flow_id) = &run.flow_id {
            let same = why.clone();
            let cancel = OfEither(
                move |state: &FlowState, ctx: &mut Ctx<'_>| drive::cancel(state, ctx, None, &why),
                move |state: &ControlState, ctx: &mut Ctx<'_>| {
                    control::cancel(state, ctx, None, &same)
                },
            );
            let stopped = engine.decide(None, flow_id, cancel).await;
            log(&run, stopped.err());
        }
    });
}

fn log(run: &ScheduleRun, error: Option<crate::error::EngineError>) {
    if let Some(error) = error {
        tracing::debug!(run_id = %run.run_id, %error, "a run was not stopped");
    }
}
