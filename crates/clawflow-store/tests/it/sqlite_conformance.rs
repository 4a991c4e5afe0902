//! Conformance of the store in SQLite.

clawflow_store::conformance_tests!(crate::subjects::Sqlite::new());
