//! The order of steps: names become places, and the graph is checked.

use std::collections::HashMap;

use super::error::{Fault, Report};
use super::model::{OnError, Phase, StepDef};
use super::step::{Named, RawStep};

/// Turns names into places and fills in the needs that are implied.
pub(crate) fn settle(report: &mut Report<'_>, mut raw: Vec<RawStep>) -> Vec<StepDef> {
    let places = places(report, &raw);
    fallbacks(report, &mut raw, &places);
    let graph = raw.iter().any(|raw| raw.needs.is_some());
    let mut before: [Option<usize>; 2] = [None, None];
    for at in 0..raw.len() {
        let phase = raw[at].step.phase;
        let last = &mut before[usize::from(phase == Phase::Finally)];
        let implied: Vec<usize> = last.iter().copied().collect();
        if raw[at].step.fallback_of.is_some() {
            continue;
        }
        *last = Some(at);
        raw[at].step.needs = match (&raw[at].needs, graph && phase == Phase::Forward) {
            (Some(needs), true) => explicit(report, &raw, &places, at, needs),
            _ => implied,
        };
    }
    let mut steps: Vec<StepDef> = Vec::with_capacity(raw.len());
    let needs: Vec<Option<Vec<Named>>> = raw
        .into_iter()
        .map(|raw| {
            steps.push(raw.step);
            raw.needs
        })
        .collect();
    if let Some(cycle) = cycle(&steps) {
        report.error(cycle_fault(&steps, &needs, &cycle));
    }
    steps
}

/// The place of each id; a repeated id is an error and keeps its first place.
fn places(report: &mut Report<'_>, raw: &[RawStep]) -> HashMap<String, usize> {
    let mut places = HashMap::with_capacity(raw.len());
    for (at, RawStep { step, .. }) in raw.iter().enumerate() {
        if let Some(&first) = places.get(&step.id) {
            let first: &RawStep = &raw[first];
            let (line, _) = report.source.position(first.step.span.start);
            let message = format!("the step id `{}` is already used in line {line}", step.id);
            report.error(Fault::new(step.span, message).code("duplicate_id"));
            continue;
        }
        places.insert(step.id.clone(), at);
    }
    places
}

/// The place of a forward step by its name.
fn find(
    report: &mut Report<'_>,
    raw: &[RawStep],
    places: &HashMap<String, usize>,
    named: &Named,
    role: &str,
) -> Option<usize> {
    // A suggestion is worth its search only while it will be shown.
    if report.full() {
        return None;
    }
    match places.get(&named.id) {
        Some(&at) if raw[at].step.phase == Phase::Forward => Some(at),
        Some(_) => {
            let message = format!("{role} `{}` is a `finally` step", named.id);
            report.error(Fault::new(named.span, message));
            None
        }
        None => {
            let forward = raw.iter().filter(|raw| raw.step.phase == Phase::Forward);
            let ids = forward.map(|raw| raw.step.id.as_str());
            let fault = Fault::new(named.span, format!("{role} `{}` does not exist", named.id));
            let fault = fault.code("unknown_step");
            report.error(fault.suggest(&named.id, ids));
            None
        }
    }
}

fn fallbacks(report: &mut Report<'_>, raw: &mut [RawStep], places: &HashMap<String, usize>) {
    for at in 0..raw.len() {
        let Some(named) = raw[at].fallback.clone() else { continue };
        let Some(target) = find(report, raw, places, &named, "the fallback") else { continue };
        let id = &named.id;
        if target == at {
            report.error(Fault::new(named.span, format!("step `{id}` is its own fallback")));
            continue;
        }
        if let Some(user) = raw[target].step.fallback_of {
            let user = &raw[user].step.id;
            let message = format!("step `{id}` is already the fallback of `{user}`");
            let fault = Fault::new(named.span, message);
            report.error(fault.hint("give each step a fallback of its own"));
            continue;
        }
        raw[at].step.on_error = OnError::Fallback(target);
        raw[target].step.fallback_of = Some(at);
    }
    for raw in raw.iter().filter(|raw| raw.step.fallback_of.is_some()) {
        let id = &raw.step.id;
        if let Some(further) = &raw.fallback {
            let message = format!("step `{id}` is a fallback and cannot have one itself");
            report.error(Fault::new(further.span, message));
        }
        if raw.needs.as_ref().is_some_and(|needs| !needs.is_empty()) {
            let message = format!("step `{id}` is a fallback and cannot have needs of its own");
            let hint = "it starts when its step has failed; write `needs: []` or leave it out";
            report.error(Fault::new(raw.needs_span, message).hint(hint));
        }
    }
}

fn explicit(
    report: &mut Report<'_>,
    raw: &[RawStep],
    places: &HashMap<String, usize>,
    at: usize,
    needs: &[Named],
) -> Vec<usize> {
    let mut found = Vec::with_capacity(needs.len());
    for named in needs {
        let id = &named.id;
        let Some(place) = find(report, raw, places, named, "the needed step") else { continue };
        if place == at {
            report.error(Fault::new(named.span, format!("step `{id}` needs itself")));
            continue;
        }
        if let Some(user) = raw[place].step.fallback_of {
            let message = format!("step `{id}` is a fallback and cannot be needed");
            let hint = format!("need `{}`; its fallback stands in for it", raw[user].step.id);
            report.error(Fault::new(named.span, message).hint(hint));
            continue;
        }
        found.push(place);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The steps in an order in which each comes after its needs, and for each step how many of its
/// needs are missing from that order: those of a cycle, and what needs a cycle. Without recursion:
/// a chain may be ten thousand steps long.
pub(crate) fn sorted(steps: &[StepDef]) -> (Vec<usize>, Vec<usize>) {
    let mut open: Vec<usize> = steps.iter().map(|step| step.needs.len()).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        step.needs.iter().for_each(|&need| users[need].push(at));
    }
    let mut order: Vec<usize> = (0..steps.len()).filter(|&at| open[at] == 0).collect();
    let mut next = 0;
    while let Some(&at) = order.get(next) {
        next += 1;
        for &user in &users[at] {
            open[user] -= 1;
            if open[user] == 0 {
                order.push(user);
            }
        }
    }
    (order, open)
}

/// One cycle, in the order of needing, if there is one.
fn cycle(steps: &[StepDef]) -> Option<Vec<usize>> {
    // Every step that is left over needs another one that is left over.
    let (_, open) = sorted(steps);
    let mut at = open.iter().position(|&left| left > 0)?;
    let mut seen_at: HashMap<usize, usize> = HashMap::new();
    let mut path = Vec::new();
    loop {
        if let Some(&start) = seen_at.get(&at) {
            path.drain(..start);
            return Some(path);
        }
        seen_at.insert(at, path.len());
        path.push(at);
        at = *steps[at].needs.iter().find(|&&need| open[need] > 0)?;
    }
}

fn cycle_fault(steps: &[StepDef], needs: &[Option<Vec<Named>>], cycle: &[usize]) -> Fault {
    const NAMES_MAX: usize = 20;
    // Begin with the earliest step of the file, so that the message does not depend on the search.
    let first = (0..cycle.len()).min_by_key(|&at| cycle[at]).unwrap_or(0);
    let ring = (0..=cycle.len()).map(|at| cycle[(first + at) % cycle.len()]);
    let mut names: Vec<String> = ring.map(|at| format!("`{}`", steps[at].id)).collect();
    if names.len() > NAMES_MAX {
        let hidden = names.len() - NAMES_MAX;
        names.splice(NAMES_MAX / 2..NAMES_MAX / 2 + hidden, [format!("({hidden} more)")]);
    }
    let next = &steps[cycle[(first + 1) % cycle.len()]].id;
    let written = needs[cycle[first]].iter().flatten().find(|named| &named.id == next);
    let span = written.map_or(steps[cycle[first]].span, |named| named.span);
    let message = format!("steps need each other in a circle: {}", names.join(" needs "));
    Fault::new(span, message).code("cycle")
}
