//! What the end of an agent's process means: the conversation says it, whoever watched it.

use super::conversation::{Conversation, worked};
use super::plan::Prepared;
use crate::clock::now;
use crate::engine::Engine;
use crate::runtime::Attempt;
use crate::supervise::{ExitRecord, Stream};
use clawflow_core::acp::Talk;
use clawflow_core::drive::Report;
use clawflow_core::limits::cut;
use clawflow_core::task::Exit;
use serde_json::{Value, json};

/// Bytes of standard error that go into the message about an agent that is gone.
const STDERR_TAIL_BYTES: u64 = 1000;
/// Characters of it.
const STDERR_CHARS: usize = 500;

/// The report of an attempt that nobody watched to its end, from what was said and how its process
/// ended; `None`: from what was said alone.
pub(crate) async fn report_of(
    engine: &Engine,
    attempt: &Attempt,
    prepared: &Prepared,
    (record, boot_id, cancelled): (Option<&ExitRecord>, &str, bool),
) -> Report {
    let dir = engine.inner.supervisor.dir(boot_id, attempt.task_id.as_str(), attempt.fence);
    let talk =
        Conversation::open(engine, attempt, (&dir, prepared), cancelled).and_then(|mut c| {
            c.hear_all()?;
            Ok(c.talk)
        });
    let talk = talk.unwrap_or_else(|error| {
        let mut talk = Talk::new(prepared.plan.clone());
        talk.was_prompted();
        tracing::warn!(task_id = %attempt.task_id, %error, "what was said cannot be read");
        talk
    });
    report(engine, attempt, talk, (record, boot_id)).await
}

/// The report of a conversation whose process has ended.
pub(super) async fn report(
    engine: &Engine,
    attempt: &Attempt,
    mut talk: Talk,
    (record, boot_id): (Option<&ExitRecord>, &str),
) -> Report {
    if !talk.is_over() {
        let how = match record {
            None => "without a word".to_owned(),
            Some(record) => how(engine, attempt, record, boot_id).await,
        };
        talk.gone(&how);
    }
    let outcome = talk.outcome();
    let mut notes = json!({ "agent": outcome.notes });
    if let Some(record) = record.filter(|record| !record.signalled.is_empty()) {
        notes["signalled"] = json!(record.signalled);
        notes["survivedTerm"] = json!(record.survived_term);
    }
    let ended_at = record.and_then(|record| i64::try_from(record.ended_at).ok());
    let task = engine.inner.store.task(&attempt.task_id).ok().flatten();
    let until = ended_at.unwrap_or_else(now);
    let exec_error = record.and_then(|record| record.exec_error.as_ref());
    Report {
        exit: record.and_then(|record| match (record.code, record.signal) {
            (Some(code), _) => Some(Exit::Code(code)),
            (None, signal) => signal.map(Exit::Signal),
        }),
        exec_error: exec_error.map(|error| error.message.clone()),
        ended_at,
        // Only a task that is no step goes on by itself.
        worked_ms: task
            .filter(|task| task.step_id.is_none())
            .map(|task| worked(engine, attempt, &task, until)),
        agent: Some(Box::new(outcome)),
        notes: if notes["agent"] == json!({}) { Value::Null } else { notes },
        ..Report::default()
    }
}

/// How the process ended, to follow "the agent ended".
async fn how(engine: &Engine, attempt: &Attempt, record: &ExitRecord, boot_id: &str) -> String {
    let how = match (record.code, record.signal) {
        (Some(code), _) => format!("with exit code {code}"),
        (None, Some(signal)) => format!("by signal {signal}"),
        (None, None) => "without a word".to_owned(),
    };
    let kept = record.err_bytes.min(engine.inner.settings.log_bytes);
    let place = (boot_id, attempt.task_id.as_str(), attempt.fence);
    let from = kept.saturating_sub(STDERR_TAIL_BYTES);
    let supervisor = &engine.inner.supervisor;
    let tail = supervisor.read_log(place, Stream::Err, from, STDERR_TAIL_BYTES).await;
    let tail = String::from_utf8_lossy(&tail.unwrap_or_default()).trim().to_owned();
    let said = tail.split_whitespace().collect::<Vec<_>>().join(" ");
    if said.is_empty() { how } else { format!("{how} ({})", cut(&said, STDERR_CHARS)) }
}
