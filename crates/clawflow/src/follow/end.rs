//! The end of a followed flow: its result on standard output, alone, and the exit code.

use crate::cli::{CliError, Exit, Mode};
use clawflow_core::definition::json_of_stdout;
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::{Step, StepStatus};
use clawflow_engine::api::FlowView;
use serde_json::Value;

/// Prints the flow's result: what its last succeeded step left (Lobster's rule), or with `--json`
/// the whole record.
pub(crate) fn print_result(mode: &Mode, view: &FlowView) -> Result<Exit, CliError> {
    let exit = match view.flow.status {
        FlowStatus::Succeeded => Exit::Done,
        _ => Exit::Failed,
    };
    if mode.json {
        mode.print_json(view)?;
        return Ok(exit);
    }
    if exit == Exit::Done
        && let Some((step, text)) = last_result(&view.steps)
    {
        mode.print(&text)?;
        if step.result.as_ref().is_some_and(|result| result.truncated) {
            let task = step.task_id.as_ref().map_or("", clawflow_core::ids::TaskId::as_str);
            mode.note(&format!(
                "warning: the result of {} was cut: it is larger than limits.stdout_bytes\n\
                 hint: clawflow tasks logs {task}",
                step.step_id
            ));
        }
    }
    Ok(exit)
}

/// The last step of the file that succeeded and left something, with what it left. What is inside
/// of a step or undoes one comes after all of them, and its result is that step's.
fn last_result(steps: &[Step]) -> Option<(&Step, String)> {
    let mut named = steps.iter().rev().filter(|step| !step.finally && step.of.is_none());
    named.find_map(|step| Some((step, result(step)?)))
}

/// What a step left, as text that ends with a newline.
fn result(step: &Step) -> Option<String> {
    let result = step.result.as_ref().filter(|_| step.status == StepStatus::Succeeded)?;
    let mut text = match (&result.json, &result.stdout) {
        (Some(value), _) => pretty(value)?,
        (None, Some(stdout)) if !stdout.is_empty() => match json_of_stdout(stdout) {
            Some(value @ (Value::Object(_) | Value::Array(_))) => pretty(&value)?,
            _ => stdout.to_string(),
        },
        (None, _) => return None,
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Some(text)
}

fn pretty(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => serde_json::to_string_pretty(other).ok(),
    }
}
