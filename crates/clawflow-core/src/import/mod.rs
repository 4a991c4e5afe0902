//! Records of another system, taken over into this ledger.
//!
//! `columns` reads a row of the other system and says what is wrong with it, `openclaw/` makes our
//! records of OpenClaw's, `origin` is what such a record remembers and the id that it gets, and
//! `judge` compares it with what was taken over before. What is taken over is history, or a flow
//! that code drives: nothing of it is started, stopped or lost by the engine, and it owes nobody a
//! message.

mod columns;
mod judge;
pub mod limits;
pub mod openclaw;
mod origin;
mod reason;

pub use columns::Columns;
pub use judge::{Verdict, judge_flow, judge_schedule, judge_task};
pub use openclaw::SYSTEM as OPENCLAW;
pub use origin::{Imported, id_part};
pub use reason::{ImportOutcome, LeftOut};
