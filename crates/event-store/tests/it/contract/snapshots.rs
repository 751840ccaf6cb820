use std::sync::Arc;

use domain::Aggregate;
use event_store::{At, Commands, EventStore, Snapshot, Version};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use test_support::eventually;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::backend::Backend;
use crate::shelf::{Order, Shelf, commit, once, orders, put, shelf_stream, shelves, shelves_with_snapshots};

pub(crate) async fn a_snapshot_and_its_tail_equal_a_full_replay(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let commits = prop::collection::vec(prop::collection::vec(1..100_u64, 1..5), 1..12);
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });

    let runtime = Handle::current();
    let outcome = block_in_place(|| {
        runner.run(&(1..6_u32, commits), |(every, commits)| {
            runtime.block_on(check_every_version(&store, every, &commits))
        })
    });

    outcome.unwrap();
}

async fn check_every_version(
    store: &Arc<dyn EventStore>,
    every: u32,
    commits: &[Vec<u64>],
) -> Result<(), TestCaseError> {
    let shelves = shelves_with_snapshots(store, every);
    let mut target = shelves.save(vec![put(1)], None, once()).await.unwrap();
    let mut events = vec![put(1)];
    for commit in commits {
        let commit: Vec<_> = commit.iter().copied().map(put).collect();
        target = shelves.update(target, commit.clone(), once()).await.unwrap();
        events.extend(commit);
    }
    for (version, count) in (1..).zip(1..=events.len()) {
        let found = shelves.find_at(target.id, At::Version(Version(version))).await.unwrap();
        prop_assert_eq!(found.version, Version(version));
        prop_assert_eq!(found.state, Shelf::default().fold(&events[..count]));
    }
    prop_assert_eq!(shelves.find(target.id).await.unwrap().state, Shelf::default().fold(&events));
    Ok(())
}

pub(crate) async fn a_snapshot_is_kept_every_few_events(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);
    // Snapshots are written beside the commands.
    let newest_is = async |expected: Option<(i64, Value)>| {
        eventually(|| async {
            let snapshot = store.load_snapshot(&shelf_stream(id), Version(i64::MAX)).await.unwrap();
            let newest = snapshot.map(|snapshot| (snapshot.version.0, snapshot.state["items"].clone()));
            if newest == expected { Ok(()) } else { Err(newest) }
        })
        .await;
    };

    // After 2, 3 and 8 events: the third and the sixth event are crossed.
    orders.execute(id, Order::PutEach(vec![1, 1]), once()).await.unwrap();
    newest_is(None).await;
    orders.execute(id, Order::Put(1), once()).await.unwrap();
    newest_is(Some((3, json!(3)))).await;
    orders.execute(id, Order::PutEach(vec![1; 5]), once()).await.unwrap();
    newest_is(Some((8, json!(8)))).await;

    let older = store.load_snapshot(&shelf_stream(id), Version(7)).await.unwrap().unwrap();
    assert_eq!((older.version, older.state_schema_version), (Version(3), Shelf::STATE_SCHEMA_VERSION));
    assert_eq!(store.load_snapshot(&shelf_stream(id), Version(2)).await.unwrap(), None);
}

pub(crate) async fn a_snapshot_of_another_schema_is_ignored(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let wrong = serde_json::to_value(Shelf { items: 1_000, ..Shelf::default() }).unwrap();
    check_ignored(&store, Shelf::STATE_SCHEMA_VERSION - 1, wrong.clone()).await;
    check_ignored(&store, Shelf::STATE_SCHEMA_VERSION + 1, wrong).await;
}

pub(crate) async fn an_unreadable_snapshot_is_ignored(backend: Arc<impl Backend>) {
    check_ignored(&backend.open().await, Shelf::STATE_SCHEMA_VERSION, json!("no shelf")).await;
}

async fn check_ignored(store: &Arc<dyn EventStore>, state_schema_version: u32, state: Value) {
    let (id, version) = (Uuid::now_v7(), Version(2));
    store.append(commit(id, 0, &[put(1), put(1)])).await.unwrap();
    let stream = shelf_stream(id);
    store.save_snapshots(vec![Snapshot { stream, version, state_schema_version, state }]).await.unwrap();

    assert_eq!(shelves(store).find(id).await.unwrap().state.items, 2);
}

pub(crate) async fn the_past_ignores_later_snapshots(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    orders(&store).execute(id, Order::PutEach(vec![1; 6]), once()).await.unwrap();

    let then = shelves(&store).find_at(id, At::Version(Version(2))).await.unwrap();

    assert_eq!((then.version, then.state.items), (Version(2), 2));
}

pub(crate) async fn a_snapshot_that_cannot_be_kept_is_no_error(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    // The direct path writes a snapshot before it answers.
    let orders = Commands::direct(shelves(&store));
    orders.execute(id, Order::PutEach(vec![1; 3]), once()).await.unwrap();
    backend.tamper("CREATE UNIQUE INDEX only_one ON snapshots (state_schema_version)").await;

    let done = orders.execute(id, Order::PutEach(vec![1; 3]), once()).await.unwrap();

    assert_eq!((done.version, done.state.items), (Version(6), 6));
    let newest = store.load_snapshot(&shelf_stream(id), Version(i64::MAX)).await.unwrap().unwrap();
    assert_eq!(newest.version, Version(3), "the second one was not kept");
    assert_eq!(shelves(&store).find(id).await.unwrap().state.items, 6);
}
