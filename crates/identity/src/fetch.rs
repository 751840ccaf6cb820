//! Gets a small document over HTTP: no redirects, no proxy, a limit of size and of time.

use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thiserror::Error;

use crate::error::SourceError;

/// The longest document, in bytes: hundreds of keys.
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

#[cfg(feature = "https")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "https"))]
type Connector = HttpConnector;

/// Why a document did not come.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    #[error("cannot be reached: {0}")]
    Connection(#[from] hyper_util::client::legacy::Error),
    #[error("answered {0}")]
    Status(http::StatusCode),
    #[error("the answer cannot be read: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
}

/// An HTTP client for documents.
pub(crate) struct Fetcher {
    client: Client<Connector, Empty<Bytes>>,
    timeout: Duration,
}

impl Fetcher {
    pub(crate) fn new(timeout: Duration) -> Result<Self, SourceError> {
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector()?);
        Ok(Self { client, timeout })
    }

    pub(crate) async fn get(&self, uri: Uri) -> Result<Bytes, FetchError> {
        let document = async {
            let answer = self.client.get(uri).await?;
            if answer.status() != http::StatusCode::OK {
                return Err(FetchError::Status(answer.status()));
            }
            let body = Limited::new(answer.into_body(), MAX_DOCUMENT_BYTES).collect().await;
            Ok(body.map_err(FetchError::Body)?.to_bytes())
        };
        let in_time = tokio::time::timeout(self.timeout, document).await;
        in_time.unwrap_or(Err(FetchError::Timeout(self.timeout)))
    }
}

#[cfg(not(feature = "https"))]
#[expect(clippy::unnecessary_wraps, reason = "with TLS it can fail")]
fn connector() -> Result<Connector, SourceError> {
    Ok(HttpConnector::new())
}

#[cfg(feature = "https")]
fn connector() -> Result<Connector, SourceError> {
    let builder = hyper_rustls::HttpsConnectorBuilder::new();
    let roots = builder.with_provider_and_native_roots(rustls_provider());
    let roots = roots.map_err(|error| SourceError::Roots(error.to_string()))?;
    Ok(roots.https_or_http().enable_http1().build())
}

/// Given by name, so that nothing depends on which provider a process has installed.
#[cfg(feature = "https")]
fn rustls_provider() -> rustls::crypto::CryptoProvider {
    rustls::crypto::ring::default_provider()
}
