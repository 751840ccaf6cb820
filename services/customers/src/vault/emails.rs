//! Who has reserved which e-mail address.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Vault, VaultError, millis, parse_id};
use crate::sealing::CustomerKey;

/// Customer, command, request hash, time and key.
type HolderRow = (String, String, Vec<u8>, i64, Vec<u8>);

/// HMAC-SHA-256 of a folded e-mail address under the service's own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EmailLookup(pub(super) Vec<u8>);

/// Somebody who is about to register.
pub(crate) struct NewCustomer {
    pub(crate) id: Uuid,
    pub(crate) key: CustomerKey,
    pub(crate) password_hash: String,
    pub(crate) command_id: Uuid,
    pub(crate) request_hash: [u8; 32],
}

/// Who holds an e-mail address, and since when.
#[derive(Debug)]
pub(crate) struct Reservation {
    pub(crate) customer: Uuid,
    pub(crate) key: CustomerKey,
    /// The command that made it, and what that asked for.
    pub(crate) command_id: Uuid,
    pub(crate) request_hash: Vec<u8>,
    reserved_at: i64,
}

impl Reservation {
    /// Whether it is so old that whoever made it has finished or is gone.
    pub(crate) fn is_older_than(&self, time: DateTime<Utc>) -> bool {
        self.reserved_at < millis(time)
    }
}

impl Vault {
    /// Keeps a new customer's key and password, with the e-mail address reserved; nothing when somebody holds the
    /// address, who is returned.
    pub(crate) async fn reserve_new(
        &self,
        lookup: &EmailLookup,
        new: &NewCustomer,
        now: DateTime<Utc>,
    ) -> Result<Option<Reservation>, VaultError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(include_str!("../../sql/insert_customer.sql"))
            .bind(new.id.to_string())
            .bind(new.key.as_bytes().to_vec())
            .bind(new.password_hash.as_str())
            .execute(&mut *transaction)
            .await?;
        let reserved = sqlx::query(include_str!("../../sql/reserve_email.sql"))
            .bind(lookup.0.clone())
            .bind(new.id.to_string())
            .bind(new.command_id.to_string())
            .bind(new.request_hash.to_vec())
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
        if reserved.rows_affected() == 1 {
            transaction.commit().await?;
            return Ok(None);
        }
        transaction.rollback().await?;
        self.holder(lookup).await
    }

    /// Reserves a further address for a customer; nothing when somebody holds it, who is returned.
    pub(crate) async fn reserve(
        &self,
        lookup: &EmailLookup,
        customer: Uuid,
        command_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Reservation>, VaultError> {
        let reserved = sqlx::query(include_str!("../../sql/reserve_email.sql"))
            .bind(lookup.0.clone())
            .bind(customer.to_string())
            .bind(command_id.to_string())
            .bind(Vec::<u8>::new())
            .bind(millis(now))
            .execute(&self.pool)
            .await?;
        if reserved.rows_affected() == 1 { Ok(None) } else { self.holder(lookup).await }
    }

    /// Who holds the address.
    pub(crate) async fn holder(&self, lookup: &EmailLookup) -> Result<Option<Reservation>, VaultError> {
        let row: Option<HolderRow> = sqlx::query_as(include_str!("../../sql/email_holder.sql"))
            .bind(lookup.0.clone())
            .fetch_optional(&self.pool)
            .await?;
        let Some((customer, command_id, request_hash, reserved_at, key)) = row else {
            return Ok(None);
        };
        Ok(Some(Reservation {
            customer: parse_id(&customer)?,
            key: CustomerKey::from_bytes(&key).ok_or(VaultError::Corrupt("a key of another length"))?,
            command_id: parse_id(&command_id)?,
            request_hash,
            reserved_at,
        }))
    }

    /// Gives up the customer's hold on the address.
    pub(crate) async fn release(&self, lookup: &EmailLookup, customer: Uuid) -> Result<(), VaultError> {
        sqlx::query(include_str!("../../sql/release_email.sql"))
            .bind(lookup.0.clone())
            .bind(customer.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
