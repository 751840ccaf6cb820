//! Commits in one call of a function, and what it means when it is refused.

use chrono::{DateTime, Utc};
use sqlx::{Error, PgPool, query_as, query_scalar};
use uuid::Uuid;

use super::rows::{failed, to_integer, to_json};
use crate::assemble::{Batch, objections};
use crate::error::StoreError;
use crate::event::CommitId;
use crate::store::{Appended, DeadlineChange};
use crate::stream::Version;

/// The unique keys that another writer's commit can hold.
const RACED_KEYS: [&str; 2] = ["events_version_key", "commands_key"];
/// `serialization_failure` and `deadlock_detected`: another writer was preferred.
const RACED_STATES: [&str; 2] = ["40001", "40P01"];

pub(super) async fn write(pool: &PgPool, batch: Batch) -> Result<Appended, StoreError> {
    match insert(pool, &batch).await? {
        Some(commit_id) => Ok(Appended::Written(batch.recorded(commit_id))),
        None => Ok(Appended::Refused(reasons(pool, &batch).await?)),
    }
}

/// The id of the commit, or nothing when another writer is in the way.
async fn insert(pool: &PgPool, batch: &Batch) -> Result<Option<CommitId>, StoreError> {
    let streams = batch.streams();
    let commands = Commands::of(batch)?;
    let events = Events::of(batch)?;
    let deadlines = Deadlines::of(batch);
    let inserted = query_scalar(include_str!("../../sql/postgres/append.sql"))
        .bind(batch.aggregate_type())
        .bind(streams.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind(streams.iter().map(|(_, version)| version.0).collect::<Vec<_>>())
        .bind(commands.ids)
        .bind(commands.streams)
        .bind(commands.versions)
        .bind(commands.event_counts)
        .bind(commands.request_hashes)
        .bind(commands.refusals)
        .bind(commands.times)
        .bind(events.streams)
        .bind(events.versions)
        .bind(events.ids)
        .bind(events.types)
        .bind(events.schema_versions)
        .bind(events.payloads)
        .bind(events.metadata)
        .bind(events.commands)
        .bind(events.times)
        .bind(deadlines.set)
        .bind(deadlines.times)
        .bind(deadlines.cleared)
        .fetch_one(pool)
        .await;
    match inserted {
        Ok(commit_id) => Ok(Option::map(commit_id, CommitId)),
        Err(error) if is_race(&error) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

#[derive(Default)]
struct Commands<'a> {
    ids: Vec<Uuid>,
    streams: Vec<Uuid>,
    versions: Vec<i64>,
    event_counts: Vec<i32>,
    request_hashes: Vec<Option<&'a [u8]>>,
    refusals: Vec<Option<String>>,
    times: Vec<DateTime<Utc>>,
}

impl<'a> Commands<'a> {
    fn of(batch: &'a Batch) -> Result<Self, StoreError> {
        let mut all = Self::default();
        for commit in batch.sorted() {
            let command = &commit.command;
            all.ids.push(command.command_id);
            all.streams.push(command.stream.aggregate_id);
            all.versions.push(command.version.0);
            all.event_counts.push(to_integer(command.event_count)?);
            all.request_hashes.push(command.request_hash.as_ref().map(|hash| hash.0.as_slice()));
            all.refusals.push(command.refusal.as_ref().map(to_json).transpose()?);
            all.times.push(command.recorded_at);
        }
        Ok(all)
    }
}

#[derive(Default)]
struct Events<'a> {
    streams: Vec<Uuid>,
    versions: Vec<i64>,
    ids: Vec<Uuid>,
    types: Vec<&'a str>,
    schema_versions: Vec<i32>,
    payloads: Vec<&'a str>,
    metadata: Vec<String>,
    commands: Vec<Uuid>,
    times: Vec<DateTime<Utc>>,
}

impl<'a> Events<'a> {
    fn of(batch: &'a Batch) -> Result<Self, StoreError> {
        let mut all = Self::default();
        for commit in batch.sorted().filter(|commit| !commit.events.is_empty()) {
            let command = &commit.command;
            let metadata = to_json(&commit.metadata)?;
            for (version, event) in (commit.expected_version().next().0..).zip(&commit.events) {
                all.streams.push(command.stream.aggregate_id);
                all.versions.push(version);
                all.ids.push(event.event_id);
                all.types.push(&event.body.event_type);
                all.schema_versions.push(to_integer(event.body.schema_version)?);
                all.payloads.push(event.body.payload.as_str());
                all.metadata.push(metadata.clone());
                all.commands.push(command.command_id);
                all.times.push(command.recorded_at);
            }
        }
        Ok(all)
    }
}

#[derive(Default)]
struct Deadlines {
    set: Vec<Uuid>,
    times: Vec<DateTime<Utc>>,
    cleared: Vec<Uuid>,
}

impl Deadlines {
    fn of(batch: &Batch) -> Self {
        let mut all = Self::default();
        for (aggregate_id, change) in batch.deadlines() {
            match change {
                DeadlineChange::Keep => {}
                DeadlineChange::Set(due_at) => {
                    all.set.push(aggregate_id);
                    all.times.push(due_at);
                }
                DeadlineChange::Clear => all.cleared.push(aggregate_id),
            }
        }
        all
    }
}

/// What is against each commit, read after the other writer's commit.
async fn reasons(pool: &PgPool, batch: &Batch) -> Result<Vec<Option<StoreError>>, StoreError> {
    let (commands, streams): (Vec<Uuid>, Vec<Uuid>) = batch
        .commits()
        .iter()
        .map(|commit| (commit.command.command_id, commit.command.stream.aggregate_id))
        .unzip();
    let stand: Vec<(bool, i64)> = query_as(include_str!("../../sql/postgres/where_they_stand.sql"))
        .bind(batch.aggregate_type())
        .bind(commands)
        .bind(streams)
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    let stand = stand.into_iter().map(|(is_recorded, version)| (is_recorded, Version(version)));
    Ok(objections(batch, stand))
}

fn is_race(error: &Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    error.constraint().is_some_and(|key| RACED_KEYS.contains(&key))
        || error.code().is_some_and(|state| RACED_STATES.contains(&state.as_ref()))
}
