//! Scenarios of the engine over the memory store and SQLite, with real processes under shims.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod adoption;
mod again;
mod ask;
mod audit;
mod binding;
mod budget;
mod callers;
mod child_flows;
mod children;
mod commands;
mod delivery;
mod faults;
mod hooks;
mod import;
mod in_line;
mod killed_controller;
mod killed_firing;
mod language;
mod maintenance;
mod mirror;
mod moves;
mod news;
mod once;
mod purge;
mod queue;
mod queues;
mod races;
mod scheduled_agents;
mod scheduled_flows;
mod schedules;
mod slots;
mod store;
mod subagents;
mod timers;
mod tokens;
mod waits;
mod world;
