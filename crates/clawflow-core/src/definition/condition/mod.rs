//! The language of `when`: comparisons of results, joined by `&&`, `||` and `!`.

mod eval;
mod parse;
mod token;

pub use parse::Condition;
pub use parse::ConditionError;
