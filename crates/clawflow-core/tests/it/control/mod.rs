//! Flows that code drives, with their children, waits and messages.

mod rules;
mod world;

mod answers;
mod cancel;
mod chance;
mod children;
mod explorer;
mod mirror;
mod moves;
mod owed;
mod permission;
mod reports;
mod resumes;
mod updates;
mod waits;
