//! What a shim's exit record means for the ledger.

use super::attempt::Attempt;
use crate::engine::Engine;
use crate::supervise::{ExitRecord, Stream};
use clawflow_core::drive::Report;
use clawflow_core::task::Exit;
use serde_json::json;

/// Bytes of standard error that go into the message about a failure.
const STDERR_TAIL_BYTES: u64 = 1000;
/// Bytes that are kept of a result that was cut.
const CUT_BYTES: u64 = 64 * 1024;

/// The report of an attempt that never executed.
pub(crate) fn unstartable(why: String) -> Report {
    Report { exec_error: Some(why), ..Report::default() }
}

/// The report that an exit record makes, with the output that belongs to it.
pub(crate) async fn report_of(engine: &Engine, attempt: &Attempt, record: &ExitRecord) -> Report {
    let boot_id = &engine.inner.executor.boot_id;
    report_in(engine, attempt, record, boot_id).await
}

/// As [`report_of`], for an attempt of the boot with this id.
pub(crate) async fn report_in(
    engine: &Engine,
    attempt: &Attempt,
    record: &ExitRecord,
    boot_id: &str,
) -> Report {
    let settings = &engine.inner.settings;
    let truncated = record.out_bytes > settings.stdout_bytes.min(settings.log_bytes);
    // What was cut cannot be referred to; it is only shown, and the log has more of it.
    let max = if truncated { settings.stdout_bytes.min(CUT_BYTES) } else { settings.stdout_bytes };
    let place = (boot_id, attempt.task_id.as_str(), attempt.fence);
    let supervisor = &engine.inner.supervisor;
    let inline = record.stdout.as_ref().and_then(|bytes| bytes.to_vec().ok());
    let mut stdout = match inline {
        Some(bytes) => bytes,
        None => supervisor.output(place, max).await.unwrap_or_default(),
    };
    stdout.truncate(usize::try_from(max).unwrap_or(usize::MAX));
    let kept = stdout.len() as u64;
    let stderr_tail = if record.code == Some(0) || record.err_bytes == 0 {
        String::new()
    } else {
        let kept = record.err_bytes.min(engine.inner.settings.log_bytes);
        let from = kept.saturating_sub(STDERR_TAIL_BYTES);
        let tail = supervisor.read_log(place, Stream::Err, from, STDERR_TAIL_BYTES).await;
        String::from_utf8_lossy(&tail.unwrap_or_default()).into_owned()
    };
    Report {
        exit: match (record.code, record.signal) {
            (Some(code), _) => Some(Exit::Code(code)),
            (None, Some(signal)) => Some(Exit::Signal(signal)),
            (None, None) => None,
        },
        timed_out: record.timed_out,
        stopped: record.stop_requested,
        over_output: record.over_output,
        exec_error: record.exec_error.as_ref().map(|error| error.message.clone()),
        truncated: truncated || record.out_bytes > kept,
        stdout: Some(without_progress(text_of(stdout)).into()),
        stderr_tail,
        ended_at: i64::try_from(record.ended_at).ok(),
        worked_ms: None,
        agent: None,
        notes: if record.signalled.is_empty() {
            serde_json::Value::Null
        } else {
            json!({ "signalled": record.signalled, "survivedTerm": record.survived_term })
        },
    }
}

/// The output as text, without a copy where it is text.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The output without the lines that only report progress: they are not part of the result.
fn without_progress(text: String) -> String {
    const MARK: &str = "::progress::";
    if !text.contains(MARK) {
        return text;
    }
    text.split_inclusive('\n').filter(|line| !line.starts_with(MARK)).collect()
}
