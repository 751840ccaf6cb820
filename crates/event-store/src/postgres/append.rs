//! One commit in one statement, and what it means when the statement is refused.

use sqlx::{Error, PgPool, query_as, query_scalar};

use super::rows::{failed, to_integer, to_json};
use crate::assemble::{conflict, objection, recorded};
use crate::error::StoreError;
use crate::event::{CommitId, RecordedEvent};
use crate::store::Commit;
use crate::stream::Version;

/// The unique keys that another writer's commit can hold.
const RACED_KEYS: [&str; 2] = ["events_version_key", "commands_key"];
/// `serialization_failure` and `deadlock_detected`: another writer was preferred.
const RACED_STATES: [&str; 2] = ["40001", "40P01"];

pub(super) async fn write(pool: &PgPool, commit: Commit) -> Result<Vec<RecordedEvent>, StoreError> {
    match insert(pool, &commit).await? {
        Some(commit_id) => Ok(recorded(commit, commit_id)),
        None => Err(reason(pool, &commit).await?),
    }
}

/// The id of the commit, or nothing when another writer is in the way.
async fn insert(pool: &PgPool, commit: &Commit) -> Result<Option<CommitId>, StoreError> {
    let command = &commit.command;
    let events = &commit.events;
    let ids: Vec<_> = events.iter().map(|event| event.event_id).collect();
    let types: Vec<_> = events.iter().map(|event| event.body.event_type.as_str()).collect();
    let schema_versions =
        events.iter().map(|event| to_integer(event.body.schema_version)).collect::<Result<Vec<_>, _>>()?;
    let payloads = events.iter().map(|event| to_json(&event.body.payload)).collect::<Result<Vec<_>, _>>()?;
    let inserted = query_scalar(include_str!("../../sql/postgres/append.sql"))
        .bind(&command.stream.aggregate_type)
        .bind(command.stream.aggregate_id)
        .bind(commit.expected_version().0)
        .bind(command.command_id)
        .bind(command.recorded_at)
        .bind(command.request_hash.as_ref().map(|hash| hash.0.as_slice()))
        .bind(command.refusal.as_ref().map(to_json).transpose()?)
        .bind(to_json(&commit.metadata)?)
        .bind(commit.deadline)
        .bind(ids)
        .bind(types)
        .bind(schema_versions)
        .bind(payloads)
        .fetch_optional(pool)
        .await;
    match inserted {
        Ok(commit_id) => Ok(commit_id.map(CommitId)),
        Err(error) if is_race(&error) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Why nothing was written, read after the other writer's commit.
async fn reason(pool: &PgPool, commit: &Commit) -> Result<StoreError, StoreError> {
    let (is_recorded, actual) = query_as(include_str!("../../sql/postgres/where_it_stands.sql"))
        .bind(commit.command.command_id)
        .bind(&commit.command.stream.aggregate_type)
        .bind(commit.command.stream.aggregate_id)
        .fetch_one(pool)
        .await
        .map_err(failed)?;
    let actual = Version(actual);
    // After a deadlock nobody may have moved the stream. It is a conflict all the same: decide again.
    Ok(objection(commit, is_recorded, actual).unwrap_or_else(|| conflict(commit, actual)))
}

fn is_race(error: &Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    error.constraint().is_some_and(|key| RACED_KEYS.contains(&key))
        || error.code().is_some_and(|state| RACED_STATES.contains(&state.as_ref()))
}
