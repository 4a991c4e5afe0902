//! The language of `when`: comparisons of results, joined by `&&`, `||` and `!`.

mod eval;
mod foresee;
mod parse;
mod token;

pub(crate) use foresee::Known;
pub use parse::Condition;
pub use parse::ConditionError;
