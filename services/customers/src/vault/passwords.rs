//! Hashes of passwords.
//!
//! Invariant: whatever follows from a password that was checked follows only while its hash is still the one that it was
//! checked against.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Vault, VaultError, millis};

impl Vault {
    /// What the customer's password is checked against.
    pub(crate) async fn password_hash(&self, customer: Uuid) -> Result<Option<String>, VaultError> {
        let row: Option<(String,)> = sqlx::query_as(include_str!("../../sql/password_hash.sql"))
            .bind(customer.to_string())
            .fetch_optional(&self.database.pool)
            .await?;
        Ok(row.map(|(hash,)| hash))
    }

    /// Keeps another password in the place of `verified`, and ends every session but `session`; false when `verified` is
    /// not the one any more.
    pub(crate) async fn change_password(
        &self,
        customer: Uuid,
        verified: &str,
        new: &str,
        session: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<bool, VaultError> {
        let mut transaction = self.database.pool.begin().await?;
        let changed = sqlx::query(include_str!("../../sql/change_password.sql"))
            .bind(customer.to_string())
            .bind(verified)
            .bind(new)
            .execute(&mut *transaction)
            .await?;
        if changed.rows_affected() != 1 {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query(include_str!("../../sql/revoke_other_sessions.sql"))
            .bind(customer.to_string())
            .bind(session.map(|session| session.to_string()).unwrap_or_default())
            .bind(millis(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Keeps the same password hashed otherwise, unless it was changed meanwhile.
    pub(crate) async fn replace_hash(
        &self,
        customer: Uuid,
        verified: &str,
        new: &str,
    ) -> Result<(), VaultError> {
        sqlx::query(include_str!("../../sql/change_password.sql"))
            .bind(customer.to_string())
            .bind(verified)
            .bind(new)
            .execute(&self.database.pool)
            .await?;
        Ok(())
    }
}
