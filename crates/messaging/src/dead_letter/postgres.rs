//! Dead letters in PostgreSQL, in the database of the service that consumes.

use any_database::with_ssl_mode;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::{DeadLetter, DeadLetterError, DeadLetters, ParkedKey};
use crate::message::{Delivery, Message, Position};

type LetterRow = (String, i32, i64, String, String, DateTime<Utc>, String, Vec<u8>);
type ParkedRow = (String, i32, String, i64, String, DateTime<Utc>, bool);

/// Keeps dead letters in a table of its own.
#[derive(Debug, Clone)]
pub struct PostgresDeadLetters {
    pool: PgPool,
}

impl PostgresDeadLetters {
    /// Connects to the database at `url` with a small pool, and creates the table when it is missing. TLS is
    /// used when the URL asks for it with `sslmode`, never by chance: left alone, the driver would fall back to
    /// plain text silently.
    ///
    /// # Errors
    /// When the URL is none or leaves TLS to chance, or the database cannot be reached or refuses.
    pub async fn connect(url: &str) -> Result<Self, DeadLetterError> {
        let url = with_ssl_mode(url).map_err(|error| DeadLetterError(error.to_string()))?;
        Self::new(PgPoolOptions::new().max_connections(2).connect(&url).await?).await
    }

    /// Uses the connections of somebody else, and creates the table when it is missing.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses.
    pub async fn new(pool: PgPool) -> Result<Self, DeadLetterError> {
        // Several statements in one message are one transaction, so the lock holds until the table is there.
        sqlx::raw_sql(include_str!("postgres/schema.sql")).execute(&pool).await?;
        Ok(Self { pool })
    }

    /// Lets go of the connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[async_trait]
impl DeadLetters for PostgresDeadLetters {
    async fn park(&self, letters: &[DeadLetter]) -> Result<(), DeadLetterError> {
        let headers: Vec<String> = letters
            .iter()
            .map(|letter| super::headers_to_json(&letter.delivery.message))
            .collect::<Result<_, _>>()?;
        let column = |field: fn(&DeadLetter) -> &str| letters.iter().map(field).collect::<Vec<&str>>();
        let position = |letter: &DeadLetter| letter.delivery.position.clone();
        sqlx::query(include_str!("postgres/park.sql"))
            .bind(column(|letter| &letter.subscription_id))
            .bind(column(|letter| &letter.delivery.position.topic))
            .bind(letters.iter().map(|letter| position(letter).partition).collect::<Vec<_>>())
            .bind(letters.iter().map(|letter| position(letter).offset).collect::<Vec<_>>())
            .bind(column(|letter| &letter.key))
            .bind(column(|letter| &letter.reason))
            .bind(letters.iter().map(|letter| letter.parked_at).collect::<Vec<_>>())
            .bind(headers)
            .bind(letters.iter().map(|letter| letter.delivery.message.payload.as_slice()).collect::<Vec<_>>())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn parked_keys(&self, subscription_id: &str) -> Result<Vec<(String, String)>, DeadLetterError> {
        Ok(self.parked(subscription_id).await?.into_iter().map(|parked| (parked.topic, parked.key)).collect())
    }

    async fn list(
        &self,
        subscription_id: &str,
        key: Option<&str>,
    ) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let rows: Vec<LetterRow> = sqlx::query_as(include_str!("postgres/list.sql"))
            .bind(subscription_id)
            .bind(key)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(|row| letter(subscription_id, row)).collect()
    }

    async fn remove(&self, subscription_id: &str, position: &Position) -> Result<(), DeadLetterError> {
        sqlx::query(include_str!("postgres/remove.sql"))
            .bind(subscription_id)
            .bind(&position.topic)
            .bind(position.partition)
            .bind(position.offset)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn parked(&self, subscription_id: &str) -> Result<Vec<ParkedKey>, DeadLetterError> {
        let rows: Vec<ParkedRow> = sqlx::query_as(include_str!("postgres/parked.sql"))
            .bind(subscription_id)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(parked_key).collect())
    }

    async fn request_redrive(
        &self,
        subscription_id: &str,
        key: Option<&str>,
    ) -> Result<u64, DeadLetterError> {
        let updated = sqlx::query(include_str!("postgres/request_redrive.sql"))
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
        sqlx::query(include_str!("postgres/redrive_failed.sql"))
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
        parked_at,
        delivery: Delivery { position: Position { topic, partition, offset }, message },
    })
}

fn parked_key(row: ParkedRow) -> ParkedKey {
    let (topic, partition, key, letters, reason, parked_at, redrive_requested) = row;
    ParkedKey {
        topic,
        partition,
        key,
        letters: u64::try_from(letters).unwrap_or_default(),
        reason,
        parked_at,
        redrive_requested,
    }
}
