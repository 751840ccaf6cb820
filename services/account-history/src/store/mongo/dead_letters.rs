//! Dead letters beside the views in MongoDB, because this service owns no event store.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use messaging::dead_letter::{BEHIND, ParkedKey};
use messaging::{DeadLetter, DeadLetterError, DeadLetters, Delivery, Message, Position};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, deserialize_from_document, doc, serialize_to_bson};
use serde::Deserialize;

use super::connection::{Connection, to_the_end};
use crate::store::ViewError;

const LETTERS: &str = "dead_letters";

/// Keeps dead letters in a MongoDB database, on a majority of the servers before it answers.
#[derive(Clone)]
pub struct MongoDeadLetters {
    connection: Connection,
}

/// A letter as it is stored; `_id` is its subscription and position.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    subscription_id: String,
    topic: String,
    partition: i32,
    offset: i64,
    key: String,
    reason: String,
    parked_at: i64,
    redrive_requested: bool,
    headers: Vec<(String, String)>,
    payload: Binary,
}

impl MongoDeadLetters {
    /// Connects to the server at `url` and creates in `database` what is missing.
    ///
    /// # Errors
    /// [`ViewError::Config`] when the URL is none, [`ViewError::Unavailable`] when no server answers in time.
    pub async fn connect(url: &str, database: &str) -> Result<Self, ViewError> {
        let connection = Connection::open(url, database).await?;
        let by_key = doc! { "subscriptionId": 1, "key": 1, "topic": 1, "offset": 1 };
        connection.create_indexes(LETTERS, vec![doc! { "key": by_key, "name": "by_key" }]).await?;
        Ok(Self { connection })
    }

    /// Lets go of all connections.
    pub async fn close(&self) {
        self.connection.close().await;
    }

    /// The letters of a subscription, or of one key of it, ordered by topic, key and offset.
    async fn rows(&self, subscription_id: &str, key: Option<&str>) -> Result<Vec<Row>, DeadLetterError> {
        let order = doc! { "topic": 1, "key": 1, "offset": 1 };
        let found = self.connection.find(LETTERS, of_key(subscription_id, key), order, 0).await?;
        found.into_iter().map(|row| deserialize_from_document(row).map_err(failed)).collect()
    }
}

#[async_trait]
impl DeadLetters for MongoDeadLetters {
    async fn park(&self, letters: &[DeadLetter]) -> Result<(), DeadLetterError> {
        let rows = letters.iter().map(row).collect::<Result<_, _>>()?;
        Ok(self.connection.insert(LETTERS, rows).await?)
    }

    async fn parked_keys(&self, subscription_id: &str) -> Result<Vec<(String, String)>, DeadLetterError> {
        let parked = self.parked(subscription_id).await?;
        Ok(parked.into_iter().map(|parked| (parked.topic, parked.key)).collect())
    }

    async fn list(
        &self,
        subscription_id: &str,
        key: Option<&str>,
    ) -> Result<Vec<DeadLetter>, DeadLetterError> {
        self.rows(subscription_id, key).await?.into_iter().map(letter).collect()
    }

    async fn remove(&self, subscription_id: &str, position: &Position) -> Result<(), DeadLetterError> {
        let (letters, filter) =
            (self.connection.collection(LETTERS), doc! { "_id": id(subscription_id, position) });
        to_the_end(async move { letters.delete_one(filter).await }).await?;
        Ok(())
    }

    async fn parked(&self, subscription_id: &str) -> Result<Vec<ParkedKey>, DeadLetterError> {
        let rows = self.rows(subscription_id, None).await?;
        let keys = rows.chunk_by(|one, next| (&one.topic, &one.key) == (&next.topic, &next.key));
        let mut parked = keys.map(parked_key).collect::<Result<Vec<_>, _>>()?;
        parked.sort_by_key(|parked| parked.parked_at);
        Ok(parked)
    }

    async fn request_redrive(
        &self,
        subscription_id: &str,
        key: Option<&str>,
    ) -> Result<u64, DeadLetterError> {
        let (letters, filter) = (self.connection.collection(LETTERS), of_key(subscription_id, key));
        let request = doc! { "$set": { "redriveRequested": true } };
        let updated = to_the_end(async move { letters.update_many(filter, request).await }).await?;
        Ok(updated.matched_count)
    }

    async fn redrive_failed(
        &self,
        subscription_id: &str,
        position: &Position,
        reason: &str,
    ) -> Result<(), DeadLetterError> {
        let letters = self.connection.collection(LETTERS);
        let failed_one = doc! { "_id": id(subscription_id, position) };
        let reason = doc! { "$set": { "reason": reason } };
        let change = to_the_end(async move { letters.find_one_and_update(failed_one, reason).await });
        let Some(row) = change.await? else { return Ok(()) };
        let row: Row = deserialize_from_document(row).map_err(failed)?;
        let mut of_key = of_key(subscription_id, Some(&row.key));
        of_key.extend(doc! { "topic": row.topic, "partition": row.partition });
        let letters = self.connection.collection(LETTERS);
        let end = doc! { "$set": { "redriveRequested": false } };
        to_the_end(async move { letters.update_many(of_key, end).await }).await?;
        Ok(())
    }
}

fn id(subscription_id: &str, position: &Position) -> String {
    let Position { topic, partition, offset } = position;
    format!("{subscription_id}/{topic}/{partition}/{offset}")
}

fn of_key(subscription_id: &str, key: Option<&str>) -> Document {
    let mut filter = doc! { "subscriptionId": subscription_id };
    filter.extend(key.map(|key| ("key".to_owned(), Bson::from(key))));
    filter
}

fn row(letter: &DeadLetter) -> Result<Document, DeadLetterError> {
    let Delivery { position, message } = &letter.delivery;
    let payload = Binary { subtype: BinarySubtype::Generic, bytes: message.payload.clone() };
    Ok(doc! {
        "_id": id(&letter.subscription_id, position),
        "subscriptionId": &letter.subscription_id,
        "topic": &position.topic,
        "partition": position.partition,
        "offset": position.offset,
        "key": &letter.key,
        "reason": &letter.reason,
        "parkedAt": letter.parked_at.timestamp_micros(),
        "redriveRequested": false,
        "headers": serialize_to_bson(&message.headers).map_err(failed)?,
        "payload": payload,
    })
}

fn letter(row: Row) -> Result<DeadLetter, DeadLetterError> {
    let position = Position { topic: row.topic.clone(), partition: row.partition, offset: row.offset };
    let message =
        Message { topic: row.topic, key: row.key.clone(), headers: row.headers, payload: row.payload.bytes };
    Ok(DeadLetter {
        subscription_id: row.subscription_id,
        key: row.key,
        reason: row.reason,
        parked_at: time(row.parked_at)?,
        delivery: Delivery { position, message },
    })
}

/// One key's letters, in order, as one line.
fn parked_key(rows: &[Row]) -> Result<ParkedKey, DeadLetterError> {
    let first = rows.first().ok_or_else(|| failed("a key without letters"))?;
    let cause = rows.iter().find(|row| row.reason != BEHIND).unwrap_or(first);
    let parked_at = rows.iter().map(|row| row.parked_at).min().unwrap_or(first.parked_at);
    Ok(ParkedKey {
        topic: first.topic.clone(),
        partition: first.partition,
        key: first.key.clone(),
        letters: rows.len() as u64,
        reason: cause.reason.clone(),
        parked_at: time(parked_at)?,
        redrive_requested: rows.iter().any(|row| row.redrive_requested),
    })
}

fn time(micros: i64) -> Result<DateTime<Utc>, DeadLetterError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| failed(format!("{micros} is no time")))
}

fn failed(why: impl std::fmt::Display) -> DeadLetterError {
    DeadLetterError(why.to_string())
}

impl From<ViewError> for DeadLetterError {
    fn from(error: ViewError) -> Self {
        failed(error)
    }
}
