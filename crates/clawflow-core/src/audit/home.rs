//! The home, the machine and its clock.

use super::code::{AuditCode as C, AuditScope, Severity};
use super::finding::Finding;
use super::limits::{CLOCK_AHEAD_MS, CLOCK_MS, CLOCK_TOLD_MS, DISK_LOW, DISK_NONE, LOG_LARGE};
use crate::Millis;

/// What is known about the home.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HomeFacts {
    /// Free bytes on its disk, where that can be told.
    pub free_bytes: Option<u64>,
    /// Bytes of the log of the ledger.
    pub log_bytes: u64,
    /// Reports of jobs that could not be read or taken in, and one of them.
    pub reports: Option<(u64, String)>,
    /// Queues that are not configured, with the number of tasks that wait there.
    pub unknown_queues: Vec<(String, u64)>,
}

/// Judges the home.
#[must_use]
pub fn home(facts: &HomeFacts) -> Vec<Finding> {
    let find = |severity, code, detail: String, hint: &str| {
        Finding::new(AuditScope::Home, severity, code, detail, hint)
    };
    let mut found = Vec::new();
    if let Some(free) = facts.free_bytes.filter(|free| *free < DISK_LOW) {
        let severity = if free < DISK_NONE { Severity::Error } else { Severity::Warn };
        let detail = format!("{} MiB are free on the disk of the home", free >> 20);
        let hint = "clawflow flows purge --ended-before 1d";
        found.push(find(severity, C::DiskLow, detail, hint));
    }
    if facts.log_bytes > LOG_LARGE {
        let size = facts.log_bytes >> 20;
        let detail = format!("the log of the ledger has {size} MiB: something keeps it from a cut");
        found.push(find(Severity::Warn, C::WalLarge, detail, "clawflow tasks maintenance --apply"));
    }
    if let Some((count, first)) = &facts.reports {
        let detail = format!("reports of jobs that could not be taken in: {count}, as {first}");
        found.push(find(Severity::Warn, C::ReportsUnread, detail, "clawflow doctor"));
    }
    for (name, count) in &facts.unknown_queues {
        let detail = format!("tasks in the queue {name}, which is not configured: {count}");
        found.push(find(Severity::Warn, C::QueueUnknown, detail, "clawflow queues"));
    }
    found
}

/// What is known about the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Times of the newest events, in the order in which they were written.
    pub events: Vec<Millis>,
    /// How much more time passed by the clock than by the machine since the holder of the home
    /// started; below zero, if less did.
    pub drift: Millis,
    /// When the holder started.
    pub started_at: Millis,
}

/// Judges the clock: one finding at most, of the newest jump.
#[must_use]
pub fn clock(clock: &Clock, now: Millis) -> Option<Finding> {
    let find = |by: Millis, since: Millis| {
        let (way, by) = if by < 0 { ("back", -by) } else { ("forward", by) };
        let detail = format!("the clock was set {way} by about {} s", by / 1000);
        let (scope, code) = (AuditScope::Home, C::ClockJump);
        let hint = "clawflow cron status";
        Finding::new(scope, Severity::Warn, code, detail, hint).since(since, now)
    };
    let newest = clock.events.last().copied().unwrap_or(now);
    if newest.saturating_sub(now) > CLOCK_MS {
        return Some(find(now.saturating_sub(newest), now));
    }
    if clock.drift > CLOCK_AHEAD_MS || clock.drift < -CLOCK_MS {
        return Some(find(clock.drift, clock.started_at));
    }
    let mut high = Millis::MIN;
    let mut jump = None;
    for at in &clock.events {
        if high.saturating_sub(*at) > CLOCK_MS {
            jump = Some((at - high, *at));
            high = *at;
        }
        high = high.max(*at);
    }
    let (by, at) = jump?;
    (now.saturating_sub(at) <= CLOCK_TOLD_MS).then(|| find(by, at))
}
