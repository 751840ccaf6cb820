//! Commits inside the writer's transaction. Only this transaction writes, so what it reads first still holds when it
//! inserts; the unique keys are the second line.
//!
//! Each statement takes the rows of the whole batch as one JSON array: the driver hands every statement to another
//! thread, which costs more than the statement.

use serde::Serialize;
use sqlx::types::Json;
use sqlx::{Error, SqliteConnection, query, query_as, query_scalar};
use uuid::fmt::Simple;

use super::rows::failed;
use crate::assemble::{Batch, objections};
use crate::error::StoreError;
use crate::event::{CommitId, RecordedEvent};
use crate::store::{Appended, Commit, DeadlineChange};
use crate::stream::Version;

/// Stands in no row: without events there is no commit id to write.
const NO_COMMIT: CommitId = CommitId(0);

pub(super) async fn write(connection: &mut SqliteConnection, batch: Batch) -> Result<Appended, StoreError> {
    let stand = where_they_stand(connection, &batch).await.map_err(failed)?;
    let objections = objections(&batch, stand);
    if objections.iter().any(Option::is_some) {
        return Ok(Appended::Refused(objections));
    }
    insert(connection, batch).await.map(Appended::Written).map_err(failed)
}

async fn where_they_stand(
    connection: &mut SqliteConnection,
    batch: &Batch,
) -> Result<Vec<(bool, Version)>, Error> {
    let asked: Vec<(Simple, Simple)> = batch
        .commits()
        .iter()
        .map(|Commit { command, .. }| (command.command_id.simple(), command.stream.aggregate_id.simple()))
        .collect();
    let stand: Vec<(bool, i64)> = query_as(include_str!("../../sql/sqlite/where_they_stand.sql"))
        .bind(batch.aggregate_type())
        .bind(Json(asked))
        .fetch_all(connection)
        .await?;
    Ok(stand.into_iter().map(|(is_recorded, version)| (is_recorded, Version(version))).collect())
}

async fn insert(connection: &mut SqliteConnection, batch: Batch) -> Result<Vec<Vec<RecordedEvent>>, Error> {
    let event_count: usize = batch.commits().iter().map(|commit| commit.events.len()).sum();
    let commit_id = match event_count {
        0 => None,
        count => Some(insert_outbox_row(connection, count).await?),
    };
    insert_commands(connection, &batch, commit_id).await?;
    put_deadlines(connection, &batch).await?;
    let aggregate_type = batch.aggregate_type().to_owned();
    let recorded = batch.recorded(commit_id.unwrap_or(NO_COMMIT));
    if let Some(commit_id) = commit_id {
        insert_events(connection, &aggregate_type, commit_id, &recorded).await?;
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

/// A row of `insert_commands.sql`, in the order of its fields.
#[derive(Serialize)]
struct CommandRow(Simple, Simple, i64, u32, Option<String>, Option<String>, i64, Option<i64>);

async fn insert_commands(
    connection: &mut SqliteConnection,
    batch: &Batch,
    commit_id: Option<CommitId>,
) -> Result<(), Error> {
    let row = |commit: &Commit| {
        let command = &commit.command;
        Ok(CommandRow(
            command.command_id.simple(),
            command.stream.aggregate_id.simple(),
            command.version.0,
            command.event_count,
            command.request_hash.map(|hash| format!("{hash:x}")),
            command.refusal.as_ref().map(json).transpose()?,
            command.recorded_at.timestamp_micros(),
            commit_id.filter(|_| !commit.events.is_empty()).map(|id| id.0),
        ))
    };
    let rows: Vec<CommandRow> = batch.sorted().map(row).collect::<Result<_, Error>>()?;
    query(include_str!("../../sql/sqlite/insert_commands.sql"))
        .bind(batch.aggregate_type())
        .bind(Json(rows))
        .execute(connection)
        .await?;
    Ok(())
}

/// A row of `insert_events.sql`, in the order of its fields.
#[derive(Serialize)]
struct EventRow<'a>(Simple, i64, Simple, &'a str, u32, &'a str, String, Simple, i64, u32);

impl<'a> EventRow<'a> {
    fn of(event: &'a RecordedEvent) -> Result<Self, Error> {
        Ok(Self(
            event.stream.aggregate_id.simple(),
            event.version.0,
            event.event_id.simple(),
            &event.event_type,
            event.schema_version,
            event.payload.as_str(),
            json(&event.metadata)?,
            event.command_id.simple(),
            event.recorded_at.timestamp_micros(),
            event.ordinal,
        ))
    }
}

async fn insert_events(
    connection: &mut SqliteConnection,
    aggregate_type: &str,
    commit_id: CommitId,
    recorded: &[Vec<RecordedEvent>],
) -> Result<(), Error> {
    let rows: Vec<EventRow<'_>> = recorded.iter().flatten().map(EventRow::of).collect::<Result<_, _>>()?;
    query(include_str!("../../sql/sqlite/insert_events.sql"))
        .bind(aggregate_type)
        .bind(commit_id.0)
        .bind(Json(rows))
        .execute(connection)
        .await?;
    Ok(())
}

async fn put_deadlines(connection: &mut SqliteConnection, batch: &Batch) -> Result<(), Error> {
    let (mut set, mut cleared) = (Vec::new(), Vec::new());
    for (aggregate_id, change) in batch.deadlines() {
        match change {
            DeadlineChange::Keep => {}
            DeadlineChange::Set(due_at) => set.push((aggregate_id.simple(), due_at.timestamp_micros())),
            DeadlineChange::Clear => cleared.push(aggregate_id.simple()),
        }
    }
    if !set.is_empty() {
        query(include_str!("../../sql/sqlite/set_deadlines.sql"))
            .bind(batch.aggregate_type())
            .bind(Json(set))
            .execute(&mut *connection)
            .await?;
    }
    if !cleared.is_empty() {
        query(include_str!("../../sql/sqlite/clear_deadlines.sql"))
            .bind(batch.aggregate_type())
            .bind(Json(cleared))
            .execute(connection)
            .await?;
    }
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|failure| Error::Encode(failure.into()))
}
