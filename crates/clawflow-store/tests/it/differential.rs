//! Random units to both stores: the same answers, and the same contents after.

use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};
use clawflow_core::flow::FlowStatus;
use clawflow_core::idempotency::KEPT_MS;
use clawflow_core::ids::FlowId;
use clawflow_core::schedule::{DisabledReason, Payload, RunStatus, ScheduleRun, SkipReason};
use clawflow_core::signal::Signal;
use clawflow_core::step::{StepResult, StepStatus};
use clawflow_core::task::{Runtime, TaskStatus};
use clawflow_core::token::Token;
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::{WaitKind, WaitState};
use clawflow_store::conformance::fixtures as fix;
use clawflow_store::query::{DeliveryFilter, EventFilter, FlowFilter, TaskFilter};
use clawflow_store::schedules::{RunFilter, ScheduleFilter, ScheduleStore};
use clawflow_store::{MemoryStore, SqliteStore, Store};
use proptest::prelude::*;
use std::sync::Arc;

/// Few numbers, so that units meet the same rows.
const NUMBERS: u64 = 4;

/// One part of a unit. `off` is by how much its view of the version is wrong: mostly by nothing.
#[derive(Clone, Copy, Debug)]
struct Part {
    what: u8,
    n: u64,
    other: u64,
    off: u64,
    status: usize,
}

fn part() -> impl Strategy<Value = Part> {
    let off = prop_oneof![12 => Just(0_u64), 1 => Just(1_u64)];
    (0_u8..18, 0..NUMBERS, 0..NUMBERS, off, 0_usize..32)
        .prop_map(|(what, n, other, off, status)| Part { what, n, other, off, status })
}

fn expected(found: Option<u64>, off: u64) -> Option<u64> {
    match (found, off) {
        (found, 0) => found,
        (Some(version), off) => Some(version + off),
        (None, off) => Some(off),
    }
}

/// The unit that these parts make, decided on what the store holds now.
fn unit(parts: &[Part], now: &MemoryStore) -> Unit {
    let mut unit = Unit::default();
    for part in parts {
        match part.what {
            0..=2 => unit.flows.push(flow(*part, now)),
            3 => unit.steps.push(step(*part, now)),
            4 => unit.tasks.push(task(*part, now)),
            5 => unit.waits.push(wait(*part, now)),
            6 => {
                let subject = fix::flow_id(part.n);
                let own = unit.events.iter().filter(|e| e.subject == subject.0).count() as u64;
                let last = now.last_event(&subject.0).expect("events");
                let mut event = fix::event(&subject.0, (last + own + 1).saturating_sub(part.off));
                event.data = serde_json::json!({ "n": part.status });
                unit.events.push(event);
            }
            7 => {
                let found = now.load(&fix::flow_id(part.n)).expect("load");
                let revision = found.map_or(0, |bundle| bundle.flow.revision);
                unit.guards.push(fix::guard(part.n, revision + part.off));
            }
            8 => unit.purges.push(fix::flow_id(part.n)),
            10 | 11 => unit.deliveries.push(delivery(*part, now)),
            12 => {
                let name = format!("name-{}", part.other % 2);
                let key = (part.status % 3 > 0).then(|| format!("key-{}", part.status % 3));
                unit.signals.push(Signal { key, ..fix::signal(part.n, &name) });
            }
            13 if part.status % 2 == 0 => unit.taken.push(fix::signal_id(part.n)),
            13 => unit.tokens.push(token(*part, now)),
            15 | 16 => schedules(*part, now, &mut unit),
            17 => {
                unit.dropped.extend((part.off > 0).then(|| fix::schedule_id(part.n)));
                unit.runs.push(run(*part, now));
            }
            14 => {
                let at = part.status as i64 * KEPT_MS / 8;
                unit.outcomes.push(fix::outcome(&format!("key-{}", part.n), at));
            }
            _ => {
                let hash = format!("hash-{}", part.other);
                if part.off == 0 {
                    unit.definitions.push(fix::definition(&hash));
                }
                unit.specs.push(fix::spec(part.n, &hash));
            }
        }
    }
    unit
}

fn flow(part: Part, now: &MemoryStore) -> Change<clawflow_core::flow::Flow> {
    let found = now.load(&fix::flow_id(part.n)).expect("load").map(|bundle| bundle.flow.revision);
    let expected = expected(found, part.off);
    let mut row = fix::flow(part.n);
    row.revision = expected.map_or(0, |version| version + 1);
    // Two numbers share a key.
    row.key = Some(format!("key-{}", part.n / 2));
    row.status = FlowStatus::ALL[part.status % FlowStatus::ALL.len()];
    row.ended_at = row.status.is_terminal().then_some(50 + part.status as i64);
    row.cancel_requested_at = (part.other == 0).then_some(9);
    Change { expected, row }
}

fn step(part: Part, now: &MemoryStore) -> Change<Arc<clawflow_core::step::Step>> {
    let id = format!("s{}", part.other);
    let steps = now.steps(&fix::flow_id(part.n)).expect("steps");
    let found = steps.iter().find(|step| step.step_id == id).map(|step| step.version);
    let expected = expected(found, part.off);
    let mut row = fix::step(part.n, &id, 9 - part.other as u32);
    row.version = expected.map_or(1, |version| version + 1);
    row.status = StepStatus::ALL[part.status % StepStatus::ALL.len()];
    row.ended_at = row.status.is_terminal().then_some(7);
    row.due_at = (part.status > 4).then_some(part.status as i64);
    let result =
        || StepResult { stdout: Some("x".repeat(part.status).into()), ..Default::default() };
    row.result = row.ended_at.map(|_| result());
    Change { expected, row: Arc::new(row) }
}

fn task(part: Part, now: &MemoryStore) -> Change<Arc<clawflow_core::task::Task>> {
    let found = now.task(&fix::task_id(part.n)).expect("task").map(|task| task.version);
    let expected = expected(found, part.off);
    // The flow is a fixed one, but for some that are wrong.
    let flow = (part.n > 0).then_some(if part.other == 3 { 0 } else { part.n });
    let mut row = fix::task(part.n, flow);
    row.version = expected.map_or(1, |version| version + 1);
    row.status = TaskStatus::ALL[part.status % TaskStatus::ALL.len()];
    // A task never changes its queue.
    row.queue = Some(format!("q{}", part.n % 2)).filter(|_| !part.n.is_multiple_of(3));
    row.started_at = Some(part.status as i64).filter(|_| row.status != TaskStatus::Queued);
    row.ended_at = row.status.is_terminal().then_some(7);
    row.run_id = (part.other == 1).then(|| "run".to_owned());
    row.child_session_key = (part.other == 2).then(|| "child".to_owned());
    Change { expected, row: Arc::new(row) }
}

fn wait(part: Part, now: &MemoryStore) -> Change<Arc<clawflow_core::wait::Wait>> {
    let flow = part.n / 2;
    let waits = now.waits(&fix::flow_id(flow)).expect("waits");
    let found = waits.iter().find(|wait| wait.wait_id == fix::wait_id(part.n));
    let expected = expected(found.map(|wait| wait.version), part.off);
    let mut row = fix::wait(part.n, flow);
    row.version = expected.map_or(1, |version| version + 1);
    row.state = WaitState::ALL[part.status % WaitState::ALL.len()];
    row.closed_at = (row.state != WaitState::Open).then_some(7);
    row.due_at = (part.other > 0).then_some(part.status as i64);
    row.kind = [WaitKind::Event, WaitKind::Task, WaitKind::Approval][part.status % 3];
    row.target = match row.kind {
        WaitKind::Task => Some(fix::task_id(part.other).0),
        _ => Some(format!("name-{}", part.other % 2)),
    };
    row.event_key = (part.other > 1).then(|| "key-1".to_owned());
    Change { expected, row: Arc::new(row) }
}

fn delivery(part: Part, now: &MemoryStore) -> Change<Delivery> {
    let found = now.delivery(&fix::delivery_id(part.n)).expect("delivery");
    let expected = expected(found.map(|row| row.version), part.off);
    // Some are about a flow that is not there; two numbers share a message.
    let mut row = fix::delivery(part.n, (part.n > 0).then_some(part.n));
    row.idempotency_key = format!("message-{}", part.n / 2);
    if part.n == 3 || (part.other == 3 && part.off > 0) {
        (row.route, row.route_name) = (RouteKind::Inbox, String::new());
    }
    row.version = expected.map_or(1, |version| version + 1);
    let row = fix::in_state(&row, DeliveryState::ALL[part.status % DeliveryState::ALL.len()]);
    Change { expected, row }
}

fn token(part: Part, now: &MemoryStore) -> Change<Token> {
    let found = now.find_tokens(fix::token_id(part.n).as_str()).expect("tokens");
    let expected = expected(found.first().map(|row| row.version), part.off);
    let mut row = fix::token(part.n);
    // Two numbers share a hash, and some change theirs.
    row.hash = format!("hash-{}", if part.other == 3 { 3 } else { part.n / 2 });
    row.label = format!("label-{}", part.other);
    row.version = expected.map_or(1, |version| version + 1);
    Change { expected, row }
}

/// A schedule, of a command or of a workflow file.
fn schedules(part: Part, now: &MemoryStore, unit: &mut Unit) {
    let found = now.schedule(&fix::schedule_id(part.n)).expect("a schedule");
    let expected = expected(found.map(|row| row.version), part.off);
    let mut row = fix::schedule(part.n);
    row.version = expected.map_or(0, |version| version + 1);
    // Two numbers share a name.
    row.name = format!("name-{}", if part.other == 3 { 3 } else { part.n / 2 });
    row.next_at = Some(part.status as i64);
    if part.status.is_multiple_of(3) {
        (row.enabled, row.next_at, row.next_slot) = (false, None, None);
        row.disabled_reason = Some(DisabledReason::Asked);
    }
    if part.status.is_multiple_of(2) {
        let definition_hash = format!("hash-{}", part.other);
        unit.definitions.push(fix::definition(&definition_hash));
        let files_hash = part.status.is_multiple_of(4).then(|| format!("files-{}", part.n));
        unit.definitions.extend(files_hash.as_deref().map(fix::definition));
        row.payload = Payload::Flow {
            file: "a.yaml".to_owned(),
            definition_hash,
            path: "/a.yaml".to_owned(),
            files_hash,
            args: serde_json::Map::new(),
            cwd: "/".to_owned(),
            env: std::collections::BTreeMap::new(),
            key: None,
            auto_approve: false,
        };
    }
    unit.schedules.push(Change { expected, row });
}

fn run(part: Part, now: &MemoryStore) -> Change<ScheduleRun> {
    let found = now.run(&fix::run_id(part.n)).expect("a run");
    let expected = expected(found.map(|row| row.version), part.off);
    // Two numbers share a slot, and some change theirs.
    let mut row = fix::run(part.n, part.n / 2);
    row.slot = Some(i64::try_from(part.other).unwrap_or_default()).filter(|slot| *slot > 0);
    row.version = expected.map_or(0, |version| version + 1);
    row.status = RunStatus::ALL[part.status % RunStatus::ALL.len()];
    row.ended_at = row.status.is_terminal().then_some(part.status as i64);
    row.reason = (row.status == RunStatus::Skipped).then_some(SkipReason::Missed);
    row.due_at = (row.status == RunStatus::Retrying).then_some(part.other as i64);
    row.task_id = Some(fix::task_id(part.other));
    Change { expected, row }
}

/// What the store answers about schedules.
fn scheduled(store: &dyn ScheduleStore, say: &mut dyn FnMut(&str, &dyn std::fmt::Debug)) {
    for n in 0..NUMBERS {
        say("schedule", &store.schedule_state(&fix::schedule_id(n)));
        say("named", &store.find_schedules(None, &format!("name-{n}")));
        say("named", &store.find_schedules(Some(fix::OWNER), &format!("0000000{n}")));
        say("run", &store.run(&fix::run_id(n)));
        say("of", &store.runs_of_work(fix::task_id(n).as_str()));
        say("file", &store.definition(&format!("hash-{n}")));
        let schedule_id = Some(fix::schedule_id(n)).filter(|_| n > 0);
        let statuses = RunStatus::ALL[..n as usize].to_vec();
        let filter = RunFilter { schedule_id, statuses, limit: 3, ..RunFilter::default() };
        say("runs", &store.list_runs(&filter));
    }
    for enabled_only in [true, false] {
        let filter = ScheduleFilter { enabled_only, limit: 3, ..ScheduleFilter::default() };
        say("schedules", &store.list_schedules(&filter));
    }
    say("due", &store.due_schedules(9, 3));
    say("due", &store.due_runs(2, 9));
    say("open", &store.open_runs(Some(&fix::run_id(0)), 9));
    say("next", &store.next_schedule_due());
    say("groups", &store.group_schedules(None, 3));
    for at in 0..4 {
        say("window", &store.window_run(&fix::schedule_id(1), at));
    }
    say("count", &store.count_schedules(Some(fix::OWNER)));
}

/// What the store answers about messages, signals, tokens and outcomes.
fn owed(store: &dyn Store, say: &mut dyn FnMut(&str, &dyn std::fmt::Debug)) {
    for n in 0..NUMBERS {
        say("delivery", &store.delivery(&fix::delivery_id(n)));
        say("count", &store.count_tasks(&fix::flow_id(n)));
        say("outcome", &store.outcome(fix::OWNER, &format!("key-{n}")));
        say("hash", &store.token_by_hash(&format!("hash-{n}")));
        say("label", &store.find_tokens(&format!("label-{n}")));
        let (key, id) = (format!("key-{n}"), fix::flow_id(n));
        say("run", &store.task_of_run(fix::OWNER, &id, Runtime::Cli, "run"));
        say("key", &store.flow_of_key(fix::OWNER, &key));
        for (name, key) in [("name-0", Some("key-1")), ("name-1", Some("key-2")), ("name-0", None)]
        {
            let of_flow = Some(&id).filter(|_| n > 0);
            say("event", &store.open_event_waits(fix::OWNER, name, key, of_flow));
            say("kept", &store.kept_signals(fix::OWNER, name, key, n as usize));
        }
        let flow_id = Some(id).filter(|_| n > 0);
        for (state, oldest_first) in DeliveryState::ALL.iter().zip([true, false].iter().cycle()) {
            let filter = DeliveryFilter {
                flow_id: flow_id.clone(),
                states: vec![*state, DeliveryState::Pending],
                after: Some(fix::delivery_id(2)).filter(|_| *oldest_first),
                oldest_first: *oldest_first,
                limit: 3,
                ..DeliveryFilter::default()
            };
            say("deliveries", &store.list_deliveries(&filter));
        }
    }
    say("inbox", &store.inbox(None, false, 0, 9));
    say("inbox", &store.inbox(Some(fix::OWNER), true, 1, 9));
    say("due", &store.due_deliveries(2, 9));
    say("oldest", &store.oldest_signals(fix::OWNER, 3));
    say("signals", &store.signals(None, 9));
    say("count", &store.count_signals(fix::OWNER));
    say("latest", &store.latest_flow(fix::OWNER));
    for status in TaskStatus::ALL {
        say("queues", &store.tasks_in_queues(*status));
    }
    say("starts", &store.queue_starts("q1", 2, 3));
    say("tokens", &store.list_tokens());
    say("seq", &store.last_seq());
}

/// Everything that the store answers, as text.
fn contents(store: &dyn Store) -> Vec<String> {
    let mut all = Vec::new();
    let mut say =
        |what: &str, answer: &dyn std::fmt::Debug| all.push(format!("{what}: {answer:?}"));
    let ids: Vec<FlowId> = (0..NUMBERS).map(fix::flow_id).collect();
    for id in &ids {
        say("load", &store.load(id));
        say("waits", &store.waits(id));
        say("steps", &store.steps(id));
        say("work", &store.work(Some(id)));
        say("due", &store.due(20, Some(id), 3));
        say("next", &store.next_due(Some(id)));
        say("find", &store.find_flows(id.as_str()));
        let filter = EventFilter {
            subject: Some(id.0.clone()),
            after: 1,
            limit: 3,
            ..EventFilter::default()
        };
        say("events", &store.events(&filter));
    }
    for n in 0..NUMBERS {
        say("task", &store.task(&fix::task_id(n)));
    }
    for token in ["key-0", "key-1", fix::OWNER, "00000003", "run", "child", "nobody"] {
        say(token, &store.find_flows(token));
        say(token, &store.find_tasks(None, token));
        say(token, &store.find_tasks(Some(fix::OWNER), token));
    }
    for limit in [0, 2, 100] {
        for status in FlowStatus::ALL {
            let statuses = vec![*status, FlowStatus::Running];
            say(
                "list",
                &store.list_flows(&FlowFilter { statuses, limit, ..FlowFilter::default() }),
            );
        }
        for status in TaskStatus::ALL {
            let statuses = vec![*status];
            say(
                "tasks",
                &store.list_tasks(&TaskFilter { statuses, limit, ..TaskFilter::default() }),
            );
        }
        let since = FlowFilter { live_or_ended_since: Some(60), limit, ..FlowFilter::default() };
        say("list", &store.list_flows(&since));
        let feed = EventFilter { after: 1, limit, ..EventFilter::default() };
        say("events", &store.events(&feed));
        let feed = EventFilter { owner_key: Some(fix::OWNER.to_owned()), ..feed };
        say("events", &store.events(&feed));
        say("due", &store.due(20, None, limit));
    }
    owed(store, &mut say);
    scheduled(store.schedules(), &mut say);
    say("work", &store.work(None));
    say("next", &store.next_due(None));
    say("count", &store.count_flows(None));
    say("count", &store.count_flows(Some(fix::OWNER)));
    all
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn both_stores_answer_the_same(
        units in prop::collection::vec(prop::collection::vec(part(), 1..4), 1..80)
    ) {
        let dir = tempfile::tempdir().expect("a directory");
        let memory = MemoryStore::new();
        let sqlite = SqliteStore::open(dir.path()).expect("a store");
        let mut answers = Vec::new();
        for parts in &units {
            // Not waited for: units of one transaction must behave as one after another.
            let unit = unit(parts, &memory);
            answers.push((sqlite.submit(unit.clone()), memory.submit(unit.clone()), unit));
        }
        for (sqlite, memory, unit) in answers {
            let sqlite = sqlite.blocking_recv().expect("an answer");
            let memory = memory.blocking_recv().expect("an answer");
            prop_assert_eq!(sqlite, memory, "{:?}", unit);
        }
        for (sqlite, memory) in contents(&sqlite).into_iter().zip(contents(&memory)) {
            prop_assert_eq!(sqlite, memory);
        }
        for before in [3, KEPT_MS, i64::MAX] {
            prop_assert_eq!(sqlite.expire_outcomes(before), memory.expire_outcomes(before));
            prop_assert_eq!(sqlite.expire_deliveries(before), memory.expire_deliveries(before));
            prop_assert_eq!(sqlite.expire_runs(before), memory.expire_runs(before));
        }
        for keep in [3, 1, 0] {
            prop_assert_eq!(sqlite.trim_runs(keep), memory.trim_runs(keep));
        }
        for (sqlite, memory) in contents(&sqlite).into_iter().zip(contents(&memory)) {
            prop_assert_eq!(sqlite, memory);
        }
        prop_assert_eq!(sqlite.check().expect("check"), Vec::<String>::new());
    }
}
