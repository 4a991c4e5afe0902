//! Values that a command line carries itself, in the file that `@` names, or on standard input.
//!
//! Use: one [`Input`] per command, so that standard input is read for one of them only.
//! Limits: [`INPUT_BYTES_MAX`] per value; what a record may hold the engine decides.
//! Failure: exit code 2, with the flag and the file.

use super::bounded_file;
use crate::cli::{CliError, Exit};
use serde_json::Value;
use std::path::Path;

/// Most bytes of one value: more than any record holds, so that the refusal is the engine's.
const INPUT_BYTES_MAX: usize = 5 << 20;

/// Where the values of one command come from.
#[derive(Debug, Default)]
pub(crate) struct Input {
    stdin_is_taken_by: Option<String>,
}

impl Input {
    /// JSON: as it stands, of a file (`@FILE`) or of standard input (`@-`).
    pub(crate) fn json(&mut self, flag: &str, given: &str) -> Result<Value, CliError> {
        let text = self.text(flag, given)?;
        serde_json::from_str(&text).map_err(|error| {
            let made = CliError::usage(format!("{flag} is not JSON: {error}"));
            match given.starts_with('@') {
                true => made,
                false => made.hint("a text is in double quotes, a file is named with @FILE"),
            }
        })
    }

    /// The same, where it may be absent.
    pub(crate) fn maybe_json(
        &mut self,
        flag: &str,
        given: Option<&str>,
    ) -> Result<Option<Value>, CliError> {
        given.map(|given| self.json(flag, given)).transpose()
    }

    /// Text: as it stands, of a file (`@FILE`) or of standard input (`@-`).
    pub(crate) fn text(&mut self, flag: &str, given: &str) -> Result<String, CliError> {
        match given.strip_prefix('@') {
            Some(path) => self.file(flag, path),
            None => Ok(given.to_owned()),
        }
    }

    /// The text of a file, of standard input where the path is `-`.
    pub(crate) fn file(&mut self, flag: &str, path: &str) -> Result<String, CliError> {
        if path == "-" {
            if let Some(other) = self.stdin_is_taken_by.replace(flag.to_owned()) {
                let message = format!("{other} and {flag} cannot both read standard input");
                return Err(CliError::usage(message));
            }
        } else if path.is_empty() {
            return Err(CliError::usage(format!("{flag}: `@` names no file")));
        }
        let name = if path == "-" { "standard input" } else { path };
        let bytes = bounded_file::read(Path::new(path), INPUT_BYTES_MAX).map_err(|error| {
            let tried = format!("{flag}: cannot read {name}");
            CliError {
                exit: Exit::Usage,
                code: "bad_file".to_owned(),
                ..CliError::io(tried, error)
            }
        })?;
        let bad =
            |what: &str| CliError::new(Exit::Usage, "bad_file", format!("{flag}: {name} {what}"));
        if bytes.len() > INPUT_BYTES_MAX {
            return Err(bad(&format!("has more than {INPUT_BYTES_MAX} bytes")));
        }
        String::from_utf8(bytes).map_err(|_| bad("is not UTF-8 text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_on_the_line_or_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        std::fs::write(&path, "{\"a\": null}\n").unwrap();
        let named = format!("@{}", path.display());
        let mut input = Input::default();
        assert_eq!(input.json("--state", "null").unwrap(), Value::Null);
        assert_eq!(input.json("--state", &named).unwrap(), serde_json::json!({ "a": null }));
        assert_eq!(input.text("TEXT", "plain").unwrap(), "plain");
        assert_eq!(input.maybe_json("--state", None).unwrap(), None);
    }

    #[test]
    fn what_is_no_value_is_bad_usage() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            format!("@{}", path.display())
        };
        let huge = write("huge", &vec![b' '; INPUT_BYTES_MAX + 1]);
        let binary = write("binary", b"\x00\xff\xfe");
        let nul = write("nul", b"\"a\0b\"");
        let deep = "[".repeat(200);
        let none = format!("@{}", dir.path().join("none").display());
        let folder = format!("@{}", dir.path().display());
        for bad in ["", "{", "yes", "1 2", "@", &huge, &binary, &nul, &deep, &none, &folder] {
            let error = Input::default().json("--state", bad).unwrap_err();
            assert_eq!(error.exit, Exit::Usage, "{}", &bad[..bad.len().min(80)]);
            assert!(error.message.contains("--state"), "{error:?}");
        }
    }

    #[test]
    fn standard_input_is_read_once() {
        let mut input = Input { stdin_is_taken_by: Some("--state".to_owned()) };
        let error = input.json("--wait-json", "@-").unwrap_err();
        assert_eq!(error.message, "--state and --wait-json cannot both read standard input");
    }
}
