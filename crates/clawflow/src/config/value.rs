//! A setting's value once it is read and checked, ready to be shown.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::bytes;
use clawflow_core::duration::format_ms;

/// A checked value. Its `Display` is TOML, so that what is shown can be put into a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A whole number.
    Count(u32),
    /// A whole number that may be below zero.
    Number(i64),
    /// `true` or `false`.
    Switch(bool),
    /// A text or one of a few words.
    Text(String),
    /// An absolute path.
    Path(PathBuf),
    /// A duration.
    Duration(Duration),
    /// A size in bytes.
    Bytes(u64),
    /// A list of names.
    Names(Vec<String>),
    /// Values by names.
    Table(toml::Table),
}

impl Value {
    /// The value as JSON: sizes as a number of bytes, durations as text (`"1h30m"`).
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Count(count) => (*count).into(),
            Self::Number(number) => (*number).into(),
            Self::Switch(on) => (*on).into(),
            Self::Text(text) => text.clone().into(),
            Self::Path(path) => path.to_string_lossy().into(),
            Self::Duration(length) => length_text(*length).into(),
            Self::Bytes(size) => (*size).into(),
            Self::Names(names) => names.clone().into(),
            Self::Table(table) => serde_json::json!(table),
        }
    }
}

/// A duration as the file writes it; what is below a millisecond is dropped.
pub(super) fn length_text(length: Duration) -> String {
    format_ms(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Switch(on) => write!(f, "{on}"),
            Self::Text(text) => write_quoted(f, text),
            Self::Path(path) => write_quoted(f, &path.to_string_lossy()),
            Self::Duration(length) => write_quoted(f, &length_text(*length)),
            Self::Bytes(size) => write_quoted(f, &bytes::format(*size)),
            Self::Names(names) => {
                let names = names.iter().cloned().map(toml::Value::String).collect();
                write!(f, "{}", toml::Value::Array(names))
            }
            Self::Table(table) => write!(f, "{}", toml::Value::Table(table.clone())),
        }
    }
}

/// Writes a TOML string; its quoting also escapes control characters.
fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "{}", toml::Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_toml_and_as_json() {
        let rows = [
            (Value::Count(4), "4", "4"),
            (Value::Number(-4), "-4", "-4"),
            (Value::Switch(true), "true", "true"),
            (Value::Text("info".into()), "\"info\"", "\"info\""),
            (Value::Path("/a b".into()), "\"/a b\"", "\"/a b\""),
            (Value::Duration(Duration::from_secs(5)), "\"5s\"", "\"5s\""),
            (Value::Bytes(64 << 20), "\"64MiB\"", "67108864"),
            (Value::Names(vec!["A".into(), "B".into()]), "[\"A\", \"B\"]", "[\"A\",\"B\"]"),
            (Value::Names(vec![]), "[]", "[]"),
            (Value::Table(toml::toml! { n = 1.5 }), "{ n = 1.5 }", "{\"n\":1.5}"),
        ];
        for (value, toml, json) in rows {
            assert_eq!(value.to_string(), toml);
            assert_eq!(value.to_json().to_string(), json);
        }
    }

    #[test]
    fn a_text_cannot_break_out_of_its_line() {
        let shown = Value::Path("/a\n\u{1b}[31m".into()).to_string();
        assert!(!shown.contains('\n') || shown.starts_with("\"\"\""), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
