//! Steps that never run, and what depends on them.

use serde_json::Value;

use super::super::check::has;
use super::super::condition::Known;
use super::super::model::{Action, OnError, Phase, StepDef};
use super::super::reference::Reference;
use super::super::template::{Template, ValueTemplate};
use super::Linter;

impl Linter<'_> {
    /// Goes through the file in its order: what is before decides about what is after.
    pub(super) fn reach(&mut self) {
        let mut dead: Vec<bool> = vec![false; self.definition.steps.len()];
        let mut failing: Vec<usize> = Vec::new();
        for (at, step) in self.definition.steps.iter().enumerate() {
            if self.full() {
                return;
            }
            let verdict = self.condition(step, &dead);
            let why = self.why_never(at, verdict, &dead, &failing);
            if let Some(why) = &why {
                let message = format!("step `{}` never runs", step.id);
                self.find(step.span, "never_runs", message, why);
                dead[at] = true;
                continue;
            }
            self.reads_nothing(step, &dead);
            if verdict != Some(false) && always_fails(step) {
                failing.push(at);
            }
            for part in step.parts() {
                let verdict = self.condition(part, &dead);
                let empty = matches!(&step.action, Action::ForEach(each) if is_empty(&each.items));
                let why = match (verdict, empty) {
                    (Some(false), _) => "its condition is always false".to_owned(),
                    (_, true) => format!("the list of `{}` is empty", step.id),
                    _ => {
                        self.reads_nothing(part, &dead);
                        continue;
                    }
                };
                let message = format!("step `{}` never runs", part.id);
                self.find(part.span, "never_runs", message, &why);
            }
        }
    }

    fn why_never(
        &self,
        at: usize,
        verdict: Option<bool>,
        dead: &[bool],
        failing: &[usize],
    ) -> Option<String> {
        let steps = &self.definition.steps;
        if verdict == Some(false) {
            return Some("its condition is always false".to_owned());
        }
        if let Some(user) = steps[at].fallback_of {
            let id = &steps[user].id;
            if dead.get(user) == Some(&true) {
                return Some(format!("step `{id}`, for which it stands in, never runs"));
            }
            return matches!(steps[user].action, Action::Synthetic)
                .then(|| format!("step `{id}` runs nothing that could fail"));
        }
        let forward = steps[at].phase == Phase::Forward;
        let before = failing.iter().find(|failing| has(&self.before[at], **failing));
        before
            .filter(|_| forward)
            .map(|failing| format!("step `{}` before it always fails", steps[*failing].id))
    }

    /// What a step's condition will say, where that is known; it is not worth its place then.
    fn condition(&mut self, step: &StepDef, dead: &[bool]) -> Option<bool> {
        let when = step.when.as_ref()?;
        let verdict = when.foresee(&|reference| self.known(reference, dead));
        if verdict == Some(true) {
            let message = format!("the condition of step `{}` always holds", step.id);
            self.find(when.span, "constant_condition", message, "leave it out");
        }
        verdict
    }

    /// Of a step that never runs it is known that it was skipped.
    fn known(&self, reference: &Reference, dead: &[bool]) -> Known {
        let at = self.places.get(reference.id.as_str())?;
        match reference.path[0].as_str() {
            _ if !dead[*at] => None,
            "skipped" => Some(Some(Value::Bool(true))),
            "id" => None,
            "approved" | "error" if reference.strict => Some(Some(Value::Bool(false))),
            _ => Some(None),
        }
    }

    /// A reference to the result of a step that never runs.
    fn reads_nothing(&mut self, step: &StepDef, dead: &[bool]) {
        let mut texts: Vec<&Template> = Vec::new();
        step.each_template(&mut |text| texts.push(text));
        for (text, reference) in
            texts.iter().flat_map(|text| text.references().map(move |reference| (*text, reference)))
        {
            let Some(&at) = self.places.get(reference.id.as_str()) else { continue };
            let empty =
                !matches!(reference.path[0].as_str(), "skipped" | "error" | "id" | "approved");
            if dead[at] && empty && !self.full() {
                let span = self.source.find(text.span, &reference.to_string());
                let message = format!("`{reference}` is always empty");
                let hint = format!("step `{}` never runs", reference.id);
                self.find(span, "empty_reference", message, &hint);
            }
        }
    }
}

fn is_empty(items: &ValueTemplate) -> bool {
    match items {
        ValueTemplate::List(items) => items.is_empty(),
        ValueTemplate::Literal(Value::Array(items)) => items.is_empty(),
        _ => false,
    }
}

/// Whether a step does nothing but fail, and the flow does not go on after that.
fn always_fails(step: &StepDef) -> bool {
    let stops = matches!(step.on_error, OnError::Stop | OnError::SkipRest);
    let fails = match &step.action {
        Action::Shell(line) => {
            let line = line.source.trim();
            let code = line.strip_prefix("exit ").and_then(|code| code.trim().parse::<u32>().ok());
            line == "false" || code.is_some_and(|code| code % 256 != 0)
        }
        Action::Argv(words) => words == &[ValueTemplate::Literal("false".into())],
        _ => false,
    };
    fails && stops && step.when.is_none()
}
