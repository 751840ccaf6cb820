//! Owners of streams: one in memory, one that is down, and the real ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use account_history::owners::{HttpOwners, LocalOwners};
use async_trait::async_trait;
use axum::extract::{Path, Query};
use axum::routing::get;
use axum::{Json, Router};
use domain::Aggregate;
use domain::account::Account;
use event_store::sqlite::SqliteEventStore;
use event_store::{RecordedEvent, StoreError, StreamId, Version};
use messaging::StreamSource;
use uuid::Uuid;

use crate::world::World;

/// Lends these events, and counts how often it was asked.
#[derive(Default)]
pub(crate) struct Lender {
    events: Vec<RecordedEvent>,
    pub(crate) asked: AtomicUsize,
}

impl Lender {
    pub(crate) fn of(events: &[RecordedEvent]) -> Arc<Self> {
        Arc::new(Self { events: events.to_vec(), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl StreamSource for Lender {
    async fn events_after(
        &self,
        stream: &StreamId,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let events = self.events.iter().filter(|event| event.stream == *stream && event.version > after);
        Ok(events.cloned().collect())
    }
}

/// An owner that is down.
pub(crate) struct Down;

#[async_trait]
impl StreamSource for Down {
    async fn events_after(&self, _: &StreamId, _: Version) -> Result<Vec<RecordedEvent>, StoreError> {
        Err(StoreError::Unavailable("down".to_owned()))
    }
}

#[tokio::test]
async fn a_local_owner_reads_its_store() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteEventStore::open(&folder.path().join("accounts.sqlite")).await.expect("a store");
    let owners = LocalOwners::new().with(Account::TYPE, Arc::new(store));
    let known = StreamId::new(Account::TYPE, Uuid::now_v7());
    assert_eq!(owners.events_after(&known, Version::NONE).await.expect("the store answers"), []);
    let unknown = StreamId::new("customer", Uuid::now_v7());
    assert!(matches!(owners.events_after(&unknown, Version::NONE).await, Err(StoreError::Config(_))));
}

#[tokio::test]
async fn a_remote_owner_is_asked_over_http() {
    let world = World::busy(1, 20);
    let lender = Lender::of(&world.events);
    let lend = move |Path((aggregate_type, id)): Path<(String, Uuid)>,
                     Query(after): Query<Vec<(String, i64)>>| {
        let lender = Arc::clone(&lender);
        async move {
            let after = after.iter().find(|(name, _)| name == "after").map_or(0, |(_, after)| *after);
            Json(lender.events_after(&StreamId::new(aggregate_type, id), Version(after)).await.expect("lent"))
        }
    };
    let router = Router::new().route("/internal/streams/{aggregate_type}/{id}/events", get(lend));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let owners = HttpOwners::new([(Account::TYPE, url.as_str())], "sesame".into()).expect("a client");
    let stream = world.events[0].stream.clone();
    let lent = owners.events_after(&stream, Version(1)).await.expect("an answer");
    let expected: Vec<RecordedEvent> = world.stream(stream.aggregate_id).into_iter().skip(1).collect();
    assert_eq!(lent, expected);
    let gone = HttpOwners::new([(Account::TYPE, "http://127.0.0.1:1")], "sesame".into()).expect("a client");
    assert!(gone.events_after(&stream, Version(1)).await.expect_err("nobody is there").is_transient());
}
