//! The event store in one SQLite file.
//!
//! Invariant: an event is acknowledged only after its commit is on the disk (`synchronous=FULL`). There is one
//! connection that writes events, so that no commit is ever told to wait for another by an error; reads have
//! connections of their own and, thanks to the write-ahead log, never wait.

mod append;
mod load_many;
mod rows;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::types::Json;
use sqlx::{SqlSafeStr, query, query_as, query_scalar};
use tokio::sync::{Mutex, broadcast};
use uuid::Uuid;
use uuid::fmt::Simple;

use crate::assemble::{Batch, by_commit, without_gap};
use crate::command::CommandRecord;
use crate::error::StoreError;
use crate::event::{CommitId, RecordedEvent};
use crate::snapshot::Snapshot;
use crate::store::{
    Appended, Commit, CommitNotice, CommitNotices, EventStore, PendingCommit, StreamPart, StreamRange, Until,
};
use crate::stream::{StreamId, Version};
use crate::write_task::to_the_end;

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const NOTICES_KEPT: usize = 1024;

/// An event store in one SQLite file.
#[derive(Clone)]
pub struct SqliteEventStore {
    readers: SqlitePool,
    writers: Option<Writers>,
    notices: broadcast::Sender<CommitNotice>,
}

/// The two connections that write, one after the other.
#[derive(Clone)]
struct Writers {
    /// For what was acknowledged once it is committed.
    durable: SqlitePool,
    /// For what may be lost with the power: an outbox row that comes back only causes a duplicate, and a
    /// snapshot is a cache.
    relaxed: SqlitePool,
    /// Whose turn it is. Waiting here is fair, SQLite's own waiting is sleep and try again.
    turn: Arc<Mutex<()>>,
}

impl SqliteEventStore {
    /// Opens the file at `path` and creates it, its folder and its tables where they are missing.
    ///
    /// # Errors
    /// [`StoreError::Config`] when the folder cannot be created, otherwise what SQLite says.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        create_folder_of(path).await?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let durable = pool(1).connect_with(options.clone()).await.map_err(rows::failed)?;
        migrations().run(&durable).await.map_err(|failure| StoreError::Database(failure.to_string()))?;
        let relaxed = pool(1).connect_lazy_with(options.clone().synchronous(SqliteSynchronous::Normal));
        let readers = pool(READERS).connect_lazy_with(options.read_only(true).create_if_missing(false));
        let writers = Writers { durable, relaxed, turn: Arc::default() };
        Ok(Self { readers, writers: Some(writers), notices: broadcast::Sender::new(NOTICES_KEPT) })
    }

    /// Opens the existing file at `path` for tools that check it, also while another process writes to it.
    /// Every write is refused, and there are no notices.
    ///
    /// # Errors
    /// What SQLite says, for example that there is no such file.
    pub async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let readers = pool(READERS).connect_with(options).await.map_err(rows::failed)?;
        Ok(Self { readers, writers: None, notices: broadcast::Sender::new(NOTICES_KEPT) })
    }

    fn writers(&self) -> Result<&Writers, StoreError> {
        self.writers.as_ref().ok_or_else(|| StoreError::Database("it was opened for reading only".to_owned()))
    }

    async fn append_now(&self, commits: Vec<Commit>) -> Result<Appended, StoreError> {
        let batch = Batch::new(commits)?;
        let writers = self.writers()?;
        let turn = writers.turn.lock().await;
        let mut transaction = writers.durable.begin_with("BEGIN IMMEDIATE").await.map_err(rows::failed)?;
        let appended = append::write(&mut transaction, batch).await?;
        let Appended::Written(commits) = &appended else {
            return Ok(appended);
        };
        transaction.commit().await.map_err(rows::failed)?;
        drop(turn);
        for event in commits.iter().filter_map(|events| events.first()) {
            // No receiver is no failure: nobody waits then.
            let _ = self.notices.send(CommitNotice::Here(event.stream.clone()));
        }
        Ok(appended)
    }

    async fn mark_published_now(&self, commits: Vec<CommitId>) -> Result<(), StoreError> {
        let writers = self.writers()?;
        let _turn = writers.turn.lock().await;
        let marking = query(include_str!("../sql/sqlite/mark_published.sql")).bind(Json(commits));
        marking.execute(&writers.relaxed).await.map_err(rows::failed)?;
        Ok(())
    }

    async fn save_snapshots_now(&self, snapshots: Vec<Snapshot>) -> Result<(), StoreError> {
        let row = |snapshot: &Snapshot| {
            let StreamId { aggregate_type, aggregate_id } = &snapshot.stream;
            // The state is text inside the JSON, so that it is stored as it was written.
            let state = snapshot.state.to_string();
            let aggregate_id = aggregate_id.simple();
            (aggregate_type.clone(), aggregate_id, snapshot.version.0, snapshot.state_schema_version, state)
        };
        let rows: Vec<_> = snapshots.iter().map(row).collect();
        let writers = self.writers()?;
        let _turn = writers.turn.lock().await;
        let save = query(include_str!("../sql/sqlite/save_snapshots.sql")).bind(Json(rows));
        save.execute(&writers.relaxed).await.map_err(rows::failed)?;
        Ok(())
    }

    async fn republish_now(&self, command: CommandRecord) -> Result<(), StoreError> {
        let writers = self.writers()?;
        let turn = writers.turn.lock().await;
        let insert = query(include_str!("../sql/sqlite/republish.sql")).bind(command.command_id);
        insert.execute(&writers.durable).await.map_err(rows::failed)?;
        drop(turn);
        let _ = self.notices.send(CommitNotice::Here(command.stream));
        Ok(())
    }
}

#[async_trait]
impl EventStore for SqliteEventStore {
    fn system(&self) -> &'static str {
        "sqlite"
    }

    async fn append_all(&self, commits: Vec<Commit>) -> Result<Appended, StoreError> {
        let store = self.clone();
        to_the_end(async move { store.append_now(commits).await }).await
    }

    async fn find_commands(&self, command_ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let asked = query(include_str!("../sql/sqlite/find_commands.sql")).bind(Json(simple(command_ids)));
        let found = asked.fetch_all(&self.readers).await.map_err(rows::failed)?;
        found.iter().map(rows::command_record).collect::<Result<_, _>>().map_err(rows::failed)
    }

    async fn load_many(
        &self,
        aggregate_type: &str,
        state_schema_version: u32,
        ranges: &[StreamRange],
    ) -> Result<Vec<StreamPart>, StoreError> {
        load_many::read(&self.readers, aggregate_type, state_schema_version, ranges).await
    }

    async fn versions(
        &self,
        aggregate_type: &str,
        aggregate_ids: &[Uuid],
    ) -> Result<Vec<Version>, StoreError> {
        let asked = query_scalar(include_str!("../sql/sqlite/versions.sql"))
            .bind(aggregate_type)
            .bind(Json(simple(aggregate_ids)));
        let versions: Vec<i64> = asked.fetch_all(&self.readers).await.map_err(rows::failed)?;
        Ok(versions.into_iter().map(Version).collect())
    }

    async fn load(
        &self,
        stream: &StreamId,
        after: Version,
        until: Until,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let last = match until {
            Until::Latest => Version(i64::MAX),
            Until::Version(version) => version,
            Until::Time(time) => self.version_at(stream, time).await?,
        };
        let rows = query(include_str!("../sql/sqlite/load.sql"))
            .bind(&stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(after.0)
            .bind(last.0)
            .fetch_all(&self.readers)
            .await
            .map_err(rows::failed)?;
        without_gap(stream, after, rows::recorded_events(&rows)?)
    }

    async fn version_at(&self, stream: &StreamId, time: DateTime<Utc>) -> Result<Version, StoreError> {
        let version = query_scalar(include_str!("../sql/sqlite/version_at.sql"))
            .bind(&stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(time.timestamp_micros())
            .fetch_optional(&self.readers)
            .await
            .map_err(rows::failed)?;
        Ok(version.map_or(Version::NONE, Version))
    }

    async fn read_all(&self, aggregate_type: &str) -> Result<Vec<RecordedEvent>, StoreError> {
        let all = query(include_str!("../sql/sqlite/read_all.sql")).bind(aggregate_type);
        rows::recorded_events(&all.fetch_all(&self.readers).await.map_err(rows::failed)?)
    }

    async fn load_snapshot(&self, stream: &StreamId, until: Version) -> Result<Option<Snapshot>, StoreError> {
        let row = query(include_str!("../sql/sqlite/load_snapshot.sql"))
            .bind(&stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(until.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(rows::failed)?;
        row.map(|row| rows::snapshot(stream, &row)).transpose().map_err(rows::failed)
    }

    async fn save_snapshots(&self, snapshots: Vec<Snapshot>) -> Result<(), StoreError> {
        let store = self.clone();
        to_the_end(async move { store.save_snapshots_now(snapshots).await }).await
    }

    async fn due(
        &self,
        aggregate_type: &str,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
        let due: Vec<(Uuid, i64)> = query_as(include_str!("../sql/sqlite/due.sql"))
            .bind(aggregate_type)
            .bind(now.timestamp_micros())
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(rows::failed)?;
        let in_time = |(id, due_at)| Ok((id, rows::time(due_at)?));
        due.into_iter().map(in_time).collect::<Result<_, _>>().map_err(rows::failed)
    }

    async fn streams_of(
        &self,
        aggregate_type: &str,
        owner: &str,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        query_scalar(include_str!("../sql/sqlite/streams_of.sql"))
            .bind(aggregate_type)
            .bind(owner)
            .bind(before)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(rows::failed)
    }

    async fn sample(
        &self,
        aggregate_type: &str,
        per_shape: u32,
        longest: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        query_scalar(include_str!("../sql/sqlite/sample.sql"))
            .bind(aggregate_type)
            .bind(per_shape)
            .bind(longest)
            .fetch_all(&self.readers)
            .await
            .map_err(rows::failed)
    }

    async fn pending(&self, except: &[CommitId], event_limit: u32) -> Result<Vec<PendingCommit>, StoreError> {
        let pending = query(include_str!("../sql/sqlite/pending.sql")).bind(Json(except)).bind(event_limit);
        let rows = pending.fetch_all(&self.readers).await.map_err(rows::failed)?;
        Ok(by_commit(rows::recorded_events(&rows)?))
    }

    async fn pending_count(&self) -> Result<u64, StoreError> {
        let count =
            query_scalar::<_, i64>("SELECT CAST(coalesce(sum(event_count), 0) AS bigint) FROM outbox");
        let count = count.fetch_one(&self.readers).await.map_err(rows::failed)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn mark_published(&self, commits: &[CommitId]) -> Result<(), StoreError> {
        let (store, commits) = (self.clone(), commits.to_vec());
        to_the_end(async move { store.mark_published_now(commits).await }).await
    }

    async fn republish(&self, command_id: Uuid) -> Result<bool, StoreError> {
        let Some(command) = self.find_command(command_id).await?.filter(|command| command.event_count > 0)
        else {
            return Ok(false);
        };
        let store = self.clone();
        to_the_end(async move { store.republish_now(command).await }).await?;
        Ok(true)
    }

    fn notices(&self) -> CommitNotices {
        self.notices.subscribe()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let answer = query("SELECT 1").execute(&self.readers).await;
        answer.map(drop).map_err(|failure| StoreError::Unavailable(failure.to_string()))
    }

    async fn close(&self) {
        self.readers.close().await;
        if let Some(writers) = &self.writers {
            writers.relaxed.close().await;
            // The last one to go folds the write-ahead log into the file.
            writers.durable.close().await;
        }
    }
}

/// Ids as the statements take them: hexadecimal, because JSON has no bytes.
fn simple(ids: &[Uuid]) -> Vec<Simple> {
    ids.iter().map(|id| id.simple()).collect()
}

/// Connections to a local file do not break, so they are kept and not tested.
fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

fn migrations() -> Migrator {
    let first = include_str!("../sql/sqlite/0001_event_store.sql").into_sql_str();
    let first = Migration::new(1, "event store".into(), MigrationType::Simple, first, false);
    let second = include_str!("../sql/sqlite/0002_batches.sql").into_sql_str();
    let second = Migration::new(2, "batches".into(), MigrationType::Simple, second, false);
    let third = include_str!("../sql/sqlite/0003_owners.sql").into_sql_str();
    let third = Migration::new(3, "owners".into(), MigrationType::Simple, third, false);
    Migrator::with_migrations(vec![first, second, third])
}

async fn create_folder_of(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    tokio::fs::create_dir_all(folder)
        .await
        .map_err(|failure| StoreError::Config(format!("{}: {failure}", folder.display())))
}
