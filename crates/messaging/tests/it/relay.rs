//! The outbox relay, on every bus.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use messaging::{Bus, OutboxRelay};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Backend, FakeStore, SpyBus, ids, on_every_bus, until};

on_every_bus!(
    it_publishes_in_order_and_empties_the_outbox,
    a_failing_bus_loses_nothing,
    a_bus_that_fails_in_the_middle_of_a_batch_loses_nothing,
    an_outbox_that_cannot_be_emptied_keeps_the_order,
    what_was_published_but_not_marked_is_published_again_and_nothing_else,
    a_second_relay_only_causes_duplicates,
    a_notice_wakes_it_at_once,
    a_lost_notice_costs_only_a_moment,
    it_makes_the_topics_that_it_needs,
);

struct Relaying {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Relaying {
    fn start(store: &Arc<FakeStore>, bus: Arc<dyn Bus>) -> Self {
        let shutdown = CancellationToken::new();
        let relay = OutboxRelay::new(Arc::clone(store) as _, bus, "/test".to_owned());
        let task = tokio::spawn(relay.run(shutdown.clone()));
        Self { shutdown, task }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("the relay ends without a panic");
    }
}

fn commit(store: &FakeStore, backend: &Backend, ids: &[Uuid], versions: impl IntoIterator<Item = i64>) {
    for version in versions {
        for id in ids {
            store.commit(&backend.aggregate_type, *id, version, false);
        }
    }
}

async fn emptied(store: &FakeStore) {
    until(|| store.outbox_len(), |pending| *pending == 0).await;
}

/// The versions of `id` in the topic, in order.
async fn published(backend: &Backend, id: Uuid) -> Vec<i64> {
    let deliveries = backend.bus.read_topic(&backend.topic).await.expect("the topic");
    let of_key = deliveries.iter().filter(|delivery| delivery.message.key == id.to_string());
    of_key.map(|d| d.message.header("ce_sequence").unwrap_or_default().parse().expect("a number")).collect()
}

fn first_occurrences(versions: &[i64]) -> Vec<i64> {
    let mut firsts = Vec::new();
    for version in versions {
        if !firsts.contains(version) {
            firsts.push(*version);
        }
    }
    firsts
}

async fn it_publishes_in_order_and_empties_the_outbox(backend: Backend) {
    let ids = ids(30);
    let store = Arc::new(FakeStore::new());
    commit(&store, &backend, &ids, 1..=40);
    let relaying = Relaying::start(&store, Arc::clone(&backend.bus));
    commit(&store, &backend, &ids, 41..=50);
    emptied(&store).await;
    for id in ids {
        assert_eq!(published(&backend, id).await, (1..=50).collect::<Vec<_>>());
    }
    relaying.stop().await;
}

async fn a_failing_bus_loses_nothing(backend: Backend) {
    let ids = ids(3);
    let store = Arc::new(FakeStore::new());
    let spy = SpyBus::new(Arc::clone(&backend.bus));
    spy.controls.failing_publishes.store(4, Ordering::SeqCst);
    let relaying = Relaying::start(&store, Arc::new(spy));
    commit(&store, &backend, &ids, 1..=10);
    emptied(&store).await;
    for id in ids {
        assert_eq!(published(&backend, id).await, (1..=10).collect::<Vec<_>>());
    }
    relaying.stop().await;
}

/// More than one batch waits, so that the relay has read ahead when a publish tears.
async fn a_bus_that_fails_in_the_middle_of_a_batch_loses_nothing(backend: Backend) {
    let ids = ids(30);
    let store = Arc::new(FakeStore::new());
    let spy = SpyBus::new(Arc::clone(&backend.bus));
    spy.controls.torn_publishes.store(2, Ordering::SeqCst);
    commit(&store, &backend, &ids, 1..=50);
    let relaying = Relaying::start(&store, Arc::new(spy));
    emptied(&store).await;
    for id in ids {
        let versions = published(&backend, id).await;
        assert_eq!(first_occurrences(&versions), (1..=50).collect::<Vec<_>>(), "{versions:?}");
    }
    relaying.stop().await;
}

/// The rows of a batch are deleted while the next batch is published; when that fails, both come again.
async fn an_outbox_that_cannot_be_emptied_keeps_the_order(backend: Backend) {
    let ids = ids(30);
    let store = Arc::new(FakeStore::new());
    store.failing_marks.store(2, Ordering::SeqCst);
    commit(&store, &backend, &ids, 1..=50);
    let relaying = Relaying::start(&store, Arc::clone(&backend.bus));
    emptied(&store).await;
    for id in ids {
        let versions = published(&backend, id).await;
        assert_eq!(first_occurrences(&versions), (1..=50).collect::<Vec<_>>(), "{versions:?}");
        assert!(versions.len() > 50, "what was not deleted was published again");
    }
    relaying.stop().await;
}

async fn what_was_published_but_not_marked_is_published_again_and_nothing_else(backend: Backend) {
    let id = ids(1)[0];
    let store = Arc::new(FakeStore::new());
    store.failing_marks.store(2, Ordering::SeqCst);
    commit(&store, &backend, &[id], 1..=5);
    let relaying = Relaying::start(&store, Arc::clone(&backend.bus));
    emptied(&store).await;
    let versions = published(&backend, id).await;
    assert_eq!(versions, [1, 2, 3, 4, 5].repeat(3));
    relaying.stop().await;
}

async fn a_second_relay_only_causes_duplicates(backend: Backend) {
    let ids = ids(5);
    let store = Arc::new(FakeStore::new());
    let relays = [(); 2].map(|()| Relaying::start(&store, Arc::clone(&backend.bus)));
    for version in 1..=40 {
        commit(&store, &backend, &ids, [version]);
        tokio::task::yield_now().await;
    }
    emptied(&store).await;
    for relaying in relays {
        relaying.stop().await;
    }
    for id in ids {
        let versions = published(&backend, id).await;
        assert_eq!(first_occurrences(&versions), (1..=40).collect::<Vec<_>>());
    }
}

async fn a_notice_wakes_it_at_once(backend: Backend) {
    let id = ids(1)[0];
    let store = Arc::new(FakeStore::new());
    let relaying = Relaying::start(&store, Arc::clone(&backend.bus));
    let started = Instant::now();
    for version in 1..=20 {
        commit(&store, &backend, &[id], [version]);
        emptied(&store).await;
    }
    // By looking once a second it would have taken twenty.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    relaying.stop().await;
}

async fn a_lost_notice_costs_only_a_moment(backend: Backend) {
    let id = ids(1)[0];
    let store = Arc::new(FakeStore::new());
    let relaying = Relaying::start(&store, Arc::clone(&backend.bus));
    commit(&store, &backend, &[id], 1..=1);
    emptied(&store).await;
    store.commit(&backend.aggregate_type, id, 2, true);
    emptied(&store).await;
    relaying.stop().await;
}

async fn it_makes_the_topics_that_it_needs(mut backend: Backend) {
    backend.aggregate_type.push_str("-new");
    backend.topic.push_str("-new");
    let id = ids(1)[0];
    let store = Arc::new(FakeStore::new());
    commit(&store, &backend, &[id], 1..=1);
    let relaying = Relaying::start(&store, Arc::clone(&backend.bus));
    emptied(&store).await;
    assert_eq!(published(&backend, id).await, [1]);
    relaying.stop().await;
}
