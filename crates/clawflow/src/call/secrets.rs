//! Secrets: read when they are sent, and taken out of whatever is said about a failure.

use super::failure::{Failure, request};
use super::limits::FILE_BYTES_MAX;
use std::io::Read;

/// Shorter ones are not looked for: they would be found in ordinary words.
const HIDDEN_BYTES_MIN: usize = 4;

/// The secrets of a call.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The value of a variable.
    pub(super) fn of_env(&mut self, name: &str) -> Result<String, Failure> {
        match std::env::var(name) {
            Ok(value) => self.keep(value, || format!("the variable {name}")),
            Err(_) => Err(request(format!(
                "the step has no variable {name}; give it one with `--env {name}` or `run.pass_env`"
            ))),
        }
    }

    /// What a file says, without white space around it.
    pub(super) fn of_file(&mut self, path: &str) -> Result<String, Failure> {
        let failed = |error: std::io::Error| request(format!("reading {path}: {error}"));
        let mut text = String::new();
        // Looked at first: opening a pipe waits for somebody to write.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(request(format!("reading {path}: it is no file")));
        }
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        self.keep(text, || path.to_owned())
    }

    fn keep(&mut self, value: String, place: impl Fn() -> String) -> Result<String, Failure> {
        let value = value.trim().to_owned();
        if value.is_empty() {
            return Err(request(format!("{} is empty", place())));
        }
        self.0.push(value.clone());
        Ok(value)
    }

    /// A text without them.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.0.iter().filter(|secret| secret.len() >= HIDDEN_BYTES_MIN) {
            text = text.replace(secret, "***");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, " s3cr3t\n").unwrap();
        let mut secrets = Secrets::default();
        assert_eq!(secrets.of_file(path.to_str().unwrap()).unwrap(), "s3cr3t");
        assert_eq!(secrets.hide("Bearer s3cr3t is wrong"), "Bearer *** is wrong");
        std::fs::write(&path, "\n").unwrap();
        assert!(secrets.of_file(path.to_str().unwrap()).unwrap_err().message.contains("empty"));
        assert!(secrets.of_file(dir.path().to_str().unwrap()).is_err());
        assert!(secrets.of_env("CLAWFLOW_NO_SUCH").is_err());
    }
}
