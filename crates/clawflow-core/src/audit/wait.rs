//! Waits: late by their own deadlines, or for what does not come any more.

use super::code::{AuditCode as C, AuditScope, Severity};
use super::finding::{Finding, over};
use super::limits::GRACE_MS;
use crate::Millis;
use crate::wait::{Wait, WaitKind};

/// What an open wait waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// It goes on.
    Open,
    /// It has ended, at this time.
    Ended(Millis),
    /// It is not there.
    Missing,
}

/// Judges an open wait: for a task, a child flow, or a decision of a person about what is in doubt.
#[must_use]
pub fn wait(
    wait: &Wait,
    owner_key: &str,
    target: Target,
    driven: bool,
    now: Millis,
) -> Option<Finding> {
    let flow = wait.flow_id.as_str();
    let step = wait.step_id.as_deref();
    let of = |found: Finding| found.of(flow, owner_key, "waiting");
    if wait.kind == WaitKind::InDoubt {
        let step = step.unwrap_or_default();
        let detail = format!("step {step} may have acted, and nobody has said what is to be done");
        let hint =
            format!("clawflow flows settle {flow} --step {step} --rerun|--succeeded|--skip|--fail");
        let found = Finding::new(AuditScope::Flow, Severity::Error, C::InDoubt, detail, hint);
        return Some(of(found).since(wait.created_at, now));
    }
    if !matches!(wait.kind, WaitKind::Task | WaitKind::Flow) {
        return None;
    }
    let name = wait.target.as_deref().unwrap_or_default();
    let (since, how) = match target {
        Target::Open => return None,
        Target::Ended(at) => (at.max(wait.created_at), "has ended"),
        Target::Missing => (wait.created_at, "is not there"),
    };
    let detail = match step {
        Some(step) => format!("step {step} waits for {name}, which {how}"),
        None => format!("it waits for {name}, which {how}"),
    };
    let hint = match step {
        Some(_) => format!("clawflow flows cancel {flow}"),
        None => format!("clawflow flows resume {flow}"),
    };
    let found = Finding::new(AuditScope::Flow, Severity::Error, C::StaleWaiting, detail, hint);
    let late = over(since, GRACE_MS, now);
    late.then(|| of(found).since(since, now).idle_unless(driven))
}

/// A point in time that was to be acted on.
#[derive(Clone, Copy, Debug)]
pub struct DueFacts<'d> {
    /// The flow.
    pub flow_id: &'d str,
    /// Its owner.
    pub owner_key: &'d str,
    /// Its status.
    pub status: &'d str,
    /// The step that is to be tried again, or that waits; absent for the flow as a whole.
    pub step: Option<&'d str>,
    /// It is a retry, not a wait.
    pub retry: bool,
    /// When it was due.
    pub at: Millis,
    /// Somebody drives the flow now.
    pub driven: bool,
}

/// Judges a deadline or a retry.
#[must_use]
pub fn due(facts: &DueFacts<'_>, now: Millis) -> Option<Finding> {
    if !over(facts.at, GRACE_MS, now) {
        return None;
    }
    let who = facts.step.map_or("it".to_owned(), |step| format!("step {step}"));
    let (code, detail) = match facts.retry {
        true => (C::StaleRetry, format!("{who} was to be tried again, and was not")),
        false => (C::StaleWaiting, format!("the time until which {who} waits has passed")),
    };
    let hint = format!("clawflow flows why {}", facts.flow_id);
    let found = Finding::new(AuditScope::Flow, Severity::Error, code, detail, hint);
    let found = found.of(facts.flow_id, facts.owner_key, facts.status);
    Some(found.since(facts.at, now).idle_unless(facts.driven))
}
