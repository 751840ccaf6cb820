//! What only Kafka can do: brokers that go away. The cluster is librdkafka's own mock, inside this process.

use std::sync::Arc;
use std::time::Duration;

use messaging::dead_letter::SqliteDeadLetters;
use messaging::kafka::{KafkaBus, KafkaSettings};
use messaging::{Bus, BusError, Message, PerEvent, Subscription, subscribe, to_message};
use rdkafka::mocking::MockCluster;
use test_support::eventually;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Recorder, event};

const TOPIC: &str = "bank.account";

/// One broker with one topic, and a bus on it that gives up soon.
fn cluster() -> (MockCluster<'static, rdkafka::producer::DefaultProducerContext>, Arc<KafkaBus>) {
    let cluster = MockCluster::new(1).expect("a mock cluster");
    cluster.create_topic(TOPIC, 8, 1).expect("a topic");
    let settings = KafkaSettings {
        publish_timeout: Duration::from_millis(500),
        ..KafkaSettings::new(cluster.bootstrap_servers())
    };
    (cluster, Arc::new(KafkaBus::new(settings).expect("a bus")))
}

fn message(version: i64) -> Message {
    to_message(&event("account", Uuid::from_u128(1), version), "/test")
}

/// The versions in the topic, each where it stands first.
async fn published(bus: &KafkaBus) -> Vec<String> {
    let mut firsts: Vec<String> = Vec::new();
    for delivery in bus.read_topic(TOPIC).await.expect("the topic") {
        let version = delivery.message.header("ce_sequence").unwrap_or_default().to_owned();
        if !firsts.contains(&version) {
            firsts.push(version);
        }
    }
    firsts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_confirmed_is_an_error_and_works_again_once_the_broker_is_back() {
    let (cluster, bus) = cluster();
    // As the relay does: the same batch again until it is confirmed, however slow the machine is.
    eventually(|| bus.publish(vec![message(1)])).await;
    cluster.broker_down(1).expect("the broker goes away");
    let failed = bus.publish(vec![message(2), message(3)]).await;
    assert!(matches!(failed, Err(BusError::Unavailable(_))), "{failed:?}");
    cluster.broker_up(1).expect("the broker comes back");
    eventually(|| bus.publish(vec![message(2), message(3)])).await;
    eventually(|| bus.publish(vec![message(4)])).await;
    assert_eq!(published(&bus).await, ["1", "2", "3", "4"]);
    bus.close().await;
    let closed = bus.publish(vec![message(5)]).await;
    assert!(matches!(closed, Err(BusError::Unavailable(_))), "{closed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_goes_on_once_the_broker_is_back() {
    let (cluster, bus) = cluster();
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::accepting();
    let shutdown = CancellationToken::new();
    let subscription = Subscription {
        id: "group".to_owned(),
        topics: vec![TOPIC.to_owned()],
        handler: Arc::new(PerEvent(recorder.clone())),
        dead_letters: Arc::new(
            SqliteDeadLetters::open(folder.path().join("letters.db")).await.expect("letters"),
        ),
        owner: None,
    };
    let handle = subscribe(Arc::clone(&bus) as Arc<dyn Bus>, subscription, shutdown.clone()).await;
    eventually(|| bus.publish(vec![message(1)])).await;
    recorder.has_all(&[Uuid::from_u128(1)], 1).await;
    cluster.broker_down(1).expect("the broker goes away");
    assert!(bus.publish(vec![message(2)]).await.is_err());
    cluster.broker_up(1).expect("the broker comes back");
    eventually(|| bus.publish(vec![message(2)])).await;
    recorder.has_all(&[Uuid::from_u128(1)], 2).await;
    shutdown.cancel();
    handle.join().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_ends_although_the_broker_is_gone() {
    let (cluster, bus) = cluster();
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::accepting();
    let shutdown = CancellationToken::new();
    let subscription = Subscription {
        id: "group".to_owned(),
        topics: vec![TOPIC.to_owned()],
        handler: Arc::new(PerEvent(recorder.clone())),
        dead_letters: Arc::new(
            SqliteDeadLetters::open(folder.path().join("letters.db")).await.expect("letters"),
        ),
        owner: None,
    };
    let handle = subscribe(Arc::clone(&bus) as Arc<dyn Bus>, subscription, shutdown.clone()).await;
    eventually(|| bus.publish(vec![message(1)])).await;
    recorder.has_all(&[Uuid::from_u128(1)], 1).await;
    cluster.broker_down(1).expect("the broker goes away");
    shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(30), handle.join()).await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_was_never_there_is_an_error_and_no_hang() {
    let settings = KafkaSettings {
        publish_timeout: Duration::from_millis(300),
        // Nothing listens on the discard port.
        ..KafkaSettings::new("127.0.0.1:9")
    };
    let bus = KafkaBus::new(settings).expect("a bus");
    assert!(matches!(bus.ping().await, Err(BusError::Unavailable(_))));
    assert!(matches!(bus.publish(vec![message(1)]).await, Err(BusError::Unavailable(_))));
    bus.close().await;
}
