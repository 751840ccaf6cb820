//! One commit, inside the writer's transaction. Only this transaction writes, so what it reads first still
//! holds when it inserts; the unique keys are the second line.

use sqlx::types::Json;
use sqlx::{Error, SqliteConnection, query, query_as, query_scalar};

use super::rows::failed;
use crate::assemble::{objection, recorded};
use crate::error::StoreError;
use crate::event::{CommitId, RecordedEvent};
use crate::store::Commit;
use crate::stream::Version;

pub(super) async fn write(
    connection: &mut SqliteConnection,
    commit: Commit,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let (is_recorded, actual) = where_it_stands(connection, &commit).await.map_err(failed)?;
    if let Some(objection) = objection(&commit, is_recorded, actual) {
        return Err(objection);
    }
    insert(connection, commit).await.map_err(failed)
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

async fn insert(connection: &mut SqliteConnection, commit: Commit) -> Result<Vec<RecordedEvent>, Error> {
    if commit.events.is_empty() {
        insert_command(connection, &commit, None).await?;
        return Ok(Vec::new());
    }
    let insert_outbox_row = query_scalar("INSERT INTO outbox DEFAULT VALUES RETURNING commit_id");
    let commit_id = CommitId(insert_outbox_row.fetch_one(&mut *connection).await?);
    insert_command(connection, &commit, Some(commit_id)).await?;
    put_deadline(connection, &commit).await?;
    let recorded = recorded(commit, commit_id);
    for event in &recorded {
        insert_event(connection, event).await?;
    }
    Ok(recorded)
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

async fn put_deadline(connection: &mut SqliteConnection, commit: &Commit) -> Result<(), Error> {
    let stream = &commit.command.stream;
    let statement = match commit.deadline {
        Some(due_at) => query(include_str!("../../sql/sqlite/set_deadline.sql"))
            .bind(&stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(due_at.timestamp_micros()),
        None => query("DELETE FROM deadlines WHERE aggregate_type = ?1 AND aggregate_id = ?2")
            .bind(&stream.aggregate_type)
            .bind(stream.aggregate_id),
    };
    statement.execute(connection).await?;
    Ok(())
}
