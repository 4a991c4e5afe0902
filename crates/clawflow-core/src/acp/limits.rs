//! Bounds of a conversation, each with its reason.

/// One message of an agent. Larger ones carry whole files as differences; nobody needs them.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What an agent says in one attempt, all of it: a flood ends the attempt.
pub const SAID_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// What an agent is told in one attempt: each of its requests is answered.
pub const TOLD_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Uses of tools that are remembered: a request for permission is about a recent one.
pub(super) const TOOLS_MAX: usize = 512;
/// Requests for permission that are open at once; further ones are turned down.
pub(super) const ASKS_MAX: usize = 32;
/// Requests of an agent in one attempt, so that what was answered can be remembered.
pub(super) const REQUESTS_MAX: usize = 100_000;
/// Bytes that are kept of a title, a command or a path that an agent names.
pub(super) const WORD_BYTES_MAX: usize = 8 * 1024;
/// Files of one use of a tool.
pub(super) const PATHS_MAX: usize = 256;
/// Characters of what an agent said wrongly, in messages.
pub(super) const REPEATED_CHARS: usize = 300;
/// Characters of a line of progress.
pub(super) const PROGRESS_CHARS: usize = 200;
/// Bytes of what a person is shown of a request.
pub(super) const PREVIEW_BYTES_MAX: usize = 32 * 1024;
/// Terminals of a conversation that are not released: agents have one for each command at work.
pub(super) const TERMINALS_MAX: usize = 16;
/// Requests about terminals that are not answered: one waits for each, and one asks for its output.
pub(super) const TERMINAL_REQUESTS_MAX: usize = 64;
/// What is kept of the output of a terminal, its end: no model reads more, and each time that an
/// agent asks for it all of it is sent.
pub const TERMINAL_OUTPUT_BYTES_MAX: usize = 1024 * 1024;
