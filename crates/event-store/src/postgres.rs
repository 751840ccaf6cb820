//! The event store in one PostgreSQL database.
//!
//! Invariant: what is written together is one call, hence one transaction and one round trip. Who is faster is decided by
//! the unique keys alone: nothing is locked, and nothing inserted is ever left out silently.

mod append;
mod load_many;
mod options;
mod rows;
mod signals;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{SqlSafeStr, query, query_as, query_scalar};
use tokio::sync::broadcast;
use uuid::Uuid;

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

pub use options::PostgresOptions;
use signals::Signals;

const NOTICES_KEPT: usize = 1024;

/// An event store in one PostgreSQL database.
#[derive(Clone)]
pub struct PostgresEventStore {
    pool: PgPool,
    notices: broadcast::Sender<CommitNotice>,
    signals: Arc<Signals>,
}

impl PostgresEventStore {
    /// Connects to the database that `url` names, creates the tables where they are missing, and listens for
    /// commits of other processes. Without `sslmode` in the URL the connection is plain; the modes that fall
    /// back to plain by themselves (`allow`, `prefer`) are refused.
    ///
    /// # Errors
    /// [`StoreError::Config`] when the URL is wrong, otherwise what PostgreSQL says.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let target = options::target(url)?;
        migrate(&target).await?;
        let pool = options.pool().connect_with(target.clone()).await.map_err(rows::failed)?;
        let notices = broadcast::Sender::new(NOTICES_KEPT);
        let signals = Signals::start(target, notices.clone()).await.map_err(rows::failed)?;
        Ok(Self { pool, notices, signals: Arc::new(signals) })
    }

    async fn append_now(&self, commits: Vec<Commit>) -> Result<Appended, StoreError> {
        let appended = append::write(&self.pool, Batch::new(commits)?).await?;
        if let Appended::Written(commits) = &appended {
            let streams =
                commits.iter().filter_map(|events| events.first()).map(|event| event.stream.clone());
            self.tell(streams);
        }
        Ok(appended)
    }

    async fn save_snapshots_now(&self, snapshots: Vec<Snapshot>) -> Result<(), StoreError> {
        let types: Vec<_> =
            snapshots.iter().map(|snapshot| snapshot.stream.aggregate_type.as_str()).collect();
        let ids: Vec<_> = snapshots.iter().map(|snapshot| snapshot.stream.aggregate_id).collect();
        let versions: Vec<_> = snapshots.iter().map(|snapshot| snapshot.version.0).collect();
        let schema_versions =
            snapshots.iter().map(|snapshot| rows::to_integer(snapshot.state_schema_version));
        let states = snapshots.iter().map(|snapshot| rows::to_json(&snapshot.state));
        query(include_str!("../sql/postgres/save_snapshots.sql"))
            .bind(types)
            .bind(ids)
            .bind(versions)
            .bind(schema_versions.collect::<Result<Vec<_>, _>>()?)
            .bind(states.collect::<Result<Vec<_>, _>>()?)
            .execute(&self.pool)
            .await
            .map_err(rows::failed)?;
        Ok(())
    }

    async fn mark_published_now(&self, commits: Vec<CommitId>) -> Result<(), StoreError> {
        let commits: Vec<i64> = commits.into_iter().map(|CommitId(id)| id).collect();
        let marking = query(include_str!("../sql/postgres/mark_published.sql")).bind(commits);
        marking.execute(&self.pool).await.map(drop).map_err(rows::failed)
    }

    async fn republish_now(&self, command: CommandRecord) -> Result<(), StoreError> {
        let insert = query(include_str!("../sql/postgres/republish.sql")).bind(command.command_id);
        insert.execute(&self.pool).await.map_err(rows::failed)?;
        self.tell([command.stream]);
        Ok(())
    }

    fn tell(&self, streams: impl IntoIterator<Item = StreamId>) {
        let mut any = false;
        for stream in streams {
            // No receiver is no failure: nobody waits then.
            let _ = self.notices.send(CommitNotice::Here(stream));
            any = true;
        }
        if any {
            self.signals.committed();
        }
    }
}

#[async_trait]
impl EventStore for PostgresEventStore {
    fn system(&self) -> &'static str {
        "postgresql"
    }

    async fn append_all(&self, commits: Vec<Commit>) -> Result<Appended, StoreError> {
        let store = self.clone();
        to_the_end(async move { store.append_now(commits).await }).await
    }

    async fn find_commands(&self, command_ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let find = query(include_str!("../sql/postgres/find_commands.sql")).bind(command_ids);
        let rows = find.fetch_all(&self.pool).await.map_err(rows::failed)?;
        rows.iter().map(rows::command_record).collect::<Result<_, _>>().map_err(rows::failed)
    }

    async fn load_many(
        &self,
        aggregate_type: &str,
        state_schema_version: u32,
        ranges: &[StreamRange],
    ) -> Result<Vec<StreamPart>, StoreError> {
        load_many::read(&self.pool, aggregate_type, state_schema_version, ranges).await
    }

    async fn versions(
        &self,
        aggregate_type: &str,
        aggregate_ids: &[Uuid],
    ) -> Result<Vec<Version>, StoreError> {
        let versions: Vec<i64> = query_scalar(include_str!("../sql/postgres/versions.sql"))
            .bind(aggregate_type)
            .bind(aggregate_ids)
            .fetch_all(&self.pool)
            .await
            .map_err(rows::failed)?;
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
        let rows = query(include_str!("../sql/postgres/load.sql"))
            .bind(&stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(after.0)
            .bind(last.0)
            .fetch_all(&self.pool)
            .await
            .map_err(rows::failed)?;
        without_gap(stream, after, rows::recorded_events(&rows)?)
    }

    async fn version_at(&self, stream: &StreamId, time: DateTime<Utc>) -> Result<Version, StoreError> {
        let version = query_scalar(include_str!("../sql/postgres/version_at.sql"))
            .bind(&stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(time)
            .fetch_optional(&self.pool)
            .await
            .map_err(rows::failed)?;
        Ok(version.map_or(Version::NONE, Version))
    }

    async fn read_all(&self, aggregate_type: &str) -> Result<Vec<RecordedEvent>, StoreError> {
        let all = query(include_str!("../sql/postgres/read_all.sql")).bind(aggregate_type);
        rows::recorded_events(&all.fetch_all(&self.pool).await.map_err(rows::failed)?)
    }

    async fn load_snapshot(&self, stream: &StreamId, until: Version) -> Result<Option<Snapshot>, StoreError> {
        let row = query(include_str!("../sql/postgres/load_snapshot.sql"))
            .bind(&stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(until.0)
            .fetch_optional(&self.pool)
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
        query_as(include_str!("../sql/postgres/due.sql"))
            .bind(aggregate_type)
            .bind(now)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(rows::failed)
    }

    async fn streams_of(
        &self,
        aggregate_type: &str,
        owner: &str,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        query_scalar(include_str!("../sql/postgres/streams_of.sql"))
            .bind(aggregate_type)
            .bind(owner)
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(rows::failed)
    }

    async fn sample(
        &self,
        aggregate_type: &str,
        per_shape: u32,
        longest: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        query_scalar(include_str!("../sql/postgres/sample.sql"))
            .bind(aggregate_type)
            .bind(i64::from(per_shape))
            .bind(i64::from(longest))
            .fetch_all(&self.pool)
            .await
            .map_err(rows::failed)
    }

    async fn pending(&self, except: &[CommitId], event_limit: u32) -> Result<Vec<PendingCommit>, StoreError> {
        let except: Vec<i64> = except.iter().map(|CommitId(id)| *id).collect();
        let pending =
            query(include_str!("../sql/postgres/pending.sql")).bind(except).bind(i64::from(event_limit));
        let rows = pending.fetch_all(&self.pool).await.map_err(rows::failed)?;
        Ok(by_commit(rows::recorded_events(&rows)?))
    }

    async fn pending_count(&self) -> Result<u64, StoreError> {
        let count =
            query_scalar::<_, i64>("SELECT CAST(coalesce(sum(event_count), 0) AS bigint) FROM outbox");
        let count = count.fetch_one(&self.pool).await.map_err(rows::failed)?;
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
        let answer = query("SELECT 1").execute(&self.pool).await;
        answer.map(drop).map_err(|failure| StoreError::Unavailable(failure.to_string()))
    }

    async fn close(&self) {
        // The pool first: its last commits are still told to the others.
        self.pool.close().await;
        self.signals.stop().await;
    }
}

/// On a connection of its own: it holds an advisory lock, so that two processes can start at once, and a
/// failure must not leave that lock in the pool.
async fn migrate(target: &PgConnectOptions) -> Result<(), StoreError> {
    let connection = PgPoolOptions::new().max_connections(1);
    let connection = connection.connect_with(target.clone()).await.map_err(rows::failed)?;
    let first = include_str!("../sql/postgres/0001_event_store.sql").into_sql_str();
    let first = Migration::new(1, "event store".into(), MigrationType::Simple, first, false);
    let second = include_str!("../sql/postgres/0002_batches.sql").into_sql_str();
    let second = Migration::new(2, "batches".into(), MigrationType::Simple, second, false);
    let third = include_str!("../sql/postgres/0003_owners.sql").into_sql_str();
    let third = Migration::new(3, "owners".into(), MigrationType::Simple, third, false);
    let outcome = Migrator::with_migrations(vec![first, second, third]).run(&connection).await;
    connection.close().await;
    outcome.map_err(|failure| StoreError::Database(failure.to_string()))
}
