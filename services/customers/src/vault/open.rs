//! Opening the vault, and making what is missing.

use any_database::{AnyDatabase, Migration, Schema};
use service_kit::settings::SecretUrl;
use sqlx::AnyPool;

use super::Vault;
use crate::sealing::random_bytes;

/// The tables, and every change to them since.
const SCHEMA: Schema = Schema::Migrations(&[Migration {
    name: "vault",
    sqlite: include_str!("../../sql/sqlite/0001_vault.sql"),
    postgres: include_str!("../../sql/postgres/0001_vault.sql"),
}]);

const CONNECTIONS: u32 = 8;

/// How the service's key for e-mail addresses is called in the vault.
const EMAIL_LOOKUP: &str = "email-lookup";

impl Vault {
    /// Opens the vault at the address, and makes what is missing: the file, readable to this user alone, the tables,
    /// and the service's own key.
    ///
    /// # Errors
    /// When the address is wrong, its driver is not compiled in, or the database cannot be opened; the message names
    /// the setting.
    pub async fn open(url: &SecretUrl) -> anyhow::Result<Self> {
        let opened = open(url.expose()).await;
        opened.map_err(|error| anyhow::anyhow!("setting `vault` ({url}): {error:#}"))
    }

    /// Opens the vault at the address, a file only for reading.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub async fn open_read_only(url: &SecretUrl) -> anyhow::Result<Self> {
        let Some(path) = url.expose().strip_prefix("sqlite://") else {
            return Self::open(url).await;
        };
        let opened = read_file(path).await;
        opened.map_err(|error| anyhow::anyhow!("setting `vault` ({url}): {error:#}"))
    }

    /// A secret of the bank by its name, drawn at the first call and the same ever after: 32 bytes.
    ///
    /// # Errors
    /// When the vault does not answer, or the system has no randomness to give.
    pub async fn service_key(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        service_key(&self.database.pool, name).await
    }
}

async fn open(url: &str) -> anyhow::Result<Vault> {
    let database = AnyDatabase::open(url, &SCHEMA, CONNECTIONS).await?;
    let key = service_key(&database.pool, EMAIL_LOOKUP).await?;
    Ok(Vault::new(database, &key))
}

async fn read_file(path: &str) -> anyhow::Result<Vault> {
    let database = AnyDatabase::open_read_only(path).await?;
    let (key,): (Vec<u8>,) = sqlx::query_as(include_str!("../../sql/service_key.sql"))
        .bind(EMAIL_LOOKUP)
        .fetch_one(&database.pool)
        .await?;
    Ok(Vault::new(database, &key))
}

/// The key of this name, drawn by whoever opens the vault first.
async fn service_key(pool: &AnyPool, name: &str) -> anyhow::Result<Vec<u8>> {
    let drawn: [u8; 32] = random_bytes()?;
    sqlx::query(include_str!("../../sql/insert_service_key.sql"))
        .bind(name)
        .bind(drawn.to_vec())
        .execute(pool)
        .await?;
    let (key,): (Vec<u8>,) =
        sqlx::query_as(include_str!("../../sql/service_key.sql")).bind(name).fetch_one(pool).await?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "embedded")]
    #[tokio::test]
    async fn a_vault_is_read_where_it_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let url = SecretUrl::from(format!("sqlite://{}", dir.path().join("vault of? 100%.sqlite").display()));
        let made = Vault::open(&url).await.unwrap();
        let key = made.service_key("cursors").await.unwrap();
        assert_eq!(made.service_key("cursors").await.unwrap(), key);
        made.close().await;
        Vault::open_read_only(&url).await.unwrap().close().await;
    }
}
