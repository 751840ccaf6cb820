//! Opening the log, and making what is missing.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Once;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor};

use crate::log::{AuditError, AuditLog};

impl AuditLog {
    /// Opens the log at `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`, and makes the file, readable to
    /// this user alone, and the tables when they are missing.
    ///
    /// # Errors
    /// When the address is wrong, its driver is not compiled in, or the database cannot be opened.
    pub async fn open(url: &str) -> Result<Self, AuditError> {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(sqlx::any::install_default_drivers);
        let pool = if let Some(path) = url.strip_prefix("sqlite://") {
            make_private(Path::new(path)).map_err(|error| AuditError::Open(format!("{path}: {error}")))?;
            open_file(path).await?
        } else if url.starts_with("postgres://") {
            connect(url).await?
        } else {
            let right = "write sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE";
            return Err(AuditError::Open(right.to_owned()));
        };
        Ok(Self::on(pool))
    }
}

async fn open_file(path: &str) -> Result<AnyPool, sqlx::Error> {
    // One connection: SQLite has one writer anyway.
    let options = AnyPoolOptions::new().max_connections(1).after_connect(|connection, _| {
        Box::pin(async move {
            let settings =
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000";
            connection.execute(settings).await.map(drop)
        })
    });
    let pool = options.connect(&format!("sqlite://{path}")).await?;
    sqlx::raw_sql(include_str!("../sql/sqlite/schema.sql")).execute(&pool).await?;
    Ok(pool)
}

/// SQLite gives its log the mode of the file.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

async fn connect(url: &str) -> Result<AnyPool, AuditError> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    // Left alone, the driver would fall back to plain text silently.
    if query.contains("mode=prefer") || query.contains("mode=allow") {
        let right = "sslmode must be disable, require, verify-ca or verify-full";
        return Err(AuditError::Open(right.to_owned()));
    }
    let separator = if query.is_empty() { '?' } else { '&' };
    let url = match query.contains("sslmode=") || query.contains("ssl-mode=") {
        true => url.to_owned(),
        false => format!("{}{separator}sslmode=disable", url.trim_end_matches('?')),
    };
    // The writer and a reader or two.
    let pool = AnyPoolOptions::new().max_connections(3).connect(&url).await?;
    // Several statements in one message are one transaction, so the lock holds until the tables are there.
    sqlx::raw_sql(include_str!("../sql/postgres/schema.sql")).execute(&pool).await?;
    Ok(pool)
}
