//! The file: its connections and its statements.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::query_builder::QueryBuilder;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, SqliteExecutor, SqlitePool};

use super::groups::Slot;
use crate::bus::BusError;
use crate::message::{Delivery, Message, Position};

/// How long a statement waits for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long opening waits for the process (or the handle) that had the log before.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// Rows of one insert: six parameters each, of the 32766 that SQLite allows.
const ROWS_PER_INSERT: usize = 1000;
/// Messages that one read brings into memory.
const ROWS_PER_READ: i64 = 256;

/// A message with the id of its topic and its place.
pub(super) type Placed = (i64, Delivery);

pub(super) fn bus_error(error: sqlx::Error) -> BusError {
    match error {
        sqlx::Error::Database(error)
            if !matches!(error.code().as_deref(), Some("5" | "6" | "261" | "517")) =>
        {
            BusError::Failed(error.to_string())
        }
        other => BusError::Unavailable(other.to_string()),
    }
}

/// Makes this handle the only writer of the log until the file is dropped. The system lets go of the lock when
/// the process ends, however it ends.
pub(super) async fn lock(path: &Path) -> Result<File, BusError> {
    let lock_path = PathBuf::from(format!("{}.lock", path.display()));
    let io_error = |error: std::io::Error| BusError::Failed(format!("{}: {error}", lock_path.display()));
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(io_error)?;
    let given_up = tokio::time::Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if tokio::time::Instant::now() < given_up => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(BusError::Failed(format!("{} is in use by another process", path.display())));
            }
            Err(TryLockError::Error(error)) => return Err(io_error(error)),
        }
    }
}

/// A connection for writing, created with the schema when the file is new.
pub(super) async fn writer(
    path: &Path,
    synchronous: SqliteSynchronous,
) -> Result<SqliteConnection, BusError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(BUSY_TIMEOUT);
    let mut connection = options.connect().await.map_err(bus_error)?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&mut connection).await.map_err(bus_error)?;
    Ok(connection)
}

/// Connections for reading.
pub(super) fn readers(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
    SqlitePoolOptions::new().max_connections(4).connect_lazy_with(options)
}

pub(super) async fn create_topics(
    connection: &mut SqliteConnection,
    names: &[String],
    partitions: u16,
) -> Result<(), BusError> {
    for name in names {
        sqlx::query(include_str!("create_topic.sql"))
            .bind(name)
            .bind(i64::from(partitions))
            .execute(&mut *connection)
            .await
            .map_err(bus_error)?;
    }
    Ok(())
}

/// Every partition: topic id, topic, partition, the offset that its next message gets.
pub(super) async fn heads(
    executor: impl SqliteExecutor<'_>,
) -> Result<Vec<(i64, String, i32, i64)>, BusError> {
    sqlx::query_as(include_str!("heads.sql")).fetch_all(executor).await.map_err(bus_error)
}

/// Every stored offset: group, topic, partition, next offset.
pub(super) async fn offsets(
    executor: impl SqliteExecutor<'_>,
) -> Result<Vec<(String, String, i32, i64)>, BusError> {
    sqlx::query_as(include_str!("offsets.sql")).fetch_all(executor).await.map_err(bus_error)
}

/// Appends all of `placed` in one transaction; they are on the disk when this returns.
pub(super) async fn append(connection: &mut SqliteConnection, placed: &[Placed]) -> Result<(), BusError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(bus_error)?;
    for rows in placed.chunks(ROWS_PER_INSERT) {
        let headers: Result<Vec<String>, _> =
            rows.iter().map(|(_, delivery)| serde_json::to_string(&delivery.message.headers)).collect();
        let headers = headers.map_err(|error| BusError::Failed(error.to_string()))?;
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO messages (topic_id, partition, log_offset, key, headers, payload) ",
        );
        insert.push_values(rows.iter().zip(headers), |mut row, ((topic_id, delivery), headers)| {
            row.push_bind(topic_id)
                .push_bind(delivery.position.partition)
                .push_bind(delivery.position.offset)
                .push_bind(&delivery.message.key)
                .push_bind(headers)
                .push_bind(delivery.message.payload.as_slice());
        });
        // Batches differ in size, so keeping each statement would only fill the cache.
        insert.build().persistent(false).execute(&mut *transaction).await.map_err(bus_error)?;
    }
    transaction.commit().await.map_err(bus_error)
}

/// Writes offsets in one transaction: group, topic id, partition, next offset.
pub(super) async fn store_offsets(
    connection: &mut SqliteConnection,
    offsets: &[(String, i64, i32, i64)],
) -> Result<(), BusError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(bus_error)?;
    for (group, topic_id, partition, next_offset) in offsets {
        sqlx::query(include_str!("store_offset.sql"))
            .bind(group)
            .bind(topic_id)
            .bind(partition)
            .bind(next_offset)
            .execute(&mut *transaction)
            .await
            .map_err(bus_error)?;
    }
    transaction.commit().await.map_err(bus_error)
}

/// Some messages of one partition from `offset` on, in order.
pub(super) async fn read_partition(
    pool: SqlitePool,
    topic_id: i64,
    (topic, partition): Slot,
    offset: i64,
) -> Result<Vec<Delivery>, BusError> {
    let rows: Vec<(i64, String, String, Vec<u8>)> = sqlx::query_as(include_str!("read_partition.sql"))
        .bind(topic_id)
        .bind(partition)
        .bind(offset)
        .bind(ROWS_PER_READ)
        .fetch_all(&pool)
        .await
        .map_err(bus_error)?;
    rows.into_iter()
        .map(|(offset, key, headers, payload)| delivery(&topic, partition, offset, key, &headers, payload))
        .collect()
}

/// All messages of a topic, by partition and offset.
pub(super) async fn read_topic(pool: &SqlitePool, topic: &str) -> Result<Vec<Delivery>, BusError> {
    let rows: Vec<(i32, i64, String, String, Vec<u8>)> = sqlx::query_as(include_str!("read_topic.sql"))
        .bind(topic)
        .fetch_all(pool)
        .await
        .map_err(bus_error)?;
    rows.into_iter()
        .map(|(partition, offset, key, headers, payload)| {
            delivery(topic, partition, offset, key, &headers, payload)
        })
        .collect()
}

fn delivery(
    topic: &str,
    partition: i32,
    offset: i64,
    key: String,
    headers: &str,
    payload: Vec<u8>,
) -> Result<Delivery, BusError> {
    let position = Position { topic: topic.to_owned(), partition, offset };
    let headers = serde_json::from_str(headers)
        .map_err(|error| BusError::Failed(format!("the headers of {position:?} are damaged: {error}")))?;
    Ok(Delivery { position, message: Message { topic: topic.to_owned(), key, headers, payload } })
}
