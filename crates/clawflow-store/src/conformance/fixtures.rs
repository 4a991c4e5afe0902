//! Builders of records: valid, small, and different where a test needs it.

use clawflow_core::Millis;
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};
use clawflow_core::event::Event;
use clawflow_core::flow::{Flow, FlowStatus, NotifyPolicy, SyncMode};
use clawflow_core::idempotency::Outcome;
use clawflow_core::ids::{
    DeliveryId, FlowId, RunId, ScheduleId, SignalId, TaskId, TokenId, WaitId,
};
use clawflow_core::schedule::{
    Payload, Policies, RunStatus, RunTrigger, Schedule, ScheduleRun, Spec,
};
use clawflow_core::signal::Signal;
use clawflow_core::spec::{DefinitionSource, FlowSpec};
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::{DeliveryStatus, Runtime, ScopeKind, Task, TaskCommand, TaskStatus};
use clawflow_core::token::{Access, Token};
use clawflow_core::unit::{Change, Guard, Unit};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The owner of all fixtures.
pub const OWNER: &str = "agent:main:main";

/// The id of flow number `n`.
#[must_use]
pub fn flow_id(n: u64) -> FlowId {
    FlowId(format!("{}{n:026}", FlowId::PREFIX))
}

/// The id of task number `n`.
#[must_use]
pub fn task_id(n: u64) -> TaskId {
    TaskId(format!("{}{n:026}", TaskId::PREFIX))
}

/// The id of wait number `n`.
#[must_use]
pub fn wait_id(n: u64) -> WaitId {
    WaitId(format!("{}{n:026}", WaitId::PREFIX))
}

/// The id of delivery number `n`.
#[must_use]
pub fn delivery_id(n: u64) -> DeliveryId {
    DeliveryId(format!("{}{n:026}", DeliveryId::PREFIX))
}

/// The id of signal number `n`.
#[must_use]
pub fn signal_id(n: u64) -> SignalId {
    SignalId(format!("{}{n:026}", SignalId::PREFIX))
}

/// The id of token number `n`.
#[must_use]
pub fn token_id(n: u64) -> TokenId {
    TokenId(format!("{}{n:026}", TokenId::PREFIX))
}

/// The id of schedule number `n`.
#[must_use]
pub fn schedule_id(n: u64) -> ScheduleId {
    ScheduleId(format!("{}{n:026}", ScheduleId::PREFIX))
}

/// The id of run number `n`.
#[must_use]
pub fn run_id(n: u64) -> RunId {
    RunId(format!("{}{n:026}", RunId::PREFIX))
}

/// An enabled schedule of a command, due at time `n`.
#[must_use]
pub fn schedule(n: u64) -> Schedule {
    Schedule {
        schedule_id: schedule_id(n),
        version: 1,
        owner_key: OWNER.to_owned(),
        name: format!("name-{n}"),
        requester_origin: None,
        spec: Spec::Every { every_ms: 1000, anchor: 0 },
        payload: Payload::Command(TaskCommand::default()),
        policies: Policies::default(),
        enabled: true,
        disabled_reason: None,
        next_slot: Some(n.cast_signed()),
        next_at: Some(n.cast_signed()),
        last_slot: None,
        last_status: None,
        last_ended_at: None,
        last_error: None,
        consecutive_errors: 0,
        skipping: None,
        imported: None,
        created_at: n.cast_signed(),
        updated_at: n.cast_signed(),
    }
}

/// A running run number `n` of schedule `of`, of slot `n`.
#[must_use]
pub fn run(n: u64, of: u64) -> ScheduleRun {
    ScheduleRun {
        run_id: run_id(n),
        version: 1,
        schedule_id: schedule_id(of),
        owner_key: OWNER.to_owned(),
        trigger: RunTrigger::Slot,
        slot: Some(n.cast_signed()),
        slot_to: None,
        slots: 1,
        more: false,
        status: RunStatus::Running,
        reason: None,
        attempt: 1,
        task_id: None,
        flow_id: None,
        joined: false,
        due_at: None,
        stopping: None,
        error: None,
        created_at: n.cast_signed(),
        started_at: None,
        ended_at: None,
    }
}

/// A running flow, created at time `n`.
#[must_use]
pub fn flow(n: u64) -> Flow {
    Flow {
        on_children_done: None,
        in_line_since: None,
        flow_id: flow_id(n),
        key: None,
        sync_mode: SyncMode::Managed,
        owner_key: OWNER.to_owned(),
        requester_origin: None,
        controller_id: Some("tests".to_owned()),
        revision: 0,
        status: FlowStatus::Running,
        notify_policy: NotifyPolicy::DoneOnly,
        goal: "test the store".to_owned(),
        current_step: None,
        state_json: None,
        wait_json: None,
        outputs: serde_json::Map::new(),
        blocked_task_id: None,
        blocked_summary: None,
        cancel_requested_at: None,
        cancel_reason: None,
        paused_at: None,
        budget: None,
        held_at: None,
        definition_hash: None,
        name: None,
        parent_flow_id: None,
        parent_step_id: None,
        retry_of: None,
        fork_of: None,
        labels: BTreeMap::new(),
        imported: None,
        error: None,
        created_at: n.cast_signed(),
        updated_at: n.cast_signed(),
        ended_at: None,
    }
}

/// The flow after one more change.
#[must_use]
pub fn changed(old: &Flow) -> Flow {
    Flow { revision: old.revision + 1, ..old.clone() }
}

/// The flow after its end.
#[must_use]
pub fn ended(old: &Flow) -> Flow {
    Flow { status: FlowStatus::Succeeded, ended_at: Some(old.created_at + 1), ..changed(old) }
}

/// A pending step.
#[must_use]
pub fn step(flow: u64, id: &str, position: u32) -> Step {
    Step {
        flow_id: flow_id(flow),
        step_id: id.to_owned(),
        position,
        finally: false,
        of: None,
        version: 1,
        status: StepStatus::Pending,
        attempt: 0,
        lost_attempts: 0,
        task_id: None,
        child_flow_id: None,
        wait_id: None,
        due_at: None,
        result: None,
        error: None,
        reused_from: None,
        started_at: None,
        ended_at: None,
    }
}

/// A queued task, created at time `n`, of a flow or of none.
#[must_use]
pub fn task(n: u64, flow: Option<u64>) -> Task {
    Task {
        queue: None,
        priority: None,
        usage: None,
        budget: None,
        answer: None,
        reported: false,
        imported: None,
        task_id: task_id(n),
        version: 1,
        runtime: Runtime::Cli,
        kind: None,
        source_id: None,
        owner_key: OWNER.to_owned(),
        scope_kind: ScopeKind::Session,
        requester_origin: None,
        child_session_key: None,
        parent_flow_id: flow.map(flow_id),
        step_id: None,
        attempt: 1,
        fence: 1,
        parent_task_id: None,
        agent_id: None,
        run_id: None,
        label: None,
        task: "true".to_owned(),
        command: None,
        status: TaskStatus::Queued,
        terminal_outcome: None,
        delivery_status: DeliveryStatus::NotApplicable,
        notify_policy: NotifyPolicy::Silent,
        executor: None,
        cancel_requested_at: None,
        created_at: n.cast_signed(),
        started_at: None,
        last_event_at: n.cast_signed(),
        ended_at: None,
        exit: None,
        progress_summary: None,
        terminal_summary: None,
        error: None,
    }
}

/// An open approval.
#[must_use]
pub fn wait(n: u64, flow: u64) -> Wait {
    Wait {
        on_resolved: None,
        items: None,
        initiated_by: None,
        different_approver: false,
        schema: None,
        defaults: None,
        event_key: None,
        cancel_requested_at: None,
        used: None,
        wait_id: wait_id(n),
        flow_id: flow_id(flow),
        version: 1,
        step_id: None,
        kind: WaitKind::Approval,
        target: None,
        prompt: Some("go on?".to_owned()),
        preview: None,
        shown_hash: None,
        approvers: Vec::new(),
        due_at: None,
        on_timeout: None,
        state: WaitState::Open,
        answer: None,
        answered_by: None,
        created_at: n.cast_signed(),
        closed_at: None,
    }
}

/// A delivery by webhook, created and due at time `n`, about a flow or none.
#[must_use]
pub fn delivery(n: u64, flow: Option<u64>) -> Delivery {
    Delivery {
        delivery_id: delivery_id(n),
        version: 1,
        owner_key: OWNER.to_owned(),
        flow_id: flow.map(flow_id),
        task_id: None,
        kind: "flow.ended".to_owned(),
        idempotency_key: format!("message:{n}"),
        content: "the flow has ended".to_owned(),
        data: Value::Null,
        requester_origin: None,
        route: RouteKind::Webhook,
        route_name: "tests".to_owned(),
        state: DeliveryState::Pending,
        attempts: 0,
        due_at: Some(n.cast_signed()),
        error: None,
        created_at: n.cast_signed(),
        delivered_at: None,
        closed_at: None,
        place: None,
    }
}

/// The delivery in another state, with the times that belong to it.
#[must_use]
pub fn in_state(row: &Delivery, state: DeliveryState) -> Delivery {
    use DeliveryState::{Acknowledged, Dismissed, Failed, Pending};
    let at = row.created_at + 1;
    Delivery {
        state,
        due_at: (state == Pending).then_some(at),
        closed_at: matches!(state, Acknowledged | Failed | Dismissed).then_some(at),
        ..row.clone()
    }
}

/// The delivery as it lies in its owner's inbox.
#[must_use]
pub fn queued(row: &Delivery) -> Delivery {
    let row = in_state(row, DeliveryState::SessionQueued);
    Delivery { route: RouteKind::Inbox, route_name: String::new(), ..row }
}

/// The delivery after one more change, in this state.
#[must_use]
pub fn moved(row: &Delivery, state: DeliveryState) -> Change<Delivery> {
    let next = Delivery { version: row.version + 1, ..in_state(row, state) };
    Change { expected: Some(row.version), row: next }
}

/// A unit of deliveries.
#[must_use]
pub fn deliveries(deliveries: Vec<Change<Delivery>>) -> Unit {
    Unit { deliveries, ..Unit::default() }
}

/// A kept signal without a key, which came at time `n`.
#[must_use]
pub fn signal(n: u64, name: &str) -> Signal {
    Signal {
        signal_id: signal_id(n),
        owner_key: OWNER.to_owned(),
        name: name.to_owned(),
        key: None,
        flow_id: None,
        payload: Value::Null,
        created_at: n.cast_signed(),
    }
}

/// A token of nobody in particular.
#[must_use]
pub fn token(n: u64) -> Token {
    Token {
        token_id: token_id(n),
        version: 1,
        hash: format!("{n:064x}"),
        label: format!("label-{n}"),
        access: Access::Operate,
        owner_key: None,
        created_at: n.cast_signed(),
        expires_at: None,
        revoked_at: None,
    }
}

/// What a command with this key came to at that time.
#[must_use]
pub fn outcome(key: &str, at: Millis) -> Outcome {
    Outcome {
        owner_key: OWNER.to_owned(),
        key: key.to_owned(),
        content_hash: "0".repeat(64),
        answer: Value::Null,
        created_at: at,
    }
}

/// An event.
#[must_use]
pub fn event(subject: &str, number: u64) -> Event {
    Event {
        subject: subject.to_owned(),
        number,
        owner_key: "agent:main:main".to_owned(),
        at: number.cast_signed(),
        actor: None,
        kind: "test.happened".to_owned(),
        step_id: None,
        task_id: None,
        data: Value::Null,
    }
}

/// A definition whose hash is `hash`.
#[must_use]
pub fn definition(hash: &str) -> DefinitionSource {
    DefinitionSource { hash: hash.to_owned(), source: format!("name: {hash}\n") }
}

/// The spec of a flow.
#[must_use]
pub fn spec(flow: u64, hash: &str) -> FlowSpec {
    FlowSpec {
        flow_id: flow_id(flow),
        definition_hash: hash.to_owned(),
        file: "test.flow.yaml".to_owned(),
        path: String::new(),
        files: None,
        above: Vec::new(),
        args: serde_json::Map::new(),
        cwd: "/tmp".to_owned(),
        env: BTreeMap::new(),
        auto_approve: false,
        counts_use: false,
        key_root: format!("root-{flow}"),
    }
}

/// A row that must not be there yet.
pub fn new<R>(row: R) -> Change<R> {
    Change { expected: None, row }
}

/// A row that replaces one of the version before its own.
#[must_use]
pub fn next(row: Flow) -> Change<Flow> {
    Change { expected: Some(row.revision - 1), row }
}

/// A unit of flows.
#[must_use]
pub fn flows(flows: Vec<Change<Flow>>) -> Unit {
    Unit { flows, ..Unit::default() }
}

/// A unit of new tasks.
#[must_use]
pub fn tasks(tasks: Vec<Task>) -> Unit {
    Unit { tasks: tasks.into_iter().map(|row| new(Arc::new(row))).collect(), ..Unit::default() }
}

/// A new flow with a spec, two steps, a task, a wait, a delivery and two events; a signal, a token
/// and an outcome; all have number `n`.
#[must_use]
pub fn whole_flow(n: u64) -> Unit {
    let id = flow_id(n);
    Unit {
        definitions: vec![definition("abc")],
        flows: vec![new(flow(n))],
        specs: vec![spec(n, "abc")],
        steps: vec![new(Arc::new(step(n, "b", 0))), new(Arc::new(step(n, "a", 1)))],
        tasks: vec![new(Arc::new(task(n, Some(n))))],
        waits: vec![new(Arc::new(wait(n, n)))],
        deliveries: vec![new(in_state(&delivery(n, Some(n)), DeliveryState::Delivered))],
        signals: vec![signal(n, "whole")],
        tokens: vec![new(token(n))],
        outcomes: vec![outcome(&format!("key-{n}"), n.cast_signed())],
        events: vec![event(id.as_str(), 1), event(id.as_str(), 2)],
        ..Unit::default()
    }
}

/// A guard on flow number `n`.
#[must_use]
pub fn guard(n: u64, revision: u64) -> Guard {
    Guard { flow_id: flow_id(n), revision }
}
