//! Workflow files: from text to a checked [`Definition`], and the values of its references.
//!
//! A file is read with [`Definition::parse`] and is never stored in another form than its source.
//! Sizes are bounded by `limits`; a file that breaks a rule gives up to twenty errors at once,
//! each with its place and, where one is known, a hint. While a flow runs, templates, values and
//! conditions are resolved against a [`Scope`]. Nothing here does I/O or reads a clock.

mod attempt;
mod blocks;
mod call;
mod check;
mod child;
mod condition;
mod cost_limit;
mod decode;
mod duration;
mod error;
mod file_schema;
mod files;
mod foreign;
mod gate;
mod graph;
mod input;
mod keys;
pub mod limits;
mod lint;
mod model;
mod model_call;
mod node;
mod order;
mod path;
mod read;
mod reference;
mod retry;
mod schema;
mod scope;
mod source;
mod step;
mod template;
#[cfg(test)]
mod tests;
mod yaml;

pub use condition::Condition;
pub use condition::ConditionError;
pub use cost_limit::CostLimit;
pub use duration::parse_duration_ms;
pub use error::DefinitionError;
pub use file_schema::file_schema;
pub use files::Files;
pub use files::Found;
pub use files::gather;
pub use graph::GraphFormat;
pub use graph::render as render_graph;
pub use lint::Finding;
pub use lint::lint;
pub use model::Action;
pub use model::Approval;
pub use model::ArgDef;
pub use model::ChildFlow;
pub use model::Definition;
pub use model::Dialect;
pub use model::Expect;
pub use model::ForEach;
pub use model::HeaderValue;
pub use model::HttpCall;
pub use model::Input;
pub use model::LlmCall;
pub use model::Method;
pub use model::OnConflict;
pub use model::OnDeny;
pub use model::OnError;
pub use model::OnLost;
pub use model::OnTimeout;
pub use model::Parallel;
pub use model::Phase;
pub use model::Race;
pub use model::Secret;
pub use model::SleepDef;
pub use model::StepDef;
pub use model::WaitForEvent;
pub use path::beside;
pub use reference::Reference;
pub use reference::value_text;
pub use retry::Backoff;
pub use retry::Failure;
pub use retry::Retry;
pub use schema::Schema;
pub use scope::EvalError;
pub use scope::EvalErrorCode;
pub use scope::Scope;
pub use scope::StepView;
pub use scope::json_of_stdout;
pub use source::Span;
pub use template::Template;
pub use template::ValueTemplate;
