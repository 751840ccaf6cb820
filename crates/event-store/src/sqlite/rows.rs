//! Rows and errors of SQLite in the store's own terms.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{Error, Row};

use crate::command::{CommandRecord, RequestHash};
use crate::error::StoreError;
use crate::event::{CommitId, RecordedEvent};
use crate::snapshot::Snapshot;
use crate::stream::{StreamId, Version};

/// SQLite's primary result codes for "busy", "locked" and "disk full", which pass.
/// <https://www.sqlite.org/rescode.html>
const PASSING_CODES: [i32; 3] = [5, 6, 13];

pub(super) fn recorded_events(rows: &[SqliteRow]) -> Result<Vec<RecordedEvent>, StoreError> {
    rows.iter().map(recorded_event).collect::<Result<_, _>>().map_err(failed)
}

pub(super) fn recorded_event(row: &SqliteRow) -> Result<RecordedEvent, Error> {
    Ok(RecordedEvent {
        stream: stream(row)?,
        version: Version(row.try_get("version")?),
        event_id: row.try_get("event_id")?,
        event_type: row.try_get("event_type")?,
        schema_version: row.try_get("schema_version")?,
        payload: row.try_get::<Json<_>, _>("payload")?.0,
        metadata: row.try_get::<Json<_>, _>("metadata")?.0,
        command_id: row.try_get("command_id")?,
        recorded_at: time(row.try_get("recorded_at")?)?,
        commit_id: CommitId(row.try_get("commit_id")?),
        ordinal: row.try_get("ordinal")?,
    })
}

pub(super) fn command_record(row: &SqliteRow) -> Result<CommandRecord, Error> {
    let request_hash: Option<Vec<u8>> = row.try_get("request_hash")?;
    let refusal: Option<Json<Value>> = row.try_get("refusal")?;
    Ok(CommandRecord {
        command_id: row.try_get("command_id")?,
        stream: stream(row)?,
        version: Version(row.try_get("version")?),
        event_count: row.try_get("event_count")?,
        request_hash: request_hash.map(hash).transpose()?,
        refusal: refusal.map(|Json(refusal)| refusal),
        recorded_at: time(row.try_get("recorded_at")?)?,
    })
}

pub(super) fn snapshot(stream: &StreamId, row: &SqliteRow) -> Result<Snapshot, Error> {
    Ok(Snapshot {
        stream: stream.clone(),
        version: Version(row.try_get("version")?),
        state_schema_version: row.try_get("state_schema_version")?,
        state: row.try_get::<Json<_>, _>("state")?.0,
    })
}

pub(super) fn time(microseconds: i64) -> Result<DateTime<Utc>, Error> {
    DateTime::from_timestamp_micros(microseconds)
        .ok_or_else(|| Error::Decode(format!("{microseconds} is not a time").into()))
}

fn stream(row: &SqliteRow) -> Result<StreamId, Error> {
    Ok(StreamId {
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
    })
}

fn hash(bytes: Vec<u8>) -> Result<RequestHash, Error> {
    let bytes = bytes.try_into().map_err(|_| Error::Decode("a request hash has 32 bytes".into()))?;
    Ok(RequestHash(bytes))
}

pub(super) fn failed(error: Error) -> StoreError {
    let message = error.to_string();
    match error {
        Error::Database(error) if !is_passing(error.code().as_deref()) => StoreError::Database(message),
        Error::Decode(_) | Error::ColumnDecode { .. } => StoreError::Corrupt(message),
        Error::Database(_)
        | Error::Io(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed => StoreError::Unavailable(message),
        _ => StoreError::Database(message),
    }
}

/// The low byte of an extended result code is the primary one.
fn is_passing(code: Option<&str>) -> bool {
    let code: Option<i32> = code.and_then(|code| code.parse().ok());
    code.is_some_and(|code| PASSING_CODES.contains(&(code & 0xff)))
}
