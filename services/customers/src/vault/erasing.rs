//! Destroying what the vault has about somebody.

use any_database::Table;
use uuid::Uuid;

use super::{Vault, VaultError, parse_id};

impl Vault {
    /// Deletes everything about somebody who never registered: under their key nothing was ever sealed that anybody has.
    pub(crate) async fn delete(&self, customer: Uuid) -> Result<(), VaultError> {
        let mut transaction = self.database.pool.begin().await?;
        for statement in
            [include_str!("../../sql/forget_attempts_of.sql"), include_str!("../../sql/delete_customer.sql")]
        {
            sqlx::query(statement).bind(customer.to_string()).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Destroys the customer's key, and with it everything else that is in here about them. Doing it again does what
    /// is left to do.
    ///
    /// # Errors
    /// Also when the row is gone and its bytes may still be read: it has to be done again.
    pub(crate) async fn erase(&self, customer: Uuid) -> Result<(), VaultError> {
        self.delete(customer).await?;
        self.overwrite_deleted().await
    }

    /// Sees to it that what was deleted cannot be read in the database's files.
    ///
    /// # Errors
    /// When it may still be read: it has to be done again.
    pub(crate) async fn overwrite_deleted(&self) -> Result<(), VaultError> {
        if self.database.overwrite_deleted(Table("customers")).await? {
            Ok(())
        } else {
            Err(VaultError::Busy)
        }
    }

    /// Whom the vault knows, in the order of their ids: those behind `after`, at most `limit`.
    pub(crate) async fn customers_after(&self, after: Uuid, limit: i64) -> Result<Vec<Uuid>, VaultError> {
        let rows: Vec<(String,)> = sqlx::query_as(include_str!("../../sql/customers_after.sql"))
            .bind(after.to_string())
            .bind(limit)
            .fetch_all(&self.database.pool)
            .await?;
        rows.iter().map(|(id,)| parse_id(id)).collect()
    }
}
