//! A store that carries out what it is asked for and then does not say so, as when the connection breaks after the commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use event_store::{
    Appended, CommandRecord, Commit, CommitId, CommitNotices, EventStore, PendingCommit, RecordedEvent,
    Snapshot, StoreError, StreamId, StreamPart, StreamRange, Until, Version,
};
use uuid::Uuid;

pub(crate) struct Forgetful {
    store: Arc<dyn EventStore>,
    /// So many answers to appends are still to be lost.
    to_lose: AtomicU32,
}

impl Forgetful {
    pub(crate) fn new(store: Arc<dyn EventStore>) -> Arc<Self> {
        Arc::new(Self { store, to_lose: AtomicU32::new(0) })
    }

    pub(crate) fn lose_answers(&self, count: u32) {
        self.to_lose.store(count, Ordering::SeqCst);
    }

    fn loses_this_one(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.to_lose.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    }
}

#[async_trait]
impl EventStore for Forgetful {
    async fn append_all(&self, commits: Vec<Commit>) -> Result<Appended, StoreError> {
        let appended = self.store.append_all(commits).await;
        if self.loses_this_one() {
            assert!(matches!(appended, Ok(Appended::Written(_))), "{appended:?}");
            return Err(StoreError::Unavailable("the connection broke".to_owned()));
        }
        appended
    }

    async fn find_commands(&self, command_ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        self.store.find_commands(command_ids).await
    }

    async fn load_many(
        &self,
        aggregate_type: &str,
        state_schema_version: u32,
        ranges: &[StreamRange],
    ) -> Result<Vec<StreamPart>, StoreError> {
        self.store.load_many(aggregate_type, state_schema_version, ranges).await
    }

    async fn versions(&self, aggregate_type: &str, ids: &[Uuid]) -> Result<Vec<Version>, StoreError> {
        self.store.versions(aggregate_type, ids).await
    }

    async fn load(
        &self,
        stream: &StreamId,
        after: Version,
        until: Until,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.store.load(stream, after, until).await
    }

    async fn read_all(&self, aggregate_type: &str) -> Result<Vec<RecordedEvent>, StoreError> {
        self.store.read_all(aggregate_type).await
    }

    async fn load_snapshot(&self, stream: &StreamId, until: Version) -> Result<Option<Snapshot>, StoreError> {
        self.store.load_snapshot(stream, until).await
    }

    async fn save_snapshots(&self, snapshots: Vec<Snapshot>) -> Result<(), StoreError> {
        self.store.save_snapshots(snapshots).await
    }

    async fn due(
        &self,
        aggregate_type: &str,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
        self.store.due(aggregate_type, now, limit).await
    }

    async fn streams_of(
        &self,
        aggregate_type: &str,
        owner: &str,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.store.streams_of(aggregate_type, owner, before, limit).await
    }

    async fn sample(
        &self,
        aggregate_type: &str,
        per_shape: u32,
        longest: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        self.store.sample(aggregate_type, per_shape, longest).await
    }

    async fn pending(&self, except: &[CommitId], event_limit: u32) -> Result<Vec<PendingCommit>, StoreError> {
        self.store.pending(except, event_limit).await
    }

    async fn mark_published(&self, commits: &[CommitId]) -> Result<(), StoreError> {
        self.store.mark_published(commits).await
    }

    async fn republish(&self, command_id: Uuid) -> Result<bool, StoreError> {
        self.store.republish(command_id).await
    }

    fn notices(&self) -> CommitNotices {
        self.store.notices()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
