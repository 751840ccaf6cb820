//! Which bus stands behind a URL.

use std::sync::Arc;

use futures::future::BoxFuture;
use messaging::Bus;

use crate::settings::SecretUrl;

/// Opens the bus that the setting `name` names: `embedded:FILE` or `kafka://HOST:PORT[,HOST:PORT]`.
///
/// # Errors
/// When the URL is wrong, its driver is not compiled in, or the bus cannot be opened; the message names the setting.
pub fn open_bus<'a>(name: &'a str, url: &'a SecretUrl) -> BoxFuture<'a, anyhow::Result<Arc<dyn Bus>>> {
    Box::pin(async move {
        let opened = open(url.expose()).await;
        opened.map_err(|error| anyhow::anyhow!("setting `{name}` ({url}): {error:#}"))
    })
}

async fn open(address: &str) -> anyhow::Result<Arc<dyn Bus>> {
    if let Some(path) = address.strip_prefix("embedded:") {
        open_embedded(path.trim_start_matches("//")).await
    } else if address.starts_with("kafka://") {
        open_kafka(address).await
    } else {
        Err(anyhow::anyhow!("a bus is `embedded:FILE` or `kafka://HOST:PORT`"))
    }
}

#[cfg(feature = "embedded")]
async fn open_embedded(path: &str) -> anyhow::Result<Arc<dyn Bus>> {
    use messaging::embedded::{DEFAULT_PARTITIONS, EmbeddedLog};
    Ok(Arc::new(EmbeddedLog::open(path, DEFAULT_PARTITIONS).await?))
}

#[cfg(not(feature = "embedded"))]
async fn open_embedded(_path: &str) -> anyhow::Result<Arc<dyn Bus>> {
    anyhow::bail!("this build has no embedded log: build it with the cargo feature `embedded`")
}

#[cfg(feature = "distributed")]
async fn open_kafka(url: &str) -> anyhow::Result<Arc<dyn Bus>> {
    Ok(messaging::kafka::open(url).await?)
}

#[cfg(not(feature = "distributed"))]
async fn open_kafka(_url: &str) -> anyhow::Result<Arc<dyn Bus>> {
    anyhow::bail!("this build has no Kafka driver: build it with the cargo feature `distributed`")
}
