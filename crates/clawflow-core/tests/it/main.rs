//! The law of flows, by scenario, by search and by chance.

#![expect(clippy::unwrap_used, reason = "a test that meets nothing fails there and then")]

mod recorded;
mod rules;
mod world;

mod audit;
mod branches;
mod budget;
mod cancel;
mod chance;
mod children;
mod control;
mod controller;
mod cost;
mod create;
mod events;
mod explorer;
mod failure;
mod gates;
mod graph;
mod group;
mod import;
mod lifecycle;
mod limits;
mod linear;
mod loops;
mod lost;
mod moves;
mod pause;
mod questions;
mod queue;
mod reuse;
mod rounds;
mod schedule;
mod size;
mod undo;
