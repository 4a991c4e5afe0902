//! Schedules: their timetables, and what becomes of their slots.

mod chance;
mod changes;
mod expressions;
mod firing;
mod runs;
mod timetables;
mod world;
