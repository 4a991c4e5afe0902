//! Tests of the stores: what they have in common, and what only files can suffer.

mod differential;
mod faults;
mod memory_conformance;
mod scale;
mod sqlite_conformance;
mod subjects;
