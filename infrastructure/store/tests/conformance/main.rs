//! What every event log must do: one suite for memory, SQLite and PostgreSQL.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failure here is a failed test")]

mod appends;
mod claims;
mod concurrency;
mod consumers;
mod cqrs;
mod idempotency;
mod indexes;
mod leads;
mod model;
mod outage;
mod reader;
mod reads;
mod repository;
mod rules;
mod sealing;
mod support;
mod work;

#[cfg(feature = "testing-only")]
use support::Fixture;

/// Runs each case on each engine.
macro_rules! on_every_log {
    ($($module:ident :: $case:ident),* $(,)?) => {
        mod memory { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::$module::$case(&crate::support::Fixture::memory()).await; }
        )* }
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::$module::$case(&crate::support::Fixture::sqlite().await).await; }
        )* }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::$module::$case(&crate::support::Fixture::postgres().await).await; }
        )* }
    };
}

on_every_log! {
    appends::events_come_back_as_they_were_appended,
    appends::a_conflict_names_the_stream_and_changes_nothing,
    appends::several_streams_are_appended_all_or_none,
    appends::an_empty_part_asserts_the_version,
    appends::malformed_appends_are_refused,
    claims::a_claim_has_one_owner,
    claims::claims_are_swapped_in_one_append,
    claims::only_the_owner_gives_back,
    idempotency::a_key_counts_for_a_day,
    idempotency::the_response_is_kept_beside_the_key,
    consumers::a_checkpoint_moves_once,
    consumers::letters_are_parked_and_settled,
    leads::a_value_leads_to_its_owner_and_on,
    leads::what_was_kept_is_not_read_again,
    leads::a_lead_may_end,
    leads::snapshots_on_the_way_are_opened,
    leads::what_events_have_sealed_is_opened_for_those_who_ask,
    reads::pages_follow_each_other,
    reads::the_head_is_watched,
    reads::snapshots_are_kept_by_version_and_never_go_back,
    reads::old_events_are_read_through_upcasters,
    sealing::what_is_sealed_is_seen_until_its_subject_is_erased,
    sealing::snapshots_are_sealed_too,
    sealing::nothing_is_appended_unsealed,
    concurrency::what_is_not_as_expected_is_found_out,
    concurrency::positions_are_dense_under_concurrency,
    concurrency::callers_on_one_stream_lose_and_double_nothing,
    concurrency::callers_for_one_claim_get_it_once,
    concurrency::one_bad_append_never_fails_its_neighbours,
    work::work_goes_with_its_append_or_alone,
    work::a_message_that_is_there_is_no_second_one,
    work::malformed_work_is_refused,
    cqrs::the_framework_and_the_stock_repositories_agree,
    cqrs::the_slower_of_two_is_told,
    cqrs::snapshots_are_refused,
    repository::what_was_loaded_lately_is_read_on_and_never_behind,
    repository::what_is_personal_is_gone_with_its_key,
    repository::snapshots_of_what_is_large_are_rare,
}

#[cfg(feature = "testing-only")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outlives_a_log_that_is_emptied() {
    for f in [Fixture::memory(), Fixture::sqlite().await, Fixture::postgres().await] {
        repository::nothing_outlives_a_log_that_is_emptied(&f).await;
    }
}
