//! What is looked after when nobody else does.

use chrono::TimeDelta;
use domain::customer::{CustomerCommand, CustomerStatus};
use domain::text::{Actor, CustomerId};
use event_store::CommandContext;
#[cfg(feature = "embedded")]
use sqlx::{AnyConnection, Connection};
use uuid::Uuid;

use super::stage::{Stage, context, person};
#[cfg(feature = "embedded")]
use crate::{application::CustomerError, vault::VaultError};

on_each_vault! {
    a_reservation_of_long_ago_is_given_up_and_a_registration_is_kept,
    expired_sessions_and_old_attempts_are_deleted,
    what_an_older_vault_brings_back_of_the_erased_is_destroyed_again,
}

/// Longer than anything is kept that nobody needs.
const A_DAY: TimeDelta = TimeDelta::hours(25);

async fn request_erasure(stage: &Stage, id: Uuid) {
    let actor = Actor::from(CustomerId::from(id));
    let command = CustomerCommand::RequestErasure { actor, now: stage.application.clock.now() };
    stage.application.execute(id, command, context()).await.unwrap();
}

async fn status(stage: &Stage, id: Uuid) -> CustomerStatus {
    stage.application.repository.find(id).await.unwrap().state.known().unwrap().status
}

async fn a_reservation_of_long_ago_is_given_up_and_a_registration_is_kept(stage: &Stage) {
    let (ada, eve) = (person("Ada"), person("Eve"));
    let left = stage.request(Some("k"), &ada).await;
    let left = stage.application.reserve(&ada, &left).await.unwrap().id;
    let registered = stage.register(&eve).await;
    // As if the process had ended before it could note that the registration stands.
    stage.execute_sql("UPDATE customers SET unsettled_since = 1 WHERE unsettled_since = 0").await;

    stage.application.sweep().await;
    assert!(stage.has_key(left).await, "not before an hour");
    stage.pass(A_DAY);
    stage.application.sweep().await;

    assert!(stage.application.repository.find(left).await.unwrap().state.is_abandoned());
    assert_eq!((stage.has_key(left).await, stage.holder_of(&ada).await), (false, None));
    assert_eq!(stage.signs_in_as(&eve).await, registered);
    assert_eq!(stage.count("SELECT count(*) FROM customers WHERE unsettled_since > 0").await, 0);
    assert_eq!(stage.application.repository.find(registered).await.unwrap().version.0, 1);
}

async fn expired_sessions_and_old_attempts_are_deleted(stage: &Stage) {
    let ada = person("Ada");
    stage.register(&ada).await;
    stage.sign_in(&ada).await.unwrap();
    stage.sign_in(&person("Nobody")).await.err().unwrap();
    stage.application.sweep().await;
    let rows = "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM refresh_tokens) \
                + (SELECT count(*) FROM attempts)";
    assert_eq!(stage.count(rows).await, 3);

    stage.pass(A_DAY);
    stage.application.sweep().await;

    assert_eq!(stage.count(rows).await, 0);
}

async fn what_an_older_vault_brings_back_of_the_erased_is_destroyed_again(stage: &Stage) {
    let (ada, eve) = (person("Ada"), person("Eve"));
    let (erased, kept) = (stage.register(&ada).await, stage.register(&eve).await);
    stage.execute_sql("CREATE TABLE backup AS SELECT * FROM customers").await;
    request_erasure(stage, erased).await;
    stage.application.sweep().await;
    assert_eq!((status(stage, erased).await, stage.has_key(erased).await), (CustomerStatus::Erased, false));
    stage
        .execute_sql(
            "INSERT INTO customers SELECT * FROM backup \
             WHERE customer_id NOT IN (SELECT customer_id FROM customers)",
        )
        .await;
    assert!(stage.has_key(erased).await);

    stage.application.forget_the_erased().await.unwrap();

    assert_eq!((stage.has_key(erased).await, stage.has_key(kept).await), (false, true));
}

/// While somebody reads the log, what was deleted still stands in it.
#[cfg(feature = "embedded")]
#[tokio::test]
async fn an_erasure_is_recorded_only_when_the_log_is_empty() {
    let (stage, ada) = (Stage::on_files().await, person("Ada"));
    let id = stage.register(&ada).await;
    stage.execute_sql("PRAGMA busy_timeout = 10").await;
    let mut reader = AnyConnection::connect(&stage.vault_url).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    let seen: (i64,) =
        sqlx::query_as("SELECT count(*) FROM customers").fetch_one(&mut *reading).await.unwrap();
    assert_eq!(seen.0, 1);
    request_erasure(&stage, id).await;

    let busy = stage.application.finish_erasure(id, CommandContext::new(Uuid::now_v7())).await;

    assert!(matches!(busy, Err(CustomerError::Vault(VaultError::Busy))), "{busy:?}");
    assert_eq!(status(&stage, id).await, CustomerStatus::Erasing);
    reading.rollback().await.unwrap();
    stage.application.sweep().await;
    assert_eq!(status(&stage, id).await, CustomerStatus::Erased);
}
