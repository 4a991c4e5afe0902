//! A new flow from a workflow file.

use super::Draft;
use super::advance::advance;
use super::needs::Needs;
use super::state::{Ctx, Decision, FlowState};
use crate::definition::{Definition, Phase, StepDef, Template};
use crate::error::{Code, Refusal};
use crate::flow::{ENGINE_CONTROLLER, Flow, NotifyPolicy, Origin, blank, check_key, has_nul};
use crate::ids::FlowId;
use crate::json::{Object, fits};
use crate::limits::{JSON_BYTES_MAX, TEXT_CHARS_MAX};
use crate::spec::{DefinitionSource, FlowSpec};
use crate::step::{Step, StepStatus};
use crate::unit::Change;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
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
    /// Recorded results of an ended flow to begin with.
    pub reuse: Option<Reuse>,
}

/// Results of an ended flow that its retry begins with.
#[derive(Clone, Debug)]
pub struct Reuse {
    /// The ended flow.
    pub flow_id: FlowId,
    /// Root of its idempotency keys: a retry goes on under the same.
    pub key_root: String,
    /// Its steps; those that succeeded or were skipped by their condition are taken over.
    pub steps: Vec<Arc<Step>>,
}

/// Makes the flow and starts what is ready.
///
/// # Errors
/// `invalid` for arguments, keys or names that cannot be; nothing was made.
pub fn create(new: NewFlow, ctx: &mut Ctx) -> Result<Decision, Refusal> {
    let args = check_args(&new)?;
    let notify = match new.definition.notify.as_deref().map(str::parse) {
        None => NotifyPolicy::DoneOnly,
        Some(Ok(policy)) => policy,
        Some(Err(unknown)) => return Err(Refusal::new(Code::Invalid, unknown.to_string())),
    };
    let flow_id = FlowId::new(ctx.ids);
    let key_root = new.reuse.as_ref().map_or_else(|| flow_id.0.clone(), |r| r.key_root.clone());
    let flow = Flow { notify_policy: notify, ..new_flow(&new, &flow_id, ctx.now) };
    let spec = FlowSpec {
        flow_id: flow_id.clone(),
        definition_hash: new.definition.hash.clone(),
        file: new.file.clone(),
        args,
        cwd: new.cwd.clone(),
        env: new.env.clone(),
        auto_approve: new.auto_approve,
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
        last_event: 0,
    };
    let mut draft = Draft::create(&state, ctx);
    let args = &state.spec.args;
    draft.flow_event("flow.created", json!({ "file": new.file, "args": args, "to": "queued" }));
    if let Some(reuse) = &new.reuse {
        take_over(&mut draft, reuse);
    }
    name_and_goal(&mut draft, &new)?;
    advance(&mut draft)?;
    Ok(as_inserts(draft.finish(), &new.definition))
}

fn new_flow(new: &NewFlow, flow_id: &FlowId, now: i64) -> Flow {
    Flow {
        definition_hash: Some(new.definition.hash.clone()),
        requester_origin: new.requester_origin.clone(),
        retry_of: new.reuse.as_ref().map(|r| r.flow_id.clone()),
        labels: new.definition.labels.clone(),
        ..blank(flow_id.clone(), new.owner_key.clone(), ENGINE_CONTROLLER.to_owned(), now)
    }
}

fn fresh_step(flow_id: &FlowId, def: &StepDef, position: u32) -> Step {
    Step {
        flow_id: flow_id.clone(),
        step_id: def.id.clone(),
        position,
        finally: def.phase == Phase::Finally,
        version: 0,
        status: StepStatus::Pending,
        attempt: 0,
        lost_attempts: 0,
        task_id: None,
        wait_id: None,
        due_at: None,
        result: None,
        error: None,
        reused_from: None,
        started_at: None,
        ended_at: None,
    }
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

/// Key and goal; both may refer to arguments and to the flow itself.
fn name_and_goal(draft: &mut Draft, new: &NewFlow) -> Result<(), Refusal> {
    let key = match (&new.key, &new.definition.key) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(template)) => Some(render(draft, template)?),
        (None, None) => None,
    };
    if let Some(key) = &key {
        check_key(key)?;
    }
    let definition = &new.definition;
    let goal = match &definition.goal {
        Some(goal) => Some(goal.clone()),
        None => definition.description.clone().or_else(|| definition.name.clone()),
    };
    let goal = goal.filter(|g| !g.trim().is_empty()).unwrap_or_else(|| new.file.clone());
    draft.state.flow.goal = crate::limits::cut(goal.trim(), TEXT_CHARS_MAX);
    draft.state.flow.key = key;
    Ok(())
}

/// A template of the flow as a whole.
fn render(draft: &Draft, template: &Template) -> Result<String, Refusal> {
    template.render(&draft.scope(1)).map_err(|e| Refusal::new(Code::Invalid, e.message))
}

/// Takes over what steps of the same id reached, as long as all that they needed is taken over too.
fn take_over(draft: &mut Draft, reuse: &Reuse) {
    let old: HashMap<&str, &Arc<Step>> =
        reuse.steps.iter().map(|step| (step.step_id.as_str(), step)).collect();
    let mut needs = Needs::of(draft, |_| false);
    let mut next: Vec<usize> = draft.phase(Phase::Forward).filter(|at| needs.is_met(*at)).collect();
    while let Some(at) = next.pop() {
        let reusable = old.get(draft.step(at).step_id.as_str()).filter(|old| is_reusable(old));
        let Some(old) = reusable.filter(|_| draft.def(at).fallback_of.is_none()) else { continue };
        next.extend(needs.meet(at));
        draft.set_status(at, old.status);
        let step = draft.step_mut(at);
        step.error.clone_from(&old.error);
        step.result.clone_from(&old.result);
        step.reused_from = Some(reuse.flow_id.clone());
        step.started_at = old.started_at;
        step.ended_at = old.ended_at;
        let output = draft.def(at).output.clone();
        if let (Some(name), Some(result)) = (output, &old.result)
            && let Ok(value) = super::begin::output_value(result)
        {
            // It fitted once; where it does not now, the steps that refer to it say so.
            let _ = super::ended::keep_output(draft, &name, value);
        }
        draft.skip_unneeded_fallback(at);
    }
}

fn is_reusable(old: &Step) -> bool {
    let by_condition = old.error.as_ref().is_some_and(|e| e.code == "condition");
    match old.status {
        StepStatus::Succeeded => true,
        StepStatus::Skipped => by_condition,
        _ => false,
    }
}

/// A decision about rows that do not exist yet.
fn as_inserts(mut decision: Decision, definition: &Definition) -> Decision {
    let unit = &mut decision.unit;
    unit.specs = vec![FlowSpec::clone(&decision.state.spec)];
    unit.definitions =
        vec![DefinitionSource { hash: definition.hash.clone(), source: definition.source.clone() }];
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
