//! A new flow from a workflow file.

use super::Draft;
use super::advance::advance;
use super::reuse::{self, Reuse};
use super::state::{Ctx, Decision, FlowState};
use crate::definition::{Definition, Dialect, Phase, Scope, StepDef, StepView};
use crate::error::{Code, Refusal};
use crate::flow::{ENGINE_CONTROLLER, Flow, NotifyPolicy, Origin, blank, check_key, has_nul};
use crate::ids::FlowId;
use crate::json::{Object, fits};
use crate::limits::{JSON_BYTES_MAX, TEXT_CHARS_MAX, cut};
use crate::spec::{DefinitionSource, FlowSpec};
use crate::step::Step;
use crate::unit::{Change, Guard};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a flow is made from.
#[derive(Clone, Debug)]
pub struct NewFlow {
    /// The checked workflow file.
    pub definition: Arc<Definition>,
    /// Name of the file, for messages.
    pub file: String,
    /// Arguments as given; defaults are filled in here.
    pub args: Object,
    /// Directory of steps that name none; absolute.
    pub cwd: String,
    /// The chosen environment.
    pub env: BTreeMap<String, String>,
    /// Session key of the owner.
    pub owner_key: String,
    /// Where the request came from.
    pub requester_origin: Option<Origin>,
    /// Human name; else the file's `key`.
    pub key: Option<String>,
    /// Whether approvals are given without asking.
    pub auto_approve: bool,
    /// Recorded results of another flow to begin with.
    pub reuse: Option<Reuse>,
    /// Absolute path of the file: child flows are looked for beside it.
    pub path: String,
    /// The files that it names as child flows.
    pub files: Option<FilesOf>,
    /// The step whose child flow it is.
    pub child_of: Option<ChildOf>,
}

/// The workflow files that a flow names, see [`crate::definition::gather`].
#[derive(Clone, Debug)]
pub struct FilesOf {
    /// SHA-256 (hex) of their text.
    pub hash: String,
    /// One JSON object by path; `None` where it is kept already.
    pub source: Option<String>,
}

/// The step that a child flow is made for.
#[derive(Clone, Debug)]
pub struct ChildOf {
    /// The id that the parent has drawn for it.
    pub flow_id: FlowId,
    /// The parent as it was read: it must not have been cancelled since.
    pub parent: Flow,
    /// The parent's step.
    pub step_id: String,
    /// Root of the idempotency keys.
    pub key_root: String,
    /// Paths of the files of the flows above.
    pub above: Vec<String>,
    /// Whether what its steps print of the use of models counts: a flow above has a limit.
    pub counts_use: bool,
}

/// Makes the flow and starts what is ready. The unit of a child flow is guarded by its parent as it
/// was read: a cancel of the parent that came first stops it.
///
/// # Errors
/// `invalid` for arguments, keys or names that cannot be; nothing was made.
pub fn create(new: NewFlow, ctx: &mut Ctx) -> Result<Decision, Refusal> {
    make(new, ctx, false)
}

/// Makes the flow and starts nothing: it waits in line until the live flow of its key has ended,
/// see [`crate::drive::admit`].
///
/// # Errors
/// As for [`create`].
pub fn create_in_line(new: NewFlow, ctx: &mut Ctx) -> Result<Decision, Refusal> {
    make(new, ctx, true)
}

fn make(new: NewFlow, ctx: &mut Ctx, in_line: bool) -> Result<Decision, Refusal> {
    let args = check_args(&new)?;
    let notify = match new.definition.notify.as_deref().map(str::parse) {
        // The parent tells of its end.
        None if new.child_of.is_some() => NotifyPolicy::Silent,
        None => NotifyPolicy::DoneOnly,
        Some(Ok(policy)) => policy,
        Some(Err(unknown)) => return Err(Refusal::new(Code::Invalid, unknown.to_string())),
    };
    let child_of = new.child_of.as_ref();
    let flow_id = match child_of {
        Some(child) => child.flow_id.clone(),
        None => FlowId::new(ctx.ids),
    };
    let retried = new.reuse.as_ref().filter(|reuse| !reuse.fork);
    let retried = retried.map(|reuse| &reuse.old.spec.key_root);
    let key_root = retried.or(child_of.map(|child| &child.key_root));
    let key_root = key_root.unwrap_or(&flow_id.0).clone();
    let from = reuse::position_of_from(&new)?;
    let flow = Flow { notify_policy: notify, ..new_flow(&new, &flow_id, ctx.now) };
    let spec = FlowSpec {
        flow_id: flow_id.clone(),
        definition_hash: new.definition.hash.clone(),
        file: new.file.clone(),
        path: new.path.clone(),
        files: new.files.as_ref().map(|files| files.hash.clone()),
        above: child_of.map(|child| child.above.clone()).unwrap_or_default(),
        args,
        cwd: new.cwd.clone(),
        env: new.env.clone(),
        auto_approve: new.auto_approve,
        counts_use: child_of.is_some_and(|child| child.counts_use),
        key_root,
    };
    let steps = new.definition.steps.iter().enumerate().map(|(at, def)| {
        Arc::new(fresh_step(&flow_id, def, u32::try_from(at).unwrap_or(u32::MAX)))
    });
    let state = FlowState {
        flow,
        spec: Arc::new(spec),
        steps: steps.collect(),
        definition: new.definition.clone(),
        tasks: BTreeMap::new(),
        waits: BTreeMap::new(),
        items: BTreeMap::new(),
        last_event: 0,
    };
    let mut draft = Draft::create(&state, ctx);
    let args = &state.spec.args;
    let mut told = json!({ "file": new.file, "args": args, "to": "queued" });
    if let Some(child) = &new.child_of {
        told["parentFlowId"] = json!(child.parent.flow_id);
        told["parentStepId"] = json!(child.step_id);
    }
    if let Some(reuse) = &new.reuse {
        told["from"] = json!(reuse.from);
    }
    draft.flow_event("flow.created", told);
    if let Some(reuse) = &new.reuse {
        reuse::take_over(&mut draft, reuse, from)?;
    }
    name_and_goal(&mut draft, &new)?;
    if in_line {
        draft.state.flow.in_line_since = Some(draft.now());
        return Ok(as_inserts(draft.finish(), &new));
    }
    super::deadline::open(&mut draft);
    advance(&mut draft)?;
    Ok(as_inserts(draft.finish(), &new))
}

fn new_flow(new: &NewFlow, flow_id: &FlowId, now: i64) -> Flow {
    Flow {
        definition_hash: Some(new.definition.hash.clone()),
        name: name_of(new),
        requester_origin: new.requester_origin.clone(),
        parent_flow_id: new.child_of.as_ref().map(|child| child.parent.flow_id.clone()),
        parent_step_id: new.child_of.as_ref().map(|child| child.step_id.clone()),
        retry_of: origin(new, false),
        fork_of: origin(new, true),
        labels: new.definition.labels.clone(),
        budget: new.definition.budget,
        ..blank(flow_id.clone(), new.owner_key.clone(), ENGINE_CONTROLLER.to_owned(), now)
    }
}

/// What the file calls itself, else its name without directory and extension.
fn name_of(new: &NewFlow) -> Option<String> {
    let file = || {
        let file = new.file.rsplit('/').next()?;
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        Some(stem.strip_suffix(".flow").unwrap_or(stem).to_owned())
    };
    let name = new.definition.name.clone().or_else(file);
    name.filter(|name| !name.trim().is_empty()).map(|name| cut(name.trim(), TEXT_CHARS_MAX))
}

/// The flow that this one begins with, as a retry or as a fork.
fn origin(new: &NewFlow, fork: bool) -> Option<FlowId> {
    let reuse = new.reuse.as_ref().filter(|reuse| reuse.fork == fork);
    reuse.map(|reuse| reuse.old.flow.flow_id.clone())
}

fn fresh_step(flow_id: &FlowId, def: &StepDef, position: u32) -> Step {
    let fresh = Step::fresh(flow_id.clone(), def.id.clone(), position);
    Step { finally: def.phase == Phase::Finally, ..fresh }
}

/// The arguments with defaults filled in.
fn check_args(new: &NewFlow) -> Result<Object, Refusal> {
    let mut args = Object::new();
    for (name, arg) in &new.definition.args {
        if let Some(value) = new.args.get(name).or(arg.default.as_ref()) {
            args.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in &new.args {
        args.entry(name.clone()).or_insert_with(|| value.clone());
    }
    if new.definition.dialect == Dialect::Lobster {
        args = positions_first(args);
    }
    let invalid = |message: String| Err(Refusal::new(Code::Invalid, message));
    if let Some(name) = new.definition.missing_args(&args).next() {
        return invalid(format!("the argument {name} was not given"));
    }
    if !fits(&Value::Object(args.clone()), JSON_BYTES_MAX) {
        return invalid(format!("the arguments are larger than {JSON_BYTES_MAX} bytes"));
    }
    if let Some(name) = args.iter().find(|(_, v)| has_nul(v)).map(|(name, _)| name) {
        return invalid(format!("the argument {name} contains a NUL character"));
    }
    let owner = &new.owner_key;
    let odd = |c: char| c.is_control() || c.is_whitespace();
    if owner.is_empty() || owner.chars().count() > TEXT_CHARS_MAX || owner.contains(odd) {
        return invalid("the owner key is blank, too long or has blanks in it".to_owned());
    }
    Ok(args)
}

/// JavaScript's order of names: those that are positions of a list come first, ascending.
fn positions_first(args: Object) -> Object {
    let position = |name: &str| {
        let number = name.parse::<u32>().ok().filter(|number| *number < u32::MAX);
        number.filter(|number| number.to_string() == name)
    };
    let mut args: Vec<_> = args.into_iter().collect();
    args.sort_by_key(|(name, _)| position(name).map_or(u64::MAX, u64::from));
    args.into_iter().collect()
}

/// Key and goal; both may refer to arguments and to the flow itself.
fn name_and_goal(draft: &mut Draft, new: &NewFlow) -> Result<(), Refusal> {
    let key = key_with(new, &draft.state.spec.args)?;
    let definition = &new.definition;
    let goal = match &definition.goal {
        Some(goal) => Some(goal.clone()),
        None => definition.description.clone().or_else(|| definition.name.clone()),
    };
    let said = |text: &String| !text.trim().is_empty();
    let goal = goal.filter(said).or_else(|| Some(new.file.clone()).filter(said));
    let goal = goal.unwrap_or_else(|| "a workflow without a name".to_owned());
    draft.state.flow.goal = cut(goal.trim(), TEXT_CHARS_MAX);
    draft.state.flow.key = key;
    Ok(())
}

/// The key that the flow will have, for a caller who joins a live flow of the same key.
///
/// # Errors
/// `invalid` for arguments or a key that cannot be.
pub fn key_of(new: &NewFlow) -> Result<Option<String>, Refusal> {
    key_with(new, &check_args(new)?)
}

fn key_with(new: &NewFlow, args: &Object) -> Result<Option<String>, Refusal> {
    let key = match (&new.key, &new.definition.key) {
        (Some(key), _) => key.clone(),
        (None, Some(template)) => {
            let rendered = template.render(&ArgScope(args));
            rendered.map_err(|e| Refusal::new(Code::Invalid, e.message))?
        }
        (None, None) => return Ok(None),
    };
    check_key(&key)?;
    Ok(Some(key))
}

/// What the key of a flow may refer to: arguments alone.
struct ArgScope<'a>(&'a Object);

impl Scope for ArgScope<'_> {
    fn step(&self, _: &str) -> Option<StepView<'_>> {
        None
    }

    fn arg(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn flow(&self, _: &[&str]) -> Option<Value> {
        None
    }

    fn run_attempt(&self) -> u32 {
        1
    }
}

/// A decision about rows that do not exist yet.
fn as_inserts(mut decision: Decision, new: &NewFlow) -> Decision {
    let (unit, definition) = (&mut decision.unit, &new.definition);
    if let Some(ChildOf { parent, .. }) = &new.child_of {
        let (flow_id, revision) = (parent.flow_id.clone(), parent.revision);
        unit.guards.push(Guard { flow_id, revision });
    }
    unit.specs = vec![FlowSpec::clone(&decision.state.spec)];
    unit.definitions =
        vec![DefinitionSource { hash: definition.hash.clone(), source: definition.source.clone() }];
    if let Some(FilesOf { hash, source: Some(source) }) = &new.files {
        unit.definitions.push(DefinitionSource { hash: hash.clone(), source: source.clone() });
    }
    // Shared rows would be copied by the change of their version.
    unit.steps.clear();
    for step in &mut decision.state.steps {
        Arc::make_mut(step).version = 0;
    }
    unit.steps = decision
        .state
        .steps
        .iter()
        .map(|step| Change { expected: None, row: step.clone() })
        .collect();
    decision
}
