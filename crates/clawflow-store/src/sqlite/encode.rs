//! A unit with its rows as text, made in the caller's thread: the writer has no time for it.

use crate::error::ApplyError;
use clawflow_core::Millis;
use clawflow_core::ids::{FlowId, TaskId, WaitId};
use clawflow_core::step::{PartOf, Step, StepError, StepStatus};
use clawflow_core::unit::{Change, Unit};
use serde::Serialize;

/// A unit ready to be written. The texts are in the order of the unit's rows.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) unit: Unit,
    pub(super) flows: Vec<String>,
    pub(super) specs: Vec<String>,
    /// Record and result.
    pub(super) steps: Vec<(String, Option<String>)>,
    pub(super) tasks: Vec<String>,
    pub(super) waits: Vec<String>,
    pub(super) deliveries: Vec<String>,
    pub(super) signals: Vec<String>,
    pub(super) tokens: Vec<String>,
    /// The answers.
    pub(super) outcomes: Vec<String>,
    pub(super) schedules: Vec<String>,
    pub(super) runs: Vec<String>,
    pub(super) events: Vec<Option<String>>,
    /// About how much will be written.
    pub(super) bytes: usize,
}

impl Encoded {
    pub(super) fn new(mut unit: Unit) -> Result<Self, ApplyError> {
        // It has a column of its own, which the writer alone fills.
        unit.deliveries.iter_mut().for_each(|change| change.row.place = None);
        let mut bytes: usize = unit.definitions.iter().map(|d| d.source.len()).sum();
        let mut text = |row: Result<String, serde_json::Error>| match row {
            Ok(text) => {
                bytes += text.len() + ROW_BYTES;
                Ok(text)
            }
            Err(error) => Err(ApplyError::Invalid { why: error.to_string() }),
        };
        let flows = rows(&unit.flows, |row| text(serde_json::to_string(row)))?;
        let specs = unit.specs.iter().map(|row| text(serde_json::to_string(row)));
        let specs = specs.collect::<Result<_, _>>()?;
        let steps = rows(&unit.steps, |row| {
            let result = row.result.as_ref().map(|result| text(serde_json::to_string(result)));
            Ok((text(serde_json::to_string(&StepText::new(row)))?, result.transpose()?))
        })?;
        let tasks = rows(&unit.tasks, |row| text(serde_json::to_string(&**row)))?;
        let waits = rows(&unit.waits, |row| text(serde_json::to_string(&**row)))?;
        let deliveries = rows(&unit.deliveries, |row| text(serde_json::to_string(row)))?;
        let signals = unit.signals.iter().map(|row| text(serde_json::to_string(row)));
        let signals = signals.collect::<Result<_, _>>()?;
        let tokens = rows(&unit.tokens, |row| text(serde_json::to_string(row)))?;
        let outcomes = unit.outcomes.iter().map(|row| text(serde_json::to_string(&row.answer)));
        let outcomes = outcomes.collect::<Result<_, _>>()?;
        let schedules = rows(&unit.schedules, |row| text(serde_json::to_string(row)))?;
        let runs = rows(&unit.runs, |row| text(serde_json::to_string(row)))?;
        let events = unit.events.iter().map(|event| {
            let data = Some(&event.data).filter(|data| !data.is_null());
            data.map(|data| text(serde_json::to_string(data))).transpose()
        });
        let events = events.collect::<Result<_, _>>()?;
        Ok(Self {
            flows,
            specs,
            steps,
            tasks,
            waits,
            deliveries,
            signals,
            tokens,
            outcomes,
            schedules,
            runs,
            events,
            bytes,
            unit,
        })
    }
}

/// What a row costs beside its text: a good part of a page and of its index's.
pub(super) const ROW_BYTES: usize = 2048;

fn rows<R, T>(
    changes: &[Change<R>],
    encode: impl FnMut(&R) -> Result<T, ApplyError>,
) -> Result<Vec<T>, ApplyError> {
    changes.iter().map(|change| &change.row).map(encode).collect()
}

/// A step without its result, which has a column of its own. Read back as a [`Step`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepText<'a> {
    flow_id: &'a FlowId,
    step_id: &'a str,
    position: u32,
    finally: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<PartOf>,
    version: u64,
    status: StepStatus,
    attempt: u32,
    lost_attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: &'a Option<TaskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    child_flow_id: &'a Option<FlowId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_id: &'a Option<WaitId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: &'a Option<StepError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused_from: &'a Option<FlowId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Millis>,
}

impl<'a> StepText<'a> {
    /// Names every field, so that a new one cannot be forgotten.
    fn new(step: &'a Step) -> Self {
        let Step {
            flow_id,
            step_id,
            position,
            finally,
            of,
            version,
            status,
            attempt,
            lost_attempts,
            task_id,
            child_flow_id,
            wait_id,
            due_at,
            result: _,
            error,
            reused_from,
            started_at,
            ended_at,
        } = step;
        Self {
            flow_id,
            step_id,
            position: *position,
            finally: *finally,
            of: *of,
            version: *version,
            status: *status,
            attempt: *attempt,
            lost_attempts: *lost_attempts,
            task_id,
            child_flow_id,
            wait_id,
            due_at: *due_at,
            error,
            reused_from,
            started_at: *started_at,
            ended_at: *ended_at,
        }
    }
}
