//! Conformance of the store in memory.

clawflow_store::conformance_tests!(crate::subjects::Memory);
