//! Deleting ended flows.

use super::fixtures::{
    OWNER, definition, deliveries, delivery, delivery_id, ended, flow, flow_id, flows, in_state,
    moved, new, next, queued, spec, task, task_id, tasks, whole_flow,
};
use super::{Reopened, Subject, put};
use crate::error::ApplyError;
use crate::query::{EventFilter, FlowFilter};
use clawflow_core::Millis;
use clawflow_core::delivery::Delivery;
use clawflow_core::delivery::DeliveryState::{Acknowledged, Delivered, Pending};
use clawflow_core::spec::FlowSpec;
use clawflow_core::unit::Unit;

fn purge(n: u64) -> Unit {
    Unit { purges: vec![flow_id(n)], ..Unit::default() }
}

/// The flow goes with all that depends on it; another flow's rows stay.
pub fn it_deletes_all_of_the_flow(subject: &mut dyn Subject) {
    let store = subject.open();
    for n in 1..=2 {
        put(&*store, whole_flow(n)).expect("a new flow");
        put(&*store, flows(vec![next(ended(&flow(n)))])).expect("its end");
    }
    put(&*store, purge(1)).expect("a purge");
    put(&*store, purge(1)).expect("what is gone is no error");
    assert_eq!(store.load(&flow_id(1)).expect("load"), None);
    assert_eq!(store.task(&task_id(1)).expect("task"), None);
    assert!(store.waits(&flow_id(1)).expect("waits").is_empty());
    assert!(store.steps(&flow_id(1)).expect("steps").is_empty());
    assert_eq!(store.last_event(flow_id(1).as_str()), Ok(0));
    assert_eq!(store.delivery(&delivery_id(1)), Ok(None));
    assert!(store.delivery(&delivery_id(2)).expect("delivery").is_some());
    let other = store.load(&flow_id(2)).expect("load").expect("flow 2");
    assert_eq!((other.steps.len(), other.tasks.len(), other.waits.len()), (2, 1, 1));
    assert!(other.source.is_some(), "flow 2 uses the definition still");
    put(&*store, purge(2)).expect("a purge");
    let unit = Unit { definitions: vec![], specs: vec![spec(3, "abc")], ..whole_flow(3) };
    let refused = put(&*store, unit);
    assert!(matches!(refused, Err(ApplyError::Invalid { .. })), "the definition is gone");
    let unit = Unit { definitions: vec![definition("abc")], ..whole_flow(3) };
    put(&*store, unit).expect("a flow with its definition");
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
}

/// The files that a flow named are kept for as long as a flow uses them.
pub fn it_spares_the_files_of_others(subject: &mut dyn Subject) {
    let store = subject.open();
    for n in 1..=2 {
        let files = Some("files".to_owned());
        let specs = vec![FlowSpec { files, ..spec(n, "abc") }];
        let definitions = vec![definition("abc"), definition("files")];
        let unit = Unit { definitions, specs, ..flows(vec![new(ended(&flow(n)))]) };
        put(&*store, unit).expect("an ended flow");
    }
    put(&*store, purge(1)).expect("a purge");
    assert!(store.definition("files").expect("definition").is_some(), "flow 2 uses them");
    put(&*store, purge(2)).expect("a purge");
    assert_eq!(store.definition("files"), Ok(None));
    let specs = vec![FlowSpec { files: Some("files".to_owned()), ..spec(3, "abc") }];
    let definitions = vec![definition("abc")];
    let unit = Unit { definitions, specs, ..flows(vec![new(ended(&flow(3)))]) };
    let refused = put(&*store, unit);
    assert!(matches!(refused, Err(ApplyError::Invalid { .. })), "the files are gone");
}

/// A live flow is not deleted, nor anything that comes with it in the unit.
pub fn it_spares_the_living(subject: &mut dyn Subject) {
    let store = subject.open();
    for n in 1..=2 {
        put(&*store, whole_flow(n)).expect("a new flow");
    }
    put(&*store, flows(vec![next(ended(&flow(2)))])).expect("its end");
    let both = Unit { purges: vec![flow_id(2), flow_id(1)], ..Unit::default() };
    assert!(matches!(put(&*store, both), Err(ApplyError::Invalid { .. })));
    let all = FlowFilter { limit: 9, ..FlowFilter::default() };
    assert_eq!(store.list_flows(&all).expect("list").len(), 2);
    let end = Unit { purges: vec![flow_id(1)], ..flows(vec![next(ended(&flow(1)))]) };
    put(&*store, end).expect("a flow that ends in the same unit");
    assert_eq!(store.load(&flow_id(1)).expect("load"), None);
}

/// A flow that owes a message stays until it owes nothing.
pub fn it_spares_what_owes(subject: &mut dyn Subject) {
    let store = subject.open();
    let owed = delivery(1, Some(1));
    let unit = flows(vec![new(ended(&flow(1)))]);
    put(&*store, Unit { deliveries: vec![new(owed.clone())], ..unit }).expect("an ended flow");
    let refused = put(&*store, purge(1));
    assert!(matches!(refused, Err(ApplyError::Invalid { .. })), "{refused:?}");
    let more = Unit { deliveries: vec![moved(&owed, Pending)], ..purge(1) };
    let refused = put(&*store, more);
    assert!(matches!(refused, Err(ApplyError::Invalid { .. })), "tried again: {refused:?}");
    assert!(store.load(&flow_id(1)).expect("load").is_some());
    let last = Unit { deliveries: vec![moved(&owed, Delivered)], ..purge(1) };
    put(&*store, last).expect("it is delivered in the same unit");
    assert_eq!(store.load(&flow_id(1)), Ok(None));
    assert_eq!(store.delivery(&delivery_id(1)), Ok(None));
}

/// What lies in an inbox outlives its flow until it is acknowledged and has expired.
pub fn it_spares_inboxes(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(ended(&flow(1))), new(ended(&flow(2)))])).expect("ended flows");
    put(&*store, tasks(vec![task(7, None)])).expect("a task without a flow");
    let unread = queued(&delivery(1, Some(1)));
    let read = in_state(&queued(&delivery(2, Some(1))), Acknowledged);
    let others = queued(&delivery(3, Some(2)));
    let of_task = Delivery { task_id: Some(task_id(7)), ..queued(&delivery(4, None)) };
    let rows = [&unread, &read, &others, &of_task].map(|row| new(row.clone()));
    put(&*store, deliveries(rows.into())).expect("messages");
    put(&*store, purge(1)).expect("a purge");
    let inbox = || {
        let mut rows = store.inbox(Some(OWNER), true, 0, 9).expect("inbox");
        assert!(rows.is_sorted_by_key(|row| row.place), "{rows:?}");
        rows.iter_mut().for_each(|row| row.place = None);
        rows
    };
    assert_eq!(inbox(), [unread.clone(), others.clone(), of_task.clone()]);
    assert_eq!(store.expire_deliveries(Millis::MAX), Ok(0), "nothing of it is closed");
    let ends = [&unread, &others, &of_task].map(|row| moved(row, Acknowledged));
    let (unread, kept) = (ends[0].row.clone(), [ends[1].row.clone(), ends[2].row.clone()]);
    put(&*store, deliveries(ends.into())).expect("acknowledged");
    assert_eq!(inbox()[0], unread, "it can still be looked up");
    let closed = unread.closed_at.expect("its time");
    assert_eq!(store.expire_deliveries(closed), Ok(0), "it is not older");
    assert_eq!(store.expire_deliveries(closed + 1), Ok(1));
    assert_eq!(store.expire_deliveries(Millis::MAX), Ok(0), "flow 2 and the task are there");
    assert_eq!(inbox(), kept);
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
}

/// The places of deleted events stay taken.
pub fn seq_is_not_reused(subject: &mut dyn Subject) {
    let store = subject.open();
    assert_eq!(put(&*store, whole_flow(1)), Ok(2));
    put(&*store, flows(vec![next(ended(&flow(1)))])).expect("its end");
    assert_eq!(put(&*store, purge(1)), Ok(2));
    assert_eq!(store.last_seq(), Ok(2));
    let (Reopened::Again(store) | Reopened::Same(store)) = subject.reopen(store);
    assert_eq!(put(&*store, whole_flow(2)), Ok(4));
    let all = EventFilter { limit: 9, ..EventFilter::default() };
    let seqs: Vec<_> = store.events(&all).expect("events").iter().map(|e| e.seq).collect();
    assert_eq!(seqs, [3, 4]);
}
