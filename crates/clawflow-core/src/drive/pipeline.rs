//! The result of a step that is a pipeline: its process tells of it in one line of JSON.

use super::Draft;
use super::attempt::try_again;
use super::begin::{new_wait, open_wait};
use super::cost::of_pipeline;
use super::words;
use crate::cost::Tokens;
use crate::definition::{Dialect, Phase, Schema, json_of_stdout};
use crate::error::{Code, Refusal};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::step::{StepError, StepResult};
use crate::task::TaskMove;
use crate::wait::{WaitKind, shown_hash};
use serde::Deserialize;
use serde_json::{Value, json};

/// The code of a failure after a tool was called elsewhere: it is not tried again.
pub(super) const DISPATCHED: &str = "dispatched";

/// What the process says at its end.
#[derive(Deserialize)]
pub(super) struct Said {
    status: String,
    /// The command that asks.
    stage: Option<String>,
    #[serde(default)]
    pub(super) items: Vec<Value>,
    rendered: Option<String>,
    error: Option<Failed>,
    /// The question, and what goes on with its answer.
    request: Option<Value>,
    resume: Option<Value>,
    /// Answers of models that were asked for.
    #[serde(default)]
    pub(super) spent: Vec<Spent>,
    /// Names of answers that were there already.
    #[serde(default)]
    pub(super) replayed: Vec<String>,
}

#[derive(Deserialize)]
struct Failed {
    #[serde(default, rename = "type")]
    kind: String,
    message: String,
    /// Whether a tool was called elsewhere.
    #[serde(default)]
    dispatched: bool,
}

/// The use of a model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Told")]
pub(super) struct Spent {
    /// The name of the answer, where a command gave it one.
    pub(super) key: Option<String>,
    /// Which model.
    pub(super) model: Option<String>,
    /// How much of it.
    pub(super) tokens: Tokens,
}

#[derive(Deserialize)]
struct Told {
    key: Option<String>,
    model: Option<String>,
    usage: Value,
}

impl From<Told> for Spent {
    fn from(told: Told) -> Self {
        Self { key: told.key, model: told.model, tokens: Tokens::of_usage(&told.usage) }
    }
}

/// Whether somebody can be asked in the middle of this pipeline: as in Lobster only in a step that
/// is inside of no other.
pub(super) fn may_ask(draft: &super::state::FlowState, at: usize) -> bool {
    draft.steps[at].of.is_none() && draft.def(at).phase == Phase::Forward
}

/// The end of the attempt as the pipeline tells of it, in place of that of its process.
pub(super) fn said(
    draft: &mut Draft,
    at: usize,
    how: TaskMove,
    result: StepResult,
    error: Option<StepError>,
) -> (TaskMove, StepResult, Option<StepError>) {
    let line = result.stdout.as_deref().unwrap_or_default();
    let said = serde_json::from_str::<Said>(line.trim());
    let usage = said.as_ref().ok().filter(|_| !result.truncated);
    let usage = usage.and_then(|said| of_pipeline(draft, at, said));
    let (how, result, error) = match (how, said) {
        (TaskMove::Succeed, _) if result.truncated => {
            let why = StepError::new("output_too_large", "its output was cut at the limit");
            (TaskMove::Fail, StepResult::default(), Some(why))
        }
        (TaskMove::Succeed, Ok(said)) if said.status == "ok" => (how, as_result(said), None),
        (
            TaskMove::Succeed,
            Ok(Said { status, request: Some(request), resume: Some(rest), .. }),
        ) if status == "needs_input" && may_ask(&draft.state, at) => {
            let rest = json!({ "request": request, "resume": rest });
            (how, StepResult { rest: Some(rest), asked: 1, ..StepResult::default() }, None)
        }
        (TaskMove::Succeed, Ok(said)) => {
            let why = words::of_halt(draft, at, &said.status, said.stage.as_deref());
            (TaskMove::Fail, StepResult::default(), Some(StepError::new("pipeline", why)))
        }
        (TaskMove::Succeed, Err(_)) => {
            let why = StepError::new("pipeline", "what the pipeline said was not understood");
            (TaskMove::Fail, result, Some(why))
        }
        (TaskMove::Fail, Ok(Said { error: Some(failed), .. })) => {
            let why = words::of_pipeline(draft, at, &failed.kind, failed.message);
            let code = if failed.dispatched { DISPATCHED } else { "pipeline" };
            let why = StepError::new(code, cut(&why, SUMMARY_CHARS_MAX));
            (how, StepResult { exit_code: result.exit_code, ..StepResult::default() }, Some(why))
        }
        _ => (how, result, error),
    };
    (how, StepResult { usage, ..result }, error)
}

/// Asks what the pipeline asks. Its rest is kept with the step until somebody answers.
pub(super) fn ask(draft: &mut Draft, at: usize, result: StepResult) {
    if draft.stopping || draft.cancelling() {
        let why = StepError::new("stopped", "it was stopped before it could ask");
        draft.step_mut(at).result = Some(result);
        return draft.end_step(at, crate::step::StepStatus::Cancelled, Some(why));
    }
    let request = result.rest.as_ref().map(|rest| rest["request"].clone()).unwrap_or_default();
    let mut wait = new_wait(draft, at, WaitKind::Input, None);
    let prompt = request["prompt"].as_str().unwrap_or_default().to_owned();
    wait.preview = request["subject"]["text"].as_str().map(str::to_owned);
    wait.shown_hash = Some(shown_hash(&prompt, wait.preview.as_deref()));
    wait.prompt = Some(prompt);
    wait.schema = Some(request["responseSchema"].clone());
    draft.step_mut(at).result = Some(result);
    super::cost::check(draft, at);
    open_wait(draft, at, wait);
}

/// Whether an answer is as the pipeline asks for it.
pub(super) fn check(schema: Option<&Value>, response: &Value) -> Result<(), Refusal> {
    let Some(schema) = schema else { return Ok(()) };
    let schema = Schema::new(schema.clone(), Dialect::Lobster);
    let fits = schema.and_then(|schema| schema.check(response));
    fits.map_err(|why| {
        Refusal::new(Code::Invalid, format!("the response is not as it must be: {why}"))
    })
}

/// The pipeline goes on with an answer, in another attempt.
pub(super) fn go_on(draft: &mut Draft, at: usize, response: Value) {
    draft.step_mut(at).result.get_or_insert_default().response = Some(response);
    try_again(draft, at);
}

/// What goes on with the answer, for the process; none where nothing was asked.
pub(super) fn rest(result: Option<&StepResult>) -> Option<Value> {
    let result = result?;
    let (rest, response) = (result.rest.as_ref()?, result.response.as_ref()?);
    Some(json!({ "resume": rest["resume"], "response": response }))
}

/// As in Lobster: the text is what was printed, else the items; the value is the only item, all of
/// them, or what was printed if that is JSON.
fn as_result(said: Said) -> StepResult {
    let rendered = said.rendered.filter(|text| !text.is_empty());
    let all_texts: Option<Vec<&str>> = said.items.iter().map(Value::as_str).collect();
    let printed = match (&rendered, all_texts, said.items.as_slice()) {
        (Some(text), _, _) => text.clone(),
        (None, Some(texts), _) => texts.join("\n"),
        (None, None, [Value::Null]) => String::new(),
        (None, None, [one]) => one.to_string(),
        (None, None, items) => Value::from(items.to_vec()).to_string(),
    };
    let mut items = said.items;
    let json = match items.len() {
        0 => rendered.as_deref().and_then(json_of_stdout),
        1 => items.pop(),
        _ => Some(Value::Array(items)),
    };
    StepResult { stdout: Some(printed.into()), json, ..StepResult::default() }
}
