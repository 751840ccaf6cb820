//! Which store stands behind a URL: the deployment's shape is configuration, not code.

use std::sync::Arc;

use crate::error::StoreError;
use crate::store::EventStore;

/// Opens the store that `url` names, and creates its tables where they are missing:
/// `sqlite://bank-data/accounts.sqlite` (a relative path), `sqlite:///var/lib/bank/accounts.sqlite` (an
/// absolute one), or `postgres://user:password@host:port/database?sslmode=verify-full`.
///
/// # Errors
/// [`StoreError::Config`] for a scheme that is unknown or whose driver is not compiled in, otherwise whatever
/// the backend says.
pub async fn open(url: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    match url.split_once("://") {
        Some(("sqlite", path)) => open_sqlite(path).await,
        Some(("postgres" | "postgresql", _)) => open_postgres(url).await,
        _ => Err(StoreError::Config(
            "its URL must start with sqlite://, postgres:// or postgresql://".to_owned(),
        )),
    }
}

#[cfg(feature = "sqlite")]
async fn open_sqlite(path: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    if path.is_empty() {
        return Err(StoreError::Config("sqlite:// must be followed by the path of a file".to_owned()));
    }
    Ok(Arc::new(crate::sqlite::SqliteEventStore::open(std::path::Path::new(path)).await?))
}

#[cfg(not(feature = "sqlite"))]
async fn open_sqlite(_path: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    Err(not_compiled_in("SQLite", "sqlite"))
}

#[cfg(feature = "postgres")]
async fn open_postgres(url: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    use crate::postgres::{PostgresEventStore, PostgresOptions};

    Ok(Arc::new(PostgresEventStore::connect(url, PostgresOptions::default()).await?))
}

#[cfg(not(feature = "postgres"))]
async fn open_postgres(_url: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    Err(not_compiled_in("PostgreSQL", "postgres"))
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn not_compiled_in(database: &str, feature: &str) -> StoreError {
    StoreError::Config(format!(
        "this program was built without {database}; build it with the cargo feature `{feature}`"
    ))
}
