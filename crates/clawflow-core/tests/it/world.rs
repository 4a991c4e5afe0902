//! One flow and all that is outside of it: a store that checks each unit, tasks, time, people.

use super::rules::{check_effects, check_flow, check_moves, check_steps, rules};
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::drive::{self, Answer, Ctx, Decision, FlowState, NewFlow, Report};
use clawflow_core::drive::{ChildEnd, Outcome, Response, Settlement};
use clawflow_core::effect::Effect;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::event::Event;
use clawflow_core::ids::{FlowId, IdSource, SignalId, TaskId, WaitId};
use clawflow_core::json::Object;
use clawflow_core::signal::Signal;
use clawflow_core::step::{Step, StepResult};
use clawflow_core::task::{Executor, Exit, Task};
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Ids from a counter.
#[derive(Clone)]
pub(crate) struct Count(pub(crate) u128);

impl IdSource for Count {
    fn next_id(&mut self) -> u128 {
        self.0 += 1;
        self.0
    }
}

/// A flow under test. Every decision is checked against the rows before it, as a store would, and
/// against the rules that hold in every state.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) state: FlowState,
    /// Every task row ever written.
    pub(crate) tasks: BTreeMap<TaskId, Arc<Task>>,
    /// Every wait row ever written.
    pub(crate) waits: BTreeMap<WaitId, Arc<Wait>>,
    pub(crate) events: Vec<Arc<Event>>,
    /// Those of the last decision.
    pub(crate) effects: Vec<Effect>,
    pub(crate) now: i64,
    pub(crate) slots: usize,
    ids: Count,
}

/// The definition in this text.
pub(crate) fn parse(yaml: &str) -> Arc<Definition> {
    let parsed = Definition::parse("test.flow.yaml", yaml.as_bytes(), Dialect::Strict);
    Arc::new(parsed.unwrap_or_else(|errors| panic!("{errors:?}\n{yaml}")))
}

/// What a flow is made from, with nothing special.
pub(crate) fn new_flow(yaml: &str) -> NewFlow {
    NewFlow {
        definition: parse(yaml),
        file: "test.flow.yaml".to_owned(),
        args: Object::new(),
        cwd: "/work".to_owned(),
        env: BTreeMap::new(),
        owner_key: "agent:main:main".to_owned(),
        requester_origin: None,
        key: None,
        auto_approve: false,
        reuse: None,
        path: "/flows/test.flow.yaml".to_owned(),
        files: None,
        child_of: None,
    }
}

fn executor() -> Executor {
    Executor { gateway: "g1".to_owned(), epoch: 1, boot_id: "b1".to_owned(), ..Executor::default() }
}

impl World {
    /// A flow of this file, with a slot for every task.
    pub(crate) fn new(yaml: &str) -> Self {
        Self::make(new_flow(yaml), 1000).unwrap()
    }

    /// A flow of this file, with so many free slots at its creation.
    pub(crate) fn with_slots(yaml: &str, slots: usize) -> Self {
        Self::make(new_flow(yaml), slots).unwrap()
    }

    pub(crate) fn make(new: NewFlow, slots: usize) -> Result<Self, Refusal> {
        Self::made(new, slots, drive::create)
    }

    /// A flow of this file that waits in line for its key.
    pub(crate) fn in_line(yaml: &str, slots: usize) -> Self {
        Self::made(new_flow(yaml), slots, drive::create_in_line).unwrap()
    }

    /// A flow of this file that is the child of another one.
    pub(crate) fn child(yaml: &str, slots: usize) -> Self {
        let mut world = Self::with_slots(yaml, slots);
        world.state.flow.parent_flow_id = Some(FlowId::from("flow_above"));
        world
    }

    fn made(
        new: NewFlow,
        slots: usize,
        create: fn(NewFlow, &mut Ctx<'_>) -> Result<Decision, Refusal>,
    ) -> Result<Self, Refusal> {
        let (now, mut ids, executor) = (1_000_000, Count(0), executor());
        let mut ctx = Ctx {
            now,
            ids: &mut ids,
            jitter: 0.5,
            slots,
            executor: &executor,
            actor: None,
            routes: &[],
        };
        let Decision { unit, state, effects, .. } = create(new, &mut ctx)?;
        assert!(unit.guards.is_empty());
        assert_eq!(unit.flows.len(), 1);
        assert_eq!((unit.flows[0].expected, &unit.flows[0].row), (None, &state.flow));
        assert_eq!(state.flow.revision, 0);
        assert_eq!(unit.steps.len(), state.steps.len());
        for (change, step) in unit.steps.iter().zip(&state.steps) {
            assert_eq!((change.expected, &change.row, step.version), (None, step, 0));
        }
        let mut world = Self {
            state: FlowState { tasks: BTreeMap::new(), waits: BTreeMap::new(), ..state.clone() },
            tasks: BTreeMap::new(),
            waits: BTreeMap::new(),
            events: Vec::new(),
            effects,
            now,
            slots,
            ids,
        };
        world.state.last_event = 0;
        world.store(&unit);
        world.state = state;
        world.check_rows(&unit);
        rules(&world.state);
        Ok(world)
    }

    /// Carries out a command and applies what it decides.
    pub(crate) fn act(
        &mut self,
        command: impl FnOnce(&FlowState, &mut Ctx) -> Result<Decision, Refusal>,
    ) -> Result<(), Refusal> {
        // No two decisions at the same time: a time that is written anew shows.
        self.now += 1;
        let executor = executor();
        let mut ctx = Ctx {
            now: self.now,
            ids: &mut self.ids,
            jitter: 0.5,
            slots: self.slots,
            executor: &executor,
            actor: None,
            routes: &[],
        };
        let Decision { unit, state, effects, waits: _ } = command(&self.state, &mut ctx)?;
        check_flow(&self.state, &state, &unit);
        check_steps(&self.state, &state, &unit);
        check_moves(&self.state, &state, &unit);
        check_effects(&self.state, &state, &effects);
        self.store(&unit);
        self.state = state;
        self.effects = effects;
        self.check_rows(&unit);
        rules(&self.state);
        Ok(())
    }

    /// Writes tasks, waits and events as a store would.
    fn store(&mut self, unit: &Unit) {
        for change in &unit.tasks {
            let was = self.tasks.get(&change.row.task_id);
            assert_eq!(change.expected, was.map(|was| was.version), "version of a task");
            assert_eq!(change.row.version, change.expected.map_or(0, |v| v + 1));
            assert!(was.is_none_or(|was| !was.status.is_terminal() && *was != change.row));
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
    }

    /// The open rows of the state are those of the store.
    fn check_rows(&self, unit: &Unit) {
        let open = self.tasks.iter().filter(|(_, task)| !task.status.is_terminal());
        assert!(open.eq(&self.state.tasks), "open tasks: {unit:?}");
        let open = self.waits.iter().filter(|(_, wait)| wait.closed_at.is_none());
        assert!(open.eq(&self.state.waits), "open waits: {unit:?}");
        assert_eq!(self.state.last_event, self.events.len() as u64);
    }
}

/// Scenarios speak of steps by their ids.
impl World {
    pub(crate) fn step(&self, id: &str) -> &Step {
        let found = self.state.steps.iter().find(|step| step.step_id == id);
        found.unwrap_or_else(|| panic!("no step {id}: {}", self.show()))
    }

    /// All steps and the flow, for one assertion: `a=succeeded b=running | running`.
    pub(crate) fn show(&self) -> String {
        let steps = self.state.steps.iter().map(|s| format!("{}={}", s.step_id, s.status));
        format!("{} | {}", steps.collect::<Vec<_>>().join(" "), self.state.flow.status)
    }

    /// The newest task of the step.
    pub(crate) fn task(&self, id: &str) -> Arc<Task> {
        self.tasks[self.step(id).task_id.as_ref().unwrap()].clone()
    }

    pub(crate) fn end(&mut self, id: &str, report: Report) -> Result<(), Refusal> {
        let task = self.task(id);
        self.act(|s, ctx| drive::ended(s, ctx, &task.task_id, task.fence, report))
    }

    pub(crate) fn ok(&mut self, id: &str) {
        self.print(id, "");
    }

    pub(crate) fn print(&mut self, id: &str, stdout: &str) {
        self.end(id, exit(0, stdout)).unwrap();
    }

    pub(crate) fn fail(&mut self, id: &str) {
        self.end(id, exit(1, "")).unwrap();
    }

    /// The step's process was stopped, as was asked.
    pub(crate) fn stopped(&mut self, id: &str) {
        let report = Report { stopped: true, exit: Some(Exit::Signal(15)), ..Report::default() };
        self.end(id, report).unwrap();
    }

    pub(crate) fn lose(&mut self, id: &str) {
        let task = self.task(id);
        self.act(|s, ctx| drive::lost(s, ctx, &task.task_id, task.fence, "gone", Value::Null))
            .unwrap();
    }

    pub(crate) fn claim(&mut self, id: &str) -> Result<(), Refusal> {
        let task = self.task(id);
        self.act(|s, ctx| drive::claim(s, ctx, &task.task_id))
    }

    pub(crate) fn cancel(&mut self) {
        self.act(|s, ctx| drive::cancel(s, ctx, None, "enough")).unwrap();
    }

    pub(crate) fn cancel_task(&mut self, id: &str) {
        let task = self.task(id);
        self.act(|s, ctx| drive::cancel_task(s, ctx, &task.task_id, "wrong")).unwrap();
    }

    pub(crate) fn pause(&mut self) {
        self.act(|s, ctx| drive::pause(s, ctx, None, "hold")).unwrap();
    }

    pub(crate) fn unpause(&mut self) {
        self.act(|s, ctx| drive::unpause(s, ctx, None)).unwrap();
    }

    pub(crate) fn admit(&mut self) -> Result<(), Refusal> {
        self.act(drive::admit)
    }

    pub(crate) fn answer(&mut self, id: &str, approve: bool) -> Result<(), Refusal> {
        let Some(wait) = self.wait_of(id) else {
            return Err(Refusal::state("answer", "not waiting"));
        };
        let answer = Answer { approve, by: "ann".to_owned(), shown_hash: None };
        self.act(|s, ctx| drive::answer(s, ctx, &wait, &answer))
    }

    /// Answers the step's input.
    pub(crate) fn respond(&mut self, id: &str, value: Value) -> Result<(), Refusal> {
        let Some(wait) = self.wait_of(id) else {
            return Err(Refusal::state("answer", "not waiting"));
        };
        let response = Response { value, by: "ann".to_owned(), shown_hash: None };
        self.act(|s, ctx| drive::respond(s, ctx, &wait, &response))
    }

    /// Sends the flow a signal with this payload.
    pub(crate) fn signal(
        &mut self,
        name: &str,
        key: Option<&str>,
        payload: Value,
    ) -> Result<(), Refusal> {
        let signal = self.new_signal(name, key, payload);
        self.act(|s, ctx| drive::signal(s, ctx, &signal))
    }

    pub(crate) fn new_signal(&mut self, name: &str, key: Option<&str>, payload: Value) -> Signal {
        Signal {
            signal_id: SignalId::new(&mut self.ids),
            owner_key: self.state.flow.owner_key.clone(),
            name: name.to_owned(),
            key: key.map(str::to_owned),
            flow_id: None,
            payload,
            created_at: self.now,
        }
    }

    pub(crate) fn settle(&mut self, id: &str, how: Settlement) -> Result<(), Refusal> {
        self.act(|s, ctx| drive::settle(s, ctx, id, how, "ann"))
    }

    /// The step's newest child flow has ended.
    pub(crate) fn child_ends(&mut self, id: &str, outcome: Outcome) -> Result<(), Refusal> {
        let step = self.state.steps.iter().find(|step| step.step_id == id);
        let child = step.and_then(|step| step.child_flow_id.clone());
        let flow_id = child.ok_or_else(|| Refusal::state("end", "no child"))?;
        let end = ChildEnd { flow_id, outcome, used: None };
        self.act(|s, ctx| drive::child_ended(s, ctx, &end))
    }

    fn wait_of(&self, id: &str) -> Option<WaitId> {
        self.state.steps.iter().find(|step| step.step_id == id)?.wait_id.clone()
    }

    /// Lets time pass to the step's retry, and begins it.
    pub(crate) fn retry_due(&mut self, id: &str) -> Result<(), Refusal> {
        let step = self.state.steps.iter().find(|step| step.step_id == id);
        let due =
            step.and_then(|step| step.due_at).ok_or_else(|| Refusal::state("retry", "not due"))?;
        self.now = self.now.max(due);
        self.act(|s, ctx| drive::retry_due(s, ctx, id))
    }

    /// Lets time pass to the end of the step's wait.
    pub(crate) fn wait_due(&mut self, id: &str) -> Result<(), Refusal> {
        let none = || Refusal::state("wake", "not waiting");
        let wait = self.wait_of(id).ok_or_else(none)?;
        let due = self.state.waits[&wait].due_at.ok_or_else(none)?;
        self.now = self.now.max(due);
        self.act(|s, ctx| drive::wait_due(s, ctx, &wait))
    }

    /// Lets time pass to the end of the flow's own.
    pub(crate) fn deadline(&mut self) -> Result<(), Refusal> {
        let is_alarm = |wait: &&Arc<Wait>| wait.step_id.is_none() && wait.due_at.is_some();
        let alarm = self.state.waits.values().find(is_alarm);
        let alarm = alarm.ok_or_else(|| Refusal::state("wake", "not timed"))?;
        let (wait_id, due) = (alarm.wait_id.clone(), alarm.due_at.unwrap());
        self.now = self.now.max(due);
        self.act(|s, ctx| drive::wait_due(s, ctx, &wait_id))
    }

    /// The kinds of the events of a step, or of the flow itself.
    pub(crate) fn history(&self, id: Option<&str>) -> Vec<&str> {
        let of = self.events.iter().filter(|event| event.step_id.as_deref() == id);
        of.map(|event| event.kind.as_str()).collect()
    }
}

pub(crate) fn exit(code: i32, stdout: &str) -> Report {
    Report { exit: Some(Exit::Code(code)), stdout: Some(stdout.into()), ..Report::default() }
}

/// A child flow that ended well and left this value.
pub(crate) fn left(json: Value) -> Outcome {
    Outcome::Succeeded(Box::new(StepResult { json: Some(json), ..StepResult::default() }))
}

/// The code of a refusal.
pub(crate) fn code<T>(result: Result<T, Refusal>) -> Code {
    result.err().expect("a refusal").code
}
