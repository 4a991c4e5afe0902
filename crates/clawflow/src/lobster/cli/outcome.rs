//! How a run stands when its caller is told: at its end, or at a gate.

use super::gate;
use super::trouble::Trouble;
use crate::lobster::value::{Value, compact, read_json, trim};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::text::Text;
use clawflow_core::wait::{Wait, WaitKind};
use clawflow_engine::api::FlowView;

/// What a run has come to.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Its end.
    Done {
        /// What it leaves.
        items: Listed,
        /// What its commands printed instead of passing it on.
        printed: Option<String>,
    },
    /// Somebody has to say yes or no.
    NeedsApproval(Value),
    /// Somebody has to answer with a value.
    NeedsInput(Value),
    /// It was given up, by a no or by a cancel.
    Cancelled,
}

/// A list as `compact` writes it, somewhere in what a step has left, which may be long.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    text: Text,
    from: usize,
}

impl Listed {
    /// The list that begins there.
    pub(super) fn at(text: &Text, from: usize) -> Self {
        Self { text: text.clone(), from }
    }

    /// A text that begins with it.
    pub(super) fn text(&self) -> &str {
        self.text.get(self.from..).unwrap_or_default()
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.text().starts_with("[]")
    }
}

impl From<String> for Listed {
    fn from(list: String) -> Self {
        Self { text: list.into(), from: 0 }
    }
}

impl Default for Listed {
    fn default() -> Self {
        "[]".to_owned().into()
    }
}

impl Outcome {
    /// An end that leaves these items.
    pub(super) fn done(items: Vec<Value>) -> Self {
        let items = Value::List(items);
        let written = compact(&items).unwrap_or_default();
        // The process ends after what it tells: taking a hundred thousand items apart would only
        // delay that.
        std::mem::forget(items);
        Self::Done { items: written.into(), printed: None }
    }
}

/// What a flow was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A workflow file.
    Workflow,
    /// A pipeline.
    Pipeline,
}

impl Origin {
    /// What a label of the flow says.
    pub(super) fn of(view: &FlowView) -> Self {
        match view.flow.labels.get(super::pipeline::LABEL).map(String::as_str) {
            Some("pipeline") => Self::Pipeline,
            _ => Self::Workflow,
        }
    }
}

/// The outcome of a flow that has ended.
pub(super) fn at_end(view: &FlowView) -> Result<Outcome, Trouble> {
    let origin = Origin::of(view);
    match view.flow.status {
        FlowStatus::Succeeded if origin == Origin::Pipeline => super::pipeline::result(view),
        FlowStatus::Succeeded => {
            let items = last(view).map(output).unwrap_or_default();
            Ok(Outcome::done(items))
        }
        FlowStatus::Cancelled => Ok(Outcome::Cancelled),
        _ => Err(Trouble::runtime(why(view, origin))),
    }
}

/// The outcome of a flow that asks somebody.
pub(super) fn at_gate(view: &FlowView, wait: &Wait) -> Result<Outcome, Trouble> {
    let request = gate::request(view, wait)?;
    Ok(match wait.kind {
        WaitKind::Approval => Outcome::NeedsApproval(request),
        _ => Outcome::NeedsInput(request),
    })
}

/// The step that was executed last: what is skipped or failed is not what a run leaves.
pub(super) fn last(view: &FlowView) -> Option<&Step> {
    let mut named = view.steps.iter().rev().filter(|step| !step.finally && step.of.is_none());
    named.find(|step| step.status == StepStatus::Succeeded)
}

/// What a step leaves as items.
fn output(step: &Step) -> Vec<Value> {
    match value(step) {
        Value::Undefined => Vec::new(),
        Value::List(items) => items,
        one => vec![one],
    }
}

/// What a step leaves: its JSON, else its answer, else its text.
pub(super) fn value(step: &Step) -> Value {
    let Some(result) = &step.result else { return Value::Undefined };
    if let Some(json) = &result.json {
        return from_json(json);
    }
    let text = result.stdout.as_deref().unwrap_or_default();
    match (json_of(text), &result.response) {
        (Some(json), _) => json,
        (None, Some(response)) => from_json(response),
        (None, None) if text.is_empty() => Value::Undefined,
        (None, None) => text.into(),
    }
}

/// The value that a text is as a whole.
pub(super) fn json_of(text: &str) -> Option<Value> {
    let text = trim(text);
    if text.is_empty() { None } else { read_json(text).ok() }
}

/// A value of a record.
pub(super) fn from_json(json: &serde_json::Value) -> Value {
    // What is nested too deep for pipelines is still a text.
    let text = json.to_string();
    read_json(&text).unwrap_or_else(|_| text.into())
}

/// Why the flow did not end well: what its failed step says.
fn why(view: &FlowView, origin: Origin) -> String {
    let failed = view.steps.iter().filter(|step| step.status == StepStatus::Failed);
    let failed = failed.max_by_key(|step| (step.ended_at, std::cmp::Reverse(step.of.is_some())));
    if origin == Origin::Pipeline
        && let Some(said) = failed.and_then(super::pipeline::failure)
    {
        return said;
    }
    let said = failed.and_then(|step| step.error.as_ref()).map(|error| error.message.clone());
    let flow = view.flow.error.clone().or_else(|| view.flow.blocked_summary.clone());
    said.or(flow).unwrap_or_else(|| format!("the flow is {}", view.flow.status))
}
