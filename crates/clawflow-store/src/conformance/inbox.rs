//! Inboxes: what lies there until its owner has acknowledged it, in the order in which it came.

use super::fixtures::{
    OWNER, deliveries, delivery, delivery_id, ended, flow, flow_id, flows, in_state, moved, new,
    next, queued,
};
use super::{Reopened, Subject, put};
use crate::store::Store;
use clawflow_core::delivery::DeliveryState::{Acknowledged, Dismissed, SessionQueued};
use clawflow_core::delivery::{Delivery, RouteKind};
use clawflow_core::ids::DeliveryId;
use clawflow_core::unit::Unit;

fn mine(n: u64) -> Delivery {
    queued(&delivery(n, None))
}

/// In the order of the commits, of one owner or of all; with all, what was acknowledged is there
/// too.
pub fn it_holds_what_is_unread(subject: &mut dyn Subject) {
    let store = subject.open();
    let others = Delivery { owner_key: "x".to_owned(), ..mine(3) };
    let by_webhook = in_state(&delivery(4, None), Acknowledged);
    let failed = Delivery { route: RouteKind::Inbox, ..in_state(&delivery(6, None), Dismissed) };
    let rows = vec![mine(5), mine(2), others, by_webhook, delivery(1, None), failed, mine(7)];
    put(&*store, deliveries(rows.into_iter().map(new).collect())).expect("deliveries");
    put(&*store, deliveries(vec![moved(&mine(2), Acknowledged)])).expect("acknowledged");
    let page = |owner: Option<&str>, all, after, limit| {
        let found = store.inbox(owner, all, after, limit).expect("inbox");
        found.into_iter().map(|row| row.delivery_id).collect::<Vec<_>>()
    };
    assert_eq!(page(Some(OWNER), false, 0, 9), [5, 7].map(delivery_id));
    assert_eq!(page(Some(OWNER), true, 0, 9), [5, 2, 7].map(delivery_id));
    assert_eq!(page(Some(OWNER), true, 1, 1), [delivery_id(2)]);
    assert_eq!(page(None, false, 0, 9), [5, 3, 7].map(delivery_id));
    assert_eq!(page(None, true, 0, 2), [5, 2].map(delivery_id));
    assert_eq!(page(Some(OWNER), true, 4, 9), []);
    assert_eq!(page(Some(OWNER), true, u64::MAX, 9), []);
    assert_eq!(page(Some("nobody"), true, 0, 9), []);
    assert_eq!(page(None, true, 0, 0), []);
}

/// One who goes on after the last place that he has seen.
struct Reader<'s> {
    store: &'s dyn Store,
    after: u64,
}

impl Reader<'_> {
    /// What is new, page by page.
    fn news(&mut self) -> Vec<DeliveryId> {
        let mut news = Vec::new();
        loop {
            let page = self.store.inbox(Some(OWNER), false, self.after, 2).expect("inbox");
            let Some(last) = page.last() else { return news };
            self.after = last.place.expect("what lies in an inbox has a place");
            news.extend(page.into_iter().map(|row| row.delivery_id));
        }
    }
}

/// Whoever reads after the last place that he has seen sees every row that is committed later, once:
/// whatever its id, and also one that comes to lie there again.
pub fn a_reader_misses_nothing(subject: &mut dyn Subject) {
    let store = subject.open();
    let mut reader = Reader { store: &*store, after: 0 };
    // Ids are made at decisions, and commits come in another order.
    for ids in [vec![5, 9], vec![3], vec![8, 1, 7]] {
        let rows = ids.iter().map(|n| new(mine(*n))).collect();
        put(&*store, deliveries(rows)).expect("messages");
        assert_eq!(reader.news(), ids.into_iter().map(delivery_id).collect::<Vec<_>>());
        assert_eq!(reader.news(), []);
    }
    // It does not come with an acknowledgement, with what is refused or with what was sent before.
    put(&*store, deliveries(vec![moved(&mine(9), Acknowledged)])).expect("acknowledged");
    put(&*store, deliveries(vec![moved(&mine(9), SessionQueued)])).expect_err("an old version");
    let again = Delivery { delivery_id: delivery_id(20), ..mine(1) };
    put(&*store, deliveries(vec![new(again)])).expect("it was sent before");
    assert_eq!(reader.news(), []);
    // A place that somebody else says is none.
    let requeued = moved(&Delivery { place: Some(1), ..mine(3) }, SessionQueued);
    put(&*store, deliveries(vec![requeued.clone()])).expect("it is sent again");
    put(&*store, deliveries(vec![new(mine(2))])).expect("another");
    assert_eq!(reader.news(), [3, 2].map(delivery_id));
    let dismissed = moved(&requeued.row, Dismissed);
    put(&*store, deliveries(vec![dismissed.clone()])).expect("dismissed");
    assert_eq!(reader.news(), []);
    put(&*store, deliveries(vec![moved(&dismissed.row, SessionQueued)])).expect("unread again");
    assert_eq!(reader.news(), [delivery_id(3)]);
}

/// The places of deleted messages are not given again, also not after a restart.
pub fn places_are_not_reused(subject: &mut dyn Subject) {
    let store = subject.open();
    let of_flow = queued(&delivery(1, Some(1)));
    put(&*store, flows(vec![new(flow(1))])).expect("a flow");
    put(&*store, deliveries(vec![new(of_flow.clone())])).expect("a message");
    let seen = store.inbox(None, false, 0, 9).expect("inbox")[0].place.expect("a place");
    put(&*store, deliveries(vec![moved(&of_flow, Dismissed)])).expect("dismissed");
    put(&*store, flows(vec![next(ended(&flow(1)))])).expect("its end");
    let purge = Unit { purges: vec![flow_id(1)], ..Unit::default() };
    put(&*store, purge).expect("a purge");
    assert_eq!(store.delivery(&delivery_id(1)), Ok(None));
    let (Reopened::Again(store) | Reopened::Same(store)) = subject.reopen(store);
    put(&*store, deliveries(vec![new(mine(2))])).expect("another");
    let found = store.inbox(None, false, seen, 9).expect("inbox");
    assert_eq!(found.into_iter().map(|row| row.delivery_id).collect::<Vec<_>>(), [delivery_id(2)]);
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
}
