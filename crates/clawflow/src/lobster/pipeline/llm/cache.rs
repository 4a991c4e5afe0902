//! Answers that are used again: by the same run, and by all runs in a directory.

use super::envelope::now;
use crate::lobster::pipeline::env::Env;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::state::{Access, Store, with_lock, write_atomic};
use crate::lobster::value::{Object, Value, pretty, property, read_json};
use std::path::PathBuf;

/// Where the answers of one kind of command are.
pub(super) struct Cache<'a> {
    /// The command.
    pub(super) kind: &'static str,
    /// The environment.
    pub(super) env: &'a Env,
    /// The name under which the run keeps its answer.
    pub(super) state_key: Option<String>,
    /// The name of the answer.
    pub(super) key: &'a str,
}

impl Cache<'_> {
    /// What the run kept.
    pub(super) fn of_run(&self) -> Option<Vec<Value>> {
        // What cannot be read is asked again.
        let kept = Store::open(self.env).get(self.state_key.as_deref()?).ok()?;
        let is_kind = property(&kept, "type").as_text() == Some(self.kind);
        self.items(&kept).filter(|_| is_kind)
    }

    /// What any run kept.
    pub(super) fn of_all(&self) -> Option<Vec<Value>> {
        let path = self.path();
        let read = || {
            let bytes = std::fs::read(&path).unwrap_or_default();
            Ok(read_json(&String::from_utf8_lossy(&bytes)).ok())
        };
        self.items(&with_lock(&path, Access::Read, read).ok()??)
    }

    fn items(&self, kept: &Value) -> Option<Vec<Value>> {
        match property(kept, "items").as_ref() {
            Value::List(items) if property(kept, "cacheKey").as_text() == Some(self.key) => {
                Some(items.clone())
            }
            _ => None,
        }
    }

    /// Keeps an answer, for the run and, if `shared`, for all of them: both or none.
    pub(super) fn keep(&self, item: &Value, shared: bool) -> Result<(), Failure> {
        let items = Value::List(vec![item.clone()]);
        let share = || if shared { self.share(items.clone()) } else { Ok(()) };
        let Some(state_key) = &self.state_key else { return share() };
        let mut record = Object::default();
        record.set("type", self.kind.into());
        record.set("version", 1.0.into());
        record.set("cacheKey", self.key.into());
        record.set("items", items.clone());
        record.set("storedAt", now().into());
        Store::open(self.env).replace_then(state_key, &record.into(), share).map(drop)
    }

    fn share(&self, items: Value) -> Result<(), Failure> {
        let mut entry = Object::default();
        entry.set("items", items);
        entry.set("cacheKey", self.key.into());
        entry.set("storedAt", now().into());
        let text = pretty(&entry.into()).unwrap_or_default() + "\n";
        let path = self.path();
        with_lock(&path, Access::Write, || write_atomic(&path, text.as_bytes()))
    }

    fn path(&self) -> PathBuf {
        let here = || PathBuf::from(".lobster-cache");
        let dir = self.env.get("LOBSTER_CACHE_DIR").filter(|dir| !dir.is_empty());
        let dir = dir.map_or_else(here, |dir| PathBuf::from(dir.as_ref()));
        dir.join(self.kind).join(format!("{}.json", self.key))
    }
}
