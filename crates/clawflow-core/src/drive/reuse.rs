//! What a retry or a fork takes over from the flow that it begins with.

use super::Draft;
use super::create::NewFlow;
use super::needs::Needs;
use super::scope::items_of;
use super::state::FlowState;
use crate::definition::{Action, OnError, Phase, Race};
use crate::error::{Code, Refusal};
use crate::step::{PartOf, Step, StepStatus};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A flow whose recorded results a new one begins with.
///
/// A step is taken over if it has a result and every step that it needs is taken over too. Without
/// `from` a result is a success or a condition that was not met: what failed is tried again. With
/// `from` everything that this step does not stand on is kept as it ended, if the flow went on with
/// that, and what `from` needs must be there.
#[derive(Clone, Debug)]
pub struct Reuse {
    /// The flow: ended, or for a fork as it stands.
    pub old: FlowState,
    /// The step from which on everything runs anew, whatever it has reached.
    pub from: Option<String>,
    /// Whether the new flow is a fork: keys of its own, maybe other arguments.
    pub fork: bool,
}

/// Rows of the inner steps of a block that had not come to its end.
pub(super) struct Carried {
    /// The list that they are of, where the block is a loop.
    items: Option<Arc<Vec<Value>>>,
    /// The rows: those with a result, and fresh ones for what is to be done again.
    pub(super) rows: Vec<Step>,
}

impl Carried {
    /// Whether the rows are of this list.
    pub(super) fn is_of(&self, items: Option<&Arc<Vec<Value>>>) -> bool {
        self.items.as_ref() == items
    }
}

/// Where the step is that the new flow runs from.
///
/// # Errors
/// `invalid` if it is none of the forward steps that the file names.
pub(super) fn position_of_from(new: &NewFlow) -> Result<Option<usize>, Refusal> {
    let Some(from) = new.reuse.as_ref().and_then(|reuse| reuse.from.as_deref()) else {
        return Ok(None);
    };
    let definition = &new.definition;
    let invalid = |message: String| Err(Refusal::new(Code::Invalid, message));
    let name = crate::limits::cut(from, 80);
    if let Some((at, def)) = definition.steps.iter().enumerate().find(|(_, def)| def.id == from) {
        if def.phase == Phase::Finally {
            return invalid(format!("{name} runs at every end: a flow does not run from it"));
        }
        return match def.fallback_of {
            None => Ok(Some(at)),
            Some(user) => {
                let user = &definition.steps[user].id;
                invalid(format!("{name} only stands in for {user}: run from {user}"))
            }
        };
    }
    let inner = |part: &str| part == from || from.ends_with(&format!("].{part}"));
    let outer = definition.steps.iter().find(|def| def.parts().iter().any(|part| inner(&part.id)));
    if let Some(outer) = outer {
        return invalid(format!("{name} is inside of {0}: run from {0}", outer.id));
    }
    let known = definition.forward_steps().map(|(_, def)| def.id.as_str());
    invalid(match crate::suggest::closest(from, known) {
        Some(close) => format!("the flow has no step {name} to run from: did you mean {close}?"),
        None => format!("the flow has no step {name} to run from"),
    })
}

/// Takes over what steps of the same id reached, as long as all that they needed is taken over too.
///
/// # Errors
/// `invalid_state` if something that the step to run from needs has no result to keep.
pub(super) fn take_over(
    draft: &mut Draft,
    reuse: &Reuse,
    from: Option<usize>,
) -> Result<(), Refusal> {
    let old: HashMap<&str, &Arc<Step>> =
        reuse.old.steps.iter().map(|step| (step.step_id.as_str(), step)).collect();
    let undone = undone(reuse);
    let mut needs = Needs::of(draft, |_| false);
    let mut next: Vec<usize> = draft.phase(Phase::Forward).filter(|at| needs.is_met(*at)).collect();
    while let Some(at) = next.pop() {
        let id = draft.step(at).step_id.as_str();
        let anew = from == Some(at) || undone.contains(id) || draft.def(at).fallback_of.is_some();
        let Some(old_step) = old.get(id).filter(|_| !anew) else { continue };
        let kept = kept(draft, at, old_step, &old, from.is_some());
        if kept.is_empty() {
            carry(draft, at, old_step, reuse);
            continue;
        }
        next.extend(needs.meet(at));
        for (at, step) in kept {
            keep(draft, at, step, reuse);
        }
        draft.skip_unneeded_fallback(at);
    }
    match from.filter(|from| !needs.is_met(*from)) {
        Some(from) => Err(not_reached(draft, from, &undone)),
        None => Ok(()),
    }
}

/// The step and the fallback that stood in for it, if they are kept; else nothing.
fn kept<'o>(
    draft: &Draft,
    at: usize,
    step: &'o Arc<Step>,
    old: &HashMap<&str, &'o Arc<Step>>,
    as_it_ended: bool,
) -> Vec<(usize, &'o Arc<Step>)> {
    if is_reusable(step) {
        return vec![(at, step)];
    }
    if !as_it_ended {
        return Vec::new();
    }
    let settled = step.error.as_ref().is_some_and(|error| error.code == "settled");
    match (step.status, draft.def(at).on_error) {
        (StepStatus::Skipped, _) if settled => vec![(at, step)],
        (StepStatus::Failed, OnError::Continue) => vec![(at, step)],
        (StepStatus::Failed, OnError::Fallback(fallback)) => {
            let found = old.get(draft.step(fallback).step_id.as_str());
            let Some(stand_in) = found else { return Vec::new() };
            let met = is_reusable(stand_in)
                || stand_in.status == StepStatus::Failed
                    && draft.def(fallback).on_error == OnError::Continue;
            if met { vec![(at, step), (fallback, stand_in)] } else { Vec::new() }
        }
        _ => Vec::new(),
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

/// The new step as the old one ended.
fn keep(draft: &mut Draft, at: usize, old: &Step, reuse: &Reuse) {
    draft.set_status(at, old.status);
    let fresh = draft.step(at).clone();
    *draft.step_mut(at) = recorded(fresh, old, reuse);
    let output = draft.def(at).output.clone();
    if let (Some(name), Some(result)) = (output, &old.result)
        && old.status == StepStatus::Succeeded
        && let Ok(value) = super::begin::output_value(result)
    {
        // It fitted once; where it does not now, the steps that refer to it say so.
        let _ = super::ended::keep_output(draft, &name, value);
    }
    let width = draft.def(at).parts().len();
    if width == 0 {
        return;
    }
    for old in inside(reuse, old.position) {
        let Some(mut of) = old.of.filter(|of| (of.part as usize) < width) else { continue };
        of.step = u32::try_from(at).unwrap_or(u32::MAX);
        of.round = 0;
        let flow_id = draft.state.flow.flow_id.clone();
        let position = u32::try_from(draft.state.steps.len()).unwrap_or(u32::MAX);
        let fresh = Step::fresh(flow_id, old.step_id.clone(), position);
        draft.append_step(Step { of: Some(of), ..recorded(fresh, old, reuse) });
    }
}

/// A fresh row with what the old one came to.
fn recorded(fresh: Step, old: &Step, reuse: &Reuse) -> Step {
    // What the old flow had taken over itself was recorded before it.
    let first = old.reused_from.as_ref().unwrap_or(&reuse.old.flow.flow_id);
    Step {
        status: old.status,
        error: old.error.clone(),
        result: old.result.clone(),
        reused_from: Some(first.clone()),
        started_at: old.started_at,
        ended_at: old.ended_at,
        ..fresh
    }
}

/// The rows inside of the old step at this position, in the order in which they were written.
fn inside(reuse: &Reuse, outer: u32) -> impl Iterator<Item = &Arc<Step>> {
    // Of a step that was tried as a whole several times, only the last round counts.
    let round = reuse.old.steps.get(outer as usize).map_or(0, |step| step.attempt);
    let is_part = move |of: PartOf| of.step == outer && of.round == round && !of.undo;
    reuse.old.steps.iter().filter(move |step| step.of.is_some_and(is_part))
}

/// Sets aside what was done inside of a block that did not come to a result, for when it begins:
/// items of a loop up to the first of their steps that has none, and branches that have theirs. Of
/// a race nothing: a branch that had ended would decide it before it has begun.
fn carry(draft: &mut Draft, at: usize, old: &Step, reuse: &Reuse) {
    let items = match &draft.def(at).action {
        Action::ForEach(_) => match items_of(&reuse.old, old.position as usize) {
            Ok(Some(items)) => Some(items),
            _ => return,
        },
        Action::Parallel(parallel) if parallel.wait == Race::All => None,
        _ => return,
    };
    let width = draft.def(at).parts().len();
    let flow_id = draft.state.flow.flow_id.clone();
    let mut rows = Vec::new();
    let mut goes_on = true;
    for old in inside(reuse, old.position) {
        let Some(mut of) = old.of.filter(|of| (of.part as usize) < width) else { return };
        of.step = u32::try_from(at).unwrap_or(u32::MAX);
        of.round = 0;
        let alone = of.item.is_none();
        goes_on = (goes_on || alone || of.part == 0) && is_reusable(old);
        let fresh = Step { of: Some(of), ..Step::fresh(flow_id.clone(), old.step_id.clone(), 0) };
        rows.push(if goes_on { recorded(fresh, old, reuse) } else { fresh });
    }
    if !rows.is_empty() && rows.len().is_multiple_of(width) {
        draft.carried.insert(at, Carried { items, rows });
    }
}

/// Steps whose effect was undone, or was about to be: their results stand for nothing any more.
fn undone(reuse: &Reuse) -> HashSet<&str> {
    let steps = &reuse.old.steps;
    let begun = steps.iter().filter(|step| step.attempt > 0);
    let undone = begun.filter_map(|step| step.of.filter(|of| of.undo));
    let outer = |at: u32| steps.get(at as usize);
    let named = undone.filter_map(|of| {
        let step = outer(of.step)?;
        // What was undone inside of a step makes all of it run again.
        let step = step.of.map_or(Some(step), |of| outer(of.step))?;
        Some(step.step_id.as_str())
    });
    named.collect()
}

/// The first step in the way from the beginning to `from` that has no result.
fn not_reached(draft: &Draft, from: usize, undone: &HashSet<&str>) -> Refusal {
    let kept = |at: &usize| draft.step(*at).reused_from.is_some();
    let mut at = from;
    while let Some(need) = draft.def(at).needs.iter().find(|need| !kept(need)) {
        at = *need;
    }
    let (from, missing) = (&draft.step(from).step_id, &draft.step(at).step_id);
    let why = match undone.contains(missing.as_str()) {
        true => "was undone",
        false => "has no result to keep",
    };
    let message = format!("cannot run from {from}: {missing}, which it stands on, {why}");
    Refusal::new(Code::InvalidState, message)
}
