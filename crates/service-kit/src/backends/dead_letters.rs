//! Dead letters lie beside the event store of the service that gave up on them.

use std::sync::Arc;

use futures::future::BoxFuture;
use messaging::DeadLetters;

use crate::settings::SecretUrl;

/// Opens the dead letters beside the event store at `store`: a table of the same PostgreSQL database, or for
/// `sqlite://PATH/NAME.sqlite` the file `PATH/NAME-dead-letters.sqlite`.
///
/// # Errors
/// When they cannot be opened, or the driver is not compiled in.
pub fn open_dead_letters(store: &SecretUrl) -> BoxFuture<'_, anyhow::Result<Arc<dyn DeadLetters>>> {
    Box::pin(async move {
        let opened = match store.expose().strip_prefix("sqlite://") {
            Some(path) => open_beside(path).await,
            None => open_in_database(store.expose()).await,
        };
        opened.map_err(|error| anyhow::anyhow!("dead letters beside {store}: {error:#}"))
    })
}

#[cfg(feature = "embedded")]
async fn open_beside(path: &str) -> anyhow::Result<Arc<dyn DeadLetters>> {
    let path = std::path::Path::new(path);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!("{name}-dead-letters.sqlite"));
    Ok(Arc::new(messaging::dead_letter::SqliteDeadLetters::open(beside).await?))
}

#[cfg(not(feature = "embedded"))]
async fn open_beside(_path: &str) -> anyhow::Result<Arc<dyn DeadLetters>> {
    anyhow::bail!("this build has no SQLite driver: build it with the cargo feature `embedded`")
}

#[cfg(feature = "distributed")]
async fn open_in_database(url: &str) -> anyhow::Result<Arc<dyn DeadLetters>> {
    Ok(Arc::new(messaging::dead_letter::PostgresDeadLetters::connect(url).await?))
}

#[cfg(not(feature = "distributed"))]
async fn open_in_database(_url: &str) -> anyhow::Result<Arc<dyn DeadLetters>> {
    anyhow::bail!("this build has no PostgreSQL driver: build it with the cargo feature `distributed`")
}
