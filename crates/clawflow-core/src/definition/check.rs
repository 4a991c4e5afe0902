//! References: each must lead to something that exists and has ended before it is needed.

use std::collections::HashMap;

use super::error::{Fault, Report};
use super::model::{Action, Definition, Dialect, Phase, StepDef};
use super::order;
use super::reference::{FIELDS, Reference};
use super::source::Span;
use super::template::{Mode, Template, ValueTemplate};

/// Checks every reference of a definition whose graph is sound.
pub(crate) fn check(report: &mut Report<'_>, definition: &Definition) {
    let steps = &definition.steps;
    let mut checker = Checker {
        report,
        definition,
        places: steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect(),
        outputs: HashMap::new(),
        inner: HashMap::new(),
        before: ancestors(steps),
    };
    checker.outputs();
    checker.top_level();
    for at in 0..steps.len() {
        checker.step(at);
        if checker.report.full() {
            break;
        }
    }
}

/// The code of a reference to what does not exist.
const UNKNOWN: &str = "unknown_reference";
/// The code of a reference to a step that may not have ended.
const NOT_NEEDED: &str = "not_needed";

/// A set of steps, one bit each.
pub(crate) type Steps = Vec<u64>;

/// Whether a step is in a set.
pub(crate) fn has(set: &Steps, at: usize) -> bool {
    set[at / 64] & (1 << (at % 64)) != 0
}

/// For each step the steps that have ended when it starts.
pub(crate) fn ancestors(steps: &[StepDef]) -> Vec<Steps> {
    let mut before = vec![vec![0_u64; steps.len().div_ceil(64)]; steps.len()];
    let (order, _) = order::sorted(steps);
    for at in order {
        for &need in &steps[at].needs {
            let mut mine = std::mem::take(&mut before[at]);
            mine.iter_mut().zip(&before[need]).for_each(|(mine, needs)| *mine |= needs);
            mine[need / 64] |= 1 << (need % 64);
            before[at] = mine;
        }
    }
    before
}

/// Where a reference stands.
#[derive(Clone, Copy)]
enum Place {
    /// Outside of the steps, where no step has a result yet.
    Top(&'static str),
    /// In a step; in its gate, which asks after the step's own action.
    Step { at: usize, gate: bool, part: Option<usize> },
}

struct Checker<'c, 'r, 'a> {
    report: &'r mut Report<'a>,
    definition: &'c Definition,
    places: HashMap<&'c str, usize>,
    outputs: HashMap<&'c str, usize>,
    /// Inner steps, with the place of the step that they are in.
    inner: HashMap<&'c str, usize>,
    before: Vec<Steps>,
}

impl<'c> Checker<'c, '_, '_> {
    fn outputs(&mut self) {
        for (at, step) in self.definition.steps.iter().enumerate() {
            let Some(name) = &step.output else { continue };
            if let Some(first) = self.outputs.insert(name, at) {
                let first = &self.definition.steps[first].id;
                let message = format!("the output `{name}` is already that of step `{first}`");
                self.report.error(Fault::new(step.span, message));
            }
        }
    }

    fn top_level(&mut self) {
        let definition = self.definition;
        if let Some(key) = &definition.key {
            self.template(key, Place::Top("key"));
        }
        if let Some(cwd) = &definition.cwd {
            self.template(cwd, Place::Top("cwd"));
        }
        for template in definition.env.values() {
            self.template(template, Place::Top("env"));
        }
    }

    fn step(&mut self, at: usize) {
        let step = &self.definition.steps[at];
        self.texts(step, at, None, false);
        if let Some(undo) = &step.compensate {
            self.texts(undo, at, None, true);
        }
        for (part, inner) in step.parts().iter().enumerate() {
            self.inner_id(inner, at);
            self.texts(inner, at, Some(part), false);
            if let Some(undo) = &inner.compensate {
                self.texts(undo, at, Some(part), true);
            }
        }
    }

    /// An inner step is found by its id, so no other may have it.
    fn inner_id(&mut self, inner: &'c StepDef, at: usize) {
        let taken = self.places.contains_key(inner.id.as_str());
        let other = self.inner.insert(&inner.id, at).filter(|other| *other != at);
        if taken || other.is_some() {
            let message = format!("the step id `{}` is already used", inner.id);
            self.report.error(Fault::new(inner.span, message));
        }
    }

    /// `after`: it comes after the step's own action, whose result it may see.
    fn texts(&mut self, step: &'c StepDef, at: usize, part: Option<usize>, after: bool) {
        let place = Place::Step { at, gate: after, part };
        if let Some(when) = &step.when {
            for reference in when.references() {
                self.reference(reference, when.span, place, true);
            }
        }
        if let Some(ValueTemplate::Reference(whole)) = &step.stdin {
            for reference in whole.references() {
                self.reference(reference, whole.span, place, true);
            }
        }
        let mut gate: Vec<&Template> = Vec::new();
        if let Some(approval) = &step.approval {
            gate.extend(&approval.prompt);
            approval.preview.iter().for_each(|value| value.each(&mut |found| gate.push(found)));
            approval.items.iter().for_each(|value| value.each(&mut |found| gate.push(found)));
        }
        let mut all: Vec<&Template> = Vec::new();
        step.each_template(&mut |template| all.push(template));
        for template in all {
            let gate = after || gate.iter().any(|part| std::ptr::eq(*part, template));
            self.template(template, Place::Step { at, gate, part });
        }
    }

    fn template(&mut self, template: &'c Template, place: Place) {
        // Lobster leaves what it does not know as it stands.
        if matches!(template.mode, Mode::Lobster | Mode::LobsterArgs) {
            return;
        }
        for name in template.args().filter(|name| !self.definition.args.contains_key(*name)) {
            if self.report.full() {
                return;
            }
            let written = format!("${{{name}}}");
            let span = self.report.source.find(template.span, &written);
            let fault = Fault::new(span, format!("the argument `{name}` is not declared"));
            let fault = fault.code(UNKNOWN);
            let declared = self.definition.args.keys().map(String::as_str);
            let fault = fault.suggest(name, declared);
            let hint =
                format!("declare it under `args`, or write `$${{{name}}}` for the plain text");
            let fault = if fault.hint.is_some() { fault } else { fault.hint(hint) };
            self.report.error(fault);
        }
        for reference in template.references() {
            self.reference(reference, template.span, place, false);
        }
    }

    /// `must_exist`: Lobster too fails when the step has no result.
    fn reference(&mut self, reference: &Reference, text: Span, place: Place, must_exist: bool) {
        let strict = self.definition.dialect == Dialect::Strict;
        if self.report.full() || !strict && !must_exist {
            return;
        }
        if let Err(fault) = self.verdict(reference, place, strict) {
            // Searched only now: a text may hold very many references.
            let span = self.report.source.find(text, &reference.to_string());
            let code = if fault.code == NOT_NEEDED { NOT_NEEDED } else { UNKNOWN };
            self.report.error(Fault { span, ..fault }.code(code));
        }
    }

    /// The fault is placed by the caller.
    fn verdict(&self, reference: &Reference, place: Place, strict: bool) -> Result<(), Fault> {
        match reference.id.as_str() {
            "flow" if strict => self.flow_reference(reference, place),
            "run" if strict && reference.path == ["attempt"] => Ok(()),
            "run" if strict => {
                let message = format!("`{reference}` does not exist");
                Err(fault(message).hint("use `$run.attempt`"))
            }
            id => {
                if let Some(known) = self.inside(id, place, reference, strict) {
                    return known;
                }
                let Some(&target) = self.places.get(id) else {
                    let fault = fault(format!("the step `{id}` does not exist"));
                    let ids = self.definition.steps.iter().map(|step| step.id.as_str());
                    return Err(fault.suggest(id, ids));
                };
                if strict && !FIELDS.contains(&reference.path[0].as_str()) {
                    let field = &reference.path[0];
                    let message = format!("a step's result has no field `{field}`");
                    let fault = fault(message).suggest(field, FIELDS);
                    let hint = "values of its output are below `json`";
                    return Err(if fault.hint.is_some() { fault } else { fault.hint(hint) });
                }
                self.reachable(target, place)
            }
        }
    }

    /// What a name means among inner steps: the item and its number, the steps before it in the
    /// same item, its own gate. Outside of a block its branches are found by their ids.
    fn inside(
        &self,
        id: &str,
        place: Place,
        reference: &Reference,
        strict: bool,
    ) -> Option<Result<(), Fault>> {
        let steps = &self.definition.steps;
        if let Place::Step { at, gate, part: Some(part) } = place {
            let parts = steps[at].parts();
            if gate && parts[part].id == id {
                return Some(Ok(()));
            }
            if let Action::ForEach(each) = &steps[at].action {
                if [&each.item_var, &each.index_var].contains(&&id.to_owned()) {
                    let known = !strict || reference.path[0] == "json";
                    let message = format!("`{reference}` does not exist");
                    let wrong = fault(message).hint(format!("write `${id}.json`"));
                    return Some(if known { Ok(()) } else { Err(wrong) });
                }
                if parts[..part].iter().any(|before| before.id == id) {
                    return Some(Ok(()));
                }
            }
        }
        if self.places.contains_key(id) {
            return None;
        }
        let (block, inner) = steps.iter().enumerate().find_map(|(at, step)| {
            let inner = step.parts().iter().find(|inner| inner.id == id)?;
            Some((at, inner))
        })?;
        let outer = &steps[block].id;
        let own = matches!(place, Place::Step { at, .. } if at == block);
        let looped = matches!(steps[block].action, Action::ForEach(_));
        if own || looped {
            let message = format!("`{}` has no result here", inner.id);
            let hint = match (own, looped) {
                (true, true) => "an inner step sees those before it, of the same item".to_owned(),
                (true, false) => "branches do not see each other".to_owned(),
                (false, _) => {
                    format!("refer to `${outer}.json`, which has one entry for each item")
                }
            };
            return Some(Err(fault(message).hint(hint)));
        }
        Some(self.reachable(block, place))
    }

    fn flow_reference(&self, reference: &Reference, place: Place) -> Result<(), Fault> {
        let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["id" | "key"] if matches!(place, Place::Top("key")) => {
                let message = format!("`{reference}` cannot be used in the flow's own key");
                Err(fault(message))
            }
            ["id" | "key"] => Ok(()),
            ["outputs", name, ..] => match self.outputs.get(name) {
                Some(&target) => self.reachable(target, place),
                None => {
                    let fault = fault(format!("no step has the output `{name}`"));
                    let steps = &self.definition.steps;
                    let names = steps.iter().filter_map(|step| step.output.as_deref());
                    Err(fault.suggest(name, names))
                }
            },
            _ => {
                let fault = fault(format!("`{reference}` does not exist"));
                Err(fault.hint("use `$flow.id`, `$flow.key` or `$flow.outputs.NAME`"))
            }
        }
    }

    /// Whether `target` has surely ended where the reference stands.
    fn reachable(&self, target: usize, place: Place) -> Result<(), Fault> {
        let steps = &self.definition.steps;
        let id = &steps[target].id;
        let Place::Step { at, gate, part } = place else {
            let Place::Top(key) = place else { return Ok(()) };
            let message = format!("`{key}` of the flow cannot refer to step `{id}`");
            let hint = "no step has a result where it is used; refer to arguments";
            return Err(fault(message).hint(hint));
        };
        let own = &steps[at].id;
        if steps[at].phase == Phase::Finally {
            if steps[target].phase == Phase::Finally && target >= at && !(gate && target == at) {
                let message = format!("step `{own}` refers to `{id}`, which has not run before it");
                return Err(fault(message).code(NOT_NEEDED));
            }
            return Ok(());
        }
        // A fallback sees what the step sees that it stands in for.
        let seen_by = steps[at].fallback_of.unwrap_or(at);
        if has(&self.before[seen_by], target) || gate && part.is_none() && target == at {
            return Ok(());
        }
        let message = match target == at {
            true => format!("step `{own}` refers to its own result"),
            false => format!("step `{own}` refers to `{id}`, which it does not need"),
        };
        let fault = fault(message).code(NOT_NEEDED);
        Err(match steps[target].fallback_of {
            Some(user) => {
                fault.hint(format!("refer to `{}`; its fallback stands in for it", steps[user].id))
            }
            None if steps[at].fallback_of.is_some() => {
                fault.hint("a fallback may refer to what its own step may refer to")
            }
            None if target == at => fault.hint("only the gate of a step can show its own result"),
            None if steps[target].phase == Phase::Finally => {
                fault.hint("`finally` steps run after all others")
            }
            None => fault.hint(format!("let it need `{id}`, directly or through other steps")),
        })
    }
}

/// A fault whose place is filled in later.
fn fault(message: String) -> Fault {
    Fault::new(Span::default(), message)
}
