//! What the vault keeps of somebody who registers, before and after the event.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::emails::{EmailLookup, Reservation};
use super::{Vault, VaultError, millis, parse_id};
use crate::sealing::CustomerKey;

/// Somebody who is about to register.
pub(crate) struct NewCustomer {
    pub(crate) id: Uuid,
    pub(crate) key: CustomerKey,
    pub(crate) password_hash: String,
    /// The command that registers them, which is their claim on the address.
    pub(crate) command_id: Uuid,
    pub(crate) request_hash: [u8; 32],
}

impl Vault {
    /// Keeps a new customer's key and password, with the e-mail address reserved; nothing when somebody holds it.
    pub(crate) async fn reserve_new(
        &self,
        lookup: &EmailLookup,
        new: &NewCustomer,
        now: DateTime<Utc>,
    ) -> Result<Reservation, VaultError> {
        loop {
            if self.insert_new(lookup, new, now).await? {
                return Ok(Reservation::Made);
            }
            // Whoever was in the way may have gone meanwhile.
            if let Some(held) = self.holder(lookup).await? {
                return Ok(Reservation::Held(held));
            }
        }
    }

    async fn insert_new(
        &self,
        lookup: &EmailLookup,
        new: &NewCustomer,
        now: DateTime<Utc>,
    ) -> Result<bool, VaultError> {
        let mut transaction = self.database.pool.begin().await?;
        sqlx::query(include_str!("../../sql/insert_customer.sql"))
            .bind(new.id.to_string())
            .bind(new.key.as_bytes().to_vec())
            .bind(new.password_hash.as_str())
            .bind(millis(now))
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
        let made = reserved.rows_affected() == 1;
        if made {
            transaction.commit().await?
        } else {
            transaction.rollback().await?
        }
        Ok(made)
    }

    /// The registration stands.
    pub(crate) async fn settle(&self, customer: Uuid) -> Result<(), VaultError> {
        sqlx::query(include_str!("../../sql/settle_customer.sql"))
            .bind(customer.to_string())
            .execute(&self.database.pool)
            .await?;
        Ok(())
    }

    /// Who began to register before `before` and is not known to have done so, the oldest first.
    pub(crate) async fn unsettled(&self, before: DateTime<Utc>, limit: i64) -> Result<Vec<Uuid>, VaultError> {
        let rows: Vec<(String,)> = sqlx::query_as(include_str!("../../sql/unsettled_customers.sql"))
            .bind(millis(before))
            .bind(limit)
            .fetch_all(&self.database.pool)
            .await?;
        rows.iter().map(|(id,)| parse_id(id)).collect()
    }
}
