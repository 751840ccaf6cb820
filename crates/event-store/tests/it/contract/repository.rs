use std::sync::Arc;

use event_store::{At, IdAndVersion, RequestHash, StoreError, Version};
use uuid::Uuid;

use crate::backend::Backend;
use crate::clock::time;
use crate::shelf::{ShelfEvent, once, put, shelf_stream, shelves};

pub(crate) async fn what_was_saved_is_found(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let shelves = shelves(&store);

    let saved = shelves.save(vec![put(1), put(2)], None, once()).await.unwrap();
    let updated =
        shelves.update(saved, vec![ShelfEvent::CountPlanned { by: time(9) }], once()).await.unwrap();

    assert_eq!(saved.version, Version(2));
    assert_eq!(updated, IdAndVersion { id: saved.id, version: Version(3) });
    let found = shelves.find(saved.id).await.unwrap();
    assert_eq!((found.id, found.version, found.state.items), (saved.id, Version(3), 3));
    assert_eq!(shelves.find_optional(saved.id).await.unwrap(), Some(found));
    assert_eq!(store.due("shelf", time(9), 1).await.unwrap(), [(saved.id, time(9))]);
}

pub(crate) async fn what_was_never_saved_is_not_found(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let shelves = shelves(&store);

    assert_eq!(shelves.find_optional(id).await.unwrap(), None);
    let missing = [shelves.find(id).await, shelves.find_at(id, At::Version(Version(1))).await];
    for answer in missing {
        assert!(matches!(answer, Err(StoreError::NotFound(stream)) if stream == shelf_stream(id)));
    }
}

pub(crate) async fn an_update_needs_the_right_version(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let shelves = shelves(&store);
    let id = Uuid::now_v7();
    shelves.save(vec![put(1), put(2)], Some(id), once()).await.unwrap();

    for version in [0, 1, 3] {
        let target = IdAndVersion { id, version: Version(version) };
        let refused = shelves.update(target, vec![put(3)], once()).await;
        let Err(StoreError::Conflict(conflict)) = refused else { panic!("{refused:?}") };
        assert_eq!(conflict.actual, Version(2));
    }
    let twice = shelves.save(vec![put(1)], Some(id), once()).await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))));
}

pub(crate) async fn the_same_command_saves_once(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let (shelves, creation, change) = (shelves(&store), once(), once());

    let saved = shelves.save(vec![put(1)], None, creation.clone()).await.unwrap();
    let updated = shelves.update(saved, vec![put(2)], change.clone()).await.unwrap();

    assert_eq!(shelves.save(vec![put(1)], None, creation.clone()).await.unwrap(), saved);
    assert_eq!(shelves.update(saved, vec![put(2)], change.clone()).await.unwrap(), updated);
    let mut other = creation;
    other.request_hash = Some(RequestHash([1; 32]));
    let mismatch = shelves.save(vec![put(1)], None, other).await;
    assert!(matches!(mismatch, Err(StoreError::DuplicateCommand(_))));
    assert_eq!(store.read_all("shelf").await.unwrap().len(), 2);
}

pub(crate) async fn the_past_can_be_found(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let shelves = shelves(&store);
    let mut target = shelves.save(vec![put(1)], None, once()).await.unwrap();
    for _ in 0..9 {
        target = shelves.update(target, vec![put(1)], once()).await.unwrap();
    }

    for version in 1..=10 {
        let then = shelves.find_at(target.id, At::Version(Version(version))).await.unwrap();
        assert_eq!((then.version.0, i64::try_from(then.state.items).unwrap()), (version, version));
        let then = shelves.find_at(target.id, At::Time(time(version - 1))).await.unwrap();
        assert_eq!(then.version.0, version);
    }
    let future = shelves.find_at(target.id, At::Version(Version(11))).await.unwrap();
    assert_eq!(future.version, Version(10));
    let before = shelves.find_at(target.id, At::Time(time(-1))).await;
    assert!(matches!(before, Err(StoreError::NotFound(_))));
}
