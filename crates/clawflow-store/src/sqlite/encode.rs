//! A unit with its rows as text, made in the caller's thread: the writer has no time for it.

use super::output::Output;
use super::step_text::{ResultText, StepText};
use crate::error::ApplyError;
use clawflow_core::unit::{Change, Unit};

/// A unit ready to be written. The texts are in the order of the unit's rows.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) unit: Unit,
    pub(super) flows: Vec<String>,
    pub(super) specs: Vec<String>,
    pub(super) steps: Vec<StepTexts>,
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

/// What is written of a step.
#[derive(Debug)]
pub(super) struct StepTexts {
    pub(super) record: String,
    pub(super) result: Option<String>,
    pub(super) output: Option<Output>,
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
        let mut outputs = 0;
        let flows = rows(&unit.flows, |row| text(serde_json::to_string(row)))?;
        let specs = unit.specs.iter().map(|row| text(serde_json::to_string(row)));
        let specs = specs.collect::<Result<_, _>>()?;
        let steps = rows(&unit.steps, |row| {
            let result = row.result.as_ref();
            let output = result.and_then(Output::of);
            outputs += output.as_ref().map_or(0, Output::len);
            let result = result.map(|result| text(serde_json::to_string(&ResultText::new(result))));
            let record = text(serde_json::to_string(&StepText::new(row)))?;
            Ok(StepTexts { record, result: result.transpose()?, output })
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
            bytes: bytes + outputs,
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
