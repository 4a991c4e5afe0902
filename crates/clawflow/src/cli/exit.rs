//! Exit codes. They are stable: scripts and agents decide by them.

use std::process::ExitCode;

/// How a command ended, for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Done,
    /// The flow or task did not end well, or something unexpected went wrong.
    Failed,
    /// The command line, a file or the configuration is wrong.
    Usage,
    /// There is no such flow or task, or more than one.
    NotFound,
    /// The record does not allow it now.
    Refused,
    /// The store, or a gateway that is needed, cannot be used.
    Unavailable,
    /// The command gave up waiting; the work goes on.
    StillActive,
    /// The flow waits for a person, or is blocked.
    NeedsPerson,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// Every exit, with the line about it in `docs/cli.md` and in the man page.
    pub(crate) const TABLE: [(Self, &'static str); 9] = [
        (Self::Done, "done"),
        (Self::Failed, "the flow or task failed, was cancelled or lost, or an unexpected error"),
        (Self::Usage, "bad usage, bad file or bad configuration"),
        (Self::NotFound, "not found, or ambiguous"),
        (Self::Refused, "refused: revision conflict, already ended, cancel requested, not managed"),
        (Self::Unavailable, "gateway or store unavailable"),
        (Self::StillActive, "still active: the command gave up waiting"),
        (Self::NeedsPerson, "waiting for a person, or blocked"),
        (Self::Interrupted, "interrupted"),
    ];

    /// The number that the process exits with.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Refused => 4,
            Self::Unavailable => 5,
            Self::StillActive => 6,
            Self::NeedsPerson => 7,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
