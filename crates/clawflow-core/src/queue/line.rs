//! Who waits in one queue, in the order in which they start.

use super::limits::QueueLimits;
use super::window::Window;
use crate::Millis;
use crate::ids::{FlowId, TaskId};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// One queue at work. Those of the highest priority are first; among them the owners take turns,
/// and each owner's oldest task is first.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) limits: QueueLimits,
    pub(super) window: Option<Window>,
    /// What has a place: it runs, or is about to.
    pub(super) running: HashSet<TaskId>,
    /// When it was last its turn among the queues.
    pub(super) served: u64,
    levels: BTreeMap<i32, Level>,
    waiting: usize,
}

/// Those of one priority.
#[derive(Debug, Default)]
struct Level {
    /// Owners with waiting tasks, in the order of their turns. Who comes anew is last.
    turns: BTreeMap<u64, Arc<str>>,
    owners: HashMap<Arc<str>, Owner>,
    last_turn: u64,
}

#[derive(Debug)]
struct Owner {
    turn: u64,
    /// By id, which is by creation.
    tasks: BTreeMap<TaskId, Option<FlowId>>,
}

impl Line {
    pub(super) fn new(limits: QueueLimits) -> Self {
        let window = limits.rate.map(|rate| Window::new(rate, Vec::new()));
        Self { limits, window, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// Whether as many run as may.
    pub(super) fn is_full(&self) -> bool {
        self.limits.concurrency.is_some_and(|most| self.running.len() >= most)
    }

    /// Whether one of those that wait may start now, as far as this queue goes.
    pub(super) fn may_start(&mut self, now: Millis) -> bool {
        self.waiting > 0
            && !self.is_full()
            && self.window.as_mut().is_none_or(|window| window.may_start(now))
    }

    /// The priority of the one that is next.
    pub(super) fn priority(&self) -> Option<i32> {
        self.levels.last_key_value().map(|(priority, _)| *priority)
    }

    /// Puts a task in line; its owner's name comes back, of which all of that owner share one.
    pub(super) fn push(
        &mut self,
        priority: i32,
        owner: &str,
        task_id: TaskId,
        flow_id: Option<FlowId>,
    ) -> Arc<str> {
        let level = self.levels.entry(priority).or_default();
        let name = match level.owners.get_key_value(owner) {
            Some((name, _)) => name.clone(),
            None => {
                let name: Arc<str> = owner.into();
                level.last_turn += 1;
                level.turns.insert(level.last_turn, name.clone());
                let new = Owner { turn: level.last_turn, tasks: BTreeMap::new() };
                level.owners.insert(name.clone(), new);
                name
            }
        };
        let tasks = level.owners.get_mut(owner).map(|owner| &mut owner.tasks);
        if tasks.is_some_and(|tasks| tasks.insert(task_id, flow_id).is_none()) {
            self.waiting += 1;
        }
        name
    }

    /// Takes the one that is next.
    pub(super) fn pop(&mut self) -> Option<(TaskId, Option<FlowId>)> {
        let mut top = self.levels.last_entry()?;
        let level = top.get_mut();
        let (_, name) = level.turns.pop_first()?;
        let owner = level.owners.get_mut(&name)?;
        let next = owner.tasks.pop_first()?;
        if owner.tasks.is_empty() {
            level.owners.remove(&name);
        } else {
            level.last_turn += 1;
            owner.turn = level.last_turn;
            level.turns.insert(owner.turn, name);
        }
        if level.owners.is_empty() {
            top.remove();
        }
        self.waiting -= 1;
        Some(next)
    }

    /// Takes one out of the line.
    pub(super) fn remove(&mut self, priority: i32, name: &Arc<str>, task_id: &TaskId) {
        let Some(level) = self.levels.get_mut(&priority) else { return };
        let Some(owner) = level.owners.get_mut(name) else { return };
        if owner.tasks.remove(task_id).is_none() {
            return;
        }
        self.waiting -= 1;
        if owner.tasks.is_empty() {
            level.turns.remove(&owner.turn);
            level.owners.remove(name);
        }
        if level.owners.is_empty() {
            self.levels.remove(&priority);
        }
    }

    /// The first of those that wait, in the order in which they start if nobody else comes.
    pub(super) fn first(&self, most: usize) -> Vec<&TaskId> {
        let mut first = Vec::new();
        for level in self.levels.values().rev() {
            let by_turn = level.turns.values().filter_map(|name| level.owners.get(name));
            let mut left: Vec<_> = by_turn.map(|owner| owner.tasks.keys()).collect();
            while !left.is_empty() && first.len() < most {
                left.retain_mut(|tasks| {
                    let next = tasks.next().filter(|_| first.len() < most);
                    first.extend(next);
                    next.is_some()
                });
            }
        }
        first
    }

    /// How many start before this one, if nobody else comes.
    pub(super) fn before(&self, priority: i32, name: &Arc<str>, task_id: &TaskId) -> Option<usize> {
        let level = self.levels.get(&priority)?;
        let owner = level.owners.get(name)?;
        let rounds = owner.tasks.range(..task_id).count();
        let of_others = level.owners.values().filter(|other| other.turn != owner.turn);
        let beside = of_others.map(|other| {
            let first = usize::from(other.turn < owner.turn);
            other.tasks.len().min(rounds + first)
        });
        let above = self
            .levels
            .range(priority.saturating_add(1)..)
            .map(|(_, level)| level.owners.values().map(|owner| owner.tasks.len()).sum::<usize>());
        Some(rounds + beside.sum::<usize>() + above.sum::<usize>())
    }
}
