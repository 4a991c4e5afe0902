//! The file as the check of a unit sees it, inside the writer's transaction.

use super::fault::fault;
use super::statements::Statements;
use crate::error::StoreError;
use crate::rules::{Found, View};
use clawflow_core::Millis;
use clawflow_core::delivery::Delivery;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{DeliveryId, FlowId, ScheduleId, SignalId, TaskId, TokenId};
use clawflow_core::schedule::{Schedule, ScheduleRun};
use clawflow_core::step::Step;
use clawflow_core::task::Task;
use clawflow_core::token::Token;
use clawflow_core::wait::Wait;
use rusqlite::{OptionalExtension, Params, Row, Statement};
use std::path::Path;

fn one<T>(
    path: &Path,
    statement: &mut Statement<'_>,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    let found = statement.query_row(params, read).optional();
    found.map_err(|error| fault(path, "reading", &error))
}

fn versioned(row: &Row<'_>) -> rusqlite::Result<(u64, bool)> {
    Ok((row.get(0)?, row.get(1)?))
}

impl View for Statements<'_> {
    fn revision(&mut self, id: &FlowId) -> Result<Option<u64>, StoreError> {
        one(self.path, &mut self.check_revision, [id.as_str()], |row| row.get(0))
    }

    fn flow(&mut self, row: &Flow) -> Result<Found, StoreError> {
        let mode = row.sync_mode.as_str();
        let params = (row.flow_id.as_str(), &row.owner_key, &row.key, row.created_at, mode);
        one(self.path, &mut self.check_flow, params, versioned)
    }

    fn ended(&mut self, id: &FlowId) -> Result<Option<bool>, StoreError> {
        one(self.path, &mut self.check_ended, [id.as_str()], |row| row.get(0))
    }

    fn live_key(&mut self, owner: &str, key: &str) -> Result<Option<FlowId>, StoreError> {
        one(self.path, &mut self.flow_live_key, [owner, key], |row| row.get(0).map(FlowId))
    }

    fn has_spec(&mut self, id: &FlowId) -> Result<bool, StoreError> {
        Ok(one(self.path, &mut self.check_spec, [id.as_str()], |_| Ok(()))?.is_some())
    }

    fn has_definition(&mut self, hash: &str) -> Result<bool, StoreError> {
        Ok(one(self.path, &mut self.check_definition, [hash], |_| Ok(()))?.is_some())
    }

    fn step(&mut self, row: &Step) -> Result<Found, StoreError> {
        let params = [row.flow_id.as_str(), &row.step_id];
        one(self.path, &mut self.check_step, params, |found| Ok((found.get(0)?, true)))
    }

    fn task(&mut self, row: &Task) -> Result<Found, StoreError> {
        let flow = row.parent_flow_id.as_ref().map(FlowId::as_str);
        let params = (row.task_id.as_str(), &row.owner_key, flow, row.created_at);
        one(self.path, &mut self.check_task, params, versioned)
    }

    fn wait(&mut self, row: &Wait) -> Result<Found, StoreError> {
        let params = [row.wait_id.as_str(), row.flow_id.as_str()];
        one(self.path, &mut self.check_wait, params, versioned)
    }

    fn delivery(&mut self, row: &Delivery) -> Result<Found, StoreError> {
        let flow = row.flow_id.as_ref().map(FlowId::as_str);
        let task = row.task_id.as_ref().map(TaskId::as_str);
        let params = (
            row.delivery_id.as_str(),
            &row.owner_key,
            &row.idempotency_key,
            row.route.as_str(),
            &row.route_name,
            flow,
            task,
            row.created_at,
        );
        one(self.path, &mut self.check_delivery, params, versioned)
    }

    fn is_sent(&mut self, row: &Delivery) -> Result<bool, StoreError> {
        let route = row.route.as_str();
        let params = [row.owner_key.as_str(), &row.idempotency_key, route, &row.route_name];
        Ok(one(self.path, &mut self.check_sent, params, |_| Ok(()))?.is_some())
    }

    fn owed(&mut self, id: &FlowId) -> Result<Vec<DeliveryId>, StoreError> {
        let rows = self.check_owed.query_map([id.as_str()], |row| row.get(0).map(DeliveryId));
        let owed = rows.and_then(|rows| rows.collect());
        owed.map_err(|error| fault(self.path, "reading", &error))
    }

    fn has_signal(&mut self, id: &SignalId) -> Result<bool, StoreError> {
        Ok(one(self.path, &mut self.check_signal, [id.as_str()], |_| Ok(()))?.is_some())
    }

    fn token(&mut self, row: &Token) -> Result<Found, StoreError> {
        let params = (row.token_id.as_str(), &row.hash, &row.owner_key, row.created_at);
        one(self.path, &mut self.check_token, params, versioned)
    }

    fn hash_owner(&mut self, hash: &str) -> Result<Option<TokenId>, StoreError> {
        one(self.path, &mut self.check_hash, [hash], |row| row.get(0).map(TokenId))
    }

    fn outcome(&mut self, owner: &str, key: &str) -> Result<Option<Millis>, StoreError> {
        one(self.path, &mut self.check_outcome, [owner, key], |row| row.get(0))
    }

    fn schedule(&mut self, row: &Schedule) -> Result<Found, StoreError> {
        let params = (row.schedule_id.as_str(), &row.owner_key, row.created_at);
        one(self.path, &mut self.check_schedule, params, versioned)
    }

    fn schedule_name(&mut self, owner: &str, name: &str) -> Result<Option<ScheduleId>, StoreError> {
        let read = |row: &Row<'_>| row.get(0).map(ScheduleId);
        one(self.path, &mut self.check_schedule_name, [owner, name], read)
    }

    fn has_schedule(&mut self, id: &ScheduleId) -> Result<bool, StoreError> {
        let found = one(self.path, &mut self.check_schedule_there, [id.as_str()], |_| Ok(()));
        Ok(found?.is_some())
    }

    fn run(&mut self, row: &ScheduleRun) -> Result<Found, StoreError> {
        let (id, schedule) = (row.run_id.as_str(), row.schedule_id.as_str());
        let params = (id, schedule, &row.owner_key, row.slot, row.created_at);
        one(self.path, &mut self.check_run, params, versioned)
    }

    fn has_slot(&mut self, id: &ScheduleId, slot: Millis) -> Result<bool, StoreError> {
        let found = one(self.path, &mut self.check_slot, (id.as_str(), slot), |_| Ok(()));
        Ok(found?.is_some())
    }

    fn newest_event(&mut self, subject: &str) -> Result<u64, StoreError> {
        let newest = one(self.path, &mut self.last_event, [subject], |row| row.get(0))?;
        Ok(newest.unwrap_or(0))
    }
}
