//! Deliveries, and what else is kept for a time only.

use super::state::{Message, Rows};
use crate::query::DeliveryFilter;
use crate::rules::{inbox_states, lies_in_inbox};
use clawflow_core::Millis;
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::ids::FlowId;
use clawflow_core::unit::Change;
use std::collections::BTreeMap;

impl Rows {
    pub(super) fn message(row: &Delivery) -> Message {
        (row.owner_key.clone(), row.idempotency_key.clone(), row.route, row.route_name.clone())
    }

    /// A new one that was sent before is left out.
    pub(super) fn put_delivery(&mut self, change: Change<Delivery>) {
        let mut row = change.row;
        row.place = self.deliveries.get(&row.delivery_id).and_then(|was| was.place);
        if self.messages.insert(Self::message(&row)) || change.expected.is_some() {
            if lies_in_inbox(&row) {
                self.place += 1;
                row.place = Some(self.place);
            }
            self.deliveries.insert(row.delivery_id.clone(), row);
        }
    }

    /// By place.
    pub(super) fn inbox(
        &self,
        owner_key: Option<&str>,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Vec<Delivery> {
        let states = inbox_states(all);
        let rows = self.deliveries.values().filter(|row| {
            row.place.is_some_and(|place| place > after)
                && owner_key.is_none_or(|owner| owner == row.owner_key)
                && states.contains(&row.state)
        });
        let mut found: Vec<&Delivery> = rows.collect();
        found.sort_by_key(|row| row.place);
        found.into_iter().take(limit).cloned().collect()
    }

    /// By id.
    pub(super) fn list_deliveries(&self, filter: &DeliveryFilter) -> Vec<Delivery> {
        let wanted = |row: &&Delivery| filter.wants(row);
        let rows = self.deliveries.values();
        match filter.oldest_first {
            true => rows.filter(wanted).take(filter.limit).cloned().collect(),
            false => rows.rev().filter(wanted).take(filter.limit).cloned().collect(),
        }
    }

    /// By time, then by id; of each route's name the first `limit`.
    pub(super) fn due_deliveries(&self, now: Millis, limit: usize) -> Vec<Delivery> {
        let pending = self.deliveries.values().filter(|r| r.state == DeliveryState::Pending);
        let mut due: Vec<&Delivery> = pending.filter(|row| row.due_at <= Some(now)).collect();
        due.sort_by_key(|row| row.due_at);
        let mut counts = BTreeMap::<&str, usize>::new();
        due.retain(|row| {
            let count = counts.entry(&row.route_name).or_default();
            *count += 1;
            *count <= limit
        });
        due.into_iter().cloned().collect()
    }

    /// Deletes those of the flow, but for those that lie in an inbox.
    pub(super) fn purge_deliveries(&mut self, id: &FlowId) {
        self.drop_deliveries(|_, row| {
            row.flow_id.as_ref() == Some(id) && row.state != DeliveryState::SessionQueued
        });
    }

    pub(super) fn expire_deliveries(&mut self, before: Millis) -> u64 {
        self.drop_deliveries(|rows, row| {
            row.closed_at.is_some_and(|closed| closed < before)
                && !row.flow_id.as_ref().is_some_and(|id| rows.flows.contains_key(id))
                && !row.task_id.as_ref().is_some_and(|id| rows.tasks.contains_key(id))
        })
    }

    fn drop_deliveries(&mut self, which: impl Fn(&Self, &Delivery) -> bool) -> u64 {
        let rows = self.deliveries.values().filter(|row| which(self, row));
        let gone: Vec<Delivery> = rows.cloned().collect();
        for row in &gone {
            self.deliveries.remove(&row.delivery_id);
            self.messages.remove(&Self::message(row));
        }
        gone.len() as u64
    }

    pub(super) fn expire_outcomes(&mut self, before: Millis) -> u64 {
        let count = self.outcomes.len();
        self.outcomes.retain(|_, outcome| outcome.created_at >= before);
        (count - self.outcomes.len()) as u64
    }
}
