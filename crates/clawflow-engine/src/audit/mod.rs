//! Gathers the facts that [`clawflow_core::audit`] judges, from the store and the machine.
//!
//! Use: [`look`], by the call `audit.run`. It changes nothing. Limits: it reads pages of what has
//! not ended and of what ended badly, never all records. Failure: those of the store.
//!
//! A process may end between a look at it and a look at its record. So whatever is judged by
//! processes or by lines is looked at again a moment later, and only what is still so is told.

mod flows;
mod home;
mod look;
mod messages;
mod schedules;
mod tasks;

pub(crate) use home::Began;
pub(crate) use look::look;
pub(crate) use tasks::{judged, life, strays};
