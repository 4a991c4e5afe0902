//! Databases of other programs, read only.
//!
//! Nothing of what is in them is trusted, and nothing beside or in them is changed: `snapshot`
//! copies the files and reads the copy, `openclaw` knows OpenClaw's two layouts, `cells` makes JSON
//! of a row. What a row means is decided in the core.

mod cells;
mod error;
mod jobs_file;
pub mod limits;
mod openclaw;
mod snapshot;
mod table;

pub use error::ForeignError;
pub use openclaw::{Openclaw, Place};
pub use table::{ForeignRow, Table};
