use std::sync::Arc;

use event_store::{CommandContext, CommitNotice};
use uuid::Uuid;

use crate::backend::Backend;
use crate::shelf::{Order, commit, once, orders, put, shelf_stream};

pub(crate) async fn a_commit_is_noticed(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let (mut one, mut other) = (store.notices(), store.notices());

    store.append(commit(id, 0, &[put(1), put(2)])).await.unwrap();

    assert_eq!(one.recv().await, Ok(CommitNotice::Here(shelf_stream(id))));
    assert_eq!(other.recv().await, Ok(CommitNotice::Here(shelf_stream(id))));
    assert!(one.is_empty(), "one notice a commit");
}

pub(crate) async fn what_appends_nothing_is_not_noticed(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let (orders, mut notices) = (orders(&store), store.notices());

    orders.execute(id, Order::Label(""), once()).await.unwrap();
    let kept = CommandContext { store_refusal: true, ..once() };
    orders.execute(id, Order::Take(1), kept).await.unwrap_err();
    store.append(commit(id, 1, &[put(1)])).await.unwrap_err();
    assert!(notices.is_empty());

    let context = once();
    orders.execute(id, Order::Put(1), context.clone()).await.unwrap();
    assert_eq!(notices.recv().await, Ok(CommitNotice::Here(shelf_stream(id))));
    store.republish(context.command_id).await.unwrap();
    assert_eq!(notices.recv().await, Ok(CommitNotice::Here(shelf_stream(id))));
}
