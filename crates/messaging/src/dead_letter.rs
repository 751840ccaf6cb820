//! Messages given up on, and those that wait behind them.
//!
//! Invariant: an event is either handled or stored here before its offset is stored; nothing is dropped.

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
    async fn list(&self, subscription_id: &str, key: Option<&str>) -> Result<Vec<DeadLetter>, DeadLetterError>;

    /// Removes one letter after it was handled.
    ///
    /// # Errors
    /// When the store fails.
    async fn remove(&self, subscription_id: &str, position: &Position) -> Result<(), DeadLetterError>;
}
