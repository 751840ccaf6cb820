//! Which store of views stands behind a URL: the deployment's shape is configuration, not code.

use std::sync::Arc;

use futures::future::BoxFuture;
use messaging::DeadLetters;

use super::{ViewError, ViewStore};

/// Views, and the dead letters of their subscription beside them: this service owns no event store.
#[derive(Clone)]
pub struct OpenedViews {
    /// The views.
    pub views: Arc<dyn ViewStore>,
    /// The dead letters.
    pub dead_letters: Arc<dyn DeadLetters>,
}

/// Opens the views that `url` names, and creates what is missing: `sqlite://FILE`, or
/// `mongodb://HOST:PORT/DATABASE`.
///
/// # Errors
/// [`ViewError::Config`] for a scheme that is unknown or whose driver is not compiled in, otherwise whatever the
/// database says.
pub fn open(url: &str) -> BoxFuture<'_, Result<OpenedViews, ViewError>> {
    // Boxed: the body of an `async fn` is compiled again in every crate that awaits it.
    Box::pin(async move {
        match url.split_once("://") {
            Some(("sqlite", path)) => open_sqlite(path).await,
            Some(("mongodb", _)) => open_mongo(url).await,
            _ => Err(ViewError::Config("their URL must start with sqlite:// or mongodb://".to_owned())),
        }
    })
}

#[cfg(feature = "embedded")]
async fn open_sqlite(path: &str) -> Result<OpenedViews, ViewError> {
    use messaging::dead_letter::SqliteDeadLetters;

    if path.is_empty() {
        return Err(ViewError::Config("sqlite:// must be followed by the path of a file".to_owned()));
    }
    let views = super::SqliteViews::open(path).await?;
    let dead_letters = SqliteDeadLetters::open(path).await;
    let dead_letters = dead_letters.map_err(|failure| ViewError::Failed(failure.to_string()))?;
    Ok(OpenedViews { views: Arc::new(views), dead_letters: Arc::new(dead_letters) })
}

#[cfg(not(feature = "embedded"))]
async fn open_sqlite(_path: &str) -> Result<OpenedViews, ViewError> {
    Err(not_compiled_in("SQLite", "embedded"))
}

#[cfg(feature = "distributed")]
async fn open_mongo(url: &str) -> Result<OpenedViews, ViewError> {
    let database = database_of(url)?;
    Ok(OpenedViews {
        views: Arc::new(super::MongoViews::connect(url, database).await?),
        dead_letters: Arc::new(super::MongoDeadLetters::connect(url, database).await?),
    })
}

#[cfg(not(feature = "distributed"))]
async fn open_mongo(_url: &str) -> Result<OpenedViews, ViewError> {
    Err(not_compiled_in("MongoDB", "distributed"))
}

/// The path of a MongoDB URL, which names the database.
#[cfg(feature = "distributed")]
fn database_of(url: &str) -> Result<&str, ViewError> {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let (_, path) = rest.split_once('/').unwrap_or_default();
    let database = path.split('?').next().unwrap_or_default();
    if database.is_empty() {
        return Err(ViewError::Config(
            "the URL must name a database: mongodb://HOST:PORT/DATABASE".to_owned(),
        ));
    }
    Ok(database)
}

#[cfg(not(all(feature = "embedded", feature = "distributed")))]
fn not_compiled_in(database: &str, feature: &str) -> ViewError {
    ViewError::Config(format!(
        "this program was built without {database}; build it with the cargo feature `{feature}`"
    ))
}
