//! What can happen to a file, a disk and a process.

mod child;
mod full;
mod io_error;
mod kill;
mod open;
