//! What a gate asks, as Lobster's callers read it, and who may answer.

use super::home::variable;
use super::outcome::{Origin, from_json, value};
use super::token::{Gate, short_id};
use super::trouble::Trouble;
use super::{index, pipeline};
use crate::lobster::value::{Object, Value, compact, first_units};
use clawflow_core::limits::PREVIEW_CHARS_MAX;
use clawflow_core::step::Step;
use clawflow_core::wait::{Wait, WaitKind};
use clawflow_engine::api::FlowView;

/// Bytes of a question's report where `LOBSTER_MAX_TOOL_ENVELOPE_BYTES` says nothing.
const REPORT_BYTES: usize = 512_000;
/// Less is not believed.
const REPORT_BYTES_LEAST: f64 = 1024.0;
/// Bytes of a subject that is shown whole where the report is too large.
const SUBJECT_BYTES: usize = 192_000;
/// Bytes that a report has beside its question, with room for a token.
const REST_BYTES: usize = 360;

/// The question of a wait, with the names by which it is answered.
pub(super) fn request(view: &FlowView, wait: &Wait) -> Result<Value, Trouble> {
    let origin = Origin::of(view);
    let gate = Gate { origin, flow: view.flow.flow_id.clone(), wait: wait.wait_id.clone() };
    let step = view.steps.iter().find(|step| Some(&step.step_id) == wait.step_id.as_ref());
    let mut asked = match (origin, wait.kind) {
        (Origin::Pipeline, _) => {
            pipeline::request(view, wait.step_id.as_deref().unwrap_or_default())?
        }
        (Origin::Workflow, WaitKind::Approval) => approval(wait, step),
        (Origin::Workflow, _) => input(wait, step)?,
    };
    asked.set("resumeToken", gate.token().into());
    if wait.kind == WaitKind::Approval {
        asked.set("approvalId", short_id(&wait.wait_id).into());
        index::note(&gate);
    }
    Ok(asked.into())
}

fn approval(wait: &Wait, step: Option<&Step>) -> Object {
    let mut asked = Object::default();
    asked.set("type", "approval_request".into());
    asked.set("prompt", wait.prompt.clone().unwrap_or_default().into());
    let items = match (&wait.items, step.map(value)) {
        (Some(items), _) => from_json(items),
        // The wait keeps small ones only.
        (None, Some(Value::List(items))) => items.into(),
        (None, Some(Value::Undefined) | None) => Vec::new().into(),
        (None, Some(one)) => vec![one].into(),
    };
    asked.set("items", items);
    if let Some(preview) = &wait.preview {
        asked.set("preview", uncut(preview).into());
    }
    if let Some(who) = &wait.initiated_by {
        asked.set("initiatedBy", who.clone().into());
    }
    if let Some(who) = wait.approvers.first() {
        asked.set("requiredApprover", who.clone().into());
    }
    if wait.different_approver {
        asked.set("requireDifferentApprover", true.into());
    }
    asked
}

/// Without the mark where it was cut.
fn uncut(text: &str) -> &str {
    match text.strip_suffix('…') {
        Some(rest) if rest.chars().count() == PREVIEW_CHARS_MAX => rest,
        _ => text,
    }
}

/// The question for a value. What it is about may be too large for a report.
fn input(wait: &Wait, step: Option<&Step>) -> Result<Object, Trouble> {
    let mut asked = Object::default();
    asked.set("type", "input_request".into());
    asked.set("prompt", wait.prompt.clone().unwrap_or_default().into());
    asked.set("responseSchema", wait.schema.as_ref().map(from_json).unwrap_or_default());
    if let Some(defaults) = &wait.defaults {
        asked.set("defaults", from_json(defaults));
    }
    let result = step.and_then(|step| step.result.as_ref());
    let subject = match result.map(|result| (&result.rest, &result.subject)) {
        // A pipeline asks: about something, or about nothing.
        Some((Some(rest), _)) => rest["request"].get("subject").map_or(Value::Undefined, from_json),
        Some((None, Some(subject))) => from_json(subject),
        _ => Value::Null,
    };
    let most = variable("LOBSTER_MAX_TOOL_ENVELOPE_BYTES").and_then(|most| most.parse().ok());
    let most = most.filter(|most: &f64| most.is_finite() && *most >= REPORT_BYTES_LEAST);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
    let most = most.map_or(REPORT_BYTES, |most| most as usize);
    for shown in shorter(subject) {
        asked.set("subject", shown);
        let bytes = compact(&asked.clone().into()).map_or(0, |text| text.len());
        if bytes + REST_BYTES <= most {
            return Ok(asked);
        }
    }
    let id = wait.step_id.as_deref().unwrap_or_default();
    let what = "needs_input envelope exceeds";
    let message =
        format!("Workflow input step {id} {what} {most} bytes even after subject truncation");
    Err(Trouble::runtime(message))
}

/// What a question is about: whole, the beginning of it, only how large it is.
fn shorter(subject: Value) -> Vec<Value> {
    let text = compact(&subject).unwrap_or_default();
    let bytes = text.len();
    #[expect(clippy::cast_precision_loss, reason = "it is told, not counted with")]
    let told = |preview: &str| {
        let mut told = Object::default();
        told.set("truncated", true.into());
        told.set("bytes", (bytes as f64).into());
        told.set("preview", preview.into());
        Value::from(told)
    };
    let omitted = told("[subject omitted: envelope size limit]");
    match bytes > SUBJECT_BYTES {
        true => vec![subject, told(&first_units(&text, 2000)), omitted],
        false => vec![subject, omitted],
    }
}

/// Refuses a yes of somebody who may not give it.
pub(super) fn check_approver(wait: &Wait, by: Option<&str>) -> Result<(), String> {
    let required = wait.approvers.first();
    if required.is_none() && !wait.different_approver {
        return Ok(());
    }
    let step = format!("Workflow step {} approval", wait.step_id.as_deref().unwrap_or_default());
    let Some(by) = by else {
        return Err(format!("{step} requires approver identity; set LOBSTER_APPROVAL_APPROVED_BY"));
    };
    match required {
        Some(who) if !wait.approvers.iter().any(|who| who == by) => {
            Err(format!("{step} requires approver '{who}', got '{by}'"))
        }
        _ if wait.different_approver && wait.initiated_by.as_deref() == Some(by) => {
            Err(format!("{step} must be granted by someone other than '{by}'"))
        }
        _ => Ok(()),
    }
}
