use std::sync::Arc;

use event_store::EventStore;
use serde_json::json;
use uuid::Uuid;

use crate::backend::Backend;
use crate::shelf::commit_raw;

/// Appends one event of this type and schema version.
async fn append(store: &dyn EventStore, id: Uuid, expected: i64, event_type: &str, schema_version: u32) {
    let commit = commit_raw(id, expected, event_type, schema_version, json!({ "items": 1 }));
    store.append(commit).await.unwrap();
}

pub(crate) async fn a_sample_has_the_youngest_streams_of_every_shape(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let store: &dyn EventStore = store.as_ref();
    let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
    append(store, ids[0], 0, "ItemsPut", 1).await;
    for id in &ids[1..] {
        append(store, *id, 0, "ItemsPut", 2).await;
    }
    append(store, ids[1], 1, "ItemsTaken", 1).await;

    // The only one of version 1, the one that was changed last, and the one before it.
    assert_eq!(store.sample("shelf", 2, 10).await.unwrap(), [ids[0], ids[1], ids[4]]);
    assert_eq!(store.sample("shelf", 1, 10).await.unwrap(), [ids[0], ids[1]]);
    assert_eq!(store.sample("shelf", 9, 10).await.unwrap(), ids);
    assert!(store.sample("drawer", 9, 10).await.unwrap().is_empty());
}

pub(crate) async fn a_sample_is_bounded(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let store: &dyn EventStore = store.as_ref();
    let (long, short) = (Uuid::from_u128(1), Uuid::from_u128(2));
    append(store, short, 0, "ItemsPut", 2).await;
    for version in 0..3 {
        append(store, long, version, "ItemsPut", 2).await;
    }

    assert_eq!(store.sample("shelf", 1, 3).await.unwrap(), [long]);
    assert_eq!(store.sample("shelf", 1, 2).await.unwrap(), [short]);
    assert!(store.sample("shelf", 0, 3).await.unwrap().is_empty());
}
