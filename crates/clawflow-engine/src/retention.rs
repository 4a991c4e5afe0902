//! How long what has ended is kept, and the sweep that deletes it, as a part of maintenance.
//!
//! Limits: so little is deleted in one transaction that whoever else writes hardly waits. Failure:
//! what could not be deleted now is found again by the next sweep; logs without a record are
//! litter.

use crate::api::{Api, ApiError};
use crate::clock::now;
use clawflow_core::Millis;
use clawflow_core::definition::parse_duration_ms;
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::TaskStatus;
use clawflow_store::query::Owners;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Flows that one transaction deletes, with all that depends on them.
const FLOWS_AT_ONCE: usize = 4;
/// Tasks that one transaction deletes, with their history.
const TASKS_AT_ONCE: usize = 64;
/// Rows that are looked at for a count.
const PAGE: usize = 1000;

/// How long what has ended is kept, in milliseconds after its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// What succeeded, and what ended blocked.
    pub succeeded_ms: u64,
    /// What failed or ran out of time.
    pub failed_ms: u64,
    /// What was cancelled.
    pub cancelled_ms: u64,
    /// What was lost.
    pub lost_ms: u64,
    /// Owners for whom something else holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<OwnerRetention>,
}

/// How long what belongs to some owners is kept, where that is not as for the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerRetention {
    /// Their key; `*` stands for any text. Of two that fit the longer one counts.
    pub owner: String,
    /// As in the retention of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded_ms: Option<u64>,
    /// As in the retention of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_ms: Option<u64>,
    /// As in the retention of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_ms: Option<u64>,
    /// As in the retention of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_ms: Option<u64>,
}

impl FromStr for OwnerRetention {
    type Err = String;

    /// Reads `OWNER DURATION`, or `OWNER STATUS=DURATION …`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let owner = words.next().ok_or_else(|| "is empty".to_owned())?.to_owned();
        let mut kept = Self { owner, ..Self::default() };
        let mut any = false;
        for word in words {
            any = true;
            let (status, time) = word.split_once('=').unwrap_or(("", word));
            let time = parse_duration_ms(time).map_err(|why| format!("has `{word}`: {why}"))?;
            let fields: &mut [&mut Option<u64>] = match status {
                "" => &mut [
                    &mut kept.succeeded_ms,
                    &mut kept.failed_ms,
                    &mut kept.cancelled_ms,
                    &mut kept.lost_ms,
                ],
                "succeeded" => &mut [&mut kept.succeeded_ms],
                "failed" => &mut [&mut kept.failed_ms],
                "cancelled" => &mut [&mut kept.cancelled_ms],
                "lost" => &mut [&mut kept.lost_ms],
                _ => return Err(format!("has `{status}`, which is no end of a flow")),
            };
            fields.iter_mut().for_each(|field| **field = Some(time));
        }
        if any { Ok(kept) } else { Err("says no time".to_owned()) }
    }
}

impl Default for Retention {
    fn default() -> Self {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        let week = 7 * DAY_MS;
        Self {
            succeeded_ms: week,
            failed_ms: week,
            cancelled_ms: week,
            lost_ms: DAY_MS,
            owners: Vec::new(),
        }
    }
}

impl Retention {
    /// Whom which times are for: each owner is in one of them.
    fn parts(&self) -> Vec<(Owners, Self)> {
        let mut rules: Vec<OwnerRetention> = Vec::new();
        for rule in &self.owners {
            // Of two rules for the same owners each says its part; the first counts for both.
            match rules.iter_mut().find(|one| one.owner == rule.owner) {
                Some(one) => {
                    one.succeeded_ms = one.succeeded_ms.or(rule.succeeded_ms);
                    one.failed_ms = one.failed_ms.or(rule.failed_ms);
                    one.cancelled_ms = one.cancelled_ms.or(rule.cancelled_ms);
                    one.lost_ms = one.lost_ms.or(rule.lost_ms);
                }
                None => rules.push(rule.clone()),
            }
        }
        let length = |rule: &OwnerRetention| rule.owner.chars().filter(|c| *c != '*').count();
        rules.sort_by(|a, b| (length(b), &a.owner).cmp(&(length(a), &b.owner)));
        let mut parts = Vec::new();
        let mut except: Vec<String> = Vec::new();
        for rule in rules {
            let owners = Owners { only: Some(rule.owner.clone()), except: except.clone() };
            let kept = Self {
                succeeded_ms: rule.succeeded_ms.unwrap_or(self.succeeded_ms),
                failed_ms: rule.failed_ms.unwrap_or(self.failed_ms),
                cancelled_ms: rule.cancelled_ms.unwrap_or(self.cancelled_ms),
                lost_ms: rule.lost_ms.unwrap_or(self.lost_ms),
                owners: Vec::new(),
            };
            parts.push((owners, kept));
            except.push(rule.owner);
        }
        parts.push((Owners { only: None, except }, self.clone()));
        parts
    }

    /// The same, to ask about one record.
    pub(crate) fn kept(&self) -> Kept {
        Kept(self.parts())
    }

    fn of_flow(&self, status: FlowStatus) -> u64 {
        match status {
            FlowStatus::Failed => self.failed_ms,
            FlowStatus::Cancelled => self.cancelled_ms,
            FlowStatus::Lost => self.lost_ms,
            _ => self.succeeded_ms,
        }
    }

    fn of_task(&self, status: TaskStatus) -> u64 {
        match status {
            TaskStatus::Failed | TaskStatus::TimedOut => self.failed_ms,
            TaskStatus::Cancelled => self.cancelled_ms,
            TaskStatus::Lost => self.lost_ms,
            _ => self.succeeded_ms,
        }
    }
}

/// How long records of each owner are kept.
pub(crate) struct Kept(Vec<(Owners, Retention)>);

impl Kept {
    /// Whether a sweep now would delete a flow of this owner that ended at this time.
    pub(crate) fn has_no_flow(
        &self,
        owner: &str,
        status: FlowStatus,
        ended_at: Option<Millis>,
    ) -> bool {
        self.is_over(owner, ended_at, |kept| kept.of_flow(status))
    }

    /// The same of a task without a flow.
    pub(crate) fn has_no_task(
        &self,
        owner: &str,
        status: TaskStatus,
        ended_at: Option<Millis>,
    ) -> bool {
        self.is_over(owner, ended_at, |kept| kept.of_task(status))
    }

    fn is_over(
        &self,
        owner: &str,
        ended_at: Option<Millis>,
        time: impl Fn(&Retention) -> u64,
    ) -> bool {
        let kept = self.0.iter().find(|(owners, _)| owners.has(owner)).map(|(_, kept)| kept);
        ended_at.zip(kept).is_some_and(|(ended, kept)| ended < before(time(kept)))
    }
}

/// What a sweep has deleted, or would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// Flows, each with its tasks, steps, waits and history.
    pub flows: u64,
    /// Tasks without a flow.
    pub tasks: u64,
}

fn before(kept_ms: u64) -> Millis {
    now().saturating_sub(Millis::try_from(kept_ms).unwrap_or(Millis::MAX))
}

impl Api {
    /// Deletes what has been kept for long enough, or only counts it.
    pub(crate) async fn prune(
        &self,
        retention: &Retention,
        apply: bool,
    ) -> Result<Swept, ApiError> {
        let mut swept = Swept::default();
        // A mirrored flow may end as blocked.
        let ends = |status: &FlowStatus| status.is_terminal() || *status == FlowStatus::Blocked;
        for (owners, kept) in retention.parts() {
            for status in FlowStatus::ALL.iter().copied().filter(ends) {
                let before = before(kept.of_flow(status));
                swept.flows += self.sweep_flows((status, before), &owners, apply).await?;
            }
            for status in TaskStatus::ALL.iter().copied().filter(|status| status.is_terminal()) {
                let before = before(kept.of_task(status));
                swept.tasks += self.sweep_tasks((status, before), &owners, apply).await?;
            }
        }
        Ok(swept)
    }

    async fn sweep_flows(
        &self,
        (status, before): (FlowStatus, Millis),
        owners: &Owners,
        apply: bool,
    ) -> Result<u64, ApiError> {
        let store = self.engine.store();
        let limit = if apply { FLOWS_AT_ONCE } else { PAGE };
        let (mut count, mut after): (u64, Option<FlowId>) = (0, None);
        loop {
            let found = store.ended_flows(status, before, owners, after.as_ref(), limit)?;
            let Some(last) = found.last() else { return Ok(count) };
            after = Some(last.clone());
            if apply {
                match self.purge(&found).await {
                    Err(error) if error.code == "invalid" => {
                        // One of them owes something since we looked: the next sweep sees.
                        tracing::debug!(%error, "some flows stay for now");
                        continue;
                    }
                    done => done?,
                }
            }
            count += found.len() as u64;
            tokio::task::yield_now().await;
        }
    }

    async fn sweep_tasks(
        &self,
        (status, before): (TaskStatus, Millis),
        owners: &Owners,
        apply: bool,
    ) -> Result<u64, ApiError> {
        let limit = if apply { TASKS_AT_ONCE } else { PAGE };
        let (mut count, mut after): (u64, Option<TaskId>) = (0, None);
        loop {
            let store = self.engine.store();
            let found = store.ended_tasks(status, before, owners, after.as_ref(), limit)?;
            let Some(last) = found.last() else { return Ok(count) };
            after = Some(last.task_id.clone());
            if !apply {
                count += found.len() as u64;
                tokio::task::yield_now().await;
                continue;
            }
            count += self.forget(&found).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_owners_are_read() {
        let day = 86_400_000;
        let all: OwnerRetention = "agent:a:* 1d".parse().unwrap();
        assert_eq!((all.owner.as_str(), all.lost_ms), ("agent:a:*", Some(day)));
        let some: OwnerRetention = "o failed=2d lost=1h".parse().unwrap();
        assert_eq!((some.succeeded_ms, some.failed_ms), (None, Some(2 * day)));
        for bad in ["", "o", "o soon", "o running=1d", "o failed=", "o 1d 2x"] {
            assert!(bad.parse::<OwnerRetention>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_owner_has_one_rule_the_longest_that_fits() {
        let rules = ["agent:* 1d", "agent:a:* 2d", "x lost=3d", "agent:a:b 1d"];
        let owners = rules.map(|rule| rule.parse().unwrap()).to_vec();
        let parts = Retention { owners, ..Retention::default() }.parts();
        let only: Vec<_> = parts.iter().map(|(owners, _)| owners.only.as_deref()).collect();
        assert_eq!(only, [Some("agent:a:b"), Some("agent:a:*"), Some("agent:*"), Some("x"), None]);
        assert_eq!(parts[2].0.except, ["agent:a:b", "agent:a:*"]);
        assert_eq!(parts[4].0.except, ["agent:a:b", "agent:a:*", "agent:*", "x"]);
        let week = Retention::default().succeeded_ms;
        assert_eq!((parts[3].1.succeeded_ms, parts[3].1.lost_ms), (week, 3 * 86_400_000));
    }

    #[test]
    fn two_rules_for_the_same_owner_are_one_and_the_first_counts() {
        let rules = ["o failed=1d", "o failed=2d lost=3d", "o 4d", "p 5d"];
        let owners = rules.map(|rule| rule.parse().unwrap()).to_vec();
        let parts = Retention { owners, ..Retention::default() }.parts();
        let only: Vec<_> = parts.iter().map(|(owners, _)| owners.only.as_deref()).collect();
        assert_eq!(only, [Some("o"), Some("p"), None]);
        assert_eq!(parts[2].0.except, ["o", "p"]);
        let kept = &parts[0].1;
        let days = [kept.failed_ms, kept.lost_ms, kept.succeeded_ms].map(|ms| ms / 86_400_000);
        assert_eq!(days, [1, 3, 4]);
    }
}
