//! What one row of the table of settings is.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::bytes;
use super::settings::{ColorChoice, Settings};
use super::value::length_text;

/// One setting: everything that parsing, `config show` and the documentation need to know.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Section of the file, `gateway`.
    pub(crate) section: &'static str,
    /// Key in the section, `max_tasks`.
    pub(crate) key: &'static str,
    /// What it takes, and the field it goes to.
    pub(crate) kind: Kind,
    /// Its value when nobody says anything.
    pub(crate) default: Default,
    /// What it does, in one line, with its unit.
    pub(crate) doc: &'static str,
}

impl Setting {
    /// The whole name, `gateway.max_tasks`.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// The environment variable, `CLAWFLOW_GATEWAY_MAX_TASKS`.
    pub(crate) fn env_name(&self) -> String {
        format!("CLAWFLOW_{}_{}", self.section, self.key).to_ascii_uppercase()
    }
}

/// The field of [`Settings`] that a setting fills.
pub(crate) type Field<T> = fn(&mut Settings) -> &mut T;

/// A check of a text; the error is a fragment that follows the quoted text.
pub(crate) type Check = fn(&str) -> Result<(), String>;

/// The types a setting can have, each with its range.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A whole number.
    Count { range: RangeInclusive<u32>, field: Field<u32> },
    /// `true` or `false`.
    Switch { field: Field<bool> },
    /// A duration.
    Duration { range: RangeInclusive<Duration>, field: Field<Duration> },
    /// A size in bytes.
    Bytes { range: RangeInclusive<u64>, field: Field<u64> },
    /// A path, at most `bytes_max` long.
    Path { bytes_max: usize, field: Field<PathBuf> },
    /// A text that passes a check; `what` names it in messages and documentation.
    Text { what: &'static str, check: Check, field: Field<String> },
    /// Names of environment variables, at most `max`.
    EnvNames { max: usize, field: Field<Vec<String>> },
    /// Texts that pass a check, at most `max`; `what` names them in messages and documentation.
    Texts { what: &'static str, max: usize, check: Check, field: Field<Vec<String>> },
    /// One of the choices of colour.
    Color { field: Field<ColorChoice> },
}

impl Kind {
    /// What the setting takes, to follow "must be".
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Count { range, .. } => {
                format!("a whole number from {} to {}", range.start(), range.end())
            }
            Self::Switch { .. } => "`true` or `false`".to_owned(),
            Self::Duration { range, .. } => {
                let (min, max) = (*range.start(), *range.end());
                format!("a duration from {} to {}", length_text(min), length_text(max))
            }
            Self::Bytes { range, .. } => {
                let (min, max) = (*range.start(), *range.end());
                format!("a size from {} to {}", bytes::format(min), bytes::format(max))
            }
            Self::Path { bytes_max, .. } => {
                format!("an absolute path of at most {bytes_max} bytes")
            }
            Self::Text { what, .. } => (*what).to_owned(),
            Self::EnvNames { max, .. } => {
                format!("a list of at most {max} names of environment variables")
            }
            Self::Texts { what, max, .. } => format!("a list of at most {max} {what}"),
            Self::Color { .. } => {
                let [auto, always, never] = ColorChoice::ALL.map(ColorChoice::word);
                format!("`{auto}`, `{always}` or `{never}`")
            }
        }
    }
}

/// A setting's value when nobody says anything.
#[derive(Debug)]
pub(crate) enum Default {
    /// As it would be written in the environment.
    Text(&'static str),
    /// So many per core of this machine, within the setting's range.
    PerCore(u32),
    /// A file in the home.
    InHome(&'static str),
}

impl Default {
    /// The default as the documentation writes it.
    #[cfg(test)]
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Text("") => "none".to_owned(),
            Self::Text(text) => format!("`{text}`"),
            Self::PerCore(each) => format!("cores x {each}"),
            Self::InHome(name) => format!("`<home>/{name}`"),
        }
    }
}
