//! Messages about schedules, and those that a schedule sends.

use super::{Message, on_routes_as, title};
use crate::delivery::Delivery;
use crate::drive::Ctx;
use crate::schedule::{DisabledReason, Schedule, ScheduleRun};
use serde_json::{Value, json};

/// What a schedule sends when it fires.
pub(crate) struct ScheduleMessage<'a> {
    pub(crate) schedule: &'a Schedule,
    pub(crate) run: &'a ScheduleRun,
    /// The same for every try of this run.
    pub(crate) key: String,
    pub(crate) content: &'a str,
    pub(crate) data: &'a Value,
}

/// The message of a run.
pub(crate) fn schedule_message(sent: &ScheduleMessage, ctx: &mut Ctx) -> Vec<Delivery> {
    let mut data = facts(sent.schedule);
    data["runId"] = json!(sent.run.run_id);
    data["slot"] = json!(sent.run.slot);
    if !sent.data.is_null() {
        data["data"] = sent.data.clone();
    }
    let content = sent.content.to_owned();
    let message = about(sent.schedule, "schedule.message", sent.key.clone(), content, data);
    on_routes_as("schedule", &message, ctx)
}

/// The notice that a schedule was disabled, not by its owner.
pub(crate) fn schedule_disabled(schedule: &Schedule, ctx: &mut Ctx) -> Vec<Delivery> {
    let why = match schedule.disabled_reason {
        Some(DisabledReason::Errors) => {
            format!("{} runs failed in a row", schedule.consecutive_errors)
        }
        _ => "it cannot be read any more".to_owned(),
    };
    let last = schedule.last_error.as_ref().map_or_else(String::new, |e| format!(": {e}"));
    let content = format!("schedule \"{}\" was disabled, {why}{last}", title(&schedule.name));
    let key = format!("{}:disabled:{}", schedule.schedule_id, schedule.version);
    let message = about(schedule, "schedule.disabled", key, content, facts(schedule));
    on_routes_as("schedule", &message, ctx)
}

fn facts(schedule: &Schedule) -> Value {
    json!({
        "scheduleId": schedule.schedule_id, "name": schedule.name, "enabled": schedule.enabled,
        "disabledReason": schedule.disabled_reason,
        "consecutiveErrors": schedule.consecutive_errors, "lastError": schedule.last_error,
    })
}

fn about(
    schedule: &Schedule,
    kind: &'static str,
    key: String,
    content: String,
    data: Value,
) -> Message {
    Message {
        owner_key: schedule.owner_key.clone(),
        flow_id: None,
        task_id: None,
        kind,
        key: Some(key),
        content,
        data,
        origin: schedule.requester_origin.clone(),
    }
}
