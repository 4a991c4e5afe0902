//! A checked workflow.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;

use super::agent_call::AgentCall;
use super::condition::Condition;
use super::cost_limit::CostLimit;
use super::error::DefinitionError;
use super::retry::Retry;
use super::schema::Schema;
use super::source::Span;
use super::template::{Template, ValueTemplate};
use crate::budget::Budget;
use crate::json::Object;

/// Which rules a file is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `.flow.yaml`, `.yaml`, `.yml`, `.json`: an unknown key or reference is an error.
    Strict,
    /// `.lobster`: unknown keys are warnings, references behave exactly as in Lobster.
    Lobster,
}

impl Dialect {
    /// The dialect that a file's name asks for.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("lobster") => Self::Lobster,
            _ => Self::Strict,
        }
    }
}

/// A workflow file that was read and checked. It is never stored: its source is, and is read again.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The rules it was read by; parsing `source` again takes the same.
    pub dialect: Dialect,
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `goal`: what the flow is to reach, for people.
    pub goal: Option<String>,
    /// `key`: what makes a run of this flow the same as another one.
    pub key: Option<Template>,
    /// `on_conflict`: what becomes of a new run while another one with its key is live.
    pub on_conflict: OnConflict,
    /// `concurrency`: steps of the flow that run at once.
    pub concurrency: Option<usize>,
    /// `queue`: that of every forward step which names none.
    pub queue: Option<QueueUse>,
    /// `timeout`: milliseconds for everything forward.
    pub timeout_ms: Option<u64>,
    /// `cost_limit`: what its models may cost together.
    pub cost_limit: Option<CostLimit>,
    /// `budget`: what it may use before somebody is asked.
    pub budget: Option<Budget>,
    /// `owner`: on whose behalf the flow runs.
    pub owner: Option<String>,
    /// `notify`: the notification policy, not interpreted here.
    pub notify: Option<String>,
    /// `labels`.
    pub labels: BTreeMap<String, String>,
    /// `args`, in the order of the file.
    pub args: IndexMap<String, ArgDef>,
    /// `env` of every step.
    pub env: BTreeMap<String, Template>,
    /// `cwd` of every step.
    pub cwd: Option<Template>,
    /// The steps in the order of the file, then the `finally` steps in theirs.
    pub steps: Vec<StepDef>,
    /// What a Lobster file says that is not understood.
    pub warnings: Vec<DefinitionError>,
    /// SHA-256 of the source bytes, in lower-case hex.
    pub hash: String,
    /// The text of the file, without a byte order mark.
    pub source: String,
}

impl Definition {
    /// Declared arguments that have no default and are not given. In a strict file they are an
    /// error: left in place, `rm -r ${dir}/*` would reach the shell as it is. Lobster leaves them
    /// in place.
    pub fn missing_args<'a>(&'a self, given: &'a Object) -> impl Iterator<Item = &'a str> {
        let missing = |(name, arg): &(&String, &ArgDef)| {
            self.dialect == Dialect::Strict
                && arg.default.is_none()
                && !given.contains_key(name.as_str())
        };
        self.args.iter().filter(missing).map(|(name, _)| name.as_str())
    }

    /// Every step, and after each the steps inside of it and what undoes them.
    pub fn all_steps(&self) -> impl Iterator<Item = &StepDef> {
        let steps = self.steps.iter().flat_map(|step| std::iter::once(step).chain(step.parts()));
        steps.flat_map(|step| std::iter::once(step).chain(step.compensate.as_deref()))
    }

    /// The queues that the file names, each as often as it does.
    pub fn queues(&self) -> impl Iterator<Item = &QueueUse> {
        self.queue.iter().chain(self.all_steps().filter_map(|step| step.queue.as_ref()))
    }

    /// The queue in which attempts of the step wait. What comes at the end of a flow must come to
    /// its end by itself: it is in the queue that it names, and not in that of the flow.
    #[must_use]
    pub fn queue_of<'a>(&'a self, step: &'a StepDef) -> Option<&'a QueueUse> {
        let of_flow = self.queue.as_ref().filter(|_| step.phase == Phase::Forward);
        step.queue.as_ref().or(of_flow)
    }

    /// The place of a step in `steps`.
    #[must_use]
    pub fn step_index(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    /// Steps outside of `finally`.
    pub fn forward_steps(&self) -> impl Iterator<Item = (usize, &StepDef)> {
        self.steps.iter().enumerate().filter(|(_, step)| step.phase == Phase::Forward)
    }

    /// The arguments of a run: the defaults, and over them what was given.
    #[must_use]
    pub fn args_with_defaults(&self, given: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        let defaults = self.args.iter();
        let defaults = defaults.filter_map(|(name, arg)| Some((name, arg.default.as_ref()?)));
        defaults.chain(given).map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// What becomes of a new run while another one of the same owner and key is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// It is refused.
    Reject,
    /// It is the other one.
    Join,
    /// It waits in line until the other one has ended.
    Queue,
}

/// The queue that a step or a flow names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUse {
    /// Its name.
    pub name: String,
    /// The priority in it, where the file has one; the higher one is first.
    pub priority: Option<i32>,
    /// Where the name stands.
    pub span: Span,
}

/// An argument of a workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct ArgDef {
    /// The value when none is given; without it the argument must be given, except to Lobster.
    pub default: Option<Value>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it is declared.
    pub span: Span,
}

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// As its needs end.
    Forward,
    /// At every end of the flow.
    Finally,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepDef {
    /// Unique in the file, `finally` included.
    pub id: String,
    /// When it runs.
    pub phase: Phase,
    /// What it does before its gate, if it has one.
    pub action: Action,
    /// Variables beside those of the flow.
    pub env: BTreeMap<String, Template>,
    /// The folder it runs in.
    pub cwd: Option<Template>,
    /// What it reads; the result of a synthetic step.
    pub stdin: Option<ValueTemplate>,
    /// Skipped unless this holds.
    pub when: Option<Condition>,
    /// Places in `Definition::steps`, explicit or implied, without repetition. Empty for a
    /// fallback, which starts when its user has failed.
    pub needs: Vec<usize>,
    /// Attempts.
    pub retry: Retry,
    /// Limit of one attempt in milliseconds.
    pub timeout_ms: Option<u64>,
    /// What a failure means.
    pub on_error: OnError,
    /// The step that this one stands in for.
    pub fallback_of: Option<usize>,
    /// Whether it may be run twice without harm.
    pub idempotent: bool,
    /// What to do when nobody knows whether it ran.
    pub on_lost: OnLost,
    /// The name of its result in the flow's output bag.
    pub output: Option<String>,
    /// The gate after its action.
    pub approval: Option<Approval>,
    /// The queue in which its attempts wait to start.
    pub queue: Option<QueueUse>,
    /// What one attempt may use.
    pub budget: Option<Budget>,
    /// What undoes it when the flow does not succeed.
    pub compensate: Option<Box<StepDef>>,
    /// Where its id stands.
    pub span: Span,
}

impl StepDef {
    /// The step that replaces this one when it fails.
    #[must_use]
    pub fn fallback(&self) -> Option<usize> {
        match self.on_error {
            OnError::Fallback(index) => Some(index),
            OnError::Stop | OnError::Continue | OnError::SkipRest => None,
        }
    }

    /// The steps inside, if it is a loop or has branches.
    #[must_use]
    pub fn parts(&self) -> &[StepDef] {
        match &self.action {
            Action::ForEach(each) => &each.steps,
            Action::Parallel(parallel) => &parallel.branches,
            _ => &[],
        }
    }

    /// Whether its attempts are processes, which are what limits count.
    #[must_use]
    pub fn starts_process(&self) -> bool {
        match &self.action {
            Action::Shell(_) | Action::Argv(_) | Action::Pipeline(_) => true,
            Action::Http(_) | Action::Llm(_) | Action::Acp(_) => true,
            Action::Sleep(_)
            | Action::Input(_)
            | Action::WaitFor(_)
            | Action::Flow(_)
            | Action::ForEach(_)
            | Action::Parallel(_)
            | Action::Synthetic => false,
        }
    }

    /// Whether it has steps inside.
    #[must_use]
    pub fn is_block(&self) -> bool {
        !self.parts().is_empty()
    }

    /// Calls `visit` with every text of the step that may hold references.
    pub(crate) fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        match &self.action {
            Action::Shell(line) | Action::Pipeline(line) => visit(line),
            Action::Argv(words) => words.iter().for_each(|word| word.each(visit)),
            Action::ForEach(each) => each.items.each(visit),
            Action::Parallel(_) => {}
            Action::Input(input) => visit(&input.prompt),
            Action::Flow(child) => {
                visit(&child.file);
                child.args.iter().for_each(|(_, value)| value.each(visit));
            }
            Action::WaitFor(wanted) => {
                visit(&wanted.event);
                wanted.key.iter().for_each(&mut *visit);
            }
            Action::Http(call) => call.each(visit),
            Action::Llm(call) => call.each(visit),
            Action::Acp(call) => call.each(visit),
            Action::Sleep(_) | Action::Synthetic => {}
        }
        self.env.values().for_each(&mut *visit);
        self.cwd.iter().for_each(&mut *visit);
        self.stdin.iter().for_each(|stdin| stdin.each(visit));
        if let Some(gate) = &self.approval {
            gate.prompt.iter().for_each(&mut *visit);
            gate.preview.iter().for_each(|preview| preview.each(visit));
            gate.items.iter().for_each(|items| items.each(visit));
            gate.initiated_by.iter().chain(&gate.required_approver).for_each(&mut *visit);
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A line for the shell.
    Shell(Template),
    /// A program and its arguments, no shell; at least one word.
    Argv(Vec<ValueTemplate>),
    /// A pipeline in Lobster's language.
    Pipeline(Template),
    /// Waits.
    Sleep(SleepDef),
    /// Asks for a structured answer.
    Input(Box<Input>),
    /// Runs another workflow file as a flow of its own.
    Flow(Box<ChildFlow>),
    /// Waits for an event.
    WaitFor(Box<WaitForEvent>),
    /// Asks a server by HTTP.
    Http(Box<HttpCall>),
    /// Asks a model.
    Llm(Box<LlmCall>),
    /// Has a coding agent do something.
    Acp(Box<AgentCall>),
    /// Runs steps for each item of a list.
    ForEach(Box<ForEach>),
    /// Runs branches side by side.
    Parallel(Box<Parallel>),
    /// Nothing: its result is its `stdin`.
    Synthetic,
}

/// A loop.
#[derive(Debug, Clone, PartialEq)]
pub struct ForEach {
    /// The list.
    pub items: ValueTemplate,
    /// What the item is called inside, and in the result.
    pub item_var: String,
    /// What its number is called.
    pub index_var: String,
    /// Items between two pauses; at least 1.
    pub batch_size: usize,
    /// Milliseconds between two batches.
    pub pause_ms: u64,
    /// Items at work at the same time; at least 1.
    pub concurrency: usize,
    /// What is done for each item, one after another.
    pub steps: Vec<StepDef>,
}

/// A flow that a step runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildFlow {
    /// The path of its file, relative to the folder of this one.
    pub file: Template,
    /// Its arguments by name, in the order of the file.
    pub args: Vec<(String, ValueTemplate)>,
}

/// Branches side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Which of them are waited for.
    pub wait: Race,
    /// Limit of all of them together, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// At least one.
    pub branches: Vec<StepDef>,
}

/// Which branches are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Race {
    /// Each of them.
    All,
    /// The first that succeeds or fails; the others are stopped.
    Any,
}

/// A question whose answer must be as a schema says.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The question.
    pub prompt: Template,
    /// What the answer must be like.
    pub schema: Schema,
    /// What is suggested as an answer; the response where nobody answers in time and the flow goes
    /// on.
    pub defaults: Option<Value>,
    /// How long the question stays open, in milliseconds; for ever without it.
    pub timeout_ms: Option<u64>,
    /// What happens when nobody answers in time.
    pub on_timeout: OnTimeout,
    /// Who may answer; everyone who may answer at all when empty.
    pub approvers: Vec<String>,
}

pub use super::model_call::{Expect, HeaderValue, HttpCall, LlmCall, Method, Secret};

/// An event that is waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitForEvent {
    /// Its name.
    pub event: Template,
    /// Its key; any without it.
    pub key: Option<Template>,
    /// How long it is waited for, in milliseconds; for ever without it.
    pub timeout_ms: Option<u64>,
    /// What happens when it does not come in time.
    pub on_timeout: OnTimeout,
}

/// How long a `sleep` step waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SleepDef {
    /// Milliseconds from the start of the step.
    For(u64),
    /// Milliseconds since the Unix epoch.
    Until(i64),
}

/// What the failure of a step means for the flow, after its retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The flow fails.
    Stop,
    /// The flow goes on, the failure is in the step's result.
    Continue,
    /// All that has not started is skipped, and the flow succeeds.
    SkipRest,
    /// The step at this place stands in.
    Fallback(usize),
}

/// What to do with an attempt whose outcome nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLost {
    /// A person decides.
    Ask,
    /// Run it again.
    Retry,
    /// It failed.
    Fail,
}

/// A gate: a person decides whether the flow goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// The question; `None` for the standard one.
    pub prompt: Option<Template>,
    /// What to show with it.
    pub preview: Option<ValueTemplate>,
    /// The things to decide about.
    pub items: Option<ValueTemplate>,
    /// How long the gate stays open, in milliseconds; for ever without it.
    pub timeout_ms: Option<u64>,
    /// What happens when nobody answers in time.
    pub on_timeout: OnTimeout,
    /// What a no means.
    pub on_deny: OnDeny,
    /// Who may answer; everyone who may answer gates at all when empty.
    pub approvers: Vec<String>,
    /// Who asks.
    pub initiated_by: Option<Template>,
    /// The only one who may answer.
    pub required_approver: Option<Template>,
    /// Whether the one who asks may not answer.
    pub different_approver: bool,
}

impl Default for Approval {
    fn default() -> Self {
        Self {
            prompt: None,
            preview: None,
            items: None,
            timeout_ms: None,
            on_timeout: OnTimeout::Fail,
            on_deny: OnDeny::Cancel,
            approvers: Vec::new(),
            initiated_by: None,
            required_approver: None,
            different_approver: false,
        }
    }
}

/// The end of a gate that nobody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTimeout {
    /// The step fails.
    Fail,
    /// The flow goes on, `approved` is false.
    Continue,
    /// The flow is cancelled.
    Cancel,
}

/// The meaning of a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDeny {
    /// The flow is cancelled, as in Lobster.
    Cancel,
    /// The flow goes on, `approved` is false.
    Continue,
}
