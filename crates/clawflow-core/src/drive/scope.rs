//! What references in a workflow file see of a flow.

use super::state::FlowState;
use crate::definition::value_text;
use crate::definition::{Action, Dialect, EvalError, OnError, Scope, StepView, json_of_stdout};
use crate::step::{PartOf, Step, StepStatus};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

/// From this many bytes on an output is parsed once for a scope: a text may refer to it 100,000
/// times.
const PARSE_ONCE_BYTES: usize = 4 * 1024;
/// Bytes of outputs whose values one scope keeps: a value may take many times the room of its text.
const PARSED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Outputs whose values one scope keeps.
const PARSED_MAX: usize = 1_000;

/// A flow, as seen by a step in the attempt that is being prepared.
pub(crate) struct FlowScope<'a> {
    pub(super) state: &'a FlowState,
    /// The step.
    pub(super) at: usize,
    pub(super) attempt: u32,
    /// Positions of the steps of the file sorted by id, where there are many.
    pub(super) by_id: Option<&'a [usize]>,
    /// The long outputs that were asked for.
    pub(super) parsed: Parsed,
}

/// Outputs that were parsed, one behind the other: what is in it stays where it is.
#[derive(Default)]
pub(crate) struct Parsed(OnceCell<Box<ParsedOutput>>);

struct ParsedOutput {
    /// Where the text lies: a scope sees results that do not change.
    key: usize,
    bytes: usize,
    value: Option<Value>,
    next: Parsed,
}

impl Parsed {
    /// The value of an output.
    fn of(&self, stdout: &str) -> Option<Cow<'_, Value>> {
        let (key, bytes) = (stdout.as_ptr() as usize, stdout.len());
        let (mut at, mut kept, mut room) = (self, 0, PARSED_BYTES_MAX);
        loop {
            if at.0.get().is_none() && (kept == PARSED_MAX || bytes > room) {
                return json_of_stdout(stdout).map(Cow::Owned);
            }
            let value = || json_of_stdout(stdout);
            let make = || ParsedOutput { key, bytes, value: value(), next: Self::default() };
            let output = at.0.get_or_init(|| Box::new(make()));
            if output.key == key {
                return output.value.as_ref().map(Cow::Borrowed);
            }
            (at, kept, room) = (&output.next, kept + 1, room.saturating_sub(output.bytes));
        }
    }
}

/// The list of a loop, from the recorded results; `None` if it is something else.
pub(super) fn items_of(state: &FlowState, at: usize) -> Result<Option<Items>, EvalError> {
    let Action::ForEach(each) = &state.definition.steps[at].action else { return Ok(None) };
    let scope = FlowScope { state, at, attempt: 1, by_id: None, parsed: Parsed::default() };
    Ok(match each.items.resolve(&scope)? {
        Value::Array(items) => Some(Arc::new(items)),
        _ => None,
    })
}

/// Finds the lists of loops at work that are not at hand, as after a restart. They are the same as
/// before, because results never change.
pub(super) fn find_items(state: &mut FlowState) {
    for at in 0..state.definition.steps.len() {
        if state.steps.get(at).is_none_or(|step| step.status != StepStatus::Running)
            || state.items.contains_key(&at)
        {
            continue;
        }
        if let Ok(Some(items)) = items_of(state, at) {
            state.items.insert(at, items);
        }
    }
}

type Items = Arc<Vec<Value>>;

impl FlowScope<'_> {
    fn position(&self, id: &str) -> Option<usize> {
        let fixed = &self.state.definition.steps;
        let found = match self.by_id {
            Some(by_id) => {
                let found = by_id.binary_search_by_key(&id, |at| fixed[*at].id.as_str());
                found.ok().map(|found| by_id[found])
            }
            None => fixed.iter().position(|def| def.id == id),
        };
        found.or_else(|| self.branch(id))
    }

    /// A branch is found by its id from everywhere.
    fn branch(&self, id: &str) -> Option<usize> {
        let fixed = self.state.definition.steps.len();
        let is_it = |at: &usize| {
            let newest = |of: PartOf| self.state.steps[of.step as usize].attempt == of.round;
            let of = self.state.steps[*at].of;
            of.is_some_and(|of| of.item.is_none() && !of.undo && newest(of))
                && self.state.def(*at).id == id
        };
        (fixed..self.state.steps.len()).find(is_it)
    }

    /// What the names of a loop mean to its inner steps.
    fn in_loop(&self, id: &str) -> Option<StepView<'_>> {
        let mut at = self.at;
        let mut of = self.state.steps.get(at)?.of?;
        if of.undo {
            at = of.step as usize;
            of = self.state.steps[at].of?;
        }
        let outer = of.step as usize;
        let item = of.item? as usize;
        let Action::ForEach(each) = &self.state.definition.steps[outer].action else { return None };
        let value = |value: Cow<'_, Value>| StepView {
            stdout: Some(Cow::Owned(value_text(&value))),
            json: Some(Cow::Owned(value.into_owned())),
            ..StepView::default()
        };
        if id == each.item_var {
            if let Some(items) = self.state.items.get(&outer) {
                let json = items.get(item).map(Cow::Borrowed);
                let stdout = json.as_deref().map(|item| Cow::Owned(value_text(item)));
                return Some(StepView { stdout, json, ..StepView::default() });
            }
            let items = items_of(self.state, outer).ok()??;
            return items.get(item).map(|item| value(Cow::Borrowed(item)));
        }
        if id == each.index_var {
            return Some(value(Cow::Owned(json!(item))));
        }
        let part = each.steps.iter().position(|step| step.id == id)?;
        self.view(&self.state.steps[at - of.part as usize + part])
    }

    /// What is seen of a step. In Lobster a value also has a text.
    fn view<'s>(&'s self, step: &'s Step) -> Option<StepView<'s>> {
        let mut view = view(step, &self.parsed)?;
        if self.state.definition.dialect == Dialect::Lobster && view.stdout.is_none() {
            view.stdout = view.json.as_deref().map(|json| Cow::Owned(value_text(json)));
        }
        Some(view)
    }

    /// The step that stands for `at`: its fallback, where that took its place.
    fn standing(&self, at: usize) -> &Step {
        let step = &self.state.steps[at];
        if step.status == StepStatus::Failed
            && let OnError::Fallback(fallback) = self.state.def(at).on_error
        {
            return self.standing(fallback);
        }
        step
    }
}

/// What references see of a step; nothing of one that has left nothing yet.
fn view<'s>(step: &'s Step, parsed: &'s Parsed) -> Option<StepView<'s>> {
    let mut view = StepView {
        skipped: step.status == StepStatus::Skipped,
        error: step.status == StepStatus::Failed,
        error_message: step.error.as_ref().map(|e| e.message.as_str()),
        ..StepView::default()
    };
    let Some(result) = &step.result else {
        return step.status.is_terminal().then_some(view);
    };
    view.stdout = result.stdout.as_deref().map(Cow::Borrowed);
    view.json = match &result.json {
        Some(value) => Some(Cow::Borrowed(value)),
        None => result.stdout.as_deref().and_then(|stdout| match stdout.len() {
            0..PARSE_ONCE_BYTES => json_of_stdout(stdout).map(Cow::Owned),
            _ => parsed.of(stdout),
        }),
    };
    view.approved = result.approved;
    view.approved_by = result.approved_by.as_deref();
    view.initiated_by = result.initiated_by.as_deref();
    view.subject = result.subject.as_ref();
    view.response = result.response.as_ref();
    view.exit = result.exit_code.map(i64::from);
    view.status = result.status;
    view.headers = result.headers.as_ref();
    view.usage = result.usage.as_ref();
    view.session = result.session.as_ref().map(|session| session.id.as_str());
    view.truncated = result.truncated;
    Some(view)
}

impl Scope for FlowScope<'_> {
    fn step(&self, id: &str) -> Option<StepView<'_>> {
        if let Some(found) = self.in_loop(id) {
            return Some(found);
        }
        self.view(self.standing(self.position(id)?))
    }

    fn arg(&self, name: &str) -> Option<&Value> {
        self.state.spec.args.get(name)
    }

    fn flow(&self, path: &[&str]) -> Option<Value> {
        let flow = &self.state.flow;
        match path {
            ["id"] => Some(json!(flow.flow_id)),
            ["key"] => flow.key.as_ref().map(|key| json!(key)),
            ["outputs", name, rest @ ..] => {
                let mut value = flow.outputs.get(*name)?;
                for part in rest {
                    value = match value {
                        Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                        other => other.get(part)?,
                    };
                }
                Some(value.clone())
            }
            _ => None,
        }
    }

    fn run_attempt(&self) -> u32 {
        self.attempt
    }
}
