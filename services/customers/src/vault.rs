//! The vault: what must be forgettable. Keys, passwords, sessions, and who has which e-mail address.
//!
//! It lies apart from the events and from their backups. The same few statements run on SQLite and on PostgreSQL.
//!
//! Invariant: nothing in here says anything about a person in clear: an e-mail address is an HMAC, a password and a
//! refresh token are hashes. Whether an address is a customer's is for the customer's events to say; a row here only
//! reserves it.

mod attempts;
mod emails;
mod erasing;
mod examine;
mod open;
mod passwords;
mod registrations;
mod sessions;

use any_database::AnyDatabase;
use chrono::{DateTime, Utc};
use domain::customer::EmailAddress;
use ring::hmac;
use sqlx::AnyPool;
use thiserror::Error;
use uuid::Uuid;

pub(crate) use attempts::{Attempt, TriedFor};
pub(crate) use emails::{EmailLookup, Hold, Reservation};
pub use examine::Discrepancy;
pub(crate) use registrations::NewCustomer;
pub(crate) use sessions::{RefreshToken, TokenState};

use crate::sealing::{CustomerKey, SealError};

/// The vault did not do what it was asked to.
#[derive(Debug, Error)]
pub(crate) enum VaultError {
    #[error("the vault does not answer: {0}")]
    Database(sqlx::Error),
    #[error("the vault has nothing about the customer any more")]
    NoCustomer,
    #[error("somebody reads the vault's log, which keeps what was erased until they are done")]
    Busy,
    #[error("the vault holds what it cannot have written: {0}")]
    Corrupt(&'static str),
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl From<sqlx::Error> for VaultError {
    /// Every reference in the vault is to a customer, whom an erasure takes away at any moment.
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(refused) if refused.is_foreign_key_violation() => Self::NoCustomer,
            _ => Self::Database(error),
        }
    }
}

/// An open vault.
#[derive(Clone)]
pub struct Vault {
    database: AnyDatabase,
    lookup_key: hmac::Key,
}

impl Vault {
    fn new(database: AnyDatabase, lookup_key: &[u8]) -> Self {
        Self { database, lookup_key: hmac::Key::new(hmac::HMAC_SHA256, lookup_key) }
    }

    /// What the address is looked up by.
    pub(crate) fn lookup(&self, email: &EmailAddress) -> EmailLookup {
        let tag = hmac::sign(&self.lookup_key, email.folded().as_bytes());
        EmailLookup(tag.as_ref().to_vec())
    }

    /// The customer's key; `None` when there is no such customer, or not any more.
    pub(crate) async fn key(&self, customer: Uuid) -> Result<Option<CustomerKey>, VaultError> {
        let row: Option<(Vec<u8>,)> = sqlx::query_as(include_str!("../sql/data_key.sql"))
            .bind(customer.to_string())
            .fetch_optional(&self.database.pool)
            .await?;
        row.map(|(key,)| CustomerKey::from_bytes(&key).ok_or(VaultError::Corrupt("a key of another length")))
            .transpose()
    }

    /// Whether it answers.
    pub(crate) async fn ping(&self) -> Result<(), VaultError> {
        sqlx::query("SELECT 1").execute(&self.database.pool).await?;
        Ok(())
    }

    /// The database, for the view of accounts that lies in it.
    pub(crate) fn pool(&self) -> &AnyPool {
        &self.database.pool
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.database.pool.close().await;
    }
}

fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

fn parse_id(text: &str) -> Result<Uuid, VaultError> {
    text.parse().map_err(|_| VaultError::Corrupt("an id that is none"))
}
