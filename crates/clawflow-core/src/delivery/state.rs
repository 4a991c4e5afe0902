//! What happens to a delivery after it was made. Each move leaves the row with its next version, or
//! refuses and changes nothing.

use super::{Delivery, DeliveryState, RouteKind};
use crate::Millis;
use crate::error::{Code, Refusal};
use crate::ids::{DeliveryId, IdSource};
use crate::limits::{
    DELIVERY_PAUSE_MAX_MS, DELIVERY_PAUSE_MS, DELIVERY_TRIES_MAX, SUMMARY_CHARS_MAX, cut,
};
use crate::text_enum::text_enum;

/// What a failed try leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// The row: still pending, with its next `dueAt`, or given up.
    pub row: Delivery,
    /// Where it was given up: the same message for the inbox. The store leaves it out if the inbox
    /// has it already.
    pub fallback: Option<Delivery>,
}

/// How a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedTry<'a> {
    /// Why, for people.
    pub error: &'a str,
    /// Whether another try may go well.
    pub may_pass: bool,
    /// Until when the receiver asks to be left alone.
    pub not_before: Option<Millis>,
}

text_enum!(
    /// What can happen to a delivery.
    DeliveryMove {
        /// The receiver took it.
        Take = "take",
        /// A try failed, and there will be another.
        Retry = "retry",
        /// The last try failed.
        GiveUp = "giveUp",
        /// The owner has it.
        Acknowledge = "acknowledge",
        /// A person drops it.
        Dismiss = "dismiss",
        /// A person has it sent again.
        Redeliver = "redeliver",
        /// A person has it put into the inbox again.
        Requeue = "redeliver (inbox)",
    }
);

/// The state after `delivery_move`. `docs/lifecycle.md` has the picture; a test compares them.
///
/// # Errors
/// `terminal` from a state in which nothing is owed any more, `invalid_state` where the move does
/// not fit.
pub fn next_state(
    from: DeliveryState,
    delivery_move: DeliveryMove,
) -> Result<DeliveryState, Refusal> {
    use DeliveryMove as M;
    use DeliveryState as S;
    match (from, delivery_move) {
        (S::Pending, M::Take) => Ok(S::Delivered),
        (S::Pending, M::Retry) => Ok(S::Pending),
        (S::Pending, M::GiveUp) => Ok(S::Failed),
        (S::Delivered | S::SessionQueued, M::Acknowledge) => Ok(S::Acknowledged),
        (S::Pending | S::Delivered | S::SessionQueued | S::Failed, M::Dismiss) => Ok(S::Dismissed),
        (S::Delivered | S::Failed | S::Dismissed, M::Redeliver) => Ok(S::Pending),
        (S::SessionQueued | S::Dismissed, M::Requeue) => Ok(S::SessionQueued),
        (S::Acknowledged | S::Failed | S::Dismissed, _) => {
            let message = format!("the delivery is already {from}");
            Err(Refusal::new(Code::Terminal, message))
        }
        (S::Pending | S::Delivered | S::SessionQueued, _) => {
            Err(Refusal::state(delivery_move.as_str(), from.as_str()))
        }
    }
}

fn next(was: &Delivery, by: DeliveryMove) -> Result<Delivery, Refusal> {
    let state = next_state(was.state, by)?;
    Ok(Delivery { version: was.version + 1, state, ..was.clone() })
}

/// The receiver has taken it.
///
/// # Errors
/// `terminal` if it is closed, `invalid_state` if it is not pending.
pub fn attempted_ok(was: &Delivery, now: Millis) -> Result<Delivery, Refusal> {
    Ok(Delivery {
        attempts: was.attempts + 1,
        due_at: None,
        error: None,
        delivered_at: Some(now),
        ..next(was, DeliveryMove::Take)?
    })
}

/// A try failed: the next one is due after a pause that doubles, up to a limit, of which `jitter`
/// (`0.0..1.0`) takes away up to half; not before `not_before`, if the receiver has asked for that.
/// After the last try, or if no other one `may_pass`, it is given up, and the inbox gets it.
///
/// # Errors
/// As [`attempted_ok`].
pub fn attempted_failed(
    was: &Delivery,
    how: &FailedTry<'_>,
    jitter: f64,
    ids: &mut dyn IdSource,
    now: Millis,
) -> Result<Failed, Refusal> {
    let attempts = was.attempts + 1;
    let error = Some(cut(how.error.trim(), SUMMARY_CHARS_MAX));
    if how.may_pass && attempts < DELIVERY_TRIES_MAX {
        let due = now.saturating_add(pause_ms(attempts, jitter));
        let due_at = Some(due.max(how.not_before.unwrap_or(due)));
        let row = Delivery { attempts, error, due_at, ..next(was, DeliveryMove::Retry)? };
        return Ok(Failed { row, fallback: None });
    }
    let row = Delivery {
        attempts,
        error,
        due_at: None,
        closed_at: Some(now),
        ..next(was, DeliveryMove::GiveUp)?
    };
    let fallback = Delivery {
        delivery_id: DeliveryId::new(ids),
        version: 0,
        route: RouteKind::Inbox,
        route_name: String::new(),
        state: DeliveryState::SessionQueued,
        attempts: 0,
        due_at: None,
        error: None,
        created_at: now,
        delivered_at: Some(now),
        closed_at: None,
        place: None,
        ..was.clone()
    };
    Ok(Failed { row, fallback: Some(fallback) })
}

/// The pause after so many failed tries.
fn pause_ms(attempts: u32, jitter: f64) -> Millis {
    let doubled = DELIVERY_PAUSE_MS.saturating_mul(1 << attempts.saturating_sub(1).min(30));
    let capped = doubled.min(DELIVERY_PAUSE_MAX_MS);
    // At most half of some minutes: it fits.
    let less = (capped as f64 * 0.5 * jitter.clamp(0.0, 1.0)) as Millis;
    capped - less
}

/// The owner has it. What was acknowledged before stays as it is, and the row comes back unchanged.
///
/// # Errors
/// `terminal` if it was given up or dismissed; `invalid_state` while it is pending.
pub fn acknowledge(was: &Delivery, now: Millis) -> Result<Delivery, Refusal> {
    if was.state == DeliveryState::Acknowledged {
        return Ok(was.clone());
    }
    Ok(Delivery { closed_at: Some(now), ..next(was, DeliveryMove::Acknowledge)? })
}

/// A person drops it: nothing is owed any more. One that was dropped before comes back unchanged.
///
/// # Errors
/// `terminal` if it was acknowledged.
pub fn dismiss(was: &Delivery, now: Millis) -> Result<Delivery, Refusal> {
    if was.state == DeliveryState::Dismissed {
        return Ok(was.clone());
    }
    Ok(Delivery { due_at: None, closed_at: Some(now), ..next(was, DeliveryMove::Dismiss)? })
}

/// It is sent again, under the same idempotency key, with its tries counted anew. In the inbox it
/// is unread again.
///
/// # Errors
/// `terminal` if it was acknowledged; `invalid_state` while it is pending anyway.
pub fn redeliver(was: &Delivery, now: Millis) -> Result<Delivery, Refusal> {
    if was.route == RouteKind::Inbox {
        let row = next(was, DeliveryMove::Requeue)?;
        return Ok(Delivery { delivered_at: Some(now), closed_at: None, ..row });
    }
    Ok(Delivery {
        attempts: 0,
        due_at: Some(now),
        error: None,
        delivered_at: None,
        closed_at: None,
        ..next(was, DeliveryMove::Redeliver)?
    })
}
