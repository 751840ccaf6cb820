use std::sync::Arc;

use event_store::{CommitId, EventStore, PendingCommit};
use uuid::Uuid;

use crate::backend::Backend;
use crate::shelf::{Order, commit, once, orders, put};

pub(crate) async fn a_commit_has_one_row(backend: Arc<impl Backend>) {
    let store = backend.open().await;

    let events = store.append(commit(Uuid::now_v7(), 0, &[put(1), put(2), put(3)])).await.unwrap();

    let pending = store.pending(&[], 10).await.unwrap();
    assert_eq!(pending, [PendingCommit { commit_id: events[0].commit_id, events }]);
}

pub(crate) async fn the_oldest_commits_come_first(backend: Arc<impl Backend>) {
    let (store, orders) = {
        let store = backend.open().await;
        (Arc::clone(&store), orders(&store))
    };
    let mut committed = Vec::new();
    for _ in 0..3 {
        let done = orders.execute(Uuid::now_v7(), Order::PutEach(vec![1, 2]), once()).await.unwrap();
        committed.push(done.events);
    }

    let pending = |limit| {
        let store = Arc::clone(&store);
        async move { store.pending(&[], limit).await.unwrap() }
    };
    // Each commit holds two events; a commit is never cut in two.
    assert_eq!(events(pending(1).await), committed[..1]);
    assert_eq!(events(pending(3).await), committed[..2]);
    assert_eq!(events(pending(5).await), committed);
    let second = committed[1][0].commit_id;
    let others = store.pending(&[second], 5).await.unwrap();
    assert_eq!(events(others), [committed[0].clone(), committed[2].clone()]);
    assert!(committed.is_sorted_by_key(|events| events[0].commit_id));
}

pub(crate) async fn what_is_published_does_not_come_back(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(store.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap()[0].commit_id);
    }

    store.mark_published(&[ids[2], ids[0]]).await.unwrap();
    store.mark_published(&[ids[0]]).await.unwrap();
    store.mark_published(&[]).await.unwrap();

    assert_eq!(pending_ids(&*store).await, [ids[1]]);
}

pub(crate) async fn what_waits_is_counted(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    assert_eq!(store.pending_count().await.unwrap(), 0);
    let first = store.append(commit(Uuid::now_v7(), 0, &[put(1), put(2), put(3)])).await.unwrap();
    store.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap();
    assert_eq!(store.pending_count().await.unwrap(), 4);
    store.mark_published(&[first[0].commit_id]).await.unwrap();
    assert_eq!(store.pending_count().await.unwrap(), 1);
}

pub(crate) async fn an_id_is_never_given_twice(backend: Arc<impl Backend>) {
    let mut last = CommitId(0);
    for _ in 0..3 {
        let store = backend.open().await;
        let events = store.append(commit(Uuid::now_v7(), 0, &[put(1)])).await.unwrap();
        assert!(events[0].commit_id > last);
        last = events[0].commit_id;
        store.mark_published(&[last]).await.unwrap();
        store.close().await;
    }
}

pub(crate) async fn a_commit_can_be_published_again(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let (first, second) = (commit(Uuid::now_v7(), 0, &[put(1)]), commit(Uuid::now_v7(), 0, &[put(2)]));
    let nothing = commit(Uuid::now_v7(), 0, &[]);
    for commit in [&first, &second, &nothing] {
        store.append(commit.clone()).await.unwrap();
    }
    let ids = pending_ids(&*store).await;
    store.mark_published(&ids).await.unwrap();

    assert!(store.republish(first.command.command_id).await.unwrap());
    assert!(store.republish(first.command.command_id).await.unwrap());
    assert!(!store.republish(nothing.command.command_id).await.unwrap());
    assert!(!store.republish(Uuid::now_v7()).await.unwrap());

    assert_eq!(pending_ids(&*store).await, [ids[0]]);
}

pub(crate) async fn pending_ids(store: &dyn EventStore) -> Vec<CommitId> {
    store.pending(&[], 100).await.unwrap().into_iter().map(|commit| commit.commit_id).collect()
}

fn events(pending: Vec<PendingCommit>) -> Vec<Vec<event_store::RecordedEvent>> {
    pending.into_iter().map(|commit| commit.events).collect()
}
