//! Messages that do not reach their owner.

use super::code::{AuditCode as C, AuditScope, Severity};
use super::finding::{Finding, over};
use super::limits::{GRACE_MS, TRIES_MIN};
use crate::Millis;
use crate::delivery::{Delivery, DeliveryState};

/// Judges a message. `driven`: somebody sends messages now.
#[must_use]
pub fn delivery(row: &Delivery, driven: bool, now: Millis) -> Option<Finding> {
    let id = row.delivery_id.as_str();
    let route = match row.route_name.as_str() {
        "" => row.route.to_string(),
        name => format!("{} {name}", row.route),
    };
    let why = row.error.as_deref().unwrap_or("no reason is known");
    let find = |severity, code, detail: String, hint: String| {
        let found = Finding::new(AuditScope::Message, severity, code, detail, hint);
        found.of(id, &row.owner_key, row.state.as_str())
    };
    match row.state {
        DeliveryState::Failed => {
            let detail = format!("{} over {route} was given up: {why}", row.kind);
            let hint = format!("clawflow tasks redeliver {id}");
            let failed = find(Severity::Warn, C::DeliveryFailed, detail, hint);
            Some(failed.since(row.closed_at.unwrap_or(row.created_at), now))
        }
        DeliveryState::Pending => {
            let due = row.due_at.unwrap_or(row.created_at);
            if over(due, GRACE_MS, now) {
                let detail = format!("{} over {route} is due, and nobody sends it", row.kind);
                let hint = "clawflow gateway run".to_owned();
                let late = find(Severity::Error, C::Undelivered, detail, hint);
                return Some(late.since(due, now).idle_unless(driven));
            }
            (row.attempts >= TRIES_MIN).then(|| {
                let tries = row.attempts;
                let detail = format!("{} over {route} failed {tries} times: {why}", row.kind);
                let hint = format!("clawflow tasks dismiss {id}");
                find(Severity::Warn, C::Undelivered, detail, hint).since(row.created_at, now)
            })
        }
        _ => None,
    }
}
