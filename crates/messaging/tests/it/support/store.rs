//! An event store that holds nothing but an outbox, and fails when the test says so.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use event_store::{
    Appended, CommandRecord, Commit, CommitId, CommitNotice, CommitNotices, EventStore, PendingCommit,
    RecordedEvent, Snapshot, StoreError, StreamId, StreamPart, StreamRange, Until, Version,
};
use messaging::StreamSource;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::event;

pub(crate) struct FakeStore {
    pending: Mutex<Vec<PendingCommit>>,
    notices: broadcast::Sender<CommitNotice>,
    /// The next so many calls of `mark_published` fail.
    pub(crate) failing_marks: AtomicUsize,
}

impl FakeStore {
    pub(crate) fn new() -> Self {
        Self {
            pending: Mutex::default(),
            notices: broadcast::channel(16).0,
            failing_marks: AtomicUsize::new(0),
        }
    }

    /// Commits one event, without telling anybody when `silent`.
    pub(crate) fn commit(&self, aggregate_type: &str, id: Uuid, version: i64, silent: bool) {
        let mut pending = self.pending.lock().expect("not poisoned");
        let event = event(aggregate_type, id, version);
        let stream = event.stream.clone();
        let commit_id = CommitId(pending.last().map_or(version, |last| last.commit_id.0 + 1));
        pending.push(PendingCommit { commit_id, events: vec![RecordedEvent { commit_id, ..event }] });
        drop(pending);
        if !silent {
            // Nobody may be listening.
            let _ = self.notices.send(CommitNotice::Here(stream));
        }
    }

    pub(crate) fn outbox_len(&self) -> usize {
        self.pending.lock().expect("not poisoned").len()
    }
}

#[async_trait]
impl EventStore for FakeStore {
    async fn pending(&self, except: &[CommitId], event_limit: u32) -> Result<Vec<PendingCommit>, StoreError> {
        let pending = self.pending.lock().expect("not poisoned");
        let others = pending.iter().filter(|pending| !except.contains(&pending.commit_id));
        // Each holds one event.
        Ok(others.take(event_limit as usize).cloned().collect())
    }

    async fn mark_published(&self, commits: &[CommitId]) -> Result<(), StoreError> {
        let fails =
            self.failing_marks.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() {
            return Err(StoreError::Unavailable("the test says so".to_owned()));
        }
        self.pending.lock().expect("not poisoned").retain(|pending| !commits.contains(&pending.commit_id));
        Ok(())
    }

    fn notices(&self) -> CommitNotices {
        self.notices.subscribe()
    }

    async fn append_all(&self, _: Vec<Commit>) -> Result<Appended, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn load_many(&self, _: &str, _: u32, _: &[StreamRange]) -> Result<Vec<StreamPart>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn find_commands(&self, _: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn load(&self, _: &StreamId, _: Version, _: Until) -> Result<Vec<RecordedEvent>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn read_all(&self, _: &str) -> Result<Vec<RecordedEvent>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn load_snapshot(&self, _: &StreamId, _: Version) -> Result<Option<Snapshot>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn save_snapshots(&self, _: Vec<Snapshot>) -> Result<(), StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn versions(&self, _: &str, _: &[Uuid]) -> Result<Vec<Version>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn due(&self, _: &str, _: DateTime<Utc>, _: u32) -> Result<Vec<(Uuid, DateTime<Utc>)>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn streams_of(&self, _: &str, _: &str, _: Option<Uuid>, _: u32) -> Result<Vec<Uuid>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn sample(&self, _: &str, _: u32, _: u32) -> Result<Vec<Uuid>, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn republish(&self, _: Uuid) -> Result<bool, StoreError> {
        unimplemented!("not used by the relay")
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}
}

/// A service whose streams have the versions 1 to `last`, and which can be down.
pub(crate) struct OwnerOf {
    pub(crate) last: i64,
    /// The next so many reads fail.
    pub(crate) failing: AtomicUsize,
}

#[async_trait]
impl StreamSource for OwnerOf {
    async fn events_after(
        &self,
        stream: &StreamId,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let fails = self.failing.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() {
            return Err(StoreError::Unavailable("the test says so".to_owned()));
        }
        let versions = after.0 + 1..=self.last;
        Ok(versions.map(|version| event(&stream.aggregate_type, stream.aggregate_id, version)).collect())
    }
}
