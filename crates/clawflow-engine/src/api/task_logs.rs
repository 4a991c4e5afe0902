//! `task.logs`.

use super::flow_wait::WAIT_MS_MAX;
use super::{Api, ApiError, TaskLogsRequest, TaskLogsResponse};
use crate::supervise::Stream;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Bytes of the largest part.
const PART_BYTES_MAX: u64 = 1024 * 1024;
/// A log is a file that another process writes: it can only be looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Api {
    pub(super) async fn task_logs(
        &self,
        request: TaskLogsRequest,
    ) -> Result<TaskLogsResponse, ApiError> {
        let max = request.max.unwrap_or(PART_BYTES_MAX).clamp(1, PART_BYTES_MAX);
        let stream = if request.stderr { Stream::Err } else { Stream::Out };
        let deadline = Instant::now() + Duration::from_millis(request.timeout_ms.min(WAIT_MS_MAX));
        loop {
            let task = self.find_task(&request.task)?;
            let boot_id = task.executor.as_ref().map_or("-", |e| e.boot_id.as_str());
            let place = (boot_id, task.task_id.as_str(), task.fence);
            let supervisor = self.engine.supervisor();
            let bytes = supervisor
                .read_log(place, stream, request.offset, max)
                .await
                .map_err(|error| ApiError::new("internal", format!("failed to {error}")))?;
            let ended = task.status.is_terminal();
            let part = part(bytes, request.offset, ended, max);
            if !part.text.is_empty() || ended || Instant::now() >= deadline {
                return Ok(part);
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

/// A part that does not end inside a character, unless the log does.
fn part(mut bytes: Vec<u8>, offset: u64, ended: bool, max: u64) -> TaskLogsResponse {
    let full = bytes.len() as u64 == max;
    let whole = bytes.len() - begun(&bytes);
    // A part that is too small for the character has to cut it, or it would never get further.
    if (full && whole > 0) || (!full && !ended) {
        bytes.truncate(whole);
    }
    let next = offset + bytes.len() as u64;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    TaskLogsResponse { done: ended && !full, text, next }
}

/// Bytes at the end that begin a character which is not whole yet, whatever is before them.
fn begun(bytes: &[u8]) -> usize {
    let tail = bytes.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    let unfinished = std::str::from_utf8(tail).is_err_and(|error| error.error_len().is_none());
    if unfinished { tail.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[track_caller]
    fn check(bytes: &[u8], ended: bool, max: u64, text: &str, next: u64, done: bool) {
        let part = part(bytes.to_vec(), 0, ended, max);
        assert_eq!((part.text.as_str(), part.next, part.done), (text, next, done));
    }

    #[test]
    fn parts_end_between_characters() {
        let euro = "€".as_bytes();
        check(b"ab", true, 9, "ab", 2, true);
        check(b"ab", true, 2, "ab", 2, false);
        check(b"", true, 2, "", 0, true);
        check(&[b"a", &euro[..2]].concat(), false, 9, "a", 1, false);
        check(&[b"a", &euro[..2]].concat(), true, 3, "a", 1, false);
        check(&[b"a", &euro[..2]].concat(), true, 9, "a\u{fffd}", 3, true);
        // Nothing but the beginning of a character: the rest is waited for.
        check(&euro[..2], false, 9, "", 0, false);
        check(&euro[..2], true, 2, "\u{fffd}", 2, false);
        // What was broken before does not hide it.
        check(&[b"\xff", &euro[..1]].concat(), false, 9, "\u{fffd}", 1, false);
    }
}
