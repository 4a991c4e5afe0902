//! Writing one unit inside the writer's transaction, after all of it was checked.

use super::encode::{Encoded, StepTexts};
use super::fault::fault;
use super::output::Output;
use super::schedules;
use super::statements::Statements;
use crate::error::{ApplyError, StoreError};
use crate::rules;
use clawflow_core::delivery::Delivery;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::step::Step;
use clawflow_core::task::Task;
use clawflow_core::token::Token;
use clawflow_core::unit::Change;
use clawflow_core::wait::Wait;
use rusqlite::{OptionalExtension, Result, params};

/// Checks and writes the unit; `seq` is the newest before it and is returned as it is after.
/// A refusal has written nothing; after a failure of the store the transaction must be rolled back.
pub(super) fn apply(
    unit: &Encoded,
    seq: u64,
    statements: &mut Statements<'_>,
) -> Result<u64, ApplyError> {
    rules::check(&unit.unit, statements)?;
    let path = statements.path;
    let failed = |error: rusqlite::Error| -> StoreError { fault(path, "writing", &error) };
    Ok(write(unit, seq, statements).map_err(failed)?)
}

fn write(encoded: &Encoded, mut seq: u64, s: &mut Statements<'_>) -> Result<u64> {
    let unit = &encoded.unit;
    for definition in &unit.definitions {
        s.definition_insert.execute([&definition.hash, &definition.source])?;
    }
    // Ends first: a flow may take the key of one that ends in the same unit.
    for ended in [true, false] {
        let flows = unit.flows.iter().zip(&encoded.flows);
        for (change, text) in flows.filter(|(f, _)| f.row.ended_at.is_some() == ended) {
            flow(change, text, s)?;
        }
    }
    for (spec, text) in unit.specs.iter().zip(&encoded.specs) {
        let (id, hash) = (spec.flow_id.as_str(), &spec.definition_hash);
        s.spec_insert.execute(params![id, hash, spec.files, text])?;
    }
    for (change, texts) in unit.steps.iter().zip(&encoded.steps) {
        step(change.expected, &change.row, texts, s)?;
    }
    for (change, text) in unit.tasks.iter().zip(&encoded.tasks) {
        task(change.expected, &change.row, text, s)?;
    }
    for input in &unit.inputs {
        only_one(s.task_input_put.execute([input.task_id.as_str(), &input.text])?)?;
    }
    for (change, text) in unit.waits.iter().zip(&encoded.waits) {
        wait(change.expected, &change.row, text, s)?;
    }
    owed(encoded, s)?;
    schedules(encoded, s)?;
    for (event, data) in unit.events.iter().zip(&encoded.events) {
        seq += 1;
        let e = event;
        let (owner, actor) = (&e.owner_key, &e.actor);
        s.event_insert.execute(params![
            seq, e.subject, e.number, e.at, e.kind, e.step_id, e.task_id, data, owner, actor
        ])?;
    }
    if !unit.purges.is_empty() {
        // Deleting the newest events must not give their places to others.
        s.purge_seq.execute([seq])?;
        unit.purges.iter().try_for_each(|id| purge(id, s))?;
    }
    Ok(seq)
}

/// Schedules and their runs.
fn schedules(encoded: &Encoded, s: &mut Statements<'_>) -> Result<()> {
    let unit = &encoded.unit;
    let mut named = Vec::new();
    for id in &unit.dropped {
        named.extend(schedules::drop_one(id, s)?);
    }
    for (change, text) in unit.schedules.iter().zip(&encoded.schedules) {
        named.extend(schedules::put(change, text, s)?);
    }
    named.iter().try_for_each(|hash| s.definition_purge.execute([hash]).map(drop))?;
    for (change, text) in unit.runs.iter().zip(&encoded.runs) {
        schedules::put_run(change, text, s)?;
    }
    Ok(())
}

/// Messages, signals, tokens and outcomes: most units have none.
fn owed(encoded: &Encoded, s: &mut Statements<'_>) -> Result<()> {
    let unit = &encoded.unit;
    for (change, text) in unit.deliveries.iter().zip(&encoded.deliveries) {
        delivery(change, text, s)?;
    }
    for (row, text) in unit.signals.iter().zip(&encoded.signals) {
        let id = row.signal_id.as_str();
        let new = params![id, row.owner_key, row.name, row.key, text];
        only_one(s.signal_insert.execute(new)?)?;
    }
    for id in &unit.taken {
        only_one(s.signal_delete.execute([id.as_str()])?)?;
    }
    for (change, text) in unit.tokens.iter().zip(&encoded.tokens) {
        token(change, text, s)?;
    }
    for (row, text) in unit.outcomes.iter().zip(&encoded.outcomes) {
        let (hash, at) = (&row.content_hash, row.created_at);
        only_one(s.outcome_put.execute(params![row.owner_key, row.key, hash, at, text])?)?;
    }
    Ok(())
}

fn delivery(change: &Change<Delivery>, text: &str, s: &mut Statements<'_>) -> Result<()> {
    let row = &change.row;
    let (id, version, state) = (row.delivery_id.as_str(), row.version, row.state.as_str());
    let (due, closed) = (row.due_at, row.closed_at);
    let lies = rules::lies_in_inbox(row);
    if change.expected.is_some() {
        let new = params![id, version, state, due, closed, text, lies];
        only_one(s.delivery_update.execute(new)?)?;
        return if lies { only_one(s.place_next.execute([])?) } else { Ok(()) };
    }
    let flow = row.flow_id.as_ref().map(FlowId::as_str);
    let task = row.task_id.as_ref().map(TaskId::as_str);
    // None, where it was sent before.
    let made = s.delivery_insert.execute(params![
        id,
        version,
        state,
        due,
        closed,
        text,
        row.owner_key,
        flow,
        task,
        row.idempotency_key,
        row.route.as_str(),
        row.route_name,
        row.created_at,
        lies
    ])?;
    if made > 0 && lies { only_one(s.place_next.execute([])?) } else { Ok(()) }
}

fn token(change: &Change<Token>, text: &str, s: &mut Statements<'_>) -> Result<()> {
    let row = &change.row;
    let (id, label, version) = (row.token_id.as_str(), &row.label, row.version);
    let written = if change.expected.is_some() {
        s.token_update.execute(params![id, label, version, text])
    } else {
        let (hash, owner, made) = (&row.hash, &row.owner_key, row.created_at);
        s.token_insert.execute(params![id, label, version, text, hash, owner, made])
    };
    only_one(written?)
}

fn flow(change: &Change<Flow>, text: &str, s: &mut Statements<'_>) -> Result<()> {
    let row = &change.row;
    let (id, status) = (row.flow_id.as_str(), row.status.as_str());
    if change.expected.is_none() {
        let mode = row.sync_mode.as_str();
        return only_one(s.flow_insert.execute(params![
            id,
            status,
            row.revision,
            row.cancel_requested_at,
            row.ended_at,
            text,
            row.in_line_since,
            row.owner_key,
            row.key,
            mode,
            row.created_at,
            row.parent_flow_id.as_ref().map(FlowId::as_str),
            row.retry_of.as_ref().map(FlowId::as_str)
        ])?);
    }
    let (cancel, end, line) = (row.cancel_requested_at, row.ended_at, row.in_line_since);
    let new = params![id, status, row.revision, cancel, end, text, line];
    if s.flow_update.execute(new)? == 0 {
        only_one(s.flow_update_status.execute(new)?)?;
    }
    Ok(())
}

fn step(
    expected: Option<u64>,
    row: &Step,
    texts: &StepTexts,
    s: &mut Statements<'_>,
) -> Result<()> {
    let write = if expected.is_none() { &mut s.step_insert } else { &mut s.step_update };
    only_one(write.execute(params![
        row.flow_id.as_str(),
        row.step_id,
        row.version,
        row.status.as_str(),
        row.due_at,
        row.ended_at,
        texts.record,
        texts.result,
        texts.output.as_ref().and_then(Output::text),
        texts.output.as_ref().and_then(Output::compressed)
    ])?)
}

fn task(expected: Option<u64>, row: &Task, text: &str, s: &mut Statements<'_>) -> Result<()> {
    let (id, runtime, status) = (row.task_id.as_str(), row.runtime.as_str(), row.status.as_str());
    let (run, session) = (&row.run_id, &row.child_session_key);
    if expected.is_some() {
        return only_one(s.task_update.execute(params![
            id,
            run,
            session,
            runtime,
            row.version,
            row.fence,
            status,
            row.ended_at,
            text,
            row.reported,
            row.started_at
        ])?);
    }
    let flow = row.parent_flow_id.as_ref().map(FlowId::as_str);
    only_one(s.task_insert.execute(params![
        id,
        run,
        session,
        runtime,
        row.version,
        row.fence,
        status,
        row.ended_at,
        text,
        row.reported,
        row.started_at,
        flow,
        row.owner_key,
        row.created_at,
        row.label,
        row.queue
    ])?)
}

fn wait(expected: Option<u64>, row: &Wait, text: &str, s: &mut Statements<'_>) -> Result<()> {
    let (id, kind, state) = (row.wait_id.as_str(), row.kind.as_str(), row.state.as_str());
    let (version, due, closed) = (row.version, row.due_at, row.closed_at);
    let (target, key, made) = (&row.target, &row.event_key, row.created_at);
    if expected.is_some() {
        let new = params![id, version, kind, state, due, closed, text, made, target, key];
        return only_one(s.wait_update.execute(new)?);
    }
    let flow = row.flow_id.as_str();
    let new = params![id, version, kind, state, due, closed, text, flow, made, target, key];
    only_one(s.wait_insert.execute(new)?)
}

fn purge(id: &FlowId, s: &mut Statements<'_>) -> Result<()> {
    let id = [id.as_str()];
    s.purge_events.execute(id)?;
    s.purge_deliveries.execute(id)?;
    s.purge_waits.execute(id)?;
    s.purge_tasks.execute(id)?;
    s.purge_steps.execute(id)?;
    let hashes = s.purge_spec.query_row(id, |row| Ok([row.get(0)?, row.get(1)?])).optional()?;
    let hashes: [Option<String>; 2] = hashes.unwrap_or_default();
    s.purge_flow.execute(id)?;
    for hash in hashes.into_iter().flatten() {
        s.definition_purge.execute([hash])?;
    }
    Ok(())
}

/// The row was checked to be there in this very transaction.
pub(super) fn only_one(changed: usize) -> Result<()> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}
