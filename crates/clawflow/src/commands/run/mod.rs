//! `clawflow run`: starts a flow from a workflow file and follows it to its end.

mod args;
mod drive;
mod plan;
mod request;

pub(crate) use args::RunArgs;
pub(crate) use drive::{adopt, person, run};
pub(crate) use request::{chosen_env, definition, files, workflow};
