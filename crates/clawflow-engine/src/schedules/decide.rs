//! Decisions about schedules: load, decide, launch, commit. What a run is comes to disk in the same
//! unit as the decision to start it, so that no crash can part them.

use super::stop;
use crate::api::Actor;
use crate::decide::carried_through;
use crate::engine::Engine;
use crate::error::EngineError;
use clawflow_core::drive::Ctx;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::ids::ScheduleId;
use clawflow_core::schedule::{
    Fired, PayloadKind, Start, State, launch_message, launch_task, not_launched,
};
use clawflow_core::spec::DefinitionSource;

/// Conflicts in a row before a decision gives up.
const CONFLICTS_MAX: u32 = 16;

/// A decision that is on disk.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) fired: Fired,
    /// The run that the decision was to start, whatever became of it.
    pub(crate) started: Option<Start>,
}

/// A command about a schedule: looks at it and decides. It may be asked again after a conflict.
pub(crate) trait ScheduleCommand:
    Fn(&State, &mut Ctx) -> Result<Fired, Refusal> + Send + Sync + 'static
{
}
impl<F> ScheduleCommand for F where
    F: Fn(&State, &mut Ctx) -> Result<Fired, Refusal> + Send + Sync + 'static
{
}

impl Engine {
    /// Decides a command about a schedule, and returns once that is durable. The decision is
    /// carried through even if the caller goes away.
    pub(crate) async fn decide_schedule(
        &self,
        actor: Actor,
        id: &ScheduleId,
        command: impl ScheduleCommand,
    ) -> Result<Done, EngineError> {
        self.decide_schedule_keeping(actor, id, command, Vec::new()).await
    }

    /// As [`Engine::decide_schedule`], with texts of workflow files that are to be kept for it.
    pub(crate) async fn decide_schedule_keeping(
        &self,
        actor: Actor,
        id: &ScheduleId,
        command: impl ScheduleCommand,
        keep: Vec<DefinitionSource>,
    ) -> Result<Done, EngineError> {
        let (engine, id) = (self.clone(), id.clone());
        carried_through(async move {
            for _ in 0..CONFLICTS_MAX {
                let Some(state) = engine.inner.store.schedules().schedule_state(&id)? else {
                    let message = format!("schedule not found: {id}");
                    return Err(EngineError::refused(Code::NotFound, message));
                };
                let fired = engine.with_ctx(&actor, 0, |ctx| command(&state, ctx))?;
                match engine.carry_schedule(&actor, fired, &keep).await {
                    Err(error) if is_conflict(&error) => {}
                    carried => return carried,
                }
            }
            Err(EngineError::refused(Code::PersistFailed, "the schedule changes too fast"))
        })
        .await
    }

    /// Commits a decision with the launch that it asks for. A launch that is refused is how that
    /// run ended; the next one may start instead.
    pub(crate) async fn carry_schedule(
        &self,
        actor: &Actor,
        mut fired: Fired,
        keep: &[DefinitionSource],
    ) -> Result<Done, EngineError> {
        let started = fired.start.clone();
        while fired.start.is_some() {
            let launched = match fired.schedule.payload.kind() {
                PayloadKind::Command => self.launch_task(actor, &fired).await,
                PayloadKind::Agent => self.launch_agent(actor, &fired).await,
                PayloadKind::Flow => self.launch_flow(actor, &fired).await,
                PayloadKind::Mirror => self.open_window(actor, &fired).await,
                PayloadKind::Message => {
                    let sent = self.with_ctx(actor, 0, |ctx| launch_message(&fired, ctx));
                    fired = sent?;
                    continue;
                }
            };
            match launched {
                Ok(launched) => {
                    self.stop_all(&launched);
                    return Ok(Done { fired: launched, started });
                }
                Err(EngineError::Refused { refusal, .. }) if is_final(refusal.code) => {
                    let why = refusal.message;
                    fired = self.with_ctx(actor, 0, |ctx| not_launched(&fired, &why, ctx));
                }
                Err(EngineError::Broken(why)) => {
                    fired = self.with_ctx(actor, 0, |ctx| not_launched(&fired, &why, ctx));
                }
                Err(error) => return Err(error),
            }
        }
        let mut unit = fired.unit();
        if !unit.is_empty() {
            unit.definitions.extend_from_slice(keep);
        }
        self.commit(unit).await?;
        self.stop_all(&fired);
        Ok(Done { fired, started })
    }

    async fn launch_task(&self, actor: &Actor, fired: &Fired) -> Result<Fired, EngineError> {
        let mut after = None;
        self.create_task_here(actor, |ctx| {
            let launched = launch_task(fired, ctx)?;
            after = Some(launched.fired);
            Ok(launched.made)
        })
        .await?;
        Ok(after.unwrap_or_else(|| fired.clone()))
    }

    fn stop_all(&self, fired: &Fired) {
        for run in &fired.stops {
            stop::stop(self, run);
        }
    }
}

fn is_conflict(error: &EngineError) -> bool {
    error.code() == Some(Code::RevisionConflict)
}

/// Whether a refused launch would be refused again.
fn is_final(code: Code) -> bool {
    !matches!(code, Code::RevisionConflict | Code::PersistFailed)
}
