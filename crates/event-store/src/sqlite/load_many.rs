//! Parts of many streams in two queries: their snapshots, and the events after them.

use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::types::Json;
use sqlx::{Error, Row, query};

use super::rows::{failed, recorded_event};
use crate::assemble::whole_parts;
use crate::error::StoreError;
use crate::snapshot::Snapshot;
use crate::store::{StreamPart, StreamRange};
use crate::stream::{StreamId, Version};

pub(super) async fn read(
    pool: &SqlitePool,
    aggregate_type: &str,
    state_schema_version: u32,
    ranges: &[StreamRange],
) -> Result<Vec<StreamPart>, StoreError> {
    let stream = |place: usize| StreamId::new(aggregate_type, ranges[place].aggregate_id);
    let mut parts = vec![StreamPart::default(); ranges.len()];
    for row in snapshot_rows(pool, aggregate_type, state_schema_version, ranges).await.map_err(failed)? {
        let place = place(&row, &parts).map_err(failed)?;
        parts[place].snapshot = snapshot(stream(place), state_schema_version, &row);
    }
    for row in event_rows(pool, aggregate_type, ranges, &parts).await.map_err(failed)? {
        let place = place(&row, &parts).map_err(failed)?;
        parts[place].events.push(recorded_event(&row).map_err(failed)?);
    }
    whole_parts(aggregate_type, ranges, parts)
}

async fn snapshot_rows(
    pool: &SqlitePool,
    aggregate_type: &str,
    state_schema_version: u32,
    ranges: &[StreamRange],
) -> Result<Vec<SqliteRow>, Error> {
    let asked: Vec<_> =
        ranges.iter().map(|range| (range.aggregate_id.simple(), range.snapshot_until.0)).collect();
    query(include_str!("../../sql/sqlite/load_snapshots.sql"))
        .bind(aggregate_type)
        .bind(state_schema_version)
        .bind(Json(asked))
        .fetch_all(pool)
        .await
}

async fn event_rows(
    pool: &SqlitePool,
    aggregate_type: &str,
    ranges: &[StreamRange],
    parts: &[StreamPart],
) -> Result<Vec<SqliteRow>, Error> {
    let asked: Vec<_> = ranges
        .iter()
        .zip(parts)
        .map(|(range, part)| (range.aggregate_id.simple(), part.base().0, range.until.0))
        .collect();
    query(include_str!("../../sql/sqlite/load_many.sql"))
        .bind(aggregate_type)
        .bind(Json(asked))
        .fetch_all(pool)
        .await
}

/// A snapshot is only a cache: one that cannot be read means replay.
fn snapshot(stream: StreamId, state_schema_version: u32, row: &SqliteRow) -> Option<Snapshot> {
    let read = || {
        let version = Version(row.try_get("version")?);
        let state = row.try_get::<Json<_>, _>("state")?.0;
        Ok::<_, Error>(Snapshot { stream: stream.clone(), version, state_schema_version, state })
    };
    read().inspect_err(|error| tracing::warn!(%stream, %error, "a snapshot cannot be read; replaying")).ok()
}

/// Which of the parts that were asked for the row belongs to.
fn place(row: &SqliteRow, parts: &[StreamPart]) -> Result<usize, Error> {
    let place: i64 = row.try_get("place")?;
    let place = usize::try_from(place).ok().filter(|place| *place < parts.len());
    place.ok_or_else(|| Error::Decode("a place that was not asked for".into()))
}
