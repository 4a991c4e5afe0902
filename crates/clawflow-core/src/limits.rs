//! Every limit of the law, with its reason.

/// Largest `stateJson`, `waitJson` or output, in bytes of JSON: a record is read whole, often.
pub const JSON_BYTES_MAX: usize = 256 * 1024;
/// Largest whole output bag of a flow, in bytes of JSON: it is part of the flow's row.
pub const OUTPUTS_BYTES_MAX: usize = 256 * 1024;
/// Largest stdout kept as a step's result, in bytes; beyond it the result is cut and marked.
pub const RESULT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Steps of one flow: a decision looks at all of them.
pub const STEPS_PER_FLOW_MAX: usize = 10_000;
/// Items of one loop: each has step records of its own.
pub const ITEMS_PER_LOOP_MAX: usize = 10_000;
/// Records of inner steps of one loop: items times steps. Decisions look at all of them.
pub const ROWS_PER_LOOP_MAX: usize = 50_000;
/// Attempts that may be lost before `on_lost: retry` gives up: a step that kills its machine must
/// not do so for ever.
pub const LOST_ATTEMPTS_MAX: u32 = 3;
/// How often a task whose agent dies in its turn goes on in its session: an agent that dies of what
/// it does must not do so for ever.
pub const RESUMES_MAX: u32 = 3;
/// Characters of a goal, a key, a label, an owner key.
pub const TEXT_CHARS_MAX: usize = 4096;
/// Labels of one flow: they are part of its row, which lists have many of.
pub const LABELS_MAX: usize = 64;
/// People who may answer one question: an answer looks at each, and a refusal names them.
pub const APPROVERS_MAX: usize = 64;
/// Characters of a key: it is typed by people.
pub const KEY_CHARS_MAX: usize = 256;
/// Characters of an error or progress text kept in a record; the logs have the rest.
pub const SUMMARY_CHARS_MAX: usize = 2000;
/// Characters of the preview shown at a gate, as in Lobster.
pub const PREVIEW_CHARS_MAX: usize = 2000;
/// Named queues: each start looks at all of them.
pub const QUEUES_MAX: usize = 256;
/// Bytes of the name of a queue: it stands in every listing.
pub const QUEUE_NAME_BYTES_MAX: usize = 64;
/// Starts in one period of a queue's rate: each is remembered for that long.
pub const QUEUE_RATE_MAX: usize = 10_000;
/// Longest period of a queue's rate, in milliseconds: a day. Tasks are kept for longer, and their
/// starts are what is left of it after a restart.
pub const QUEUE_PERIOD_MS_MAX: i64 = 24 * 60 * 60 * 1000;
/// Highest priority; the lowest one is as far below zero.
pub const QUEUE_PRIORITY_MAX: i32 = 1000;
/// Time a `finally` step may take when it names no timeout, in milliseconds.
pub const FINALLY_MS_DEFAULT: u64 = 5 * 60 * 1000;
/// Time that a question to a server may take when its step names no timeout, in milliseconds: as
/// long as a model may think.
pub const CALL_MS_DEFAULT: u64 = 10 * 60 * 1000;
/// Longest time for which a server may put off the next attempt, in milliseconds: what is unwell
/// for longer is for a person to see.
pub const RETRY_AFTER_MS_MAX: u64 = 60 * 60 * 1000;
/// Delay before a lost attempt is run again, in milliseconds, doubled each time.
pub const LOST_RETRY_MS: u64 = 1000;

/// Characters of a goal or task in a message's sentence, as in the original.
pub const TITLE_CHARS_MAX: usize = 80;
/// Largest message that a controller sends to its owner, in bytes: longer ones belong in outputs.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Pause after the first failed try of a delivery, in milliseconds, doubled each time.
pub const DELIVERY_PAUSE_MS: i64 = 1000;
/// Longest pause between two tries of a delivery, in milliseconds.
pub const DELIVERY_PAUSE_MAX_MS: i64 = 5 * 60 * 1000;
/// Tries of a delivery before the inbox gets it: with their pauses about half an hour.
pub const DELIVERY_TRIES_MAX: u32 = 14;

/// Why somebody did something, as it is kept.
pub(crate) fn reason(text: &str) -> String {
    cut(text.trim(), SUMMARY_CHARS_MAX)
}

/// Cuts `text` to at most `max` characters, marking the cut.
#[must_use]
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// As much of a text as so many bytes hold.
pub(crate) fn cut_bytes(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}
