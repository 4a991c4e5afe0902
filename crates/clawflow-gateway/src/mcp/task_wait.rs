//! `task_wait`: waits for the end of a task, at most so long, and shows the end of what it wrote.

use super::asker::{Asker, request};
use super::brief;
use super::door::{Need, Room};
use super::limits::{LOG_BYTES, LOG_PARTS_MAX, NAMED_BYTES, WAIT_MS_DEFAULT, WAIT_MS_MAX};
use super::tool::Done;
use super::tools::at_most;
use clawflow_core::json::Object;
use clawflow_core::limits::cut;
use clawflow_engine::api::{ApiError, Calls, TaskLogs, TaskLogsRequest, TaskWait, TaskWaitRequest};
use serde_json::Value;

/// Waits for it.
pub(super) async fn run(asker: &Asker, mut args: Object) -> Result<Done, ApiError> {
    at_most(&mut args, "timeoutMs", WAIT_MS_MAX, Some(WAIT_MS_DEFAULT));
    let wanted = request::<TaskWait>(args)?;
    let room = asker.enter(Need::Records).await?;
    let told = wait(&room, wanted).await;
    room.close().await;
    told.map(Done::from)
}

async fn wait(room: &Room, wanted: TaskWaitRequest) -> Result<Value, ApiError> {
    // Nothing ends while nobody but this process holds the home.
    let timeout_ms = if room.alone { 0 } else { wanted.timeout_ms };
    let wanted = TaskWaitRequest { timeout_ms, ..wanted };
    let task = Calls::call::<TaskWait>(&room.backend, wanted).await?;
    let mut value = brief::task(&task);
    value["ended"] = task.status.is_terminal().into();
    if let Some(exit) = &task.exit {
        value["exit"] = serde_json::to_value(exit).unwrap_or_default();
    }
    if let Some(answer) = &task.answer {
        value["answer"] = cut(answer, NAMED_BYTES).into();
    }
    // Of a task that somebody else runs there are no logs here; those of an agent are the messages
    // of its protocol.
    let talks = task.command.as_ref().is_some_and(|command| command.acp.is_some());
    if !task.reported && !talks {
        for (name, stderr) in [("stdout", false), ("stderr", true)] {
            let text = tail(room, task.task_id.as_str(), stderr).await?;
            if !text.is_empty() {
                value[name] = text.into();
            }
        }
    }
    Ok(value)
}

/// The end of a log, from the beginning of a line.
async fn tail(room: &Room, task: &str, stderr: bool) -> Result<String, ApiError> {
    let mut text = String::new();
    let mut offset = 0;
    for _ in 0..LOG_PARTS_MAX {
        let request =
            TaskLogsRequest { task: task.to_owned(), stderr, offset, max: None, timeout_ms: 0 };
        let part = Calls::call::<TaskLogs>(&room.backend, request).await?;
        offset = part.next;
        text.push_str(&part.text);
        let mut from = text.len().saturating_sub(LOG_BYTES);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        text.drain(..from);
        if part.done || part.text.is_empty() {
            break;
        }
    }
    if offset > text.len() as u64
        && let Some(line) = text.find('\n')
    {
        text.replace_range(..=line, "…\n");
    }
    Ok(text)
}
