//! Integration tests with the real binary: one test binary, one file per scenario family.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod bad_args;
mod bad_files;
mod bad_home;
mod bad_steps;
mod bad_support;
mod bad_terminal;
mod bad_wire;
mod calls;
mod cli_errors;
mod cli_output;
mod cli_settings;
mod cli_waiting;
mod code_bad;
mod code_children;
mod code_messages;
mod code_moves;
mod code_shown;
mod code_support;
mod code_waits;
mod examples;
mod gateway_daemon;
mod gateway_listen;
mod killer;
mod lobster_cli;
mod lobster_pipeline;
mod manual;
mod scenes_cancel;
mod scenes_delivery;
mod scenes_doubt;
mod scenes_leftovers;
mod scenes_many;
mod scenes_restart;
mod scenes_support;
mod scenes_terminals;
mod scenes_time;
mod shim_adopt;
mod shim_doubt;
mod shim_exit;
mod shim_limits;
mod shim_once;
mod shim_stop;
mod shim_support;
mod support;
mod tidy;
