//! What every backend promises.

pub(crate) mod appending;
pub(crate) mod commands;
pub(crate) mod deadlines;
pub(crate) mod lanes;
pub(crate) mod notices;
pub(crate) mod outbox;
pub(crate) mod owners;
pub(crate) mod reading;
pub(crate) mod repository;
pub(crate) mod samples;
pub(crate) mod snapshots;
pub(crate) mod trouble;

/// Makes a test of each promise for the backend that `$create` gives.
macro_rules! keeps_every_promise {
    ($create:expr) => {
        keeps_every_promise! { $create;
            appending {
                events_come_back_in_order
                numbers_and_text_come_back_exactly
                times_have_whole_microseconds
                another_version_is_a_conflict
                a_command_id_is_taken_once_in_the_whole_store
                a_known_command_goes_before_a_conflict
                a_refused_append_leaves_nothing
                a_commit_that_contradicts_itself_is_refused
                one_of_two_racing_writers_wins
                everything_survives_a_restart
            }
            commands {
                a_command_gives_its_events_and_state
                the_same_command_again_gives_the_first_result
                the_same_command_on_another_aggregate_gives_the_first_result
                a_stored_refusal_is_given_again
                a_refusal_that_is_not_stored_is_decided_again
                another_request_under_the_same_id_is_told_apart
                a_command_that_changes_nothing_is_kept_too
                what_is_recorded_is_found_without_asking_again
                if_match_is_honoured
                concurrent_writers_lose_nothing
                two_processes_lose_nothing
                the_same_command_twice_at_once_has_one_effect
                a_caller_who_leaves_does_not_stop_the_command
                a_panic_is_an_error
            }
            deadlines {
                the_index_follows_the_state
                the_oldest_come_first
            }
            lanes {
                what_waits_is_one_commit
                commands_on_one_stream_see_each_other
                a_command_that_conflicts_does_not_hold_up_the_others
                the_same_command_twice_in_one_batch_has_one_effect
                a_command_of_long_ago_in_a_batch_is_answered_again
                a_stale_state_does_not_refuse_wrongly
                a_stale_state_does_not_fail_a_precondition_wrongly
                a_refusal_is_not_answered_before_the_commit_it_rests_on
                an_evicted_state_is_read_again
                a_full_queue_refuses_and_takes_again
                a_patient_command_waits_for_room
                patient_commands_leave_room_for_others
                one_command_that_cannot_be_written_fails_alone
                two_processes_with_overlapping_batches_lose_nothing
                what_was_decided_by_both_paths_is_the_same
            }
            notices {
                a_commit_is_noticed
                what_appends_nothing_is_not_noticed
            }
            outbox {
                a_commit_has_one_row
                the_oldest_commits_come_first
                what_is_published_does_not_come_back
                an_id_is_never_given_twice
                a_commit_can_be_published_again
                what_waits_is_counted
            }
            owners {
                streams_are_listed_by_the_owner_in_their_first_event
            }
            reading {
                an_old_event_is_lifted
                a_missing_field_has_its_default_and_an_unknown_one_is_ignored
                an_event_of_newer_code_is_an_error
                a_missing_version_is_noticed
                the_past_is_read_by_version_and_by_time
                all_events_of_a_type_come_in_order
            }
            repository {
                what_was_saved_is_found
                what_was_never_saved_is_not_found
                an_update_needs_the_right_version
                the_same_command_saves_once
                the_past_can_be_found
            }
            samples {
                a_sample_has_the_youngest_streams_of_every_shape
                a_sample_is_bounded
            }
            snapshots {
                a_snapshot_and_its_tail_equal_a_full_replay
                a_snapshot_is_kept_every_few_events
                a_snapshot_of_another_schema_is_ignored
                an_unreadable_snapshot_is_ignored
                the_past_ignores_later_snapshots
                a_snapshot_that_cannot_be_kept_is_no_error
            }
            trouble {
                a_stream_that_cannot_be_read_fails_alone
                a_repeated_command_that_cannot_be_read_fails_alone
                a_command_that_panics_fails_alone
                the_same_command_twice_on_a_stream_that_conflicts_has_one_effect
                a_batch_whose_answer_is_lost_has_one_effect
            }
        }
    };
    ($create:expr; $($area:ident { $($promise:ident)* })*) => {
        $(mod $area {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::backend::run($create.await, $crate::contract::$area::$promise).await;
            })*
        })*
    };
}
pub(crate) use keeps_every_promise;
