//! `import.openclaw`: rows of OpenClaw's ledger become records here, as history.
//!
//! The core says what a row means and what is done about it; this looks at what is here and writes.
//! Limits: so many rows share one unit. Failure: a row that the store refuses is left out alone; if
//! the store fails, what was written stays, and the same request again goes on after it.

use super::{Api, ApiError, ImportOpenclawRequest, ImportOpenclawResponse, ImportedRecord};
use crate::api::Actor;
use crate::clock::now;
use crate::engine::lock;
use crate::retention::Kept;
use clawflow_core::Millis;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::import::limits::{ROW_BYTES_MAX, ROWS_MAX};
use clawflow_core::import::openclaw::{self, JobPlace, ReadTask, Row};
use clawflow_core::import::{Columns, ImportOutcome, LeftOut, Verdict, judge_flow, judge_task};
use clawflow_core::json::{Object, fits};
use clawflow_core::task::Task;
use clawflow_core::unit::Unit;
use clawflow_store::ApplyError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Api {
    pub(super) async fn import_openclaw(
        &self,
        request: ImportOpenclawRequest,
    ) -> Result<ImportOpenclawResponse, ApiError> {
        if self.caller().owner.is_some() {
            let message = "a caller who is bound to an owner cannot import the records of all";
            return Err(ApiError::new("forbidden", message));
        }
        let ImportOpenclawRequest { flows, tasks, jobs, place, dry_run } = request;
        if flows.len() + tasks.len() + jobs.len() > ROWS_MAX {
            let message = format!("a request has at most {ROWS_MAX} rows");
            return Err(ApiError::new("bad_request", message));
        }
        let mut import = Import {
            api: self,
            actor: self.actor(),
            now: now(),
            kept: lock(&self.engine.inner.retention).kept(),
            dry_run,
            records: Vec::with_capacity(flows.len() + tasks.len() + jobs.len()),
            pending: Vec::new(),
        };
        for columns in &flows {
            import.flow(columns)?;
        }
        import.write().await?;
        for columns in &tasks {
            import.task(columns)?;
        }
        import.write().await?;
        let place = JobPlace {
            cwd: place.cwd,
            env: place.env,
            tz: place.tz,
            agent: place.agent,
            enable: place.enable,
        };
        for columns in &jobs {
            import.job(columns, &place).await?;
        }
        Ok(ImportOpenclawResponse { records: import.records })
    }
}

/// An import under way.
pub(super) struct Import<'a> {
    pub(super) api: &'a Api,
    pub(super) actor: Actor,
    pub(super) now: Millis,
    kept: Kept,
    pub(super) dry_run: bool,
    records: Vec<ImportedRecord>,
    /// What is to be written, with its place among the records.
    pending: Vec<(usize, Pending)>,
}

/// A record that is to be written, and what is here of it.
enum Pending {
    Flow(Box<Flow>, Option<Box<Flow>>),
    Task(Box<ReadTask>, Option<Arc<Task>>),
}

impl Pending {
    /// Whose history tells of it.
    fn subject(&self) -> &str {
        match self {
            Self::Flow(flow, _) => &flow.flow_id.0,
            Self::Task(read, was) => {
                let task = was.as_deref().unwrap_or(&read.task);
                task.parent_flow_id.as_ref().map_or(&task.task_id.0, |id| &id.0)
            }
        }
    }

    fn unit(&self, row: Row<'_>) -> Unit {
        match self {
            Self::Flow(flow, was) => openclaw::flow_unit(flow, was.as_deref(), row),
            Self::Task(read, was) => openclaw::task_unit(read, was.as_deref(), row),
        }
    }
}

impl Import<'_> {
    pub(super) fn push(&mut self, outcome: ImportOutcome, id: Option<&str>) -> &mut ImportedRecord {
        let id = id.map(str::to_owned);
        self.records.push(ImportedRecord { outcome, id, reason: None, notes: Vec::new() });
        let last = self.records.len() - 1;
        &mut self.records[last]
    }

    pub(super) fn leave_out(&mut self, left: LeftOut) {
        self.push(left.outcome, None).reason = Some(left.reason);
    }

    fn expired(&mut self) {
        let reason = "it ended so long ago that it would be deleted at once".to_owned();
        self.leave_out(LeftOut { outcome: ImportOutcome::Expired, reason });
    }

    fn pend(&mut self, outcome: ImportOutcome, id: &str, pending: Pending) {
        self.push(outcome, Some(id));
        self.pending.push((self.records.len() - 1, pending));
    }

    fn flow(&mut self, columns: &Object) -> Result<(), ApiError> {
        let there = match checked(columns).and_then(|it| openclaw::flow(it, self.now)) {
            Ok(there) => there,
            Err(left) => {
                self.leave_out(left);
                return Ok(());
            }
        };
        let here = self.api.engine.store().load(&there.flow_id)?.map(|found| found.flow);
        let id = there.flow_id.0.clone();
        match judge_flow(here.as_ref(), &there) {
            Verdict::Take if self.is_flow_over(&there.owner_key, there.status, there.ended_at) => {
                self.expired();
            }
            Verdict::Take => {
                self.pend(ImportOutcome::Taken, &id, Pending::Flow(Box::new(there), None));
            }
            Verdict::Update => {
                let pending = Pending::Flow(Box::new(there), here.map(Box::new));
                self.pend(ImportOutcome::Updated, &id, pending);
            }
            verdict => self.stays(verdict, &id),
        }
        Ok(())
    }

    fn task(&mut self, columns: &Object) -> Result<(), ApiError> {
        let mut read = match checked(columns).and_then(|it| openclaw::task(it, self.now)) {
            Ok(read) => read,
            Err(left) => {
                self.leave_out(left);
                return Ok(());
            }
        };
        let here = self.api.engine.store().task(&read.task.task_id)?;
        let id = read.task.task_id.0.clone();
        match judge_task(here.as_deref(), &read.task) {
            Verdict::Take => {
                self.link(&mut read, Columns(columns))?;
                let Task { owner_key, status, ended_at, parent_flow_id, .. } = &read.task;
                let over = self.kept.has_no_task(owner_key, *status, *ended_at);
                if over && parent_flow_id.is_none() {
                    self.expired();
                    return Ok(());
                }
                self.pend(ImportOutcome::Taken, &id, Pending::Task(Box::new(read), None));
            }
            Verdict::Update => {
                let pending = Pending::Task(Box::new(read), here);
                self.pend(ImportOutcome::Updated, &id, pending);
            }
            verdict => self.stays(verdict, &id),
        }
        Ok(())
    }

    /// Whether a sweep would delete a flow that ended like this.
    fn is_flow_over(&self, owner: &str, status: FlowStatus, ended_at: Option<Millis>) -> bool {
        self.kept.has_no_flow(owner, status, ended_at)
    }

    /// Takes the task from its flow, where that is not here.
    fn link(&self, read: &mut ReadTask, columns: Columns<'_>) -> Result<(), ApiError> {
        let Some(flow_id) = read.task.parent_flow_id.clone() else { return Ok(()) };
        let why = match self.api.engine.store().load(&flow_id)? {
            Some(found) if found.flow.owner_key == read.task.owner_key => return Ok(()),
            Some(_) => "its flow belongs to another owner",
            None if self.dry_run && self.would_come(columns, &read.task.owner_key) => return Ok(()),
            None => "its flow was not imported",
        };
        read.task.parent_flow_id = None;
        read.unlinked = Some(why.to_owned());
        Ok(())
    }

    /// Whether the flow of a task would be here by now.
    fn would_come(&self, columns: Columns<'_>, owner: &str) -> bool {
        let status = columns.word("flow_status").ok().flatten();
        let ended_at = columns.time("flow_ended_at").ok().flatten();
        status.is_some_and(|status: FlowStatus| {
            let ended_at = ended_at.filter(|_| status.is_terminal());
            !self.is_flow_over(owner, status, ended_at)
        })
    }

    /// It is not written.
    pub(super) fn stays(&mut self, verdict: Verdict, id: &str) {
        let (outcome, reason) = match verdict {
            Verdict::Keep(why) => (ImportOutcome::Kept, Some(why.to_owned())),
            Verdict::Take | Verdict::Update | Verdict::Present => (ImportOutcome::Present, None),
        };
        self.push(outcome, Some(id)).reason = reason;
    }

    /// Writes what is pending in one unit; each by itself, if the store refuses that.
    async fn write(&mut self) -> Result<(), ApiError> {
        let pending = std::mem::take(&mut self.pending);
        if self.dry_run || pending.is_empty() {
            return Ok(());
        }
        match self.write_at_once(&pending).await? {
            Ok(()) => return Ok(()),
            Err(error) => tracing::debug!(%error, "rows are imported one by one"),
        }
        for one in pending.chunks(1) {
            if let Err(error) = self.write_at_once(one).await? {
                let record = &mut self.records[one[0].0];
                record.outcome = ImportOutcome::LeftOut;
                record.id = None;
                record.reason = Some(error.to_string());
            }
        }
        Ok(())
    }

    /// What the store says of one unit; an outer error is a failure of the store itself.
    async fn write_at_once(
        &self,
        pending: &[(usize, Pending)],
    ) -> Result<Result<(), ApplyError>, ApiError> {
        let mut numbers: BTreeMap<&str, u64> = BTreeMap::new();
        let mut unit = Unit::default();
        for (_, one) in pending {
            let subject = one.subject();
            let number = match numbers.get(subject) {
                Some(number) => *number,
                None => self.api.engine.store().last_event(subject)?,
            } + 1;
            numbers.insert(subject, number);
            unit.join(one.unit(Row { number, at: self.now, actor: self.actor.as_deref() }));
        }
        // History joins no group that watches what runs.
        match self.api.engine.commit_alone(unit).await {
            Err(ApplyError::Store(error)) => Err(error.into()),
            done => Ok(done),
        }
    }
}

/// The columns, if they are not more than a row may have.
pub(super) fn checked(columns: &Object) -> Result<Columns<'_>, LeftOut> {
    let bytes = columns.values().map(|value| match value {
        Value::String(text) => text.len(),
        Value::Array(_) | Value::Object(_) if !fits(value, ROW_BYTES_MAX) => ROW_BYTES_MAX,
        _ => 1,
    });
    if bytes.sum::<usize>() > ROW_BYTES_MAX {
        return Err(LeftOut::because(format!("it is larger than {ROW_BYTES_MAX} bytes")));
    }
    Ok(Columns(columns))
}
