use std::sync::Arc;

use uuid::Uuid;

use crate::backend::Backend;
use crate::clock::time;
use crate::shelf::{Order, once, orders};

pub(crate) async fn the_index_follows_the_state(backend: Arc<impl Backend>) {
    let (store, id) = (backend.open().await, Uuid::now_v7());
    let orders = orders(&store);
    let due = async || store.due("shelf", time(100), 10).await.unwrap();

    orders.execute(id, Order::Put(1), once()).await.unwrap();
    assert_eq!(due().await, []);
    orders.execute(id, Order::PlanCount(time(50)), once()).await.unwrap();
    orders.execute(id, Order::Put(1), once()).await.unwrap();
    assert_eq!(due().await, [(id, time(50))]);
    orders.execute(id, Order::PlanCount(time(70)), once()).await.unwrap();
    assert_eq!(due().await, [(id, time(70))]);
    orders.execute(id, Order::PlanCount(time(101)), once()).await.unwrap();
    assert_eq!(due().await, []);
    orders.execute(id, Order::PlanCount(time(100)), once()).await.unwrap();
    orders.execute(id, Order::Count, once()).await.unwrap();
    assert_eq!(due().await, []);
}

pub(crate) async fn the_oldest_come_first(backend: Arc<impl Backend>) {
    let store = backend.open().await;
    let orders = orders(&store);
    let shelves = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    for (id, by) in shelves.into_iter().zip([30, 10, 20]) {
        orders.execute(id, Order::PlanCount(time(by)), once()).await.unwrap();
    }

    let due = store.due("shelf", time(60), 2).await.unwrap();

    assert_eq!(due, [(shelves[1], time(10)), (shelves[2], time(20))]);
    assert_eq!(store.due("drawer", time(60), 2).await.unwrap(), []);
}
