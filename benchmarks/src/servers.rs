//! Kafka and MongoDB for a run: what it makes there has a name of its own, and is gone afterwards.
//!
//! Neither function here listens for Ctrl-C: what goes on inside does, and ends, so that this can clean up.

use std::time::Duration;

use anyhow::Context;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use uuid::Uuid;

/// How long the broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gives `work` a prefix for its topics and groups on the `brokers`, and removes whatever has it in the end, also when
/// `work` fails.
///
/// # Errors
/// Those of `work`; when the topics cannot be removed.
pub(crate) async fn with_topics<T>(
    brokers: &str,
    work: impl AsyncFnOnce(&str) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let prefix = format!("benchmark_{}.", Uuid::now_v7().simple());
    let outcome = work(&prefix).await;
    let removed = remove_topics(brokers, &prefix).await.context("cannot remove the topics of this run");
    let outcome = outcome?;
    removed.map(|()| outcome)
}

async fn remove_topics(brokers: &str, prefix: &str) -> anyhow::Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    let (topics, groups) = tokio::task::block_in_place(|| -> anyhow::Result<_> {
        let (metadata, groups) =
            (admin.inner().fetch_metadata(None, PATIENCE)?, admin.inner().fetch_group_list(None, PATIENCE)?);
        let topics = metadata.topics().iter().map(|topic| topic.name().to_owned());
        let groups = groups.groups().iter().map(|group| group.name().to_owned());
        Ok((ours(topics, prefix), ours(groups, prefix)))
    })?;
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE));
    if !groups.is_empty() {
        // A group whose member was killed counts as in use for a while; the broker forgets it by itself.
        admin.delete_groups(&borrowed(&groups), &options).await?;
    }
    if !topics.is_empty() {
        for removed in admin.delete_topics(&borrowed(&topics), &options).await? {
            removed.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
        }
    }
    Ok(())
}

fn ours(names: impl Iterator<Item = String>, prefix: &str) -> Vec<String> {
    names.filter(|name| name.starts_with(prefix)).collect()
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Gives `work` the URL of a new database on the MongoDB server at `url`, and drops the database in the end, also when
/// `work` fails. Without a server there is no URL.
///
/// # Errors
/// Those of `work`; when the database cannot be dropped.
pub(crate) async fn with_mongo<T>(
    url: Option<&str>,
    work: impl AsyncFnOnce(Option<&str>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let Some(url) = url else {
        return work(None).await;
    };
    let name = format!("benchmark_{}", Uuid::now_v7().simple());
    let outcome = work(Some(&format!("{}/{name}", url.trim_end_matches('/')))).await;
    let dropped = drop_database(url, &name).await.context("cannot drop the views of this run");
    let outcome = outcome?;
    dropped.map(|()| outcome)
}

async fn drop_database(url: &str, name: &str) -> anyhow::Result<()> {
    let client = mongodb::Client::with_uri_str(url).await?;
    client.database(name).drop().await?;
    client.shutdown().await;
    Ok(())
}
