//! Everything goes well.

use std::collections::HashMap;
use std::sync::Arc;

use messaging::{Bus, Outcome, SubscriptionSettings};
use tokio::sync::Semaphore;

use crate::support::{Backend, Recorder, Running, SpyBus, ids, on_every_bus, quick_settings, until};

on_every_bus!(
    every_key_keeps_its_order,
    a_slow_key_does_not_hold_up_other_partitions,
    what_is_published_while_it_runs_arrives_too,
    much_more_than_fits_in_memory_arrives_with_bounded_memory,
    shutdown_finishes_what_is_under_way_and_stores_it,
    the_status_tells_how_it_is_doing,
);

async fn every_key_keeps_its_order(backend: Backend) {
    let ids = ids(50);
    backend.publish(&ids, 1..=40).await;
    let recorder = Recorder::accepting();
    let running = Running::start(&backend, recorder.clone()).await;
    recorder.has_all(&ids, 40).await;
    running.handle.caught_up().await;
    assert_eq!(recorder.done().len(), 2000, "and nothing came twice");
    running.stop().await;
}

async fn a_slow_key_does_not_hold_up_other_partitions(backend: Backend) {
    let ids = ids(30);
    backend.publish(&ids, 1..=2).await;
    let deliveries = backend.bus.read_topic(&backend.topic).await.expect("the topic");
    let partitions: HashMap<String, i32> =
        deliveries.into_iter().map(|d| (d.message.key, d.position.partition)).collect();
    let slow = ids[0];
    let gate = Arc::new(Semaphore::new(0));
    let recorder = {
        let gate = Arc::clone(&gate);
        Recorder::with(move |event| {
            let gate = Arc::clone(&gate);
            Box::pin(async move {
                if event.stream.aggregate_id == slow {
                    drop(gate.acquire().await);
                }
                Outcome::Done
            })
        })
    };
    let running = Running::start(&backend, recorder.clone()).await;
    let elsewhere = |id: &&uuid::Uuid| partitions[&id.to_string()] != partitions[&slow.to_string()];
    let others: Vec<_> = ids.iter().filter(elsewhere).copied().collect();
    recorder.has_all(&others, 2).await;
    assert!(recorder.versions(slow).is_empty());
    gate.close();
    recorder.has_all(&ids, 2).await;
    running.stop().await;
}

async fn what_is_published_while_it_runs_arrives_too(backend: Backend) {
    let ids = ids(10);
    let recorder = Recorder::accepting();
    let running = Running::start(&backend, recorder.clone()).await;
    for version in 1..=30 {
        backend.publish(&ids, version..=version).await;
    }
    recorder.has_all(&ids, 30).await;
    running.stop().await;
}

async fn much_more_than_fits_in_memory_arrives_with_bounded_memory(backend: Backend) {
    const LIMIT: usize = 50;
    let ids = ids(64);
    backend.publish(&ids, 1..=200).await;
    let gate = Arc::new(Semaphore::new(0));
    let recorder = {
        let gate = Arc::clone(&gate);
        Recorder::with(move |_| {
            let gate = Arc::clone(&gate);
            Box::pin(async move {
                drop(gate.acquire().await);
                Outcome::Done
            })
        })
    };
    let spy = Arc::new(SpyBus::new(Arc::clone(&backend.bus)));
    let controls = Arc::clone(&spy.controls);
    let settings = SubscriptionSettings { in_hand_limit: LIMIT, batch_limit: 20, ..quick_settings() };
    let running = Running::on(spy as Arc<dyn Bus>, &backend, recorder.clone(), None, settings).await;
    until(|| controls.paused.lock().expect("not poisoned").len(), |paused| *paused == 8).await;
    // Every partition may get one more hand-over beyond its limit, and Kafka has a few on the way.
    let delivered = controls.delivered.load(std::sync::atomic::Ordering::SeqCst);
    assert!(delivered <= 8 * (LIMIT + 256) + 8 * 256, "{delivered} of 12800 are in memory");
    gate.close();
    recorder.has_all(&ids, 200).await;
    running.handle.caught_up().await;
    running.stop().await;
}

async fn shutdown_finishes_what_is_under_way_and_stores_it(backend: Backend) {
    let ids = ids(1);
    backend.publish(&ids, 1..=1).await;
    let (started, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let recorder = {
        let (started, gate) = (Arc::clone(&started), Arc::clone(&gate));
        Recorder::with(move |_| {
            let (started, gate) = (Arc::clone(&started), Arc::clone(&gate));
            Box::pin(async move {
                started.add_permits(1);
                drop(gate.acquire().await);
                Outcome::Done
            })
        })
    };
    let running = Running::start(&backend, recorder.clone()).await;
    drop(started.acquire().await);
    running.ask_to_stop();
    gate.close();
    running.stop().await;
    assert_eq!(recorder.versions(ids[0]), [1]);
    assert_eq!(backend.lag().await, 0, "its offset was stored");
}

async fn the_status_tells_how_it_is_doing(backend: Backend) {
    let ids = ids(4);
    let running = Running::start(&backend, Recorder::accepting()).await;
    backend.publish(&ids, 1..=2).await;
    until(
        || running.handle.status(),
        |status| {
            status.connected
                && status.partitions == 8
                && status.lag == Some(0)
                && status.last_progress.is_some()
        },
    )
    .await;
    let mut watched = running.handle.watch();
    running.stop().await;
    let ended = watched.wait_for(|status| !status.connected).await.map(|status| status.partitions);
    assert_eq!(ended.ok(), Some(0));
}
