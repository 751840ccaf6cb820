//! Parts of many streams in one query.

use serde_json::Value;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::types::Json;
use sqlx::{Error, Row, query};

use super::rows::{failed, recorded_event_of, to_integer};
use crate::assemble::whole_parts;
use crate::error::StoreError;
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
        let part = part_of(row, &parts).map_err(failed)?;
        let (stream, part) = (StreamId::new(aggregate_type, ranges[part].aggregate_id), &mut parts[part]);
        match snapshot_state(row).map_err(failed)? {
            Some(state) => {
                let version = Version(row.try_get("version").map_err(failed)?);
                part.snapshot = Some(Snapshot { stream, version, state_schema_version, state });
            }
            None => part.events.push(recorded_event_of(stream, row).map_err(failed)?),
        }
    }
    whole_parts(aggregate_type, ranges, parts)
}

/// Which of the parts that were asked for the row belongs to; the query counts from 1.
fn part_of(row: &PgRow, parts: &[StreamPart]) -> Result<usize, Error> {
    let place: i64 = row.try_get("place")?;
    let place = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
    place
        .filter(|place| *place < parts.len())
        .ok_or_else(|| Error::Decode("a place that was not asked for".into()))
}

fn snapshot_state(row: &PgRow) -> Result<Option<Value>, Error> {
    Ok(row.try_get::<Option<Json<_>>, _>("state")?.map(|Json(state)| state))
}
