//! Parts of many streams in one query.

use sqlx::postgres::{PgPool, PgRow};
use sqlx::types::Json;
use sqlx::{Error, Row, query};

use super::rows::{failed, from_integer, to_integer};
use crate::assemble::without_gap;
use crate::error::StoreError;
use crate::event::{CommitId, RecordedEvent};
use crate::snapshot::Snapshot;
use crate::store::{StreamPart, StreamRange};
use crate::stream::{StreamId, Version};

pub(super) async fn read(
    pool: &PgPool,
    aggregate_type: &str,
    state_schema_version: u32,
    ranges: &[StreamRange],
) -> Result<Vec<StreamPart>, StoreError> {
    let rows = query(include_str!("../../sql/postgres/load_many.sql"))
        .bind(aggregate_type)
        .bind(to_integer(state_schema_version)?)
        .bind(ranges.iter().map(|range| range.aggregate_id).collect::<Vec<_>>())
        .bind(ranges.iter().map(|range| range.snapshot_until.0).collect::<Vec<_>>())
        .bind(ranges.iter().map(|range| range.until.0).collect::<Vec<_>>())
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    let mut parts = vec![StreamPart::default(); ranges.len()];
    for row in &rows {
        let (place, row) = placed(aggregate_type, ranges, row).map_err(failed)?;
        match row {
            Found::Snapshot(state, version) => {
                let stream = StreamId::new(aggregate_type, ranges[place].aggregate_id);
                parts[place].snapshot = Some(Snapshot { stream, version, state_schema_version, state });
            }
            Found::Event(event) => parts[place].events.push(event),
        }
    }
    ranges.iter().zip(parts).map(|(range, part)| complete(aggregate_type, range, part)).collect()
}

enum Found {
    Snapshot(serde_json::Value, Version),
    Event(RecordedEvent),
}

fn placed(aggregate_type: &str, ranges: &[StreamRange], row: &PgRow) -> Result<(usize, Found), Error> {
    let place: i64 = row.try_get("place")?;
    let place = usize::try_from(place - 1).map_err(|failure| Error::Decode(failure.into()))?;
    let version = Version(row.try_get("version")?);
    if let Some(Json(state)) = row.try_get::<Option<Json<_>>, _>("state")? {
        return Ok((place, Found::Snapshot(state, version)));
    }
    let event = RecordedEvent {
        stream: StreamId::new(aggregate_type, ranges[place].aggregate_id),
        version,
        event_id: row.try_get("event_id")?,
        event_type: row.try_get("event_type")?,
        schema_version: from_integer(row.try_get("schema_version")?)?,
        payload: row.try_get::<Json<_>, _>("payload")?.0,
        metadata: row.try_get::<Json<_>, _>("metadata")?.0,
        command_id: row.try_get("command_id")?,
        recorded_at: row.try_get("recorded_at")?,
        commit_id: CommitId(row.try_get("commit_id")?),
        ordinal: from_integer(row.try_get("ordinal")?)?,
    };
    Ok((place, Found::Event(event)))
}

fn complete(aggregate_type: &str, range: &StreamRange, part: StreamPart) -> Result<StreamPart, StoreError> {
    let StreamPart { snapshot, events } = part;
    let after = snapshot.as_ref().map_or(Version::NONE, |snapshot| snapshot.version);
    let stream = StreamId::new(aggregate_type, range.aggregate_id);
    Ok(StreamPart { events: without_gap(&stream, after, events)?, snapshot })
}
