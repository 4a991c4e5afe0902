//! The sum of the deliveries of one message.

use super::{Delivery, DeliveryState};
use crate::task::DeliveryStatus;

/// Where a message stands, over all its rows (all of one task's or flow's): owed as long as one of
/// them is, then the furthest that one of them came; `not_applicable` if there is none.
#[must_use]
pub fn delivery_status<'a>(rows: impl IntoIterator<Item = &'a Delivery>) -> DeliveryStatus {
    use DeliveryStatus as S;
    // What is owed comes first; a person's reading is worth more than a machine's, and what was
    // given up or dropped counts only if nothing else is left.
    let rank = |status: &S| match status {
        S::Pending => 6,
        S::Acknowledged => 5,
        S::Delivered => 4,
        S::SessionQueued => 3,
        S::Failed => 2,
        S::Dismissed => 1,
        S::ParentMissing | S::NotApplicable => 0,
    };
    let statuses = rows.into_iter().map(|row| match row.state {
        DeliveryState::Pending => S::Pending,
        DeliveryState::Delivered => S::Delivered,
        DeliveryState::SessionQueued => S::SessionQueued,
        DeliveryState::Acknowledged => S::Acknowledged,
        DeliveryState::Failed => S::Failed,
        DeliveryState::Dismissed => S::Dismissed,
    });
    statuses.max_by_key(rank).unwrap_or(S::NotApplicable)
}
