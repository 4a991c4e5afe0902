//! One thing that the doctor looked at.

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// Good.
    Ok,
    /// It works, but.
    Warn,
    /// Something does not work.
    Fail,
}

impl Level {
    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What was looked at, how it is, and what to do.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) name: &'static str,
    /// How it is.
    pub(super) level: Level,
    /// In words.
    pub(super) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
}

impl Finding {
    /// A good one.
    pub(super) fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, level: Level::Ok, message: message.into(), hint: None }
    }

    /// One that works, but.
    pub(super) fn warn(name: &'static str, message: impl Into<String>, hint: &str) -> Self {
        Self { level: Level::Warn, hint: Some(hint.to_owned()), ..Self::ok(name, message) }
    }

    /// A bad one.
    pub(super) fn fail(name: &'static str, message: impl Into<String>, hint: &str) -> Self {
        Self { level: Level::Fail, hint: Some(hint.to_owned()), ..Self::ok(name, message) }
    }
}
