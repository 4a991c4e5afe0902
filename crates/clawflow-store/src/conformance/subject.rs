//! The store under test.

use crate::error::ApplyError;
use crate::store::Store;
use clawflow_core::unit::Unit;

/// Makes the stores under test.
pub trait Subject {
    /// A new and empty store.
    fn open(&mut self) -> Box<dyn Store>;
    /// Closes the store and opens it again; gives it back where it does not outlive its process.
    fn reopen(&mut self, store: Box<dyn Store>) -> Reopened;
}

/// What [`Subject::reopen`] gives.
pub enum Reopened {
    /// What was on disk.
    Again(Box<dyn Store>),
    /// The same store: it cannot be closed without losing all.
    Same(Box<dyn Store>),
}

/// Submits the unit and waits for its answer.
///
/// # Errors
/// Those of the store.
///
/// # Panics
/// If the store never answers.
pub fn put(store: &dyn Store, unit: Unit) -> Result<u64, ApplyError> {
    store.submit(unit).blocking_recv().expect("a store answers every unit")
}

/// One test for each property of the conformance suite; `$subject` makes a new [`Subject`].
#[macro_export]
macro_rules! conformance_tests {
    ($subject:expr) => {
        $crate::conformance_tests! { @ $subject;
            version_conflict: new_rows_must_not_exist, old_rows_must_be_as_seen, versions_grow;
            atomicity: a_refused_part_leaves_nothing, refusals_do_not_touch_their_neighbours;
            guard: a_guard_holds_its_flow, a_guard_on_nothing_fails;
            live_key: one_live_flow_per_key, an_end_frees_the_key, it_is_freed_in_the_same_unit,
                who_waits_for_a_key_does_not_hold_it;
            event_numbers: numbers_are_taken_once, seq_is_gapless, pages_follow_positions,
                owners_have_feeds;
            lookup: flows_are_found, parts_of_ids_are_found, tasks_are_found,
                flows_of_an_owner_are_found, tasks_of_a_run_are_found, tasks_of_others_hide_none;
            list_flows: pages_are_newest_first, filters_combine, they_are_found_by_what_is_inside,
                children_are_found, counts_agree;
            list_tasks: pages_are_newest_first, filters_combine, counts_agree,
                rare_tasks_are_found_among_many;
            list_deliveries: pages_go_both_ways, filters_combine;
            delivery: the_first_wins, changes_follow_versions, tries_are_ordered;
            inbox: it_holds_what_is_unread, a_reader_misses_nothing, places_are_not_reused;
            signal: they_are_kept_and_taken_once, the_oldest_come_first;
            event_wait: those_who_match_are_named, only_live_and_open_ones_count,
                a_flow_without_a_spec_is_whole;
            token: hashes_are_their_own, they_are_found;
            task_input: it_comes_with_its_task, it_is_given_once, it_goes_with_its_task;
            outcome: the_first_counts_while_it_is_kept, old_ones_expire;
            schedules: a_slot_fires_once, names_are_there_once, what_is_due_comes_in_order,
                a_state_is_whole, runs_are_found_by_their_work, they_are_listed,
                its_workflow_file_is_kept, history_ends, history_is_bounded,
                what_began_in_a_window_is_found,
                groups_and_their_windows_are_found, records_have_rules,
                they_outlive_a_restart;
            due: timers_are_ordered, only_live_and_open_ones_count;
            queues: it_knows_what_is_in_queues, it_knows_when_a_queue_has_started;
            work: it_names_open_tasks, it_names_those_who_wait_for_a_flow, epochs_grow;
            purge: it_deletes_all_of_the_flow, it_spares_the_living, it_spares_what_owes,
                it_spares_inboxes, it_spares_the_files_of_others, seq_is_not_reused;
            ended: flows_that_may_go_are_named, tasks_that_may_go_are_forgotten,
                owners_are_chosen_and_spared;
            upkeep: live_flows_are_held_or_not, open_waits_are_found_by_kind,
                looking_after_it_changes_nothing;
            json: null_is_not_absent, large_results_are_kept, every_field_comes_back,
                what_is_owed_comes_back, numbers_are_exact;
            rules: ends_have_a_time, deliveries_have_their_times, rows_belong_to_a_flow,
                identities_do_not_change;
            reopen: everything_is_there_again;
        }
    };
    (@ $subject:expr; $($room:ident: $($name:ident),+;)+) => {
        $(mod $room {
            $(#[test]
            fn $name() {
                $crate::conformance::$room::$name(&mut $subject);
            })+
        })+
    };
}
