//! The failures of Lobster's files in Lobster's words: callers and references compare them.

use super::Draft;
use super::launch::prepare;
use crate::definition::{Action, Dialect, Race};
use crate::duration::format_ms;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::step::{StepError, StepResult};
use crate::task::{Exit, Task};

/// The error of an attempt of this step.
pub(super) fn of_attempt(
    draft: &Draft,
    at: usize,
    task: &Task,
    seen: (Option<&Exit>, &str, &StepResult),
    error: StepError,
) -> StepError {
    if draft.state.definition.dialect != Dialect::Lobster {
        return error;
    }
    let def = draft.def(at);
    let (exit, stderr, result) = seen;
    let message = match (error.code.as_str(), &def.action, def.timeout_ms) {
        ("timed_out", _, Some(ms)) => format!("Step '{}' timed out after {ms}ms", def.id),
        ("exit" | "signal", Action::Shell(_), _) => {
            let code = match exit {
                Some(Exit::Code(code)) => code.to_string(),
                _ => "null".to_owned(),
            };
            let line = || {
                let launch = prepare(&draft.scope_of(at, task.attempt), at).ok()?;
                launch.command.argv.into_iter().last()
            };
            let stdout = result.stdout.as_deref().unwrap_or_default();
            let said = [stderr.trim(), stdout.trim()].into_iter().find(|said| !said.is_empty());
            let said = said.map(str::to_owned).or_else(line).unwrap_or_default();
            format!("workflow command failed ({code}): {said}")
        }
        _ => return error,
    };
    StepError { message: cut(&message, SUMMARY_CHARS_MAX), ..error }
}

/// The error of a block one of whose inner steps failed.
pub(super) fn of_inner(draft: &Draft, at: usize, id: &str, why: &str) -> String {
    match (draft.state.definition.dialect, &draft.def(at).action) {
        (Dialect::Lobster, Action::Parallel(parallel)) if parallel.wait == Race::All => {
            format!("Parallel branch failed: {why}")
        }
        (Dialect::Lobster, _) => why.to_owned(),
        (Dialect::Strict, _) => format!("{id} failed: {why}"),
    }
}

/// The error of a block whose time was over.
pub(super) fn of_time(draft: &Draft, at: usize, ms: u64) -> String {
    let def = draft.def(at);
    match (draft.state.definition.dialect, &def.action) {
        (Dialect::Strict, _) => format!("timed out after {}", format_ms(ms)),
        (Dialect::Lobster, Action::Parallel(parallel)) if parallel.timeout_ms == Some(ms) => {
            format!("Parallel step {} timed out after {ms}ms", def.id)
        }
        (Dialect::Lobster, _) => format!("Step '{}' timed out after {ms}ms", def.id),
    }
}

/// The error of a pipeline that failed.
pub(super) fn of_pipeline(draft: &Draft, at: usize, kind: &str, message: String) -> String {
    match (draft.state.definition.dialect, kind) {
        (Dialect::Lobster, "parse_error") => {
            format!("Workflow step {} pipeline parse failed: {message}", draft.def(at).id)
        }
        _ => message,
    }
}

/// The error of a pipeline that asks where it may not.
pub(super) fn of_halt(draft: &Draft, at: usize, status: &str, stage: Option<&str>) -> String {
    if let (Dialect::Lobster, Some(stage)) = (draft.state.definition.dialect, stage) {
        let id = &draft.def(at).id;
        return match status {
            "needs_approval" => format!(
                "Workflow step {id} halted for approval inside pipeline stage {stage}. \
                 Use a separate approval step in the workflow file."
            ),
            _ => format!("Workflow step {id} halted before completion at pipeline stage {stage}"),
        };
    }
    match status {
        "needs_approval" => "it asks for an approval; use a step with `approval`",
        "needs_input" => "it asks for an answer; use a step with `input`",
        _ => "it was given up",
    }
    .to_owned()
}
