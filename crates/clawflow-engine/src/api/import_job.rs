//! Cron jobs of an import: each becomes a schedule, in a unit of its own.

use super::ApiError;
use super::import::{Import, checked};
use crate::error::EngineError;
use crate::schedules::timetable;
use clawflow_core::import::openclaw::{self, Job, JobPlace};
use clawflow_core::import::{ImportOutcome, LeftOut, Verdict, judge_schedule};
use clawflow_core::json::Object;
use clawflow_core::schedule::{self, Fired, Payload};

impl Import<'_> {
    pub(super) async fn job(&mut self, columns: &Object, place: &JobPlace) -> Result<(), ApiError> {
        let job = match checked(columns).and_then(|it| openclaw::job(it, place, self.now)) {
            Ok(job) => job,
            Err(left) => {
                self.leave_out(left);
                return Ok(());
            }
        };
        let id = job.schedule_id.0.clone();
        let here = self.api.engine.store().schedules().schedule(&job.schedule_id)?;
        let verdict = judge_schedule(here.as_ref(), &job.imported.digest);
        if verdict != Verdict::Take {
            self.stays(verdict, &id);
            return Ok(());
        }
        match self.made(job.clone()) {
            Ok(fired) => {
                if !self.dry_run {
                    self.api.engine.commit(fired.unit()).await.map_err(EngineError::from)?;
                }
                self.push(ImportOutcome::Taken, Some(&id)).notes = job.notes;
            }
            Err(error) if ["unavailable", "store_full", "internal"].contains(&&*error.code) => {
                return Err(error);
            }
            Err(error) => self.leave_out(LeftOut::because(error.message)),
        }
        Ok(())
    }

    /// The decision that makes it, under another name if a schedule has its own.
    fn made(&self, mut job: Job) -> Result<Fired, ApiError> {
        let engine = &self.api.engine;
        if let Payload::Agent(turn) = &job.new.payload {
            engine.check_turn(turn)?;
        }
        let store = engine.store().schedules();
        self.api.check_room(&job.new.owner_key)?;
        let found = store.find_schedules(Some(&job.new.owner_key), &job.new.name)?;
        if found.iter().any(|other| other.name == job.new.name) {
            job.new.name = job.other_name();
        }
        let timetable = timetable(&job.new.spec)?;
        let new = job.new.clone();
        let mut fired =
            engine.with_ctx(&self.actor, 0, |ctx| schedule::create(new, &timetable, ctx))?;
        job.mark(&mut fired.schedule);
        self.api.check_name(&fired.schedule)?;
        Ok(fired)
    }
}
