//! `clawflow tokens …`.

mod create;
mod list;
mod revoke;
mod verbs;

pub(crate) use verbs::TokensCommand;
pub(crate) use verbs::run;
