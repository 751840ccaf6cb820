use std::sync::Arc;

use domain::event::CodecError;
use event_store::{StoreError, StreamId, Until, Version};
use serde_json::json;
use uuid::Uuid;

use crate::backend::Backend;
use crate::clock::time;
use crate::shelf::{commit, commit_raw, fields, put, shelf_stream, shelves};

pub(crate) async fn an_old_event_is_lifted(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());

    store.append(commit_raw(id, 0, "ItemsPut", 1, json!({ "amount": 7 }))).await.unwrap();

    assert_eq!(shelves(&store).find(id).await.unwrap().state.items, 7);
    let stored = store.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap();
    assert_eq!(
        stored[0].payload,
        fields(&json!({ "amount": 7 })),
        "the stored event stays as it was written"
    );
}

pub(crate) async fn a_missing_field_has_its_default_and_an_unknown_one_is_ignored(
    backend: Arc<impl Backend>,
) {
    let (store, id) = (backend.open().await, Uuid::now_v7());

    store.append(commit_raw(id, 0, "ItemsPut", 2, json!({ "items": 3, "colour": "red" }))).await.unwrap();

    let stored = store.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap();
    assert_eq!(stored[0].decode::<crate::shelf::ShelfEvent>().unwrap(), put(3));
    assert_eq!(shelves(&store).find(id).await.unwrap().state.items, 3);
}

pub(crate) async fn an_event_of_newer_code_is_an_error(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    for (event_type, schema_version) in [("ItemsPut", 3), ("ItemsPainted", 1)] {
        let id = Uuid::now_v7();
        store.append(commit(id, 0, &[put(1)])).await.unwrap();
        store.append(commit_raw(id, 1, event_type, schema_version, json!({}))).await.unwrap();

        let Err(StoreError::Codec { stream, version, source }) = shelves(&store).find(id).await else {
            panic!("it was read")
        };

        assert_eq!((stream, version), (shelf_stream(id), Version(2)));
        assert!(matches!(source, CodecError::NewerSchema { .. } | CodecError::UnknownType(_)));
    }
}

pub(crate) async fn a_missing_version_is_noticed(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    store.append(commit(id, 0, &[put(1), put(2), put(3)])).await.unwrap();

    backend.tamper("DELETE FROM events WHERE version = 2").await;

    let damaged = store.load(&shelf_stream(id), Version::NONE, Until::Latest).await;
    assert!(matches!(damaged, Err(StoreError::Corrupt(_))));
    assert_eq!(store.load(&shelf_stream(id), Version(2), Until::Latest).await.unwrap().len(), 1);
}

pub(crate) async fn the_past_is_read_by_version_and_by_time(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    // The fourth was written by a process whose clock is behind.
    for (expected, second) in [(0, 10), (1, 20), (2, 30), (3, 25)] {
        let mut commit = commit(id, expected, &[put(1)]);
        commit.command.recorded_at = time(second);
        store.append(commit).await.unwrap();
    }
    let stream = shelf_stream(id);
    let last = async |until| {
        let events = store.load(&stream, Version::NONE, until).await.unwrap();
        events.last().map_or(0, |event| event.version.0)
    };

    for (version, expected) in [(0, 0), (2, 2), (4, 4), (9, 4)] {
        assert_eq!(last(Until::Version(Version(version))).await, expected);
    }
    for (second, expected) in [(9, 0), (10, 1), (24, 2), (25, 4), (99, 4)] {
        assert_eq!(last(Until::Time(time(second))).await, expected, "at second {second}");
        assert_eq!(store.version_at(&stream, time(second)).await.unwrap(), Version(expected));
    }
}

pub(crate) async fn all_events_of_a_type_come_in_order(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let mut shelves = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    for id in shelves.iter().rev() {
        store.append(commit(*id, 0, &[put(1)])).await.unwrap();
    }
    store.append(commit(shelves[1], 1, &[put(1), put(2)])).await.unwrap();
    let drawer = StreamId::new("drawer", Uuid::now_v7());
    let mut other = commit(drawer.aggregate_id, 0, &[put(1)]);
    other.command.stream = drawer;
    store.append(other).await.unwrap();

    let all = store.read_all("shelf").await.unwrap();

    shelves.sort_unstable();
    let places: Vec<_> = all.iter().map(|event| (event.stream.aggregate_id, event.version.0)).collect();
    let [a, b, c] = shelves;
    assert_eq!(places, [(a, 1), (b, 1), (b, 2), (b, 3), (c, 1)]);
    assert_eq!(store.read_all("drawer").await.unwrap().len(), 1);
}
