//! Values by name.

use super::atomic::write_atomic;
use super::lock::{Access, with_lock};
use crate::lobster::pipeline::env::Env;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Value, pretty, read_json, stable};
use std::io::ErrorKind;
use std::path::PathBuf;

/// The directory of the values.
pub(in crate::lobster::pipeline) struct Store {
    dir: PathBuf,
}

impl Store {
    /// The store of an environment: `LOBSTER_STATE_DIR`, else a directory in the user's home.
    pub(in crate::lobster::pipeline) fn open(env: &Env) -> Self {
        let home = || PathBuf::from(env.first(&["HOME"])).join(".lobster").join("state");
        Self { dir: env.trimmed("LOBSTER_STATE_DIR").map_or_else(home, PathBuf::from) }
    }

    /// A value; `null` where none was kept.
    pub(in crate::lobster::pipeline) fn get(&self, key: &str) -> Result<Value, Failure> {
        let path = self.path(key)?;
        with_lock(&path, Access::Read, || read(&path))
    }

    /// Keeps a value.
    pub(in crate::lobster::pipeline) fn set(
        &self,
        key: &str,
        value: &Value,
    ) -> Result<(), Failure> {
        let path = self.path(key)?;
        with_lock(&path, Access::Write, || write_atomic(&path, text(value).as_bytes()))
    }

    /// Keeps a value: the one before, and whether this one is another.
    pub(in crate::lobster::pipeline) fn replace(
        &self,
        key: &str,
        value: &Value,
    ) -> Result<(Value, bool), Failure> {
        self.replace_then(key, value, || Ok(()))
    }

    /// Keeps a value, and does something that belongs to it; if that fails, nothing was kept.
    pub(in crate::lobster::pipeline) fn replace_then(
        &self,
        key: &str,
        value: &Value,
        then: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(Value, bool), Failure> {
        let path = self.path(key)?;
        with_lock(&path, Access::Write, || {
            let before = std::fs::read_to_string(&path).ok();
            let value_before = before.as_deref().and_then(|text| read_json(text).ok());
            let value_before = value_before.unwrap_or(Value::Null);
            write_atomic(&path, text(value).as_bytes())?;
            if let Err(failure) = then() {
                match before {
                    Some(before) => write_atomic(&path, before.as_bytes())?,
                    None => drop(std::fs::remove_file(&path)),
                }
                return Err(failure);
            }
            let changed = stable(&value_before) != stable(value);
            Ok((value_before, changed))
        })
    }

    /// The file of a name: lower case, and every run of what has no place in a name one `_`.
    fn path(&self, key: &str) -> Result<PathBuf, Failure> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let mut name = String::new();
        for c in key.to_lowercase().chars() {
            let c = if plain(c) { c } else { '_' };
            if c != '_' || !name.ends_with('_') {
                name.push(c);
            }
        }
        let name = name.strip_prefix('_').unwrap_or(&name);
        let name = name.strip_suffix('_').unwrap_or(name);
        if name.is_empty() {
            return Err(Failure::new("state key is empty/invalid"));
        }
        Ok(self.dir.join(format!("{name}.json")))
    }
}

fn read(path: &std::path::Path) -> Result<Value, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => read_json(&String::from_utf8_lossy(&bytes)).map_err(Failure::new),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Value::Null),
        Err(error) => Err(Failure::file(&error, "open", path)),
    }
}

fn text(value: &Value) -> String {
    pretty(value).unwrap_or_else(|| "undefined".to_owned()) + "\n"
}
