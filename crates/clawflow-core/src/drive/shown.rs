//! What a gate shows and asks of whom: by its file, and in Lobster by the step's own result and by
//! the environment of the caller.

use super::Draft;
use super::launch::text;
use crate::definition::{Approval, Dialect, EvalError, Template, json_of_stdout};
use crate::json::{Object, fits};
use crate::limits::{JSON_BYTES_MAX, PREVIEW_CHARS_MAX, cut};
use crate::step::StepResult;
use serde_json::Value;

const INITIATED_BY: &str = "LOBSTER_APPROVAL_INITIATED_BY";
const REQUIRED_APPROVER: &str = "LOBSTER_APPROVAL_REQUIRED_APPROVER";
const DIFFERENT_APPROVER: &str = "LOBSTER_APPROVAL_REQUIRE_DIFFERENT_APPROVER";

/// What a gate says, references resolved.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) prompt: String,
    pub(super) preview: Option<String>,
    pub(super) items: Option<Value>,
    pub(super) initiated_by: Option<String>,
    pub(super) required: Option<String>,
    pub(super) different: bool,
}

pub(super) fn what_is_shown(draft: &Draft, at: usize, attempt: u32) -> Result<Shown, EvalError> {
    let Some(gate) = &draft.def(at).approval else { return Ok(Shown::default()) };
    let mut shown = match draft.state.definition.dialect {
        Dialect::Strict => by_file(draft, at, gate, attempt)?,
        Dialect::Lobster => as_lobster(draft, at, gate, attempt)?,
    };
    shown.prompt = cut(&shown.prompt, PREVIEW_CHARS_MAX);
    let preview = shown.preview.filter(|preview| !preview.is_empty());
    shown.preview = preview.map(|preview| cut(&preview, PREVIEW_CHARS_MAX));
    // A row is read often; what is larger is in the step's result.
    shown.items = shown.items.filter(|items| fits(items, JSON_BYTES_MAX));
    Ok(shown)
}

fn by_file(draft: &Draft, at: usize, gate: &Approval, attempt: u32) -> Result<Shown, EvalError> {
    let scope = draft.scope_of(at, attempt);
    let render =
        |text: &Option<Template>| text.as_ref().map(|text| text.render(&scope)).transpose();
    let value = gate.preview.as_ref().or(gate.items.as_ref());
    let preview = match value.map(|value| value.resolve(&scope)).transpose()? {
        Some(value) => Some(text(&value)),
        None => draft.step(at).result.as_ref().and_then(said),
    };
    let some = |name: &String| !name.trim().is_empty();
    Ok(Shown {
        prompt: match render(&gate.prompt)? {
            Some(prompt) => prompt,
            None => format!("approve {}?", draft.step(at).step_id),
        },
        preview,
        items: gate.items.as_ref().map(|items| items.resolve(&scope)).transpose()?,
        initiated_by: render(&gate.initiated_by)?.filter(some),
        required: render(&gate.required_approver)?.filter(some),
        different: gate.different_approver,
    })
}

/// The text of a result.
fn said(result: &StepResult) -> Option<String> {
    match (&result.json, &result.stdout) {
        (Some(value), _) => Some(text(value)),
        (None, stdout) => stdout.as_deref().map(str::to_owned),
    }
}

/// The result of the step may ask in its own words: an object with `requiresApproval.prompt` or
/// `prompt`. Else all of it is what is decided about.
fn as_lobster(draft: &Draft, at: usize, gate: &Approval, attempt: u32) -> Result<Shown, EvalError> {
    let mut shown = by_file(draft, at, gate, attempt)?;
    if gate.prompt.is_none() {
        shown.prompt = format!("Approve {}?", draft.step(at).step_id);
    }
    let caller = |name: &str| {
        let value = draft.state.spec.env.get(name).map(|value| value.trim().to_owned());
        value.filter(|value| !value.is_empty())
    };
    shown.initiated_by = shown.initiated_by.or_else(|| caller(INITIATED_BY));
    shown.required = shown.required.or_else(|| caller(REQUIRED_APPROVER));
    let yes = |value: String| matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes");
    shown.different |= caller(DIFFERENT_APPROVER).is_some_and(yes);
    let result = draft.step(at).result.as_ref();
    if gate.preview.is_none() {
        let words = result.and_then(|result| result.stdout.as_deref()).map(str::to_owned);
        let words = words.filter(|words| !words.is_empty()).or_else(|| result.and_then(said));
        shown.preview = words.map(|words| words.trim().to_owned());
    }
    let value = result.and_then(|result| {
        let parsed = || result.stdout.as_deref().and_then(json_of_stdout);
        result.json.clone().or_else(parsed)
    });
    match value.as_ref().and_then(asks) {
        Some(asked) => in_its_words(&mut shown, asked),
        None if shown.items.is_none() => {
            shown.items = Some(match value {
                None => Value::Array(Vec::new()),
                Some(Value::Array(items)) => Value::Array(items),
                Some(one) => Value::Array(vec![one]),
            });
        }
        None => {}
    }
    Ok(shown)
}

/// The question that a result is, if it is one.
fn asks(value: &Value) -> Option<&Object> {
    let is_question = |object: &&Object| object.get("prompt").is_some_and(is_text);
    let object = value.as_object()?;
    let inner = object.get("requiresApproval").and_then(Value::as_object).filter(is_question);
    inner.or_else(|| Some(object).filter(is_question))
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn in_its_words(shown: &mut Shown, asked: &Object) {
    let named = |keys: [&str; 2]| {
        let found = keys.iter().find_map(|key| asked.get(*key).filter(|value| !value.is_null()));
        found.map(text).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
    };
    shown.prompt = asked.get("prompt").map(text).unwrap_or_default();
    shown.items = Some(asked.get("items").cloned().unwrap_or_else(|| Value::Array(Vec::new())));
    shown.preview = asked.get("preview").map(text);
    let initiated_by = named(["initiatedBy", "initiated_by"]);
    shown.initiated_by = initiated_by.or(shown.initiated_by.take());
    let required = named(["requiredApprover", "required_approver"]);
    shown.required = required.or(shown.required.take());
    let keys = ["requireDifferentApprover", "require_different_approver"];
    shown.different |= keys.iter().any(|key| asked.get(*key) == Some(&Value::Bool(true)));
}
