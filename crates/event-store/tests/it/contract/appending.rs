use std::sync::Arc;

use chrono::TimeDelta;
use event_store::{
    Conflict, DeadlineChange, ExpectedVersion, Metadata, StoreError, StreamId, Until, Version,
};
use futures::future::join;
use serde_json::json;
use uuid::Uuid;

use crate::backend::Backend;
use crate::clock::time;
use crate::shelf::{ShelfEvent, commit, commit_raw, fields, put, shelf_stream};

pub(crate) async fn events_come_back_in_order(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let mut first = commit(id, 0, &[put(1), put(2), put(3)]);
    first.metadata = Metadata {
        correlation_id: Some(Uuid::now_v7()),
        actor: Some("Zoë".to_owned()),
        ..Metadata::default()
    };

    let mut appended = store.append(first.clone()).await.unwrap();
    appended.extend(store.append(commit(id, 3, &[put(4)])).await.unwrap());

    assert_eq!(store.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap(), appended);
    assert_eq!(store.load(&shelf_stream(id), Version(2), Until::Latest).await.unwrap(), appended[2..]);
    let places: Vec<_> = appended.iter().map(|event| (event.version.0, event.ordinal)).collect();
    assert_eq!(places, [(1, 0), (2, 1), (3, 2), (4, 0)]);
    assert!(appended[..3].iter().all(|event| event.metadata == first.metadata));
    assert!(appended[..3].iter().all(|event| event.command_id == first.command.command_id));
    assert!(appended[2].commit_id < appended[3].commit_id);
}

pub(crate) async fn numbers_and_text_come_back_exactly(backend: Arc<impl Backend>) {
    let (store, stream) = (backend.open().await, shelf_stream(Uuid::now_v7()));
    let text = "\0\"\\ 💰 \u{7f}";
    let payload = json!({ "most": u64::MAX, "least": i64::MIN, "z": 1, "a": [null, true], "text": text });
    let mut accepted = commit_raw(stream.aggregate_id, 0, "ItemsPut", 2, payload.clone());
    accepted.metadata.actor = Some(text.to_owned());
    let mut declined = commit(stream.aggregate_id, 1, &[]);
    declined.command.refusal = Some(payload.clone());

    let appended = store.append(accepted).await.unwrap();
    store.append(declined.clone()).await.unwrap();

    assert_eq!(appended[0].payload, fields(&payload));
    assert_eq!(store.load(&stream, Version::NONE, Until::Latest).await.unwrap(), appended);
    let found = store.find_command(declined.command.command_id).await.unwrap();
    assert_eq!(found, Some(declined.command));
}

pub(crate) async fn times_have_whole_microseconds(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let mut finer = commit(id, 0, &[put(1)]);
    finer.command.recorded_at = time(0) + TimeDelta::nanoseconds(1_999);

    let appended = store.append(finer.clone()).await.unwrap();

    assert_eq!(appended[0].recorded_at, time(0) + TimeDelta::microseconds(1));
    assert_eq!(store.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap(), appended);
    let command = store.find_command(finer.command.command_id).await.unwrap().unwrap();
    assert_eq!(command.recorded_at, appended[0].recorded_at);
}

pub(crate) async fn another_version_is_a_conflict(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    store.append(commit(id, 0, &[put(1), put(2)])).await.unwrap();

    let unknown = Uuid::now_v7();
    for (id, expected, actual) in [(id, 0, 2), (id, 1, 2), (id, 3, 2), (unknown, 1, 0)] {
        for events in [&[put(3)][..], &[]] {
            let refused = store.append(commit(id, expected, events)).await;
            assert_eq!(
                conflict(refused),
                Conflict {
                    stream: shelf_stream(id),
                    expected: ExpectedVersion::Exact(Version(expected)),
                    actual: Version(actual),
                }
            );
        }
    }
}

pub(crate) async fn a_command_id_is_taken_once_in_the_whole_store(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let first = commit(Uuid::now_v7(), 0, &[put(1)]);
    store.append(first.clone()).await.unwrap();

    let mut second = commit(Uuid::now_v7(), 0, &[put(1)]);
    second.command.command_id = first.command.command_id;
    let elsewhere = StreamId::new("drawer", Uuid::now_v7());
    let mut third = commit(elsewhere.aggregate_id, 0, &[]);
    third.command.stream = elsewhere;
    third.command.command_id = first.command.command_id;

    for again in [second, third] {
        let refused = store.append(again).await;
        assert!(matches!(refused, Err(StoreError::DuplicateCommand(id)) if id == first.command.command_id));
    }
    assert_eq!(store.find_command(first.command.command_id).await.unwrap(), Some(first.command));
    assert_eq!(store.find_command(Uuid::now_v7()).await.unwrap(), None);
}

pub(crate) async fn a_known_command_goes_before_a_conflict(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let first = commit(Uuid::now_v7(), 0, &[put(1)]);
    store.append(first.clone()).await.unwrap();

    assert!(matches!(store.append(first).await, Err(StoreError::DuplicateCommand(_))));
}

pub(crate) async fn a_refused_append_leaves_nothing(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let first = store.append(commit(id, 0, &[put(1)])).await.unwrap();

    let stale = commit(id, 0, &[put(2)]);
    store.append(stale.clone()).await.unwrap_err();
    let mut repeated = commit(id, 1, &[put(3), put(4)]);
    repeated.events[1].event_id = first[0].event_id;
    assert!(matches!(store.append(repeated.clone()).await, Err(StoreError::Database(_))));

    assert_eq!(store.find_command(stale.command.command_id).await.unwrap(), None);
    assert_eq!(store.find_command(repeated.command.command_id).await.unwrap(), None);
    assert_eq!(store.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap(), first);
    assert_eq!(store.pending(&[], 10).await.unwrap().len(), 1);
}

pub(crate) async fn a_commit_that_contradicts_itself_is_refused(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let mut wrong = commit(id, 0, &[put(1)]);
    wrong.command.event_count = 2;

    assert!(matches!(store.append(wrong).await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap(), []);
}

pub(crate) async fn one_of_two_racing_writers_wins(backend: Arc<impl Backend>) {
    let (here, there, id) = (backend.open().await, backend.open().await, Uuid::now_v7());
    for version in 0..20 {
        let (mine, yours) =
            join(here.append(commit(id, version, &[put(1)])), there.append(commit(id, version, &[put(2)])))
                .await;
        let (won, lost) = if mine.is_ok() { (mine, yours) } else { (yours, mine) };
        assert_eq!(won.unwrap()[0].version, Version(version + 1));
        assert_eq!(conflict(lost).actual, Version(version + 1));
    }
}

pub(crate) async fn everything_survives_a_restart(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let mut written = commit(id, 0, &[put(1), ShelfEvent::CountPlanned { by: time(60) }]);
    written.deadline = DeadlineChange::Set(time(60));
    let appended = store.append(written.clone()).await.unwrap();
    store.close().await;

    let store = backend.open().await;
    assert_eq!(store.load(&shelf_stream(id), Version::NONE, Until::Latest).await.unwrap(), appended);
    assert_eq!(store.find_command(written.command.command_id).await.unwrap(), Some(written.command));
    assert_eq!(store.pending(&[], 10).await.unwrap()[0].events, appended);
    assert_eq!(store.due("shelf", time(60), 10).await.unwrap(), [(id, time(60))]);
}

fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("not a conflict: {other:?}"),
    }
}
