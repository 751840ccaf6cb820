//! Messages given up on, and those that wait behind them.
//!
//! Invariant: an event is either handled or stored here before its offset is stored; nothing is dropped.
//!
//! # Who may touch a parked key
//!
//! Only the worker of the partition that the key belongs to: it alone parks, replays and frees a key, so later
//! messages can never overtake. A redrive from another process is therefore a *request* that is stored with the
//! letters ([`DeadLetters::request_redrive`]). The running subscription sees it, replays the key's letters in
//! order while it holds back newer messages of that key, and removes each letter after it was handled. A letter
//! that fails again stops its key and ends the request ([`DeadLetters::redrive_failed`]). A request made while
//! nothing runs is carried out at the next start.

mod redrive;

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "embedded")]
mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::PostgresDeadLetters;
pub use redrive::{RedriveReport, redrive};
#[cfg(feature = "embedded")]
pub use sqlite::SqliteDeadLetters;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use thiserror::Error;

use crate::message::{Delivery, Position};

/// The store of dead letters failed; the subscription tries again.
#[derive(Debug, Error)]
#[error("the dead letters are unavailable: {0}")]
pub struct DeadLetterError(pub String);

/// A message that waits for an operator or for a gap to be filled.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The subscription that gave up.
    pub subscription_id: String,
    /// The message's key: the aggregate id.
    pub key: String,
    /// Why it waits: the handler's reason, `gap`, or `behind` an earlier one.
    pub reason: String,
    /// When it was stored.
    pub parked_at: DateTime<Utc>,
    /// The message and where it lay.
    #[serde(skip)]
    pub delivery: Delivery,
}

/// The reason of a letter that waits behind an earlier one of its key.
pub const BEHIND: &str = "behind";
/// The reason of a letter whose predecessors are missing.
pub const GAP: &str = "gap";

/// One key of a subscription that has letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParkedKey {
    /// The topic.
    pub topic: String,
    /// The key's partition.
    pub partition: i32,
    /// The key: the aggregate id.
    pub key: String,
    /// How many letters it has.
    pub letters: u64,
    /// Why the first of them waits that does not wait behind another.
    pub reason: String,
    /// When the first of them was stored.
    pub parked_at: DateTime<Utc>,
    /// Whether somebody asked for a redrive that is not yet carried out.
    pub redrive_requested: bool,
}

/// Keeps dead letters durably, per subscription, in the order of their keys and positions.
#[async_trait]
pub trait DeadLetters: Send + Sync + 'static {
    /// Stores letters; one that is already there (same subscription and position) stays as it is.
    ///
    /// # Errors
    /// When the store fails.
    async fn park(&self, letters: &[DeadLetter]) -> Result<(), DeadLetterError>;

    /// Every (topic, key) of `subscription_id` that has letters: later messages of theirs are parked behind.
    ///
    /// # Errors
    /// When the store fails.
    async fn parked_keys(&self, subscription_id: &str) -> Result<Vec<(String, String)>, DeadLetterError>;

    /// The letters of one key in order, or of all keys.
    ///
    /// # Errors
    /// When the store fails.
    async fn list(
        &self,
        subscription_id: &str,
        key: Option<&str>,
    ) -> Result<Vec<DeadLetter>, DeadLetterError>;

    /// Removes one letter after it was handled.
    ///
    /// # Errors
    /// When the store fails.
    async fn remove(&self, subscription_id: &str, position: &Position) -> Result<(), DeadLetterError>;

    /// Every key of `subscription_id` that has letters, the one that waits longest first.
    ///
    /// # Errors
    /// When the store fails.
    async fn parked(&self, subscription_id: &str) -> Result<Vec<ParkedKey>, DeadLetterError>;

    /// Asks the running subscription to replay the letters of `key`, or of all keys; says how many that are.
    ///
    /// # Errors
    /// When the store fails.
    async fn request_redrive(&self, subscription_id: &str, key: Option<&str>)
    -> Result<u64, DeadLetterError>;

    /// Ends a redrive of the key whose letter at `position` failed again, which now waits for `reason`.
    ///
    /// # Errors
    /// When the store fails.
    async fn redrive_failed(
        &self,
        subscription_id: &str,
        position: &Position,
        reason: &str,
    ) -> Result<(), DeadLetterError>;
}

#[cfg(any(feature = "embedded", feature = "postgres"))]
impl From<sqlx::Error> for DeadLetterError {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(any(feature = "embedded", feature = "postgres"))]
fn headers_to_json(message: &crate::message::Message) -> Result<String, DeadLetterError> {
    serde_json::to_string(&message.headers).map_err(|error| DeadLetterError(error.to_string()))
}

#[cfg(any(feature = "embedded", feature = "postgres"))]
fn headers_from_json(json: &str) -> Result<Vec<(String, String)>, DeadLetterError> {
    serde_json::from_str(json).map_err(|error| DeadLetterError(format!("damaged headers: {error}")))
}
