//! Rules of the ledger that no unit may break.

use super::fixtures::{
    changed, deliveries, delivery, delivery_id, flow, flow_id, flows, in_state, moved, new, next,
    spec, step, task, task_id, tasks, wait, whole_flow,
};
use super::{Subject, put};
use crate::error::ApplyError;
use crate::store::Store;
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};
use clawflow_core::flow::{Flow, FlowStatus, SyncMode};
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::{Wait, WaitState};
use std::sync::Arc;

fn refused(store: &dyn Store, unit: Unit) {
    match put(store, unit) {
        Err(ApplyError::Invalid { .. }) => {}
        other => panic!("an invalid unit got {other:?}"),
    }
}

fn steps(row: Step) -> Unit {
    Unit { steps: vec![new(Arc::new(row))], ..Unit::default() }
}

fn waits(row: Wait) -> Unit {
    Unit { waits: vec![new(Arc::new(row))], ..Unit::default() }
}

/// The end's time is there exactly when the row has ended.
pub fn ends_have_a_time(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(flow(1))])).expect("a flow");
    for status in FlowStatus::ALL {
        let over = status.is_terminal();
        let wrong = Flow { status: *status, ended_at: (!over).then_some(1), ..flow(2) };
        refused(&*store, flows(vec![new(wrong)]));
    }
    let blocked = Flow { status: FlowStatus::Blocked, ended_at: Some(1), ..flow(2) };
    let mirrored = Flow { sync_mode: SyncMode::TaskMirrored, ..blocked };
    put(&*store, flows(vec![new(mirrored)])).expect("a mirrored flow may end as blocked");
    for status in StepStatus::ALL {
        let ended_at = (!status.is_terminal()).then_some(1);
        refused(
            &*store,
            steps(Step { status: *status, ended_at, due_at: Some(1), ..step(1, "x", 0) }),
        );
    }
    refused(&*store, steps(Step { status: StepStatus::Retrying, ..step(1, "x", 0) }));
    for status in TaskStatus::ALL {
        let ended_at = (!status.is_terminal()).then_some(1);
        refused(&*store, tasks(vec![Task { status: *status, ended_at, ..task(1, None) }]));
    }
    for state in WaitState::ALL {
        let closed_at = (*state == WaitState::Open).then_some(1);
        refused(&*store, waits(Wait { state: *state, closed_at, ..wait(1, 1) }));
    }
}

/// A delivery is due while it is pending and closed when nothing is owed any more.
pub fn deliveries_have_their_times(subject: &mut dyn Subject) {
    let store = subject.open();
    for (state, n) in DeliveryState::ALL.iter().zip(1..) {
        let right = in_state(&delivery(n, None), *state);
        let due_at = right.due_at.xor(Some(1));
        refused(&*store, deliveries(vec![new(Delivery { due_at, ..right.clone() })]));
        let closed_at = right.closed_at.xor(Some(1));
        refused(&*store, deliveries(vec![new(Delivery { closed_at, ..right.clone() })]));
        put(&*store, deliveries(vec![new(right)])).expect("a delivery in each state");
    }
}

/// Steps, tasks, waits and specs need their flow, and specs their definition.
pub fn rows_belong_to_a_flow(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(flow(1))])).expect("a flow");
    refused(&*store, steps(step(2, "a", 0)));
    refused(&*store, waits(wait(1, 2)));
    refused(&*store, tasks(vec![task(1, Some(2))]));
    refused(&*store, deliveries(vec![new(delivery(1, Some(2)))]));
    refused(&*store, Unit { specs: vec![spec(2, "abc")], ..Unit::default() });
    refused(&*store, Unit { specs: vec![spec(1, "abc")], ..Unit::default() });
    put(&*store, steps(step(1, "a", 0))).expect("a step of a flow");
}

/// What says whose a row is stays as it was.
pub fn identities_do_not_change(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, whole_flow(1)).expect("a flow");
    put(&*store, flows(vec![new(flow(2))])).expect("a flow");
    let other = |change: fn(&mut Flow)| {
        let mut row = changed(&flow(1));
        change(&mut row);
        flows(vec![next(row)])
    };
    refused(&*store, other(|row| row.key = Some("k".to_owned())));
    refused(&*store, other(|row| row.owner_key = "k".to_owned()));
    refused(&*store, other(|row| row.created_at = 7));
    refused(&*store, other(|row| row.sync_mode = SyncMode::TaskMirrored));
    let row = Task { version: 2, ..task(1, Some(2)) };
    let change = Change { expected: Some(1), row: Arc::new(row) };
    refused(&*store, Unit { tasks: vec![change], ..Unit::default() });
    let row = Wait { version: 2, ..wait(1, 2) };
    let change = Change { expected: Some(1), row: Arc::new(row) };
    refused(&*store, Unit { waits: vec![change], ..Unit::default() });
    let other = |change: fn(&mut Delivery)| {
        let mut row = moved(&delivery(1, Some(1)), DeliveryState::Delivered);
        change(&mut row.row);
        deliveries(vec![row])
    };
    refused(&*store, other(|row| row.owner_key = "k".to_owned()));
    refused(&*store, other(|row| row.flow_id = Some(flow_id(2))));
    refused(&*store, other(|row| row.task_id = Some(task_id(1))));
    refused(&*store, other(|row| row.idempotency_key = "k".to_owned()));
    refused(&*store, other(|row| row.route = RouteKind::Command));
    refused(&*store, other(|row| row.route_name = "k".to_owned()));
    refused(&*store, other(|row| row.created_at = 7));
    assert_eq!(store.load(&flow_id(1)).expect("load").expect("flow 1").flow.revision, 0);
    assert_eq!(store.delivery(&delivery_id(1)).expect("delivery").expect("it").version, 1);
}
