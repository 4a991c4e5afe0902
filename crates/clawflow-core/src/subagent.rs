//! Sub-agents: tasks of an agent that another session has asked for, with a session of their own.

use crate::error::{Code, Refusal};
use crate::ids::TaskId;
use crate::limits::{TEXT_CHARS_MAX, cut_bytes};

/// Largest prompt, in bytes: it is kept with the task, and models take no more.
pub const PROMPT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of an answer that are kept in the task's row and sent to the parent; its log has it all.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The queue in which sub-agents wait for their turn, unless their agent has another one.
pub const QUEUE: &str = "subagents";

/// How many sub-agents there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpawnLimits {
    /// How deep they may be below each other; those of a session that is none have depth 1.
    pub depth: usize,
    /// How many of one session may be open at once.
    pub children: usize,
    /// How many may run at once.
    pub concurrency: usize,
}

impl Default for SpawnLimits {
    fn default() -> Self {
        Self { depth: 5, children: 5, concurrency: 8 }
    }
}

/// The id of the run of a sub-agent: that of its task, without the word.
#[must_use]
pub fn run_id(task_id: &TaskId) -> String {
    task_id.0.trim_start_matches("task_").to_owned()
}

/// The key of the session of a sub-agent. Those of different depths look the same: who is whose
/// parent is the owner of the task.
#[must_use]
pub fn session_key(agent: &str, task_id: &TaskId) -> String {
    format!("agent:{agent}:subagent:{}", run_id(task_id))
}

/// The task that may have this session: a key that says so is no proof.
#[must_use]
pub fn task_of(session: &str) -> Option<TaskId> {
    let (agent, run_id) = session.strip_prefix("agent:")?.rsplit_once(":subagent:")?;
    let is_id = run_id.len() == 26 && run_id.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_id && !agent.is_empty()).then(|| TaskId(format!("task_{run_id}")))
}

/// Whether the key may be that of a sub-agent.
#[must_use]
pub fn is_subagent(session: &str) -> bool {
    task_of(session).is_some()
}

/// Whether a session may have one more: it would have this depth, and so many are open.
///
/// # Errors
/// `invalid_state`, with the limit that is reached.
pub fn check_spawn(limits: &SpawnLimits, depth: usize, open: usize) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::new(Code::InvalidState, message));
    if depth > limits.depth {
        let most = limits.depth;
        return refused(format!("a sub-agent of depth {depth} is deeper than {most} allow"));
    }
    if open >= limits.children {
        return refused(format!("the session has {open} open sub-agents, and may have no more"));
    }
    Ok(())
}

/// Refuses what no agent can be asked.
///
/// # Errors
/// `invalid` for a prompt that is blank, too large or contains a NUL character.
pub fn check_prompt(prompt: &str) -> Result<(), Refusal> {
    let invalid = |message: String| Err(Refusal::new(Code::Invalid, message));
    if prompt.trim().is_empty() {
        return invalid("the prompt is blank".to_owned());
    }
    if prompt.len() > PROMPT_BYTES_MAX {
        return invalid(format!("the prompt has more than {PROMPT_BYTES_MAX} bytes"));
    }
    if prompt.contains('\0') {
        return invalid("the prompt contains a NUL character".to_owned());
    }
    Ok(())
}

/// Refuses a model or a mode that is none.
///
/// # Errors
/// `invalid`, with what is wrong.
pub fn check_word(what: &str, word: Option<&str>) -> Result<(), Refusal> {
    let Some(word) = word else { return Ok(()) };
    let odd = word.trim().is_empty() || word.contains(char::is_control);
    if odd || word.chars().count() > TEXT_CHARS_MAX {
        let message = format!("{what} is blank, too long or has control characters in it");
        return Err(Refusal::new(Code::Invalid, message));
    }
    Ok(())
}

/// The part of what a sub-agent printed that is its answer: the whole, or its beginning with a mark
/// and a word about the rest.
#[must_use]
pub fn answer(printed: &str, cut: bool) -> String {
    let text = printed.trim();
    let kept = cut_bytes(text, ANSWER_BYTES_MAX);
    match cut || kept.len() < text.len() {
        true => format!("{kept}…\n(cut: the log of the task has all of it)"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_reached_exactly() {
        let limits = SpawnLimits { depth: 2, children: 1, concurrency: 1 };
        assert!(check_spawn(&limits, 2, 0).is_ok());
        let deep = check_spawn(&limits, 3, 0).unwrap_err();
        let many = check_spawn(&limits, 1, 1).unwrap_err();
        assert_eq!((deep.code, many.code), (Code::InvalidState, Code::InvalidState));
        assert!(deep.message.contains("depth 3") && many.message.contains("1 open"));
    }

    #[test]
    fn a_session_is_named_for_its_agent_and_task() {
        let id = TaskId(format!("task_{}", "01ab".repeat(7).split_off(2)));
        let key = session_key("coder", &id);
        assert_eq!(key, format!("agent:coder:subagent:{}", run_id(&id)));
        assert_eq!(task_of(&key), Some(id));
        for other in ["agent:main:main", "agent:coder:subagent:", "agent:a:subagent:%", ""] {
            assert_eq!(task_of(other), None, "{other}");
        }
    }

    #[test]
    fn prompts_and_answers_have_bounds() {
        for bad in ["", " \n", "a\0b"] {
            assert!(check_prompt(bad).is_err());
        }
        assert!(check_prompt(&"x".repeat(PROMPT_BYTES_MAX)).is_ok());
        assert!(check_prompt(&"x".repeat(PROMPT_BYTES_MAX + 1)).is_err());
        assert!(check_word("the model", Some("a\nb")).is_err() && check_word("m", None).is_ok());
        assert_eq!(answer(" yes \n", false), "yes");
        let long = answer(&"é".repeat(ANSWER_BYTES_MAX), false);
        assert!(long.len() < ANSWER_BYTES_MAX + 100 && long.contains("(cut:"));
        assert!(answer("part", true).starts_with("part…"));
    }
}
