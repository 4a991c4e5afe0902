//! What owners are owed, and what becomes of it.

use super::world::{Code, OWNER, new, person, route};
use crate::world::{Count, World, code, exit};
use clawflow_core::control::{self, NewChild};
use clawflow_core::delivery::{
    Delivery, DeliveryState, FailedTry, Route, RouteKind, acknowledge, attempted_failed,
    attempted_ok, delivery_status, dismiss, redeliver,
};
use clawflow_core::drive::Ctx;
use clawflow_core::effect::Effect;
use clawflow_core::error::Code as Refused;
use clawflow_core::flow::{NewManaged, NotifyPolicy, Origin};
use clawflow_core::limits::DELIVERY_TRIES_MAX;
use clawflow_core::task::solo::{self, NewTask, SoloDecision};
use clawflow_core::task::{DeliveryStatus, Executor, Runtime};
use serde_json::json;

fn with(policy: NotifyPolicy, routes: Vec<Route>) -> Code {
    Code::make(NewManaged { notify_policy: Some(policy), ..new() }, routes).unwrap()
}

#[test]
fn the_end_is_told_by_default_and_every_status_if_asked() {
    for (policy, kinds) in [
        (NotifyPolicy::Silent, &[][..]),
        (NotifyPolicy::DoneOnly, &["flow.ended"]),
        (NotifyPolicy::StateChanges, &["flow.changed", "flow.changed", "flow.ended"]),
    ] {
        let mut w = with(policy, Vec::new());
        w.park_for(person(false, &[])).unwrap();
        w.resume().unwrap();
        w.act(|s, ctx| control::set_output(s, ctx, None, "sum", json!(1))).unwrap();
        w.fail().unwrap();
        let told: Vec<&str> = w.deliveries.iter().map(|one| one.kind.as_str()).collect();
        assert_eq!(told, kinds, "{policy}");
    }
}

#[test]
fn a_message_says_it_to_people_and_to_programs() {
    let origin = Origin { to: Some("C1".to_owned()), ..Origin::default() };
    let key = Some("inbox-1".to_owned());
    let policy = Some(NotifyPolicy::StateChanges);
    let asked = NewManaged { key, requester_origin: Some(origin), notify_policy: policy, ..new() };
    let mut w = Code::make(asked, Vec::new()).unwrap();
    w.park_for(person(false, &[])).unwrap();
    let asks = w.deliveries[0].clone();
    assert_eq!(asks.content, "flow \"triage inbox\" is waiting: send it?");
    assert_eq!(
        (&asks.data["waitId"], &asks.data["prompt"]),
        (&json!(w.wait().wait_id), &json!("send it?"))
    );
    let id = w.flow().flow_id.clone();
    assert_eq!(asks.idempotency_key, format!("flow:{id}:rev:1"));
    w.act(|s, ctx| control::set_output(s, ctx, None, "sum", json!(1))).unwrap();
    w.fail().unwrap();
    let end = w.deliveries[1].clone();
    assert_eq!(end.content, "flow \"triage inbox\" failed: broken");
    assert_eq!(end.idempotency_key, format!("flow:{id}:ended"));
    assert_eq!(end.requester_origin, w.flow().requester_origin);
    assert_eq!(
        end.data,
        json!({
            "flowId": id, "status": "failed", "revision": 3, "goal": "triage  inbox",
            "outputKeys": ["sum"], "key": "inbox-1", "error": "broken",
        })
    );
    assert_eq!((end.state, end.delivered_at), (DeliveryState::SessionQueued, Some(w.now)));
    assert_eq!((end.route, end.owner_key.as_str()), (RouteKind::Inbox, OWNER));
}

#[test]
fn a_message_goes_to_each_route_of_its_owner_once() {
    let other = Route { owner: "hook:*".to_owned(), ..route(RouteKind::Webhook, "c") };
    let mine = Route { owner: "agent:*".to_owned(), ..route(RouteKind::Webhook, "a") };
    let routes = vec![mine, route(RouteKind::Webhook, "a"), route(RouteKind::Inbox, ""), other];
    let mut w = with(NotifyPolicy::DoneOnly, routes.clone());
    w.finish().unwrap();
    let rows: Vec<_> =
        w.deliveries.iter().map(|d| (d.route, d.route_name.as_str(), d.state)).collect();
    assert_eq!(
        rows,
        [
            (RouteKind::Webhook, "a", DeliveryState::Pending),
            (RouteKind::Inbox, "", DeliveryState::SessionQueued),
        ]
    );
    assert_eq!(w.deliveries[0].idempotency_key, w.deliveries[1].idempotency_key);
    assert_eq!(w.deliveries[0].due_at, Some(w.now));
    assert!(w.effects.contains(&Effect::Timer));
    // Nobody's routes: the inbox.
    let mut w = with(NotifyPolicy::DoneOnly, routes[3..].to_vec());
    w.finish().unwrap();
    assert_eq!((w.deliveries.len(), w.deliveries[0].route), (1, RouteKind::Inbox));
    assert!(!w.effects.contains(&Effect::Timer));
}

#[test]
fn a_child_is_told_of_if_that_was_asked() {
    let mut w = with(NotifyPolicy::Silent, Vec::new());
    w.launch().unwrap();
    let policy = Some(NotifyPolicy::DoneOnly);
    let child = NewChild::new(Runtime::Cli, "sort  it");
    let command = Some(super::world::command());
    w.run(NewChild { command, notify_policy: policy, ..child }).unwrap();
    w.end(0, &exit(1, "")).unwrap();
    assert!(w.deliveries.is_empty());
    w.end(1, &exit(1, "")).unwrap();
    assert_eq!(w.deliveries[0].content, "task \"sort it\" failed: exit code 1");
    assert_eq!(w.deliveries[0].flow_id.as_ref(), Some(&w.flow().flow_id));
    let key = format!("task:{}:ended", w.child(1).task_id);
    assert_eq!(w.deliveries[0].idempotency_key, key);
    assert_eq!(w.child(1).delivery_status, DeliveryStatus::SessionQueued);
}

#[test]
fn a_flow_of_the_engine_owes_as_well_and_its_tasks_do_not() {
    let mut w = World::new(
        "notify: state_changes\nsteps: [{id: a, run: x}, {id: b, run: y, approval: {prompt: ok?}}]",
    );
    let mut told = Vec::new();
    for (at, step) in ["a", "b"].into_iter().enumerate() {
        let task = w.task(step);
        w.act(|s, ctx| {
            let report = exit(0, "");
            let made = clawflow_core::drive::ended(s, ctx, &task.task_id, task.fence, report)?;
            told.extend(made.unit.deliveries.iter().map(|one| one.row.content.clone()));
            Ok(made)
        })
        .unwrap();
        assert_eq!(told.len(), at, "{told:?}");
    }
    assert!(told[0].ends_with("is waiting: ok?"), "{told:?}");
    let wait = w.step("b").wait_id.clone().unwrap();
    let yes =
        clawflow_core::drive::Answer { approve: true, by: "ann".to_owned(), shown_hash: None };
    w.act(|s, ctx| {
        let made = clawflow_core::drive::answer(s, ctx, &wait, &yes)?;
        assert_eq!(made.unit.deliveries.len(), 1);
        let row = &made.unit.deliveries[0].row;
        assert_eq!(row.kind, "flow.ended");
        assert_eq!(row.data["revision"], json!(made.state.flow.revision));
        Ok(made)
    })
    .unwrap();
    let ended = w.events.last().unwrap();
    assert_eq!(ended.data["revision"], json!(w.state.flow.revision));
    assert_eq!((&ended.data["from"], &ended.data["to"]), (&json!("waiting"), &json!("succeeded")));
}

fn alone(policy: Option<NotifyPolicy>, routes: &[Route]) -> SoloDecision {
    let executor = Executor::default();
    let mut ids = Count(0);
    let mut ctx = Ctx {
        now: 1000,
        ids: &mut ids,
        jitter: 0.5,
        slots: 1,
        executor: &executor,
        actor: None,
        routes,
    };
    let new = NewTask {
        owner_key: OWNER.to_owned(),
        label: Some("tidy".to_owned()),
        command: super::world::command(),
        requester_origin: Some(Origin::default()),
        notify_policy: policy,
        parent_task_id: None,
        budget: None,
        agent: None,
    };
    let made = solo::create(new, &mut ctx).unwrap();
    let owed = made.solo.task.delivery_status;
    let silent = policy == Some(NotifyPolicy::Silent);
    let wanted = if silent { DeliveryStatus::NotApplicable } else { DeliveryStatus::Pending };
    assert_eq!(owed, wanted);
    assert!(made.unit.deliveries.is_empty());
    let notified = solo::notify(&made.solo, &mut ctx, NotifyPolicy::Silent).unwrap();
    assert_eq!(notified.solo.task.delivery_status, DeliveryStatus::NotApplicable);
    let ended = solo::ended(&made.solo, &mut ctx, 1, &exit(0, "")).unwrap();
    assert_eq!(code(solo::notify(&ended.solo, &mut ctx, NotifyPolicy::Silent)), Refused::Terminal);
    ended
}

#[test]
fn a_task_of_its_own_owes_its_end() {
    let told = alone(None, &[]);
    let [owed] = told.unit.deliveries.as_slice() else { panic!("{told:?}") };
    assert_eq!(owed.row.content, "task \"tidy\" succeeded");
    assert_eq!(owed.row.requester_origin, Some(Origin::default()));
    assert_eq!(told.solo.task.delivery_status, DeliveryStatus::SessionQueued);
    let told = alone(Some(NotifyPolicy::DoneOnly), &[route(RouteKind::Command, "c")]);
    assert_eq!(told.solo.task.delivery_status, DeliveryStatus::Pending);
    assert!(told.effects.contains(&Effect::Timer));
    let told = alone(Some(NotifyPolicy::Silent), &[]);
    assert!(told.unit.deliveries.is_empty());
}

fn pending() -> Delivery {
    let mut w = with(NotifyPolicy::DoneOnly, vec![route(RouteKind::Webhook, "a")]);
    w.finish().unwrap();
    Delivery::clone(&w.deliveries[0])
}

#[test]
fn a_delivery_is_taken_and_acknowledged() {
    let taken = attempted_ok(&pending(), 5000).unwrap();
    assert_eq!((taken.state, taken.version, taken.attempts), (DeliveryState::Delivered, 1, 1));
    assert_eq!((taken.delivered_at, taken.due_at), (Some(5000), None));
    let read = acknowledge(&taken, 6000).unwrap();
    assert_eq!((read.state, read.closed_at), (DeliveryState::Acknowledged, Some(6000)));
    assert_eq!(acknowledge(&read, 7000).unwrap(), read);
    for refused in [dismiss(&read, 1), redeliver(&read, 1), attempted_ok(&read, 1)] {
        assert_eq!(code(refused), Refused::Terminal);
    }
    assert_eq!(code(attempted_ok(&taken, 1)), Refused::InvalidState);
    assert_eq!(code(acknowledge(&pending(), 1)), Refused::InvalidState);
    assert_eq!(code(redeliver(&pending(), 1)), Refused::InvalidState);
}

#[test]
fn failed_tries_come_at_longer_intervals_and_end_in_the_inbox() {
    let mut ids = Count(1 << 50);
    let (mut row, mut now, mut pauses) = (pending(), 0, Vec::new());
    let fallback = loop {
        let failed = attempted_failed(&row, &failed_by(" no route "), 0.0, &mut ids, now).unwrap();
        row = failed.row;
        assert_eq!(row.error.as_deref(), Some("no route"));
        match failed.fallback {
            Some(fallback) => break fallback,
            None => pauses.push(row.due_at.unwrap() - now),
        }
        now = row.due_at.unwrap();
    };
    assert_eq!((row.state, row.attempts), (DeliveryState::Failed, DELIVERY_TRIES_MAX));
    assert_eq!((row.due_at, row.closed_at), (None, Some(now)));
    assert_eq!(pauses[..3], [1000, 2000, 4000]);
    assert_eq!(pauses.last(), Some(&300_000));
    assert_eq!((fallback.route, fallback.state), (RouteKind::Inbox, DeliveryState::SessionQueued));
    assert_eq!(fallback.idempotency_key, row.idempotency_key);
    assert_eq!((fallback.version, fallback.route_name.as_str()), (0, ""));
    assert_ne!(fallback.delivery_id, row.delivery_id);
    assert_eq!(code(attempted_failed(&row, &failed_by(""), 0.0, &mut ids, 1)), Refused::Terminal);
    // Jitter takes away up to half.
    let half = attempted_failed(&pending(), &failed_by(""), 1.0, &mut ids, 0).unwrap();
    assert_eq!(half.row.due_at, Some(500));
    // Sent again, from the start.
    let again = redeliver(&row, 9).unwrap();
    assert_eq!((again.state, again.attempts, again.due_at), (DeliveryState::Pending, 0, Some(9)));
    assert_eq!((again.closed_at, again.error.as_ref()), (None, None));
}

#[test]
fn a_dismissed_delivery_is_owed_no_more() {
    let dropped = dismiss(&pending(), 5).unwrap();
    assert_eq!((dropped.due_at, dropped.closed_at), (None, Some(5)));
    assert_eq!(dismiss(&dropped, 6).unwrap(), dropped);
    assert_eq!(code(acknowledge(&dropped, 6)), Refused::Terminal);
    assert_eq!(redeliver(&dropped, 6).unwrap().state, DeliveryState::Pending);
    let inbox = Delivery { route: RouteKind::Inbox, ..dropped };
    assert_eq!(redeliver(&inbox, 6).unwrap().state, DeliveryState::SessionQueued);
}

#[test]
fn rows_are_summed() {
    use DeliveryState as S;
    let sum = |states: &[DeliveryState]| {
        let rows: Vec<Delivery> =
            states.iter().map(|state| Delivery { state: *state, ..pending() }).collect();
        delivery_status(&rows)
    };
    assert_eq!(sum(&[]), DeliveryStatus::NotApplicable);
    assert_eq!(sum(&[S::Delivered, S::Pending]), DeliveryStatus::Pending);
    assert_eq!(sum(&[S::Failed, S::SessionQueued]), DeliveryStatus::SessionQueued);
    assert_eq!(sum(&[S::Failed, S::Dismissed]), DeliveryStatus::Failed);
    assert_eq!(sum(&[S::Delivered, S::Acknowledged]), DeliveryStatus::Acknowledged);
}

fn failed_by(error: &str) -> FailedTry<'_> {
    FailedTry { error, may_pass: true, not_before: None }
}

#[test]
fn a_receiver_is_left_alone_as_long_as_it_asks_and_for_good_if_it_says_so() {
    let mut ids = Count(1 << 51);
    let later = FailedTry { not_before: Some(9_000_000), ..failed_by("429") };
    let row = attempted_failed(&pending(), &later, 0.0, &mut ids, 1).unwrap().row;
    assert_eq!(row.due_at, Some(9_000_000));
    let soon = FailedTry { not_before: Some(2), ..failed_by("429") };
    let row = attempted_failed(&pending(), &soon, 0.0, &mut ids, 1).unwrap().row;
    assert_eq!(row.due_at, Some(1001), "never sooner than the pause");
    let never = FailedTry { may_pass: false, ..failed_by("410") };
    let failed = attempted_failed(&pending(), &never, 0.0, &mut ids, 1).unwrap();
    assert_eq!(failed.row.state, DeliveryState::Failed);
    assert!(failed.fallback.is_some());
}
