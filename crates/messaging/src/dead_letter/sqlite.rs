//! Dead letters in a SQLite file, a service's own or one for all of a process.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{DeadLetter, DeadLetterError, DeadLetters, ParkedKey};
use crate::message::{Delivery, Message, Position};

/// How long a statement waits for a lock: the command line and the service may use the file at once.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

type LetterRow = (String, i32, i64, String, String, i64, String, Vec<u8>);
type ParkedRow = (String, i32, String, i64, String, i64, bool);

/// Keeps dead letters in a SQLite file, on the disk before it answers.
#[derive(Debug, Clone)]
pub struct SqliteDeadLetters {
    pool: SqlitePool,
}

impl SqliteDeadLetters {
    /// Opens the file at `path`, or makes it, and creates the table when it is missing. The file may hold other
    /// tables too.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, DeadLetterError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        // One connection: letters are rare, and SQLite has one writer anyway.
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::raw_sql(include_str!("sqlite/schema.sql")).execute(&pool).await?;
        Ok(Self { pool })
    }

    /// Lets go of the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[async_trait]
impl DeadLetters for SqliteDeadLetters {
    async fn park(&self, letters: &[DeadLetter]) -> Result<(), DeadLetterError> {
        let (pool, letters) = (self.pool.clone(), letters.to_vec());
        // A task of its own: a caller that goes away never leaves a transaction half-way.
        let write = tokio::spawn(async move {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            for letter in &letters {
                let Position { topic, partition, offset } = &letter.delivery.position;
                sqlx::query(include_str!("sqlite/park.sql"))
                    .bind(&letter.subscription_id)
                    .bind(topic)
                    .bind(partition)
                    .bind(offset)
                    .bind(&letter.key)
                    .bind(&letter.reason)
                    .bind(letter.parked_at.timestamp_micros())
                    .bind(super::headers_to_json(&letter.delivery.message)?)
                    .bind(&letter.delivery.message.payload)
                    .execute(&mut *transaction)
                    .await?;
            }
            Ok(transaction.commit().await?)
        });
        write.await.map_err(|error| DeadLetterError(error.to_string()))?
    }

    async fn parked_keys(&self, subscription_id: &str) -> Result<Vec<(String, String)>, DeadLetterError> {
        Ok(self.parked(subscription_id).await?.into_iter().map(|parked| (parked.topic, parked.key)).collect())
    }

    async fn list(
        &self,
        subscription_id: &str,
        key: Option<&str>,
    ) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let rows: Vec<LetterRow> = sqlx::query_as(include_str!("sqlite/list.sql"))
            .bind(subscription_id)
            .bind(key)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(|row| letter(subscription_id, row)).collect()
    }

    async fn remove(&self, subscription_id: &str, position: &Position) -> Result<(), DeadLetterError> {
        sqlx::query(include_str!("sqlite/remove.sql"))
            .bind(subscription_id)
            .bind(&position.topic)
            .bind(position.partition)
            .bind(position.offset)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn parked(&self, subscription_id: &str) -> Result<Vec<ParkedKey>, DeadLetterError> {
        let rows: Vec<ParkedRow> = sqlx::query_as(include_str!("sqlite/parked.sql"))
            .bind(subscription_id)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(parked_key).collect()
    }

    async fn request_redrive(
        &self,
        subscription_id: &str,
        key: Option<&str>,
    ) -> Result<u64, DeadLetterError> {
        let updated = sqlx::query(include_str!("sqlite/request_redrive.sql"))
            .bind(subscription_id)
            .bind(key)
            .execute(&self.pool)
            .await?;
        Ok(updated.rows_affected())
    }

    async fn redrive_failed(
        &self,
        subscription_id: &str,
        position: &Position,
        reason: &str,
    ) -> Result<(), DeadLetterError> {
        sqlx::query(include_str!("sqlite/redrive_failed.sql"))
            .bind(subscription_id)
            .bind(&position.topic)
            .bind(position.partition)
            .bind(position.offset)
            .bind(reason)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn letter(subscription_id: &str, row: LetterRow) -> Result<DeadLetter, DeadLetterError> {
    let (topic, partition, offset, key, reason, parked_at, headers, payload) = row;
    let headers = super::headers_from_json(&headers)?;
    let message = Message { topic: topic.clone(), key: key.clone(), headers, payload };
    Ok(DeadLetter {
        subscription_id: subscription_id.to_owned(),
        key,
        reason,
        parked_at: time(parked_at)?,
        delivery: Delivery { position: Position { topic, partition, offset }, message },
    })
}

fn parked_key(row: ParkedRow) -> Result<ParkedKey, DeadLetterError> {
    let (topic, partition, key, letters, reason, parked_at, redrive_requested) = row;
    Ok(ParkedKey {
        topic,
        partition,
        key,
        letters: u64::try_from(letters).unwrap_or_default(),
        reason,
        parked_at: time(parked_at)?,
        redrive_requested,
    })
}

fn time(micros: i64) -> Result<DateTime<Utc>, DeadLetterError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| DeadLetterError(format!("{micros} is no time")))
}
