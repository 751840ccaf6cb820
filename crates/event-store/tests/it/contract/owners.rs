use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::backend::Backend;
use crate::shelf::commit_raw;

pub(crate) async fn streams_are_listed_by_the_owner_in_their_first_event(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
    let put = |owner: Value| json!({ "items": 1, "owner": owner });
    for (id, owner) in ids.iter().zip([json!("ada"), json!("bob"), json!("ada"), json!(null), json!("ada")]) {
        store.append(commit_raw(*id, 0, "ItemsPut", 2, put(owner))).await.unwrap();
    }
    // A later event says nothing of whose the stream is, and one without an owner is nobody's.
    store.append(commit_raw(ids[1], 1, "ItemsPut", 2, put(json!("ada")))).await.unwrap();
    store.append(commit_raw(Uuid::from_u128(6), 0, "ItemsPut", 2, json!({ "items": 1 }))).await.unwrap();
    let listed = async |owner: &str, before: Option<Uuid>, limit: u32| {
        store.streams_of("shelf", owner, before, limit).await.unwrap()
    };

    assert_eq!(listed("ada", None, 10).await, [ids[4], ids[2], ids[0]]);
    assert_eq!(listed("ada", None, 2).await, [ids[4], ids[2]]);
    assert_eq!(listed("ada", Some(ids[2]), 2).await, [ids[0]]);
    assert_eq!(listed("bob", None, 10).await, [ids[1]]);
    assert!(listed("eve", None, 10).await.is_empty());
    assert!(store.streams_of("drawer", "ada", None, 10).await.unwrap().is_empty());
}
