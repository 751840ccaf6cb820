//! Commits inside the writer's transaction. Only this transaction writes, so what it reads first still holds when it
//! inserts; the unique keys are the second line.

use sqlx::types::Json;
use sqlx::{Error, SqliteConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::rows::failed;
use crate::assemble::{Batch, objections};
use crate::error::StoreError;
use crate::event::{CommitId, RecordedEvent};
use crate::store::{Appended, Commit, DeadlineChange};
use crate::stream::Version;

/// Stands in no row: without events there is no commit id to write.
const NO_COMMIT: CommitId = CommitId(0);

pub(super) async fn write(connection: &mut SqliteConnection, batch: Batch) -> Result<Appended, StoreError> {
    let mut stand = Vec::with_capacity(batch.commits().len());
    for commit in batch.commits() {
        stand.push(where_it_stands(connection, commit).await.map_err(failed)?);
    }
    let objections = objections(&batch, stand);
    if objections.iter().any(Option::is_some) {
        return Ok(Appended::Refused(objections));
    }
    insert(connection, batch).await.map(Appended::Written).map_err(failed)
}

async fn where_it_stands(
    connection: &mut SqliteConnection,
    commit: &Commit,
) -> Result<(bool, Version), Error> {
    let (is_recorded, version) = query_as(include_str!("../../sql/sqlite/where_it_stands.sql"))
        .bind(commit.command.command_id)
        .bind(&commit.command.stream.aggregate_type)
        .bind(commit.command.stream.aggregate_id)
        .fetch_one(connection)
        .await?;
    Ok((is_recorded, Version(version)))
}

async fn insert(connection: &mut SqliteConnection, batch: Batch) -> Result<Vec<Vec<RecordedEvent>>, Error> {
    let event_count: usize = batch.commits().iter().map(|commit| commit.events.len()).sum();
    let commit_id = match event_count {
        0 => None,
        count => Some(insert_outbox_row(connection, count).await?),
    };
    for commit in batch.sorted() {
        let has_events = !commit.events.is_empty();
        insert_command(connection, commit, commit_id.filter(|_| has_events)).await?;
    }
    for (aggregate_id, change) in batch.deadlines() {
        put_deadline(connection, batch.aggregate_type(), aggregate_id, change).await?;
    }
    let recorded = batch.recorded(commit_id.unwrap_or(NO_COMMIT));
    for event in recorded.iter().flatten() {
        insert_event(connection, event).await?;
    }
    Ok(recorded)
}

async fn insert_outbox_row(connection: &mut SqliteConnection, event_count: usize) -> Result<CommitId, Error> {
    let event_count = i64::try_from(event_count).map_err(|failure| Error::Encode(failure.into()))?;
    query_scalar("INSERT INTO outbox (event_count) VALUES (?1) RETURNING commit_id")
        .bind(event_count)
        .fetch_one(connection)
        .await
        .map(CommitId)
}

async fn insert_command(
    connection: &mut SqliteConnection,
    commit: &Commit,
    commit_id: Option<CommitId>,
) -> Result<(), Error> {
    let command = &commit.command;
    query(include_str!("../../sql/sqlite/insert_command.sql"))
        .bind(command.command_id)
        .bind(&command.stream.aggregate_type)
        .bind(command.stream.aggregate_id)
        .bind(command.version.0)
        .bind(command.event_count)
        .bind(command.request_hash.as_ref().map(|hash| hash.0.as_slice()))
        .bind(command.refusal.as_ref().map(Json))
        .bind(command.recorded_at.timestamp_micros())
        .bind(commit_id.map(|id| id.0))
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_event(connection: &mut SqliteConnection, event: &RecordedEvent) -> Result<(), Error> {
    query(include_str!("../../sql/sqlite/insert_event.sql"))
        .bind(&event.stream.aggregate_type)
        .bind(event.stream.aggregate_id)
        .bind(event.version.0)
        .bind(event.event_id)
        .bind(&event.event_type)
        .bind(event.schema_version)
        .bind(Json(&event.payload))
        .bind(Json(&event.metadata))
        .bind(event.command_id)
        .bind(event.recorded_at.timestamp_micros())
        .bind(event.commit_id.0)
        .bind(event.ordinal)
        .execute(connection)
        .await?;
    Ok(())
}

async fn put_deadline(
    connection: &mut SqliteConnection,
    aggregate_type: &str,
    aggregate_id: Uuid,
    change: DeadlineChange,
) -> Result<(), Error> {
    let statement = match change {
        DeadlineChange::Keep => return Ok(()),
        DeadlineChange::Set(due_at) => query(include_str!("../../sql/sqlite/set_deadline.sql"))
            .bind(aggregate_type)
            .bind(aggregate_id)
            .bind(due_at.timestamp_micros()),
        DeadlineChange::Clear => {
            query("DELETE FROM deadlines WHERE aggregate_type = ?1 AND aggregate_id = ?2")
                .bind(aggregate_type)
                .bind(aggregate_id)
        }
    };
    statement.execute(connection).await?;
    Ok(())
}
