//! A database that is SQLite or PostgreSQL by its URL, for whoever runs the same few statements on either.
//!
//! Invariants: what was committed is on the disk; a connection has TLS as its URL says and never by chance; and no error
//! quotes a URL, because a password may be in it.

mod address;
mod file;
mod schema;
mod server;

use std::sync::Once;

use sqlx::AnyPool;
use thiserror::Error;

pub use address::with_ssl_mode;
pub use schema::{Migration, Schema};

/// A database did not open.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The address is none.
    #[error("{0}")]
    Address(&'static str),
    /// The program was built without the driver.
    #[error("this program was built without {0}; build it with the cargo feature `{1}`")]
    NotCompiledIn(&'static str, &'static str),
    /// The file cannot be made.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// The database does not answer, or refused.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The tables cannot be made, or are not those of this program.
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// An open database.
#[derive(Debug, Clone)]
pub struct AnyDatabase {
    /// Its connections. One to a file, because SQLite has one writer anyway.
    pub pool: AnyPool,
    is_file: bool,
}

impl AnyDatabase {
    /// Opens `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`, with at most so many connections to a server,
    /// and makes what is missing: the file, readable to this user alone, its folder, and the tables.
    ///
    /// # Errors
    /// When the address is wrong, its driver is not compiled in, or the database cannot be opened.
    pub async fn open(url: &str, schema: &Schema, connections: u32) -> Result<Self, OpenError> {
        install_drivers();
        match url.split_once("://") {
            Some(("sqlite", path)) => Ok(Self { pool: file::open(path, schema).await?, is_file: true }),
            Some(("postgres" | "postgresql", _)) => {
                Ok(Self { pool: server::connect(url, schema, connections).await?, is_file: false })
            }
            _ => Err(OpenError::Address("write sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE")),
        }
    }

    /// Opens the existing file at `path` for reading alone.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub async fn open_read_only(path: &str) -> Result<Self, OpenError> {
        install_drivers();
        Ok(Self { pool: file::open_read_only(path).await?, is_file: true })
    }

    /// Sees to it that what was deleted from `table` cannot be read in the database's files; `false` when somebody reads
    /// what is to go, and it has to be done again.
    ///
    /// What PostgreSQL has written elsewhere by then, in its log, its archives and its replicas, is for whoever runs them
    /// to limit.
    ///
    /// # Errors
    /// When the database does not answer, or refuses.
    pub async fn overwrite_deleted(&self, table: Table) -> Result<bool, sqlx::Error> {
        if self.is_file { file::empty_log(&self.pool).await } else { server::vacuum(&self.pool, table).await }
    }
}

/// A table of the program's own, by a name that nobody else has written.
#[derive(Debug, Clone, Copy)]
pub struct Table(pub &'static str);

fn install_drivers() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(sqlx::any::install_default_drivers);
}
