//! Pictures of a workflow: Mermaid, Graphviz, or plain text.

mod ascii;
mod dot;
mod format;
mod kind;
mod marks;
mod members;
mod mermaid;
mod picture;

pub use format::GraphFormat;
pub use format::render;
pub(crate) use kind::kind;
pub use members::render_members;
