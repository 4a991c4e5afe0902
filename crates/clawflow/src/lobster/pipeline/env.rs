//! The environment of a pipeline: what its commands are set by, and what its programs get.

use crate::lobster::value::trim;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Environment variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env(BTreeMap<OsString, OsString>);

impl Env {
    /// Those of this process.
    pub(crate) fn from_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// A variable.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.get(OsStr::new(name)).map(|value| value.to_string_lossy())
    }

    /// A variable without the white space around it, unless nothing is left.
    pub(super) fn trimmed(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        let value = trim(&value);
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The first of some variables that is set, even if it is empty; without white space around.
    pub(super) fn first(&self, names: &[&str]) -> String {
        let value = names.iter().find_map(|name| self.get(name)).unwrap_or_default();
        trim(&value).to_owned()
    }

    /// The first of some variables that has more than white space.
    pub(super) fn first_filled(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.trimmed(name))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }

    /// A number of bytes that a variable sets.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<u64>, super::failure::Failure> {
        const SAFE: u64 = (1 << 53) - 1;
        let Some(text) = self.trimmed(name) else { return Ok(None) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(bytes) if digits && (1..=SAFE).contains(&bytes) => Ok(Some(bytes)),
            _ => {
                let message = format!("{name} must be a positive safe integer (bytes)");
                Err(super::failure::Failure::new(message))
            }
        }
    }
}

#[cfg(test)]
impl Env {
    /// This environment with one variable more.
    pub(crate) fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// This environment without some variables.
    pub(crate) fn without(mut self, prefix: &str) -> Self {
        self.0.retain(|name, _| !name.to_string_lossy().starts_with(prefix));
        self
    }
}
