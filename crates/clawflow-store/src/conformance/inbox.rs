//! Inboxes: what lies there until its owner has acknowledged it.

use super::fixtures::{OWNER, deliveries, delivery, delivery_id, in_state, moved, new, queued};
use super::{Subject, put};
use clawflow_core::delivery::DeliveryState::{Acknowledged, Dismissed};
use clawflow_core::delivery::{Delivery, RouteKind};
use clawflow_core::ids::DeliveryId;

/// Oldest first, of one owner or of all; with all, what was acknowledged is there too.
pub fn it_holds_what_is_unread(subject: &mut dyn Subject) {
    let store = subject.open();
    let mine = |n| queued(&delivery(n, None));
    let others = Delivery { owner_key: "x".to_owned(), ..mine(3) };
    let by_webhook = in_state(&delivery(4, None), Acknowledged);
    let failed = Delivery { route: RouteKind::Inbox, ..in_state(&delivery(6, None), Dismissed) };
    let rows = vec![mine(5), mine(2), others, by_webhook, delivery(1, None), failed, mine(7)];
    put(&*store, deliveries(rows.into_iter().map(new).collect())).expect("deliveries");
    put(&*store, deliveries(vec![moved(&mine(2), Acknowledged)])).expect("acknowledged");
    let page = |owner: Option<&str>, all, after: Option<DeliveryId>, limit| {
        let found = store.inbox(owner, all, after.as_ref(), limit).expect("inbox");
        found.into_iter().map(|row| row.delivery_id).collect::<Vec<_>>()
    };
    assert_eq!(page(Some(OWNER), false, None, 9), [5, 7].map(delivery_id));
    assert_eq!(page(Some(OWNER), true, None, 9), [2, 5, 7].map(delivery_id));
    assert_eq!(page(Some(OWNER), true, Some(delivery_id(2)), 1), [delivery_id(5)]);
    assert_eq!(page(None, false, None, 9), [3, 5, 7].map(delivery_id));
    assert_eq!(page(None, true, None, 2), [2, 3].map(delivery_id));
    assert_eq!(page(Some(OWNER), true, Some(delivery_id(7)), 9), []);
    assert_eq!(page(Some("nobody"), true, None, 9), []);
    assert_eq!(page(None, true, None, 0), []);
}
