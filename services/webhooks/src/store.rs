//! Webhooks, what they were sent, and what is known of who may hear of what: the same few statements on SQLite and on
//! PostgreSQL.
//!
//! This is no event store. Addresses and secrets have to be forgettable, and an attempt to deliver is nobody's fact but
//! this service's; who changed a webhook, and when, is in the audit log.
//!
//! Invariants: a webhook and an event have one delivery, however often the event comes; and of all processes on one
//! database only one has a webhook in hand at a time, until its lease ends.

mod commands;
mod deliveries;
mod examine;
mod recording;
mod turns;
mod webhooks;

use any_database::{AnyDatabase, Migration, Schema};
use chrono::{DateTime, Utc};
use sealing::SealError;
use service_kit::settings::SecretUrl;
use sqlx::AnyPool;
use thiserror::Error;
use uuid::Uuid;

pub(crate) use commands::{Effect, Keyed};
pub(crate) use deliveries::{Delivery, DeliveryState, NewDelivery, Place};
pub use examine::Told;
pub(crate) use recording::Recording;
pub(crate) use turns::{Due, Recorded, Standing, Turn};
pub(crate) use webhooks::{Changed, Disabled, NewWebhook, Target, Webhook};

const SCHEMA: Schema = Schema::Migrations(&[Migration {
    name: "webhooks",
    sqlite: include_str!("../sql/sqlite/0001_webhooks.sql"),
    postgres: include_str!("../sql/postgres/0001_webhooks.sql"),
}]);

const CONNECTIONS: u32 = 8;

/// The store did not do what it was asked to.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    #[error("the store of webhooks does not answer: {0}")]
    Database(#[from] sqlx::Error),
    #[error("somebody reads the store's log, which keeps what was deleted until they are done")]
    Busy,
    #[error("the store of webhooks holds what it cannot have written: {0}")]
    Corrupt(&'static str),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("a message cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// An open store of webhooks.
#[derive(Debug, Clone)]
pub struct WebhookStore {
    database: AnyDatabase,
}

impl WebhookStore {
    /// Opens the store at the address, and makes what is missing.
    ///
    /// # Errors
    /// When the address is wrong, its driver is not compiled in, or the database cannot be opened; the message names the
    /// setting `name`.
    pub async fn open(name: &str, url: &SecretUrl) -> anyhow::Result<Self> {
        let opened = AnyDatabase::open(url.expose(), &SCHEMA, CONNECTIONS).await;
        let database = opened.map_err(|error| anyhow::anyhow!("setting `{name}` ({url}): {error}"))?;
        Ok(Self { database })
    }

    fn pool(&self) -> &AnyPool {
        &self.database.pool
    }

    /// Whether it answers.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(self.pool()).await?;
        Ok(())
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.database.pool.close().await;
    }
}

pub(crate) fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

fn time(millis: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_millis(millis).ok_or(StoreError::Corrupt("a time that is none"))
}

/// 0 stands for none.
fn time_or_none(millis: i64) -> Result<Option<DateTime<Utc>>, StoreError> {
    (millis != 0).then(|| time(millis)).transpose()
}

fn parse_id(text: &str) -> Result<Uuid, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt("an id that is none"))
}

/// '' stands for none.
fn text_or_none(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
