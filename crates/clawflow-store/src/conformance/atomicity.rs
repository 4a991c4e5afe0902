//! A unit is applied whole or not at all.

use super::fixtures::{
    OWNER, changed, delivery, delivery_id, event, flow, flow_id, flows, guard, moved, next, signal,
    signal_id, task_id, token, whole_flow,
};
use super::{Subject, put};
use crate::query::EventFilter;
use crate::store::Store;
use clawflow_core::delivery::DeliveryState::Delivered;
use clawflow_core::unit::Unit;

fn is_empty(store: &dyn Store, n: u64) {
    assert_eq!(store.load(&flow_id(n)).expect("load"), None);
    assert_eq!(store.task(&task_id(n)).expect("task"), None);
    assert!(store.waits(&flow_id(n)).expect("waits").is_empty());
    assert!(store.steps(&flow_id(n)).expect("steps").is_empty());
    assert_eq!(store.last_event(flow_id(n).as_str()).expect("events"), 0);
    assert_eq!(store.delivery(&delivery_id(n)).expect("delivery"), None);
    assert_eq!(store.kept_signals(OWNER, "whole", None, 9).expect("signals"), [signal(1, "whole")]);
    assert_eq!(store.list_tokens().expect("tokens"), [token(1)]);
    assert_eq!(store.outcome(OWNER, &format!("key-{n}")).expect("outcome"), None);
}

/// Whatever part is refused, no other part stays.
pub fn a_refused_part_leaves_nothing(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, whole_flow(1)).expect("a new flow");
    let bad: Vec<Unit> = vec![
        Unit { guards: vec![guard(1, 7)], ..whole_flow(2) },
        Unit { flows: flows(vec![next(changed(&changed(&flow(1))))]).flows, ..whole_flow(2) },
        Unit { steps: whole_flow(1).steps, ..whole_flow(2) },
        Unit { tasks: whole_flow(1).tasks, ..whole_flow(2) },
        Unit { waits: whole_flow(1).waits, ..whole_flow(2) },
        Unit { deliveries: vec![moved(&delivery(2, Some(2)), Delivered)], ..whole_flow(2) },
        Unit { signals: whole_flow(1).signals, ..whole_flow(2) },
        Unit { taken: vec![signal_id(9)], ..whole_flow(2) },
        Unit { tokens: whole_flow(1).tokens, ..whole_flow(2) },
        Unit { outcomes: whole_flow(1).outcomes, ..whole_flow(2) },
        Unit { events: vec![event(flow_id(1).as_str(), 2)], ..whole_flow(2) },
        Unit { purges: vec![flow_id(1)], ..whole_flow(2) },
    ];
    for unit in bad {
        put(&*store, unit).expect_err("a part of it is refused");
        is_empty(&*store, 2);
    }
    let all = EventFilter { limit: 100, ..EventFilter::default() };
    assert_eq!(store.events(&all).expect("events").len(), 2);
    assert_eq!(put(&*store, whole_flow(2)), Ok(4));
}

/// Units that are submitted together are judged one by one.
pub fn refusals_do_not_touch_their_neighbours(subject: &mut dyn Subject) {
    let store = subject.open();
    let units = (0..40).flat_map(|n| [whole_flow(n), whole_flow(n)]);
    let receipts: Vec<_> = units.map(|unit| store.submit(unit)).collect();
    for (at, receipt) in receipts.into_iter().enumerate() {
        let answer = receipt.blocking_recv().expect("an answer");
        assert_eq!(answer.is_ok(), at % 2 == 0, "unit {at}: {answer:?}");
    }
    let all = EventFilter { limit: 1000, ..EventFilter::default() };
    let seqs: Vec<u64> = store.events(&all).expect("events").iter().map(|e| e.seq).collect();
    assert_eq!(seqs, (1..=80).collect::<Vec<_>>());
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
}
