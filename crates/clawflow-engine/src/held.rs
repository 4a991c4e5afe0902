//! A flow at work, whoever steers it: a workflow file or code.

use clawflow_core::control::{ControlDecision, ControlState};
use clawflow_core::delivery::Delivery;
use clawflow_core::drive::{Ctx, Decision, FlowState};
use clawflow_core::effect::Effect;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::Flow;
use clawflow_core::group::{GroupDecision, GroupState};
use clawflow_core::ids::{TaskId, WaitId};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::unit::Unit;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state of one flow.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// Of one that the engine drives by its workflow file.
    File(Box<FlowState>),
    /// Of one that code drives.
    Code(Box<ControlState>),
    /// Of one that mirrors a group of runs.
    Group(Box<GroupState>),
}

/// What a decision leaves, whoever steers the flow.
pub(crate) struct Decided {
    pub(crate) unit: Unit,
    pub(crate) state: Held,
    pub(crate) effects: Vec<Effect>,
    /// The task that it was about.
    pub(crate) task: Option<Arc<Task>>,
    /// The waits that it opened or resolved.
    pub(crate) waits: Vec<WaitId>,
}

/// A decision that is on disk.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) flow: Flow,
    pub(crate) task: Option<Arc<Task>>,
    pub(crate) waits: Vec<WaitId>,
    /// Messages that it made; the store leaves out those that were sent before.
    pub(crate) owed: Vec<Delivery>,
}

impl Done {
    pub(crate) fn of(decided: &Decided) -> Self {
        Self {
            flow: decided.state.flow().clone(),
            task: decided.task.clone(),
            waits: decided.waits.clone(),
            owed: decided.unit.deliveries.iter().map(|change| change.row.clone()).collect(),
        }
    }
}

impl From<Decision> for Decided {
    fn from(made: Decision) -> Self {
        Self {
            unit: made.unit,
            state: Held::File(Box::new(made.state)),
            effects: made.effects,
            task: None,
            waits: made.waits,
        }
    }
}

impl From<ControlDecision> for Decided {
    fn from(made: ControlDecision) -> Self {
        Self {
            unit: made.unit,
            state: Held::Code(Box::new(made.state)),
            effects: made.effects,
            task: made.task,
            waits: made.waits,
        }
    }
}

impl From<GroupDecision> for Decided {
    fn from(made: GroupDecision) -> Self {
        Self {
            unit: made.unit,
            state: Held::Group(Box::new(made.state)),
            effects: made.effects,
            task: None,
            waits: Vec::new(),
        }
    }
}

/// A group has no tasks of its own.
static NO_TASKS: BTreeMap<TaskId, Arc<Task>> = BTreeMap::new();

impl Held {
    pub(crate) fn flow(&self) -> &Flow {
        match self {
            Self::File(state) => &state.flow,
            Self::Code(state) => &state.flow,
            Self::Group(state) => &state.flow,
        }
    }

    pub(crate) fn into_flow(self) -> Flow {
        match self {
            Self::File(state) => state.flow,
            Self::Code(state) => state.flow,
            Self::Group(state) => state.flow,
        }
    }

    /// Its tasks that have not ended.
    pub(crate) fn tasks(&self) -> &BTreeMap<TaskId, Arc<Task>> {
        match self {
            Self::File(state) => &state.tasks,
            Self::Code(state) => &state.tasks,
            Self::Group(_) => &NO_TASKS,
        }
    }

    /// Whether nothing of it runs here: such a flow costs no memory.
    pub(crate) fn is_idle(&self) -> bool {
        let idle = |task: &Arc<Task>| task.reported || task.status == TaskStatus::Queued;
        self.tasks().values().all(idle)
    }

    /// The tasks that wait for a slot.
    pub(crate) fn queued(&self) -> impl Iterator<Item = &TaskId> {
        let waits = |task: &&Arc<Task>| task.status == TaskStatus::Queued && !task.reported;
        self.tasks().values().filter(waits).map(|task| &task.task_id)
    }

    /// The flow as the law of code-driven flows looks at it. Of a flow of the engine, and
    /// of a group, it is only good for a refusal, or for what fits both.
    pub(crate) fn as_code(&self) -> Cow<'_, ControlState> {
        match self {
            Self::Code(state) => Cow::Borrowed(state),
            Self::File(state) => Cow::Owned(ControlState {
                flow: state.flow.clone(),
                tasks: state.tasks.clone(),
                waits: state.waits.clone(),
                ended: Default::default(),
                last_event: state.last_event,
            }),
            Self::Group(state) => Cow::Owned(ControlState {
                flow: state.flow.clone(),
                tasks: BTreeMap::new(),
                waits: state.waits.clone(),
                ended: Default::default(),
                last_event: state.last_event,
            }),
        }
    }
}

/// A command: looks at the state and decides. It may be asked again after a conflict.
pub(crate) trait Command: Send + Sync + 'static {
    fn decide(&self, held: &Held, ctx: &mut Ctx) -> Result<Decided, Refusal>;
}

/// The law of flows of the engine.
pub(crate) trait FileLaw:
    Fn(&FlowState, &mut Ctx) -> Result<Decision, Refusal> + Send + Sync + 'static
{
}
impl<F> FileLaw for F where
    F: Fn(&FlowState, &mut Ctx) -> Result<Decision, Refusal> + Send + Sync + 'static
{
}

/// The law of flows that code drives.
pub(crate) trait CodeLaw:
    Fn(&ControlState, &mut Ctx) -> Result<ControlDecision, Refusal> + Send + Sync + 'static
{
}
impl<F> CodeLaw for F where
    F: Fn(&ControlState, &mut Ctx) -> Result<ControlDecision, Refusal> + Send + Sync + 'static
{
}

/// A command for flows of the engine only.
pub(crate) struct OfFile<F>(pub(crate) F);

impl<F: FileLaw> Command for OfFile<F> {
    fn decide(&self, held: &Held, ctx: &mut Ctx) -> Result<Decided, Refusal> {
        match held {
            Held::File(state) => (self.0)(state, ctx).map(Decided::from),
            Held::Code(_) | Held::Group(_) => {
                let state = held.as_code();
                let message = format!("{} is not driven by the engine", state.flow.flow_id);
                Err(Refusal::new(Code::InvalidState, message))
            }
        }
    }
}

/// A command for flows that code drives only; their law refuses it on the others.
pub(crate) struct OfCode<F>(pub(crate) F);

impl<F: CodeLaw> Command for OfCode<F> {
    fn decide(&self, held: &Held, ctx: &mut Ctx) -> Result<Decided, Refusal> {
        (self.0)(&held.as_code(), ctx).map(Decided::from)
    }
}

/// A command for both, by the law of each.
pub(crate) struct OfEither<F, G>(pub(crate) F, pub(crate) G);

impl<F: FileLaw, G: CodeLaw> Command for OfEither<F, G> {
    fn decide(&self, held: &Held, ctx: &mut Ctx) -> Result<Decided, Refusal> {
        match held {
            Held::File(state) => (self.0)(state, ctx).map(Decided::from),
            Held::Code(_) | Held::Group(_) => (self.1)(&held.as_code(), ctx).map(Decided::from),
        }
    }
}

/// A command that decides by itself whose law it follows.
pub(crate) struct Of<F>(pub(crate) F);

impl<F> Command for Of<F>
where
    F: Fn(&Held, &mut Ctx) -> Result<Decided, Refusal> + Send + Sync + 'static,
{
    fn decide(&self, held: &Held, ctx: &mut Ctx) -> Result<Decided, Refusal> {
        (self.0)(held, ctx)
    }
}
