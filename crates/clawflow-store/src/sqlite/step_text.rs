//! The texts of a step: what is in a column of its own is not in them.

use clawflow_core::Millis;
use clawflow_core::acp::AgentSession;
use clawflow_core::ids::{FlowId, TaskId, WaitId};
use clawflow_core::step::{PartOf, Step, StepError, StepResult, StepStatus};
use clawflow_core::task::Usage;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A step without its result, which has a column of its own. Read back as a [`Step`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepText<'a> {
    flow_id: &'a FlowId,
    step_id: &'a str,
    position: u32,
    finally: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<PartOf>,
    version: u64,
    status: StepStatus,
    attempt: u32,
    lost_attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: &'a Option<TaskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    child_flow_id: &'a Option<FlowId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_id: &'a Option<WaitId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: &'a Option<StepError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused_from: &'a Option<FlowId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Millis>,
}

impl<'a> StepText<'a> {
    /// Names every field, so that a new one cannot be forgotten.
    pub(super) fn new(step: &'a Step) -> Self {
        let Step {
            flow_id,
            step_id,
            position,
            finally,
            of,
            version,
            status,
            attempt,
            lost_attempts,
            task_id,
            child_flow_id,
            wait_id,
            due_at,
            result: _,
            error,
            reused_from,
            started_at,
            ended_at,
        } = step;
        Self {
            flow_id,
            step_id,
            position: *position,
            finally: *finally,
            of: *of,
            version: *version,
            status: *status,
            attempt: *attempt,
            lost_attempts: *lost_attempts,
            task_id,
            child_flow_id,
            wait_id,
            due_at: *due_at,
            error,
            reused_from,
            started_at: *started_at,
            ended_at: *ended_at,
        }
    }
}

/// A result without the output, which would be longer with the escapes of JSON. Read back as a
/// [`StepResult`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    json: &'a Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: &'a Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: &'a Option<Value>,
    #[serde(skip_serializing_if = "is_zero")]
    asked: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: &'a Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: &'a Option<AgentSession>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiated_by: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: &'a Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: &'a Option<Value>,
}

impl<'a> ResultText<'a> {
    /// Names every field, so that a new one cannot be forgotten.
    pub(super) fn new(result: &'a StepResult) -> Self {
        let StepResult {
            stdout: _,
            json,
            truncated,
            exit_code,
            status,
            headers,
            rest,
            asked,
            usage,
            session,
            approved,
            approved_by,
            initiated_by,
            subject,
            response,
        } = result;
        Self {
            json,
            truncated: *truncated,
            exit_code: *exit_code,
            status: *status,
            headers,
            rest,
            asked: *asked,
            usage,
            session,
            approved: *approved,
            approved_by,
            initiated_by,
            subject,
            response,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
