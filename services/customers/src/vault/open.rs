//! Opening the vault, and making what is missing.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Once;

use anyhow::Context;
use service_kit::settings::SecretUrl;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Executor, SqlSafeStr};

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
        service_key(&self.pool, name).await
    }
}

async fn open(url: &str) -> anyhow::Result<Vault> {
    install_drivers();
    let (pool, is_file) = match url.split_once("://") {
        Some(("sqlite", path)) => (open_file(path).await?, true),
        Some(("postgres" | "postgresql", _)) => (connect(url).await?, false),
        _ => anyhow::bail!("write sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE"),
    };
    let key = service_key(&pool, EMAIL_LOOKUP).await?;
    Ok(Vault::new(pool, &key, is_file))
}

fn install_drivers() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(sqlx::any::install_default_drivers);
}

async fn open_file(path: &str) -> anyhow::Result<AnyPool> {
    anyhow::ensure!(!path.is_empty(), "sqlite:// must be followed by the path of a file");
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
    let pool = options.connect(&file_url(path)?).await?;
    migrations(include_str!("../../sql/sqlite/0001_vault.sql")).run(&pool).await?;
    Ok(pool)
}

async fn read_file(path: &str) -> anyhow::Result<Vault> {
    install_drivers();
    let url = format!("{}?mode=ro", file_url(path)?);
    let pool = AnyPoolOptions::new().max_connections(1).connect(&url).await?;
    let (key,): (Vec<u8>,) =
        sqlx::query_as(include_str!("../../sql/service_key.sql")).bind(EMAIL_LOOKUP).fetch_one(&pool).await?;
    Ok(Vault::new(pool, &key, true))
}

/// The driver takes a URL and undoes its percent signs, so that a path with one, or with a `?`, has to be escaped.
fn file_url(path: &str) -> anyhow::Result<String> {
    let absolute = std::path::absolute(path).with_context(|| path.to_owned())?;
    let escape = |byte: &u8| match byte {
        b'/' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let escaped: String = absolute.as_os_str().as_encoded_bytes().iter().map(escape).collect();
    Ok(format!("sqlite://{escaped}"))
}

/// SQLite gives its log the mode of the file.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

async fn connect(url: &str) -> anyhow::Result<AnyPool> {
    let url = with_ssl_mode(url)?;
    // On a connection of its own: it holds an advisory lock, so that two processes can start at once, and a failure must
    // not leave that lock in the pool.
    let alone = AnyPoolOptions::new().max_connections(1).connect(&url).await?;
    let migrated = migrations(include_str!("../../sql/postgres/0001_vault.sql")).run(&alone).await;
    alone.close().await;
    migrated?;
    Ok(AnyPoolOptions::new().max_connections(8).connect(&url).await?)
}

/// The tables, and every change to them since, in order; what was applied once is never edited.
fn migrations(first: &'static str) -> Migrator {
    let first = Migration::new(1, "vault".into(), MigrationType::Simple, first.into_sql_str(), false);
    Migrator::with_migrations(vec![first])
}

/// The same address with TLS as it says and not as the driver guesses: left alone, the driver falls back to plain text
/// silently.
fn with_ssl_mode(url: &str) -> anyhow::Result<String> {
    let query = url.split_once('?').map(|(_, query)| query);
    // The driver goes by the last one.
    let mode = query.unwrap_or_default().split('&').rev().find_map(|pair| {
        let (name, mode) = pair.split_once('=')?;
        (name == "sslmode" || name == "ssl-mode").then_some(mode)
    });
    match mode {
        Some("prefer" | "allow") => {
            anyhow::bail!("sslmode must be disable, require, verify-ca or verify-full")
        }
        Some(_) => Ok(url.to_owned()),
        None => Ok(format!("{url}{}sslmode=disable", if query.is_some() { '&' } else { '?' })),
    }
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

    #[test]
    fn tls_is_what_the_query_says_and_nothing_before_it() {
        let plain = with_ssl_mode("postgres://bank:sslmode=prefer@localhost/bank").unwrap();
        assert_eq!(plain, "postgres://bank:sslmode=prefer@localhost/bank?sslmode=disable");
        let named = "postgres://bank@localhost/bank?application_name=x&sslmode=verify-full";
        assert_eq!(with_ssl_mode(named).unwrap(), named);
        assert!(with_ssl_mode("postgres://bank@localhost/bank?ssl-mode=prefer").is_err());
    }

    #[cfg(feature = "embedded")]
    #[tokio::test]
    async fn a_file_may_be_called_anything() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("100%41 of? #vault.sqlite");
        let url = SecretUrl::from(format!("sqlite://{}", path.display()));
        Vault::open(&url).await.unwrap().close().await;
        Vault::open_read_only(&url).await.unwrap().close().await;
        let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.contains(&path), "{files:?}");
    }
}
