//! One flow that code drives and all that is outside of it: a store that checks each unit,
//! children, time, people.

use super::rules;
use crate::world::Count;
use clawflow_core::acp::AcpRequest;
use clawflow_core::control::{
    self, ControlDecision, ControlState, Ctx, Ended, Found, NewChild, WaitFor, WaitSpec,
};
use clawflow_core::delivery::{Delivery, Route, RouteKind};
use clawflow_core::drive::Report;
use clawflow_core::effect::Effect;
use clawflow_core::error::Refusal;
use clawflow_core::event::Event;
use clawflow_core::flow::{Blocker, Flow, FlowStatus, NewManaged, OnChildrenDone, Patch};
use clawflow_core::ids::{SignalId, TaskId, WaitId};
use clawflow_core::signal::Signal;
use clawflow_core::task::{Executor, Exit, Runtime, Task, TaskCommand};
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The flow under test. Every decision is checked against the rows before it, as a store would, and
/// against the rules that hold in every state.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) state: ControlState,
    /// Every child ever written, in the order of creation.
    pub(crate) tasks: BTreeMap<TaskId, Arc<Task>>,
    /// Every wait ever written.
    pub(crate) waits: BTreeMap<WaitId, Arc<Wait>>,
    pub(crate) events: Vec<Arc<Event>>,
    pub(crate) deliveries: Vec<Arc<Delivery>>,
    pub(crate) routes: Arc<Vec<Route>>,
    /// Those of the last decision.
    pub(crate) effects: Vec<Effect>,
    pub(crate) now: i64,
    pub(crate) slots: usize,
    pub(crate) ids: Count,
    /// What it launches are agents.
    pub(crate) agents: bool,
}

pub(crate) const OWNER: &str = "agent:main:main";

pub(crate) fn new() -> NewManaged {
    NewManaged {
        owner_key: OWNER.to_owned(),
        controller_id: "bot".to_owned(),
        goal: "triage  inbox".to_owned(),
        ..NewManaged::default()
    }
}

/// A route of everybody.
pub(crate) fn route(kind: RouteKind, name: &str) -> Route {
    Route { kind, name: name.to_owned(), owner: "*".to_owned() }
}

impl Code {
    /// A queued flow with nothing special.
    pub(crate) fn new() -> Self {
        Self::make(new(), Vec::new()).unwrap()
    }

    pub(crate) fn with_policy(policy: OnChildrenDone) -> Self {
        Self::make(NewManaged { on_children_done: Some(policy), ..new() }, Vec::new()).unwrap()
    }

    pub(crate) fn make(new: NewManaged, routes: Vec<Route>) -> Result<Self, Refusal> {
        Self::begin(routes, 0, |ctx| control::create(new, ctx))
    }

    /// A flow and what is made with it.
    pub(crate) fn begin(
        routes: Vec<Route>,
        slots: usize,
        make: impl FnOnce(&mut Ctx) -> Result<ControlDecision, Refusal>,
    ) -> Result<Self, Refusal> {
        let executor = Executor::default();
        let mut ids = Count(0);
        let mut ctx = Ctx {
            now: 1_000_000,
            ids: &mut ids,
            jitter: 0.5,
            slots,
            executor: &executor,
            actor: Some("bot"),
            routes: &routes,
        };
        let made = make(&mut ctx)?;
        assert!(made.unit.guards.is_empty());
        assert_eq!(made.unit.flows.len(), 1);
        let change = &made.unit.flows[0];
        assert_eq!((change.expected, &change.row), (None, &made.state.flow));
        assert_eq!(made.state.flow.revision, 0);
        let mut world = Self {
            state: ControlState { last_event: 0, ..made.state.clone() },
            tasks: BTreeMap::new(),
            waits: BTreeMap::new(),
            events: Vec::new(),
            deliveries: Vec::new(),
            routes: Arc::new(routes),
            effects: made.effects,
            now: 1_000_000,
            slots: 9,
            ids,
            agents: false,
        };
        world.store(&made.unit);
        world.state = made.state;
        world.check_rows();
        rules::state(&world.state);
        Ok(world)
    }

    /// Carries out a command and applies what it decides.
    pub(crate) fn act(
        &mut self,
        command: impl FnOnce(&ControlState, &mut Ctx) -> Result<ControlDecision, Refusal>,
    ) -> Result<ControlDecision, Refusal> {
        // No two decisions at the same time: a time that is written anew shows.
        self.now += 1;
        let executor = Executor { gateway: "g1".to_owned(), ..Executor::default() };
        let mut ctx = Ctx {
            now: self.now,
            ids: &mut self.ids,
            jitter: 0.5,
            slots: self.slots,
            executor: &executor,
            actor: Some("ann"),
            routes: &self.routes,
        };
        let was = self.state.clone();
        let decision = command(&was, &mut ctx)?;
        let ControlDecision { unit, state, effects, .. } = &decision;
        rules::flow_row(&was, state, unit);
        rules::events(&was, state, unit);
        rules::starts(&was, state, effects);
        self.store(unit);
        self.state = state.clone();
        self.effects.clone_from(effects);
        self.check_rows();
        rules::state(&self.state);
        Ok(decision)
    }

    /// Writes as a store would.
    fn store(&mut self, unit: &Unit) {
        for change in &unit.tasks {
            let was = self.tasks.get(&change.row.task_id);
            assert_eq!(change.expected, was.map(|was| was.version), "version of a task");
            assert_eq!(change.row.version, change.expected.map_or(0, |v| v + 1));
            let ended = was.filter(|was| was.status.is_terminal());
            assert!(ended.is_none_or(|was| was.status.as_str() == "lost"), "{ended:?}");
            assert!(was.is_none_or(|was| *was != change.row));
            let created = was.map_or(change.row.created_at, |was| was.created_at);
            assert_eq!(change.row.created_at, created, "the creation of a task stays");
            self.tasks.insert(change.row.task_id.clone(), change.row.clone());
        }
        for change in &unit.waits {
            let was = self.waits.get(&change.row.wait_id);
            assert_eq!(change.expected, was.map(|was| was.version), "version of a wait");
            assert_eq!(change.row.version, change.expected.map_or(0, |v| v + 1));
            assert!(was.is_none_or(|was| was.closed_at.is_none() && *was != change.row));
            self.waits.insert(change.row.wait_id.clone(), change.row.clone());
        }
        for event in &unit.events {
            assert_eq!(event.number, self.events.len() as u64 + 1, "event numbers have no gaps");
            self.events.push(Arc::new(event.clone()));
        }
        for change in &unit.deliveries {
            let row = &change.row;
            assert_eq!((change.expected, row.version), (None, 0));
            let same = |one: &&Arc<Delivery>| {
                (one.route, &one.route_name, &one.idempotency_key)
                    == (row.route, &row.route_name, &row.idempotency_key)
            };
            assert!(!self.deliveries.iter().any(|one| same(&one)), "owed twice: {row:?}");
            self.deliveries.push(Arc::new(row.clone()));
        }
    }

    /// The open rows of the state are those of the store, and the ended ones are counted.
    fn check_rows(&self) {
        let open = self.tasks.iter().filter(|(_, task)| !task.status.is_terminal());
        assert!(open.eq(&self.state.tasks), "open tasks");
        let open = self.waits.iter().filter(|(_, wait)| wait.closed_at.is_none());
        assert!(open.eq(&self.state.waits), "open waits");
        assert_eq!(self.state.last_event, self.events.len() as u64);
        let mut ended = Ended::default();
        for task in self.tasks.values().filter(|task| task.status.is_terminal()) {
            ended.count(task);
        }
        assert_eq!(self.state.ended, ended);
    }
}

/// What scenarios do.
impl Code {
    pub(crate) fn flow(&self) -> &Flow {
        &self.state.flow
    }

    pub(crate) fn status(&self) -> FlowStatus {
        self.state.flow.status
    }

    /// The child at this place in the order of creation.
    pub(crate) fn child(&self, at: usize) -> Arc<Task> {
        self.tasks.values().nth(at).unwrap().clone()
    }

    /// The newest wait.
    pub(crate) fn wait(&self) -> Arc<Wait> {
        self.waits.values().next_back().unwrap().clone()
    }

    /// The kinds of the events after this many.
    pub(crate) fn since(&self, seen: usize) -> Vec<&str> {
        self.events[seen..].iter().map(|event| event.kind.as_str()).collect()
    }

    /// The newest event of this kind.
    pub(crate) fn last(&self, kind: &str) -> &Value {
        let found = self.events.iter().rev().find(|event| event.kind == kind);
        &found.unwrap_or_else(|| panic!("no {kind}")).data
    }

    pub(crate) fn launch(&mut self) -> Result<ControlDecision, Refusal> {
        self.run(NewChild { command: Some(command()), ..NewChild::new(Runtime::Cli, "work") })
    }

    pub(crate) fn record(&mut self) -> Result<ControlDecision, Refusal> {
        self.run(NewChild::new(Runtime::Subagent, "think"))
    }

    pub(crate) fn run(&mut self, new: NewChild) -> Result<ControlDecision, Refusal> {
        self.act(|s, ctx| control::run_task(s, ctx, new, None))
    }

    pub(crate) fn park(&mut self, spec: WaitSpec) -> Result<ControlDecision, Refusal> {
        self.park_with(spec, Blocker::default(), Found::default())
    }

    pub(crate) fn park_for(&mut self, what: WaitFor) -> Result<ControlDecision, Refusal> {
        self.park(WaitSpec { wait_for: Some(what), ..WaitSpec::default() })
    }

    pub(crate) fn park_with(
        &mut self,
        spec: WaitSpec,
        blocker: Blocker,
        found: Found,
    ) -> Result<ControlDecision, Refusal> {
        let patch = Patch::default();
        self.act(|s, ctx| control::set_waiting(s, ctx, None, patch, blocker, spec, found))
    }

    pub(crate) fn resume(&mut self) -> Result<ControlDecision, Refusal> {
        self.act(|s, ctx| control::resume(s, ctx, None, Patch::default(), false))
    }

    pub(crate) fn finish(&mut self) -> Result<ControlDecision, Refusal> {
        self.act(|s, ctx| control::finish(s, ctx, None, Patch::default()))
    }

    pub(crate) fn fail(&mut self) -> Result<ControlDecision, Refusal> {
        let blame = Blocker::default();
        self.act(|s, ctx| control::fail(s, ctx, None, Patch::default(), Some("broken"), blame))
    }

    pub(crate) fn request_cancel(&mut self) -> Result<ControlDecision, Refusal> {
        self.act(|s, ctx| control::request_cancel(s, ctx, None, Patch::default(), "enough"))
    }

    pub(crate) fn cancel(&mut self) -> Result<ControlDecision, Refusal> {
        self.act(|s, ctx| control::cancel(s, ctx, None, "enough"))
    }

    pub(crate) fn pause(&mut self) -> Result<ControlDecision, Refusal> {
        self.act(|s, ctx| control::pause(s, ctx, None, "hold"))
    }

    pub(crate) fn end(&mut self, at: usize, report: &Report) -> Result<ControlDecision, Refusal> {
        let task = self.child(at);
        self.act(|s, ctx| control::ended(s, ctx, &task.task_id, task.fence, report))
    }

    pub(crate) fn signal(&mut self, name: &str, key: Option<&str>) -> Result<(), Refusal> {
        let signal = signal(name, key);
        self.act(|s, ctx| control::signal(s, ctx, &signal)).map(|_| ())
    }

    /// Lets time pass to the newest wait's due time.
    pub(crate) fn due(&mut self) -> Result<ControlDecision, Refusal> {
        let wait = self.waits.values().next_back();
        let due = wait.and_then(|wait| Some((wait.wait_id.clone(), wait.due_at?)));
        let Some((id, due)) = due else { return Err(Refusal::state("wake", "not due")) };
        self.now = self.now.max(due);
        self.act(|s, ctx| control::wait_due(s, ctx, &id))
    }
}

pub(crate) fn command() -> TaskCommand {
    TaskCommand { argv: vec!["work".to_owned()], cwd: "/".to_owned(), ..TaskCommand::default() }
}

/// What asks an agent.
pub(crate) fn of_agent() -> TaskCommand {
    let acp = AcpRequest {
        agent: "coder".to_owned(),
        prompt: "mend it".to_owned(),
        ..AcpRequest::default()
    };
    TaskCommand { cwd: "/".to_owned(), acp: Some(Box::new(acp)), ..TaskCommand::default() }
}

pub(crate) fn signal(name: &str, key: Option<&str>) -> Signal {
    Signal {
        flow_id: None,
        signal_id: SignalId::from("sig_1"),
        owner_key: OWNER.to_owned(),
        name: name.to_owned(),
        key: key.map(str::to_owned),
        payload: json!({ "n": 1 }),
        created_at: 1,
    }
}

pub(crate) fn event(name: &str, key: Option<&str>) -> WaitFor {
    WaitFor::Event { name: name.to_owned(), key: key.map(str::to_owned) }
}

pub(crate) fn person(input: bool, approvers: &[&str]) -> WaitFor {
    WaitFor::Person {
        prompt: "send it?".to_owned(),
        preview: Some("Dear all".to_owned()),
        input,
        approvers: approvers.iter().map(|who| (*who).to_owned()).collect(),
    }
}

pub(crate) fn stopped() -> Report {
    Report { stopped: true, exit: Some(Exit::Signal(15)), ..Report::default() }
}
