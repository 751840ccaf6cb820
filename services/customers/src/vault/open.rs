//! Opening the vault, and making what is missing.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Once;

use anyhow::Context;
use ring::hmac;
use service_kit::settings::SecretUrl;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor};

use super::Vault;
use crate::sealing::random_bytes;

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

    /// A secret of the bank by its name, drawn at the first call and the same ever after: 32 bytes.
    ///
    /// # Errors
    /// When the vault does not answer, or the system has no randomness to give.
    pub async fn service_key(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        service_key(&self.pool, name).await
    }
}

async fn open(url: &str) -> anyhow::Result<Vault> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(sqlx::any::install_default_drivers);
    let (pool, is_file) = match url.strip_prefix("sqlite://") {
        Some(path) => (open_file(path).await?, true),
        None if url.starts_with("postgres://") => (connect(url).await?, false),
        None => anyhow::bail!("write sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE"),
    };
    let lookup_key = hmac::Key::new(hmac::HMAC_SHA256, &service_key(&pool, EMAIL_LOOKUP).await?);
    Ok(Vault { pool, lookup_key, is_file })
}

async fn open_file(path: &str) -> anyhow::Result<AnyPool> {
    make_private(Path::new(path)).with_context(|| path.to_owned())?;
    // One connection: SQLite has one writer anyway.
    let options = AnyPoolOptions::new().max_connections(1).after_connect(|connection, _| {
        Box::pin(async move {
            connection
                .execute(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; \
                     PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON",
                )
                .await?;
            Ok(())
        })
    });
    let pool = options.connect(&format!("sqlite://{path}")).await?;
    sqlx::raw_sql(include_str!("../../sql/sqlite/schema.sql")).execute(&pool).await?;
    Ok(pool)
}

/// SQLite gives its log the mode of the file.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

async fn connect(url: &str) -> anyhow::Result<AnyPool> {
    // Left alone, the driver would fall back to plain text silently.
    let has_mode = url.contains("sslmode=") || url.contains("ssl-mode=");
    anyhow::ensure!(
        !["=prefer", "=allow"]
            .iter()
            .any(|chance| url.contains(&format!("sslmode{chance}"))
                || url.contains(&format!("ssl-mode{chance}"))),
        "sslmode must be disable, require, verify-ca or verify-full"
    );
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = if has_mode { url.to_owned() } else { format!("{url}{separator}sslmode=disable") };
    let pool = AnyPoolOptions::new().max_connections(8).connect(&url).await?;
    // Several statements in one message are one transaction, so the lock holds until the tables are there.
    sqlx::raw_sql(include_str!("../../sql/postgres/schema.sql")).execute(&pool).await?;
    Ok(pool)
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
