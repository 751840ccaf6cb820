//! Rows and errors of PostgreSQL in the store's own terms.

use serde::Serialize;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{Error, Row};

use crate::command::{CommandRecord, RequestHash};
use crate::error::StoreError;
use crate::event::{CommitId, RecordedEvent};
use crate::snapshot::Snapshot;
use crate::stream::{StreamId, Version};

/// SQLSTATE classes that pass: connection exception, insufficient resources, operator intervention, and
/// transaction rollback. <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const PASSING_CLASSES: [&str; 4] = ["08", "53", "57", "40"];
/// `read_only_sql_transaction`: for a moment after a failover the old primary still answers.
const READ_ONLY: &str = "25006";

pub(super) fn recorded_events(rows: &[PgRow]) -> Result<Vec<RecordedEvent>, StoreError> {
    rows.iter().map(recorded_event).collect::<Result<_, _>>().map_err(failed)
}

fn recorded_event(row: &PgRow) -> Result<RecordedEvent, Error> {
    recorded_event_of(stream(row)?, row)
}

/// The event in a row whose stream is known.
pub(super) fn recorded_event_of(stream: StreamId, row: &PgRow) -> Result<RecordedEvent, Error> {
    Ok(RecordedEvent {
        stream,
        version: Version(row.try_get("version")?),
        event_id: row.try_get("event_id")?,
        event_type: row.try_get("event_type")?,
        schema_version: from_integer(row.try_get("schema_version")?)?,
        payload: row.try_get::<Json<_>, _>("payload")?.0,
        metadata: row.try_get::<Json<_>, _>("metadata")?.0,
        command_id: row.try_get("command_id")?,
        recorded_at: row.try_get("recorded_at")?,
        commit_id: CommitId(row.try_get("commit_id")?),
        ordinal: from_integer(row.try_get("ordinal")?)?,
    })
}

pub(super) fn command_record(row: &PgRow) -> Result<CommandRecord, Error> {
    let request_hash: Option<Vec<u8>> = row.try_get("request_hash")?;
    let refusal: Option<Json<Value>> = row.try_get("refusal")?;
    Ok(CommandRecord {
        command_id: row.try_get("command_id")?,
        stream: stream(row)?,
        version: Version(row.try_get("version")?),
        event_count: from_integer(row.try_get("event_count")?)?,
        request_hash: request_hash.map(hash).transpose()?,
        refusal: refusal.map(|Json(refusal)| refusal),
        recorded_at: row.try_get("recorded_at")?,
    })
}

pub(super) fn snapshot(stream: &StreamId, row: &PgRow) -> Result<Snapshot, Error> {
    Ok(Snapshot {
        stream: stream.clone(),
        version: Version(row.try_get("version")?),
        state_schema_version: from_integer(row.try_get("state_schema_version")?)?,
        state: row.try_get::<Json<_>, _>("state")?.0,
    })
}

/// JSON as text: the driver would send `jsonb`, which refuses the character U+0000.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|failure| StoreError::Database(failure.to_string()))
}

/// PostgreSQL has no unsigned numbers.
pub(super) fn to_integer(number: u32) -> Result<i32, StoreError> {
    i32::try_from(number).map_err(|_| StoreError::Database(format!("{number} is too large to be stored")))
}

fn from_integer(number: i32) -> Result<u32, Error> {
    u32::try_from(number).map_err(|failure| Error::Decode(failure.into()))
}

fn stream(row: &PgRow) -> Result<StreamId, Error> {
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
        // After a protocol error the driver gives up the connection; the next one starts afresh.
        Error::Database(_)
        | Error::Io(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed => StoreError::Unavailable(message),
        _ => StoreError::Database(message),
    }
}

fn is_passing(sql_state: Option<&str>) -> bool {
    sql_state.is_some_and(|state| {
        state == READ_ONLY || PASSING_CLASSES.iter().any(|class| state.starts_with(class))
    })
}
