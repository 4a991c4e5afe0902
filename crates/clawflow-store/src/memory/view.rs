//! The rows as the check of a unit sees them.

use super::state::Rows;
use crate::error::StoreError;
use crate::rules::{Found, View};
use clawflow_core::Millis;
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::flow::Flow;
use clawflow_core::ids::{DeliveryId, FlowId, ScheduleId, SignalId, TokenId};
use clawflow_core::schedule::{Schedule, ScheduleRun};
use clawflow_core::step::Step;
use clawflow_core::task::Task;
use clawflow_core::token::Token;
use clawflow_core::wait::Wait;

impl View for Rows {
    fn revision(&mut self, id: &FlowId) -> Result<Option<u64>, StoreError> {
        Ok(self.flows.get(id).map(|flow| flow.revision))
    }

    fn flow(&mut self, row: &Flow) -> Result<Found, StoreError> {
        let identity = |f: &Flow| (f.owner_key.clone(), f.key.clone(), f.created_at, f.sync_mode);
        let found = self.flows.get(&row.flow_id);
        Ok(found.map(|old| (old.revision, identity(old) == identity(row))))
    }

    fn ended(&mut self, id: &FlowId) -> Result<Option<bool>, StoreError> {
        Ok(self.flows.get(id).map(|flow| flow.ended_at.is_some()))
    }

    fn live_key(&mut self, owner: &str, key: &str) -> Result<Option<FlowId>, StoreError> {
        Ok(self.live_keys.get(&(owner.to_owned(), key.to_owned())).cloned())
    }

    fn has_spec(&mut self, id: &FlowId) -> Result<bool, StoreError> {
        Ok(self.specs.contains_key(id))
    }

    fn has_definition(&mut self, hash: &str) -> Result<bool, StoreError> {
        Ok(self.definitions.contains_key(hash))
    }

    fn step(&mut self, row: &Step) -> Result<Found, StoreError> {
        let found = self.steps.get(&row.flow_id).and_then(|steps| steps.get(&row.step_id));
        Ok(found.map(|old| (old.version, true)))
    }

    fn task(&mut self, row: &Task) -> Result<Found, StoreError> {
        let identity = |t: &Task| (t.owner_key.clone(), t.parent_flow_id.clone(), t.created_at);
        let found = self.tasks.get(&row.task_id);
        Ok(found.map(|old| (old.version, identity(old) == identity(row))))
    }

    fn wait(&mut self, row: &Wait) -> Result<Found, StoreError> {
        let found = self.waits.get(&row.wait_id);
        Ok(found.map(|old| (old.version, old.flow_id == row.flow_id)))
    }

    fn delivery(&mut self, row: &Delivery) -> Result<Found, StoreError> {
        let about = |d: &Delivery| (d.flow_id.clone(), d.task_id.clone(), d.created_at);
        let found = self.deliveries.get(&row.delivery_id);
        let same = |old| Self::message(old) == Self::message(row) && about(old) == about(row);
        Ok(found.map(|old| (old.version, same(old))))
    }

    fn is_sent(&mut self, row: &Delivery) -> Result<bool, StoreError> {
        Ok(self.messages.contains(&Self::message(row)))
    }

    fn owed(&mut self, id: &FlowId) -> Result<Vec<DeliveryId>, StoreError> {
        let rows = self.deliveries.values().filter(|row| row.flow_id.as_ref() == Some(id));
        let pending = rows.filter(|row| row.state == DeliveryState::Pending);
        Ok(pending.map(|row| row.delivery_id.clone()).collect())
    }

    fn has_signal(&mut self, id: &SignalId) -> Result<bool, StoreError> {
        Ok(self.signals.contains_key(id))
    }

    fn token(&mut self, row: &Token) -> Result<Found, StoreError> {
        let identity = |t: &Token| (t.hash.clone(), t.owner_key.clone(), t.created_at);
        let found = self.tokens.get(&row.token_id);
        Ok(found.map(|old| (old.version, identity(old) == identity(row))))
    }

    fn hash_owner(&mut self, hash: &str) -> Result<Option<TokenId>, StoreError> {
        let found = self.tokens.values().find(|token| token.hash == hash);
        Ok(found.map(|token| token.token_id.clone()))
    }

    fn outcome(&mut self, owner: &str, key: &str) -> Result<Option<Millis>, StoreError> {
        let found = self.outcomes.get(&(owner.to_owned(), key.to_owned()));
        Ok(found.map(|outcome| outcome.created_at))
    }

    fn schedule(&mut self, row: &Schedule) -> Result<Found, StoreError> {
        let identity = |s: &Schedule| (s.owner_key.clone(), s.created_at);
        let found = self.schedules.get(&row.schedule_id);
        Ok(found.map(|old| (old.version, identity(old) == identity(row))))
    }

    fn schedule_name(&mut self, owner: &str, name: &str) -> Result<Option<ScheduleId>, StoreError> {
        let is_it = |row: &&Schedule| row.owner_key == owner && row.name == name;
        Ok(self.schedules.values().find(is_it).map(|row| row.schedule_id.clone()))
    }

    fn has_schedule(&mut self, id: &ScheduleId) -> Result<bool, StoreError> {
        Ok(self.schedules.contains_key(id))
    }

    fn run(&mut self, row: &ScheduleRun) -> Result<Found, StoreError> {
        let identity =
            |r: &ScheduleRun| (r.schedule_id.clone(), r.owner_key.clone(), r.slot, r.created_at);
        let found = self.runs.get(&row.run_id);
        Ok(found.map(|old| (old.version, identity(old) == identity(row))))
    }

    fn has_slot(&mut self, id: &ScheduleId, slot: Millis) -> Result<bool, StoreError> {
        let is_it = |run: &ScheduleRun| run.schedule_id == *id && run.slot == Some(slot);
        Ok(self.runs.values().any(is_it))
    }

    fn newest_event(&mut self, subject: &str) -> Result<u64, StoreError> {
        Ok(self.newest(subject))
    }
}
