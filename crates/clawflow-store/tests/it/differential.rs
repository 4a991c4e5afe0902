//! Random units to both stores: the same answers, and the same contents after.

use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::FlowId;
use clawflow_core::step::{StepResult, StepStatus};
use clawflow_core::task::TaskStatus;
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::WaitState;
use clawflow_store::conformance::fixtures as fix;
use clawflow_store::query::{EventFilter, FlowFilter, TaskFilter};
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
    (0_u8..10, 0..NUMBERS, 0..NUMBERS, off, 0_usize..32)
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
    let result = || StepResult { stdout: Some("x".repeat(part.status)), ..StepResult::default() };
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
    Change { expected, row: Arc::new(row) }
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
        let filter = EventFilter { subject: Some(id.0.clone()), after: 1, limit: 3 };
        say("events", &store.events(&filter));
    }
    for n in 0..NUMBERS {
        say("task", &store.task(&fix::task_id(n)));
    }
    for token in ["key-0", "key-1", fix::OWNER, "00000003", "run", "child", "nobody"] {
        say(token, &store.find_flows(token));
        say(token, &store.find_tasks(token));
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
        say("events", &store.events(&EventFilter { subject: None, after: 1, limit }));
        say("due", &store.due(20, None, limit));
    }
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
        prop_assert_eq!(sqlite.check().expect("check"), Vec::<String>::new());
    }
}
