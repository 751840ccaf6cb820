//! What only the embedded log promises.

use std::path::PathBuf;
use std::sync::Arc;

use futures::future::join_all;
use messaging::embedded::{DEFAULT_PARTITIONS, EmbeddedLog};
use messaging::{Bus, BusError, SourceEvent, to_message};
use tempfile::TempDir;

use crate::support::{event, ids};

const TOPIC: &str = "bank.account";

async fn open(folder: &TempDir) -> EmbeddedLog {
    let log = EmbeddedLog::open(path(folder), DEFAULT_PARTITIONS).await.expect("a log");
    log.ensure_topics(&[TOPIC]).await.expect("a topic");
    log
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("log.db")
}

async fn publish(log: &EmbeddedLog, versions: impl IntoIterator<Item = i64>) {
    let id = uuid::Uuid::from_u128(1);
    let messages = versions.into_iter().map(|version| to_message(&event("account", id, version), "/test"));
    log.publish(messages.collect()).await.expect("published");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_and_offsets_survive_closing() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(&folder).await;
    publish(&log, 1..=10).await;
    let mut source = log.consume("group", &[TOPIC]).await.expect("a member");
    let position = loop {
        if let SourceEvent::Deliveries(deliveries) = source.next().await.expect("an event") {
            break deliveries[3].position.clone();
        }
    };
    source.store_offsets(&[position]).await.expect("stored");
    source.close().await;
    log.close().await;
    let log = open(&folder).await;
    assert_eq!(log.read_topic(TOPIC).await.expect("the topic").len(), 10);
    assert_eq!(log.lag("group", &[TOPIC]).await.expect("the lag"), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_dropped_can_be_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..3 {
        let log = open(&folder).await;
        publish(&log, 1..=1).await;
    }
    assert_eq!(open(&folder).await.read_topic(TOPIC).await.expect("the topic").len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_may_write_and_others_may_look() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(&folder).await;
    publish(&log, 1..=2).await;
    let second = EmbeddedLog::open(path(&folder), DEFAULT_PARTITIONS).await;
    assert!(matches!(second, Err(BusError::Failed(_))));
    let looking = EmbeddedLog::open_read_only(path(&folder)).await.expect("a log to look at");
    publish(&log, 3..=5).await;
    assert_eq!(looking.read_topic(TOPIC).await.expect("the topic").len(), 5);
    assert_eq!(looking.lag("group", &[TOPIC]).await.expect("the lag"), 5);
    looking.ping().await.expect("it answers");
    assert!(looking.publish(vec![to_message(&event("account", ids(1)[0], 1), "/test")]).await.is_err());
    assert!(looking.consume("group", &[TOPIC]).await.is_err());
    assert!(looking.rewind("group", &[TOPIC]).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_not_there_cannot_be_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(EmbeddedLog::open_read_only(path(&folder)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_publishers_at_once_leave_no_hole() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Arc::new(open(&folder).await);
    let publishers = ids(60).into_iter().map(|id| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            for version in 1..=10 {
                log.publish(vec![to_message(&event("account", id, version), "/test")])
                    .await
                    .expect("published");
            }
        })
    });
    for publisher in join_all(publishers).await {
        publisher.expect("no panic");
    }
    let deliveries = log.read_topic(TOPIC).await.expect("the topic");
    assert_eq!(deliveries.len(), 600);
    for partition in 0..8 {
        let offsets: Vec<i64> = deliveries
            .iter()
            .filter(|delivery| delivery.position.partition == partition)
            .map(|delivery| delivery.position.offset)
            .collect();
        assert_eq!(offsets, (0..offsets.len() as i64).collect::<Vec<_>>(), "partition {partition}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publication_of_many_thousands_is_one_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(&folder).await;
    publish(&log, 1..=9_000).await;
    let mut source = log.consume("group", &[TOPIC]).await.expect("a member");
    let mut next = 1;
    while next <= 9_000 {
        if let SourceEvent::Deliveries(deliveries) = source.next().await.expect("an event") {
            for delivery in deliveries {
                assert_eq!(delivery.message.header("ce_sequence"), Some(next.to_string().as_str()));
                next += 1;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_topic_takes_no_messages() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(&folder).await;
    let refused = log.publish(vec![to_message(&event("nobody-made-this", ids(1)[0], 1), "/test")]).await;
    assert!(matches!(refused, Err(BusError::Failed(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_the_waiting_of_members() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Arc::new(open(&folder).await);
    let mut source = log.consume("group", &[TOPIC]).await.expect("a member");
    assert!(matches!(source.next().await, Ok(SourceEvent::Assigned(slots)) if slots.len() == 8));
    let waiting = tokio::spawn(async move { source.next().await.map(drop) });
    log.close().await;
    assert!(waiting.await.expect("no panic").is_err());
    assert!(log.ping().await.is_err());
}
