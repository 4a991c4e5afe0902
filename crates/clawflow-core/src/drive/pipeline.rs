//! The result of a step that is a pipeline: its process tells of it in one line of JSON.

use crate::definition::json_of_stdout;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::step::{StepError, StepResult};
use crate::task::TaskMove;
use serde::Deserialize;
use serde_json::Value;

/// What the process says at its end.
#[derive(Deserialize)]
struct Said {
    status: String,
    #[serde(default)]
    items: Vec<Value>,
    rendered: Option<String>,
    error: Option<Failed>,
}

#[derive(Deserialize)]
struct Failed {
    message: String,
}

/// The end of the attempt as the pipeline tells of it, in place of that of its process.
pub(super) fn said(
    how: TaskMove,
    result: StepResult,
    error: Option<StepError>,
) -> (TaskMove, StepResult, Option<StepError>) {
    let line = result.stdout.as_deref().unwrap_or_default();
    let said = serde_json::from_str::<Said>(line.trim());
    match (how, said) {
        (TaskMove::Succeed, _) if result.truncated => {
            let why = StepError::new("output_too_large", "its output was cut at the limit");
            (TaskMove::Fail, StepResult::default(), Some(why))
        }
        (TaskMove::Succeed, Ok(said)) if said.status == "ok" => (how, as_result(said), None),
        (TaskMove::Succeed, Ok(said)) => {
            let why = match said.status.as_str() {
                "needs_approval" => "it asks for an approval; use a step with `approval`",
                "needs_input" => "it asks for an answer; use a step with `input`",
                _ => "it was given up",
            };
            (TaskMove::Fail, StepResult::default(), Some(StepError::new("pipeline", why)))
        }
        (TaskMove::Succeed, Err(_)) => {
            let why = StepError::new("pipeline", "what the pipeline said was not understood");
            (TaskMove::Fail, result, Some(why))
        }
        (TaskMove::Fail, Ok(Said { error: Some(failed), .. })) => {
            let why = StepError::new("pipeline", cut(&failed.message, SUMMARY_CHARS_MAX));
            (how, StepResult { exit_code: result.exit_code, ..StepResult::default() }, Some(why))
        }
        _ => (how, result, error),
    }
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
    StepResult { stdout: Some(printed), json, ..StepResult::default() }
}
