//! The statements: one file each in `sql/`, named as here.

use super::fault::fault;
use super::hook::Hook;
use super::place::Identity;
use crate::error::StoreError;
use rusqlite::{Connection, Statement};
use std::path::Path;

/// The text of the statement in `sql/<name>.sql`.
macro_rules! sql {
    ($name:ident) => {
        include_str!(concat!("sql/", stringify!($name), ".sql"))
    };
}
pub(super) use sql;

macro_rules! statements {
    ($($name:ident),+ $(,)?) => {
        /// What the writer needs, prepared once.
        pub(super) struct Statements<'c> {
            /// For messages.
            pub(super) path: &'c Path,
            pub(super) identity: Identity,
            pub(super) hook: Hook,
            $(pub(super) $name: Statement<'c>),+
        }

        impl<'c> Statements<'c> {
            pub(super) fn prepare(
                conn: &'c Connection,
                path: &'c Path,
                identity: Identity,
                hook: Hook,
            ) -> Result<Self, StoreError> {
                let get = |sql| {
                    conn.prepare(sql).map_err(|error| fault(path, "preparing to write", &error))
                };
                Ok(Self { path, identity, hook, $($name: get(sql!($name))?),+ })
            }
        }
    };
}

statements! {
    begin, commit, bury, last_seq, epoch_next,
    check_revision, check_flow, check_ended, flow_live_key, check_spec, check_definition,
    check_step, check_task, check_wait, check_delivery, check_sent, check_owed, check_signal,
    check_token, check_hash, check_outcome, last_event,
    definition_insert, flow_insert, flow_update, flow_update_status, spec_insert,
    step_insert, step_update, task_insert, task_update, task_input_put, task_forget,
    wait_insert, wait_update,
    delivery_insert, delivery_update, delivery_expire, place_next, signal_insert, signal_delete,
    token_insert, token_update, outcome_put, outcome_expire, event_insert,
    purge_seq, purge_events, purge_deliveries, purge_waits, purge_tasks, purge_steps, purge_spec,
    purge_flow, definition_purge,
    check_schedule, check_schedule_name, check_schedule_there, check_run, check_slot,
    schedule_insert, schedule_update, schedule_hash, schedule_drop, run_insert, run_update,
    run_drop, run_expire, run_trim,
}
