//! The stores under test.

use clawflow_store::conformance::{Reopened, Subject};
use clawflow_store::{MemoryStore, SqliteStore, Store};
use tempfile::TempDir;

pub(crate) struct Memory;

impl Subject for Memory {
    fn open(&mut self) -> Box<dyn Store> {
        Box::new(MemoryStore::new())
    }

    fn reopen(&mut self, store: Box<dyn Store>) -> Reopened {
        Reopened::Same(store)
    }
}

pub(crate) struct Sqlite(pub(crate) TempDir);

impl Sqlite {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }
}

impl Subject for Sqlite {
    fn open(&mut self) -> Box<dyn Store> {
        Box::new(SqliteStore::open(self.0.path()).expect("a store"))
    }

    fn reopen(&mut self, store: Box<dyn Store>) -> Reopened {
        drop(store);
        Reopened::Again(self.open())
    }
}
