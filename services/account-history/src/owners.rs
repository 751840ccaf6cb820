//! Where the events of a stream can be read when the topic did not bring them: at the service that owns them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_store::{EventStore, RecordedEvent, StoreError, StreamId, Until, Version};
use messaging::StreamSource;
use service_kit::http::UNUSED_CONNECTION;
use service_kit::settings::Secret;

/// How long the owner may take to lend a stream.
const PATIENCE: Duration = Duration::from_secs(30);

/// Owners in the same process: their event stores, by aggregate type.
#[derive(Clone, Default)]
pub struct LocalOwners {
    stores: HashMap<String, Arc<dyn EventStore>>,
}

impl LocalOwners {
    /// Nobody owns anything yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The streams of `aggregate_type` are in `store`.
    #[must_use]
    pub fn with(mut self, aggregate_type: &str, store: Arc<dyn EventStore>) -> Self {
        self.stores.insert(aggregate_type.to_owned(), store);
        self
    }
}

#[async_trait]
impl StreamSource for LocalOwners {
    async fn events_after(
        &self,
        stream: &StreamId,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let store = self.stores.get(&stream.aggregate_type).ok_or_else(|| nobody_owns(stream))?;
        store.load(stream, after, Until::Latest).await
    }
}

/// Owners that are processes of their own, by aggregate type. They answer
/// `GET /internal/streams/{type}/{id}/events?after=V` with a JSON array of recorded events.
#[derive(Clone)]
pub struct HttpOwners {
    http: reqwest::Client,
    urls: HashMap<String, String>,
    secret: Secret,
}

impl HttpOwners {
    /// Owners at these base URLs, such as `("account", "http://127.0.0.1:8081")`, who want to be shown `secret`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new<'a>(
        urls: impl IntoIterator<Item = (&'a str, &'a str)>,
        secret: Secret,
    ) -> Result<Self, reqwest::Error> {
        let urls = urls
            .into_iter()
            .map(|(aggregate_type, url)| (aggregate_type.to_owned(), url.trim_end_matches('/').to_owned()));
        Ok(Self {
            http: reqwest::Client::builder()
                .timeout(PATIENCE)
                .pool_idle_timeout(UNUSED_CONNECTION)
                .build()?,
            urls: urls.collect(),
            secret,
        })
    }

    async fn fetch(&self, url: String) -> Result<Vec<RecordedEvent>, reqwest::Error> {
        self.http.get(url).bearer_auth(self.secret.expose()).send().await?.error_for_status()?.json().await
    }
}

#[async_trait]
impl StreamSource for HttpOwners {
    async fn events_after(
        &self,
        stream: &StreamId,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let base = self.urls.get(&stream.aggregate_type).ok_or_else(|| nobody_owns(stream))?;
        let StreamId { aggregate_type, aggregate_id } = stream;
        let url = format!("{base}/internal/streams/{aggregate_type}/{aggregate_id}/events?after={after}");
        self.fetch(url).await.map_err(|failure| StoreError::Unavailable(failure.to_string()))
    }
}

fn nobody_owns(stream: &StreamId) -> StoreError {
    StoreError::Config(format!("no service is configured as the owner of {stream}"))
}
